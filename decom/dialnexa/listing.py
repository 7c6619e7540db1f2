"""Numbered pages in, one whole listing out, or the reason why it cannot be called whole.

Pages are numbered, not cursors: while the account changes, a row can repeat or slip between two pages. So rows are
keyed by their ID, and a listing whose rows are not as many as its total says, or whose pages differ about that, is
read again, three times at most.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from decom.dialnexa.models import Malformed

PAGE_SIZE = 100
"""The largest page that the service gives."""
MOST_READINGS = 3
MOST_PAGES = 100_000
"""Stops a server that invents pages for ever; ten million rows."""


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


@dataclass(frozen=True, slots=True)
class Page:
    """One page in any of the service's envelopes."""

    records: Sequence[object]
    total: int | None
    """Rows on all pages, as this page says; None where it does not."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Every row of a listing that was read to its last page."""

    rows: Sequence[T]
    """One a row, keyed by ID, in the order in which the pages gave them."""


class Because(Enum):
    """Why a listing was not read."""

    ABSENT = "absent"
    """This generation of the account has no such listing."""
    FORBIDDEN = "forbidden"
    """The key may not read it."""
    DRIFTED = "drifted"
    """The account changed while it was read; another reading may succeed."""
    BROKEN = "broken"
    """No usable answer."""


@dataclass(frozen=True, slots=True)
class NotRead:
    """A listing that cannot be called whole."""

    because: Because
    why: str
    """For people: `this account has none (404)`, `the key may not read it (403)`."""


def page(body: object) -> Page:
    """Read one page: `data` + `meta` (two kinds), `items` + `total`, or a bare list. Raises Malformed."""
    if isinstance(body, list):
        return Page(body, None)
    if not isinstance(body, dict):
        raise Malformed("a page that is neither an object nor a list")
    records = body.get("data", body.get("items"))
    if not isinstance(records, list):
        raise Malformed("a page without its rows")
    meta = body.get("meta", body)
    total = None
    if isinstance(meta, dict):
        counts = (_count(meta.get(name)) for name in ("total", "totalItems"))
        total = next((count for count in counts if count is not None), None)
    return Page(records, total)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


async def read_all(
    fetch: Callable[[int], Awaitable[Page | NotRead]],
    understand: Callable[[object], T],
    first: Page | None = None,
) -> Listing[T] | NotRead:
    """Read every page of a listing; `fetch(n)` gives page n (from 1), `understand` makes a row of a record.

    `first` is page 1 where somebody has it already; it serves the first reading only.
    """
    for reading in range(MOST_READINGS):
        found = await _read_once(fetch, understand, first if reading == 0 else None)
        if isinstance(found, Listing) or found.because is not Because.DRIFTED:
            break
    return found


async def _read_once(
    fetch: Callable[[int], Awaitable[Page | NotRead]],
    understand: Callable[[object], T],
    first: Page | None,
) -> Listing[T] | NotRead:
    rows: dict[str, T] = {}
    seen = 0
    total: int | None = None
    for page_number in range(1, MOST_PAGES):
        found = first if page_number == 1 and first is not None else await fetch(page_number)
        if isinstance(found, NotRead):
            return found
        if page_number == 1:
            total = found.total
        elif found.total != total:
            # One number gone in between: the last page then agrees with its own total, and a row has slipped.
            return _drifted(f"page 1 said {total} rows in all, page {page_number} says {found.total}")
        known = len(rows)
        try:
            rows.update((row.id, row) for row in map(understand, found.records))
        except Malformed as error:
            return NotRead(Because.BROKEN, f"page {page_number} holds {error}")
        seen += len(found.records)
        if total is None:
            if len(rows) == known:  # an empty page, or a list that knows no pages and repeats itself
                return Listing(tuple(rows.values()))
        elif seen >= total or len(found.records) == 0:
            if len(rows) == total:
                return Listing(tuple(rows.values()))
            return _drifted(f"{len(rows):,} rows where its total says {total:,}")
    return NotRead(Because.BROKEN, f"more than {MOST_PAGES:,} pages")


def _drifted(difference: str) -> NotRead:
    return NotRead(Because.DRIFTED, f"the account changed while it was read: {difference}")
