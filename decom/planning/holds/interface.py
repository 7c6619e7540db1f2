"""What can hold a number back. In: an account. Out: a `Finding`: held numbers and why, or not checked and why.

A hold that cannot answer never says "nothing found": it gives a source that is not checked, and the plan says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from decom.dialnexa.account import Account
from decom.planning.plan import Conflict, Source


@dataclass(frozen=True, slots=True)
class Finding:
    """What one source of conflicts said."""

    source: Source
    held: Mapping[str, tuple[Conflict, ...]] = field(default_factory=dict)
    """Conflicts by the number they hold, E.164. May be filled in part where the source is not checked."""


class Hold(Protocol):
    """One source of conflicts."""

    name: str
    """As `Source.name`."""

    async def find(self, account: Account) -> Finding:
        """Ask the source once, for the whole account. Raises KeyRefused."""
        ...
