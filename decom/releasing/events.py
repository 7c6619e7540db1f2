"""What listeners are told while numbers are released. In: facts. Out: the listener is called, come what may.

A listener shows progress or counts metrics; it can never change or stop a release, not even by failing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from decom.dialnexa.pacing.pacer import Pacer
from decom.ledger.records import Settled

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Began:
    """Releasing begins."""

    numbers: int
    """How many will be worked on in this part of the run."""
    pacer: Pacer | None = None
    """To be asked how fast it goes and how long it will take; None where nothing paces."""


@dataclass(frozen=True, slots=True)
class Done:
    """One number is settled, and that is on the disk."""

    settled: Settled


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run was asked to stop and finishes what is in flight."""

    detail: str


Event = Began | Done | Stopping
Listener = Callable[[Event], None]


def tell(listener: Listener, event: Event) -> None:
    """Call the listener; its failure is logged and forgotten."""
    try:
        listener(event)
    except Exception as error:  # noqa: BLE001 - a broken terminal must not stop a release half way
        log.warning("listener_failed", error=type(error).__name__)
