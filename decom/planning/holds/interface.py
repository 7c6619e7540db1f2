"""What can hold a number back. In: an account. Out: a `Finding`: what was named and why, or not checked and why.

A hold that cannot answer never says "nothing found": it gives a source that is not checked, and the plan says so. And
what it did say counts all the same, whatever became of the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from decom.dialnexa.account import Account
from decom.dialnexa.listing import ReadFailure, Unreadable
from decom.planning.plan import Conflict, Source
from decom.vocabulary import SourceState

MOST_TROUBLES = 10
"""Things that cannot be read after which a source asks for no further one: it is not checked anyway."""


@dataclass(frozen=True, slots=True)
class HoldResult:
    """What one source of conflicts said."""

    source: Source
    held: Mapping[str, Sequence[Conflict]] = field(default_factory=dict)
    """Conflicts by the number they hold, as the source writes it; in part where the source is not checked."""


class Hold(Protocol):
    """One source of conflicts."""

    name: str
    """As `Source.name`."""

    async def find(self, account: Account) -> HoldResult:
        """Ask the source once, for the whole account. Raises KeyRefused."""
        ...


@dataclass(slots=True)
class Gathered:
    """What a source that names numbers has said so far."""

    name: str
    """As `Source.name`."""
    held: dict[str, list[Conflict]] = field(default_factory=dict)
    """As `Finding.held`."""
    troubles: list[str] = field(default_factory=list)
    """One sentence for each thing that could not be read."""

    def hold(self, number: str, conflict: Conflict) -> None:
        """Keep that this number is held."""
        self.held.setdefault(number, []).append(conflict)

    @property
    def is_hopeless(self) -> bool:
        """Whether so much could not be read that asking further is no use."""
        return len(self.troubles) >= MOST_TROUBLES

    def finding(self, not_read: Unreadable | None, read: str) -> HoldResult:
        """All of it; `not_read` says why the listing is not whole, `read` what was read where all was."""
        if not_read is not None:
            return HoldResult(unread(self.name, not_read), self.held)
        if len(self.troubles) == 0:
            return HoldResult(Source(self.name, SourceState.CHECKED, read), self.held)
        more = f" (and {len(self.troubles) - 1} more)" if len(self.troubles) > 1 else ""
        return HoldResult(Source(self.name, SourceState.NOT_CHECKED, f"{self.troubles[0]}{more}"), self.held)


def unread(name: str, not_read: Unreadable) -> Source:
    """A source whose listing was not read: this account has none, or nobody knows what is in it."""
    if not_read.because is ReadFailure.ABSENT:
        why = not_read.why.replace("none", f"no {name.replace('-', ' ')}", 1)
        return Source(name, SourceState.NOT_APPLICABLE, why)
    return Source(name, SourceState.NOT_CHECKED, not_read.why)


def amount(number: int, what: str) -> str:
    """`1 campaign`, `1,240 campaigns`"""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
