"""The account as it really is. In: what is asked of it, and when. Out: the true history of every number and hold.

Nothing here knows a client, or how the service speaks (`voice.py`). Things happen at instants of the virtual clock,
also when no client is alive to see them: a request that was received is carried out although its sender was killed.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.seen import Change, Removal

CAMPAIGNS = "campaigns"
BATCH_CALLS = "batch-calls"

OVER = {
    CAMPAIGNS: frozenset({"completed", "cancelled"}),
    BATCH_CALLS: frozenset({"completed", "failed", "cancelled", "deleted"}),
}
"""The statuses that hold no number, by source. Every other word is open, and so is none at all."""

REFUSED = frozenset({"active", "running"})
"""The statuses of a campaign for which the service refuses a release; for a batch call it never does."""

ALWAYS = -1.0
"""The time of what was there before anything happened."""


@dataclass(frozen=True, slots=True)
class Call:
    """One place where a campaign or batch call names the number that it calls from."""

    number: str
    """The E.164 number that is meant."""
    written: Mapping[str, object]
    """The members that say so, as the service writes them."""
    readable: bool
    """Whether separators and a missing `+` are all that is wrong with the writing."""
    in_part: bool = False
    """Whether its last digits stand there all the same, by which it may be found among the account's."""


@dataclass(slots=True, eq=False)
class Hold:
    """A campaign or batch call."""

    source: str
    """CAMPAIGNS or BATCH_CALLS."""
    id: object
    """As the service writes it: a text, or where it is malformed a number."""
    status: str | None
    """As the service writes it, in any case; None: no member of that name."""
    calls: tuple[Call, ...]
    """A campaign has one. A batch call without any shows neither calls nor number."""
    means: tuple[str, ...] = ()
    """The numbers of a batch call that shows none."""
    silent: bool = False
    """The listing leaves the number of a campaign out; its own record has it."""
    since: float = ALWAYS
    until: float | None = None
    """When it came to its end, or left the listing; None: not yet."""

    @property
    def open(self) -> bool:
        """Whether its status says that it will call."""
        return (self.status or "").strip().lower() not in OVER[self.source]

    def numbers(self) -> frozenset[str]:
        """The E.164 numbers that it calls from."""
        return frozenset((*(call.number for call in self.calls), *self.means))

    def holds(self, number: str, first: float, last: float) -> bool:
        """Whether it held the number all the time between two instants."""
        there = self.since < first and (self.until is None or self.until > last)
        return there and self.open and number in self.numbers()


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a release, before it is put into words."""

    status: int
    words: str | list[str]


@dataclass(slots=True)
class Workspace:
    """One workspace."""

    generation: int = 1
    batch_calls_too: bool = False
    """Whether an account of the first generation has batch calls: of those it shows neither calls nor number."""
    numbers: dict[str, str] = field(default_factory=dict)
    """E.164 by ID, in the order of the listing."""
    dress: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What else a number's record says, by ID; where nothing is said of an ID, the usual."""
    holds: list[Hold] = field(default_factory=list)
    """In the order of the listing; those that were ended stay in `ended`."""
    ended: list[Hold] = field(default_factory=list)
    workflows: list[dict[str, Any]] = field(default_factory=list)
    secretly_held: set[str] = field(default_factory=set)
    """IDs that the service will not release, for a reason that it never shows."""
    stubborn: str | None = None
    """An ID whose release is always answered 429; None: no number is like that."""
    key: str = ""
    """The one that is accepted; empty: any is."""
    key_accepted: bool = True
    may_delete: bool = True
    may_read_holds: bool = True
    gone_is: int = 404
    """The status for a number that is not on the account: 404, or 410 to a DELETE."""
    removals: list[Removal] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    """IDs whose release was accepted and is not yet carried out."""
    now: float = 0.0
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: int = 0

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Let something happen at an instant, whoever is alive then."""
        self._order += 1
        heapq.heappush(self._agenda, (when, self._order, action))

    def advance(self, now: float) -> None:
        """Let everything happen that is due, in order."""
        while self._agenda and self._agenda[0][0] <= now:
            self.now, _, action = heapq.heappop(self._agenda)
            action()
        self.now = max(self.now, now)

    def delete(self, number_id: str, by: int | None) -> Told:
        """Release a number; `by` is the request that asked for it."""
        if not self.key_accepted:
            return Told(401, "Invalid API key")
        if not self.may_delete:
            return Told(403, "This key may not release numbers")
        if number_id == self.stubborn:
            return Told(429, "This number is locked by another request")
        if number_id not in self.numbers:
            return Told(self.gone_is, "Phone number not found")
        if number_id in self.pending:
            return Told(409, "A release of this number is already in progress")
        number = self.numbers[number_id]
        if number_id in self.secretly_held:
            return Told(409, "This is the workspace's default number")
        if any(hold.source == CAMPAIGNS and hold.calls[0].number == number and refused(hold) for hold in self.holds):
            return Told(409, "Phone number is part of an active campaign")
        self.remove(number_id, by)
        return Told(200, "Phone number released successfully")

    # --- What changes the account behind a client's back ----------------------------------------------------

    def remove(self, number_id: str, by: int | None) -> None:
        """Take a number off the account, if it is there."""
        if number_id in self.numbers:
            self.removals.append(Removal(number_id, self.numbers.pop(number_id), self.now, by))

    def arrive(self, number_id: str, number: str) -> None:
        """A number is on the account from now on, or again."""
        if number_id not in self.numbers:
            self.numbers[number_id] = number
            self.changes.append(Change(number_id, "arrived", self.now, number))

    def start(self, hold: Hold) -> None:
        """From now on a campaign or batch call holds its numbers."""
        hold.since = self.now
        self.holds.append(hold)
        for number_id, number in self.numbers.items():
            if number in hold.numbers():
                self.changes.append(Change(number_id, "held", self.now, number))

    def end(self, hold: Hold) -> None:
        """A campaign or batch call is deleted: it stands in no listing any more."""
        hold.until = self.now
        self.holds.remove(hold)
        self.ended.append(hold)

    def reassign(self, number_id: str) -> None:
        """From now on the ID means another number."""
        if number_id in self.numbers:
            self.numbers[number_id] = "+1999" + self.numbers[number_id][-7:]
            self.changes.append(Change(number_id, "reassigned", self.now, self.numbers[number_id]))

    def port_out(self, number_id: str, status: str = "port_out_pending", since: float | None = None) -> None:
        """From now on somebody else has the number in hand, and its own status says so."""
        if number_id in self.numbers:
            self.dress[number_id] = {**self.dress.get(number_id, {}), "status": status}
            at = self.now if since is None else since
            self.changes.append(Change(number_id, "ported", at, self.numbers[number_id]))

    # --- What it remembers ----------------------------------------------------------------------------------

    def shown(self, stale: float = 0.0) -> dict[str, str]:
        """E.164 by ID as a listing has them; `stale`: so many seconds behind in what was removed."""
        late = [each for each in self.removals if each.at > self.now - stale] if stale > 0 else []
        return {**self.numbers, **{each.number_id: each.phone_number for each in late}} if late else self.numbers

    def every_hold(self) -> Iterator[Hold]:
        """Every campaign and batch call that there ever was."""
        yield from self.holds
        yield from self.ended

    def has(self, source: str) -> bool:
        """Whether this account has such a source at all."""
        if source == CAMPAIGNS:
            return self.generation == 1
        if source == BATCH_CALLS:
            return self.generation == 2 or self.batch_calls_too
        return source == "workflows" and self.generation == 2


def refused(hold: Hold) -> bool:
    """Whether the service itself refuses to release this campaign's number."""
    return (hold.status or "").strip().lower() in REFUSED
