"""What listeners are told while numbers are released. In: facts. Out: the listener is called, come what may.

A listener shows progress or counts metrics; it can never change or stop a release, not even by failing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from decom.dialnexa.pacing.pacer import Pacer, PacerState
from decom.ledger.records import Settled

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WorkState:
    """What the work waits for, as seen now."""

    pace: PacerState
    retries: int = 0
    """DELETEs that were sent again, those after a 429 not counted."""
    is_silent: bool = False
    """The service does not answer, and is asked whether it is there."""
    later: int = 0
    """Numbers that wait until they may be looked at, or sent, again."""
    later_in: float = 0.0
    """Seconds until the first of them may."""

    def waits_for(self) -> str:
        """What holds everything up, and for how long: `the rate limit: 38 s`; empty where nothing does."""
        pace = self.pace
        if pace.paused > 0.0:
            return f"the service, which returned {pace.paused_by}: {seconds_in_words(pace.paused)}"
        if self.is_silent:
            return "the service, which does not respond"
        if pace.opens_in >= SHORTEST_WAIT:
            return f"the rate limit: {seconds_in_words(pace.opens_in)} ({pace.limit_in_words()})"
        if pace.in_flight > 0:
            return f"{pace.in_flight:,} {'response' if pace.in_flight == 1 else 'responses'}"
        if self.later > 0 and self.later_in >= SHORTEST_WAIT:
            numbers = f"{self.later:,} {'number' if self.later == 1 else 'numbers'}"
            return f"a second look at {numbers}: {seconds_in_words(self.later_in)}"
        return ""


SHORTEST_WAIT = 1.0
"""Seconds; a shorter wait is no pause."""


def seconds_in_words(seconds: float) -> str:
    """`38 s`, `9 min`, `2.5 h`; never less than a second."""
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


@dataclass(frozen=True, slots=True)
class Asking:
    """The account is asked something, and nothing is released meanwhile."""

    what: str
    """`checking the numbers again`"""
    pacer: Pacer
    """To be asked what it waits for."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The work pauses, for a reason that no pacer knows."""

    why: str
    """What follows `waiting for`."""
    seconds: float
    """How long from now."""


@dataclass(frozen=True, slots=True)
class Began:
    """Releasing begins."""

    numbers: int
    """How many will be worked on in this part of the run."""
    pacer: Pacer | None = None
    """To be asked how fast it goes and how long it will take; None where nothing paces."""
    state: Callable[[], WorkState] | None = None
    """Says how the work stands; to be called in the thread of the event loop. None: nobody knows."""


@dataclass(frozen=True, slots=True)
class Done:
    """One number is settled, and that is on the disk."""

    settled: Settled


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run was asked to stop and finishes what is in flight."""

    detail: str


Event = Asking | Paused | Began | Done | Stopping
Listener = Callable[[Event], None]


def tell(listener: Listener, event: Event) -> None:
    """Call the listener; its failure is logged and forgotten."""
    try:
        listener(event)
    except Exception as error:  # noqa: BLE001 - a broken terminal must not stop a release half way
        log.warning("listener_failed", error=type(error).__name__)
