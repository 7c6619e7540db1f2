"""Numbered pages in, one whole listing out, with the reason why where it cannot be called whole.

Pages are numbered, not cursors: while the account changes, rows repeat or slip between two pages, and where one goes
and another comes every total stays equal. So a listing of several pages is believed only where two readings agree.
And two readings that agree prove nothing where a page repeats another, a total is contradicted, or a page may have
been cut: such a reading is no whole one, however often it comes. What was seen is given all the same.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

from decom.dialnexa.envelopes import Page
from decom.dialnexa.models import NO_ID, Malformed

USUAL_SIZE = 20
"""Rows a page where the service minds no limit: a first page of just so many may have been cut."""
MOST_READINGS = 4
MOST_PAGES = 100_000
"""Stops a server that invents pages for ever; ten million rows."""


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


class ReadFailure(Enum):
    """Why a listing was not read."""

    ABSENT = "absent"
    """This generation of the account has no such listing."""
    FORBIDDEN = "forbidden"
    """The key may not read it."""
    DRIFTED = "drifted"
    """The account changed while it was read, or the pages contradict each other; another reading may succeed."""
    BROKEN = "broken"
    """No usable answer."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What cannot be called read, or not whole."""

    because: ReadFailure
    why: str
    """For people: `this account has none (404)`, `the key may not read it (403)`."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What was seen of a listing."""

    rows: Sequence[T]
    """Every different row, in the order in which the pages gave them; two of one ID where they differ. Where these
    may not be all, every row that any reading showed."""
    not_read: Unreadable | None = None
    """Why these are not, or may not be, all rows there are; None where they are."""
    pages: int = 1
    """Pages with rows. All rows of one page were there at the same moment."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page to fetch."""

    number: int
    """From 1."""
    limit: int | None = None
    """Rows a page; None: as many as the service gives."""


Fetch = Callable[[Asked], Awaitable[Page | Unreadable]]
"""Gives a page; its `limit` is the least of what was asked for and what the page says, where anybody said any."""


async def read_all(
    fetch: Fetch,
    understand: Callable[[object], T],
    first: Page | None = None,
    *,
    before: Listing[T] | None = None,
    once: bool = False,
) -> Listing[T]:
    """Read every page of a listing; `understand` makes a row of a record. A row may be missing where it says so only.

    `first` is page 1 where somebody has it already; it serves the first reading only. `before` is an earlier reading,
    with which the next may agree. `once`: one whole reading is enough, though of several pages a row may have slipped
    from it.
    """
    agreed = None if before is None or before.not_read is not None else before
    said: dict[T, None] = {}
    for reading in range(MOST_READINGS):
        found = _Reading(fetch, understand, agreed)
        trouble = await found.read(first if reading == 0 else None)
        said |= found.rows
        if trouble is None:
            agreed = Listing(tuple(found.rows), pages=found.pages)
            if once or found.is_sure or found.agrees:
                return agreed
        elif trouble.because is not ReadFailure.DRIFTED:
            break
    return Listing(tuple(said), trouble or _NEVER_TWICE_THE_SAME, found.pages)


_NEVER_TWICE_THE_SAME = Unreadable(
    ReadFailure.DRIFTED, f"the account changed while it was read: no two of {MOST_READINGS} readings agree"
)


@dataclass(slots=True)
class _Reading(Generic[T]):
    """One way through all pages."""

    fetch: Fetch
    understand: Callable[[object], T]
    before: Listing[T] | None
    """An earlier whole reading; None where there is none."""
    rows: dict[T, None] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    seen: int = 0
    """Records, those that came again included."""
    twins: int = 0
    """Records that came twice on one page: as all of a page is of one moment, they are two and count as two."""
    pages: int = 0
    """Pages with rows."""
    promised: int = 0
    """How many pages there are, as the pages say."""
    total: int | None = None
    malformed: Unreadable | None = None
    """The first record that was not understood."""
    is_sure: bool = False
    """Whether all rows were there at one moment, so that none can have slipped."""
    agrees: bool = False
    """Whether it found what the reading before it found."""

    @property
    def counted(self) -> int:
        """Rows as a total counts them."""
        return len(self.ids) + self.twins

    async def read(self, first: Page | None) -> Unreadable | None:
        """Read to the end; what keeps this reading from being whole, None where it is."""
        for number in range(1, MOST_PAGES):
            found = first if number == 1 and first is not None else await self.fetch(Asked(number))
            if isinstance(found, Unreadable):
                return found
            if number == 1:
                self.total = found.total
            known = len(self.ids)
            verdict = self._take(found, number) or await self._ends_at(found, number, len(self.ids) - known)
            if isinstance(verdict, Unreadable):
                return verdict
            if verdict:
                return self.malformed
        return Unreadable(ReadFailure.BROKEN, f"more than {MOST_PAGES:,} pages")

    def _take(self, found: Page, number: int) -> Unreadable | None:
        """Take a page's rows in; what it says of itself that contradicts the pages before it."""
        here: list[str] = []
        for record in found.records:
            try:
                row = self.understand(record)
            except Malformed as error:
                self.malformed = self.malformed or Unreadable(ReadFailure.BROKEN, f"page {number} holds {error}")
                continue
            self.rows[row] = None
            if row.id == "":  # what it says holds, and yet nobody can tell whether it was read before
                self.malformed = self.malformed or Unreadable(ReadFailure.BROKEN, f"page {number} holds {NO_ID}")
            else:
                here.append(row.id)
        if not self.ids.issuperset(here):
            self.ids.update(here)
            self.twins += len(here) - len(set(here))
        self.seen += len(found.records)
        self.pages += len(found.records) > 0
        self.promised = max(self.promised, found.pages or 0, number + 1 if found.more else 0)
        if found.total != self.total:
            # One number gone in between: the last page then agrees with its own total, and a row has slipped.
            return _drifted(f"page 1 said {self.total} rows in all, page {number} says {found.total}")
        return None

    async def _ends_at(self, found: Page, number: int, new: int) -> Unreadable | bool:
        """Whether this page ends the reading; what is wrong with it where it can be no whole one."""
        if self.malformed is not None:  # nothing will make it whole; what the other records say is read all the same
            return new == 0 or (self.total is not None and self.seen >= self.total)
        if len(found.records) == 0:
            return self._ends_at_an_empty_page(number)
        if self.total is not None and (self.counted > self.total or self.seen >= self.total > self.counted):
            return self._wrong_total()
        if new == 0:
            return await self._ends_at_a_repeated_page(found, number)
        if found.number not in (None, number):
            return _contradiction(f"page {number} was asked for, and page {found.number} came")
        if number < self.promised or self.total not in (None, self.counted):
            return False
        self.agrees = self._is_as_before()
        if self.total is None or self.agrees:
            return self.agrees
        # A first page that is full may give its own rows for the total; only the next page tells.
        if number == 1 and _may_be_cut(found):
            return False
        self.is_sure = number == 1
        return True

    def _ends_at_an_empty_page(self, number: int) -> Unreadable | bool:
        if self.total not in (None, self.counted):
            return self._wrong_total()
        if self.promised >= max(number, 2):
            return _contradiction(f"{self.promised:,} pages were promised, and page {number} is empty")
        # Of a first page without a total nobody knows whether it was cut: then a row may have come up from the second.
        self.is_sure = self.pages == 0 or (self.pages == 1 and self.total is not None)
        self.agrees = self._is_as_before()
        return True

    async def _ends_at_a_repeated_page(self, found: Page, number: int) -> Unreadable | bool:
        """A page that brings nothing new is the last only of a list that minds neither page nor limit."""
        repeated = _contradiction(f"page {number} brings nothing that was not on an earlier one")
        whole_again = number == 2 and self.seen == 2 * len(found.records) and self.total in (None, self.counted)
        if not whole_again or self.promised > 1 or len(found.records) == USUAL_SIZE:
            return repeated
        # Half the rows a page: a service that minds the limit gives something else now.
        halves = await self.fetch(Asked(2, -(-len(found.records) // 2)))
        if isinstance(halves, Unreadable):
            return halves
        try:
            self.is_sure = {self.understand(record).id for record in halves.records} == self.ids
        except Malformed:
            return repeated
        return True if self.is_sure else repeated

    def _is_as_before(self) -> bool:
        if self.before is None or self.pages < self.before.pages:
            return False
        return self.ids == {row.id for row in self.before.rows}

    def _wrong_total(self) -> Unreadable:
        difference = f"{self.counted:,} rows where its total says {self.total:,}"
        if self.counted > (self.total or 0):
            return _drifted(difference)
        or_else = "the account changed while it was read, or its total counts rows that it does not list"
        return Unreadable(ReadFailure.DRIFTED, f"{or_else}: {difference}")


def _may_be_cut(found: Page) -> bool:
    """Whether a page is as full as it may be, so that more rows may lie behind it."""
    full = found.limit is not None and len(found.records) >= found.limit
    return full or len(found.records) == USUAL_SIZE


def _drifted(difference: str) -> Unreadable:
    return Unreadable(ReadFailure.DRIFTED, f"the account changed while it was read: {difference}")


def _contradiction(difference: str) -> Unreadable:
    return Unreadable(ReadFailure.DRIFTED, f"its pages contradict each other: {difference}")
