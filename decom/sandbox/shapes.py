"""The forms in which the service answers: rows or one object in, a body out. One line an envelope in `ENVELOPES`.

Also the way back, for faults that spoil a body: where its rows are, and where it counts them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from decom.sandbox.made_up import Row

T = TypeVar("T")

SHIFT = "sandbox.shift"
"""Key in a request's scope, if it is there: how many rows have slipped past this page (negative: come again)."""
INSTEAD = "sandbox.instead"
"""Key in a request's scope, if it is there: the page that is shown whatever later page is asked for."""

HIDDEN = "sandbox."
"""Members of a row whose names begin so are the server's own, and shown to nobody."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    number: int
    """From 1."""
    size: int
    """Rows a page."""
    shift: int = 0
    """Rows by which the list moved since the page before."""
    instead: int | None = None
    """The page that is shown in place of any later one; None: each shows itself."""

    def of(self, rows: list[T]) -> list[T]:
        number = self.number if self.instead is None else min(self.number, self.instead)
        start = max(0, (number - 1) * self.size + (self.shift if number > 1 else 0))
        return rows[start : start + self.size]


@dataclass(frozen=True, slots=True)
class Shape:
    """How one source answers, where that is not as the account's generation documents it."""

    envelope: str | None = None
    """A key of `ENVELOPES`. For `batch-call` also `callLogs` or `calls`: the batch with its calls under that name.
    None: as documented."""
    wrapped: bool = False
    """Whether one object comes as `{"statusCode", "message", "data": {…}}`."""
    paged: bool = True
    """False: `page` and `limit` are ignored, and everything comes at once, each time."""
    most: int | None = None
    """Rows a page at most, silently; None: as many as were asked for."""
    refuse_above: int | None = None
    """A larger `limit` is a 400 that says so; None: as documented."""

    def __post_init__(self) -> None:
        if self.envelope is not None and self.envelope not in (*ENVELOPES, *CALLS):
            raise ValueError(f"there is no envelope {self.envelope!r}; there are: {', '.join((*ENVELOPES, *CALLS))}")
        for name in ("most", "refuse_above"):
            size = getattr(self, name)
            if size is not None and size < 1:
                raise ValueError(f"{name} {size} leaves no row on a page")

    @classmethod
    def of(cls, **wanted: Any) -> "Shape":
        """A shape from its JSON form. Raises ValueError where a member is unknown."""
        unknown = set(wanted) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a shape has no {', '.join(sorted(unknown))}")
        return cls(**wanted)


def wrapped(body: object) -> dict[str, object]:
    return {"statusCode": 200, "message": "Success", "data": body}


def data_meta(rows: list[Row], total: int, page: Page) -> dict[str, object]:
    meta = {"page": page.number, "limit": page.size, "total": total, "totalPages": -(-total // page.size)}
    return {"data": rows, "meta": meta}


def items_total(rows: list[Row], total: int, page: Page) -> dict[str, object]:
    return {"items": rows, "total": total, "page": page.number, "limit": page.size}


def counted(rows: list[Row], total: int, page: Page) -> dict[str, object]:
    pages = -(-total // page.size)
    meta = {"totalItems": total, "itemsPerPage": page.size, "totalPages": pages, "currentPage": page.number}
    return {"statusCode": 200, "message": "Success", "data": rows, "meta": meta}


ENVELOPES: Mapping[str, Callable[[list[Row], int, Page], object]] = {
    "data_meta": data_meta,
    "items_total": items_total,
    "counted": counted,
    "list": lambda rows, total, page: rows,
    "wrapped_list": lambda rows, total, page: wrapped(rows),
    "wrapped_data_meta": lambda rows, total, page: wrapped(data_meta(rows, total, page)),
    "wrapped_items_total": lambda rows, total, page: wrapped(items_total(rows, total, page)),
    "wrapped_counted": lambda rows, total, page: wrapped(counted(rows, total, page)),
}
"""Every form of a page: the rows on it, how many there are in all, and which page it is."""

CALLS = ("callLogs", "calls")
"""Names under which one batch call may have its calls."""

AS_DOCUMENTED = Shape()


def shown(row: Row, only: Iterable[str] | None = None) -> Row:
    """The row as a client sees it; `only` these members, None: all."""
    names = row if only is None else [name for name in only if name in row]
    return {name: row[name] for name in names if not name.startswith(HIDDEN)}


def as_page(shape: Shape, documented: str, rows: list[Row], page: Page, only: Iterable[str] | None = None) -> object:
    """One page of `rows`, of each row `only` these members."""
    if not shape.paged:
        page = Page(1, max(1, len(rows)))
    some = [shown(row, only) for row in page.of(rows)]
    return ENVELOPES[shape.envelope or documented](some, len(rows), page)


def as_object(shape: Shape, row: Row) -> object:
    """One object."""
    return wrapped(shown(row)) if shape.wrapped else shown(row)


def as_batch(shape: Shape, batch: Row, page: Page) -> object:
    """One batch call: with its calls, a page of them, or as nothing but that page. One without any is just itself."""
    if "callLogs" not in batch:
        return as_object(shape, batch)
    if shape.envelope in ENVELOPES:
        return as_page(shape, "list", batch["callLogs"], page)
    calls = page.of(batch["callLogs"]) if shape.paged else batch["callLogs"]
    others = {name: value for name, value in batch.items() if name != "callLogs"}
    return as_object(shape, {**others, shape.envelope or "callLogs": [shown(call) for call in calls]})


# --- The way back --------------------------------------------------------------------------------------------


def rows_in(body: object) -> list[Any] | None:
    """The very list of rows that a body of any form holds, to be changed in its place; None where it holds none."""
    while isinstance(body, dict):
        names = (name for name in ("data", "items", *CALLS) if name in body)
        body = body.get(next(names, ""))
    return body if isinstance(body, list) else None


def counts_in(body: object) -> dict[str, Any]:
    """The very object in which a body counts its rows; an empty one where it does not."""
    while isinstance(body, dict):
        if "meta" in body:
            found: dict[str, Any] = body["meta"]
            return found
        if "total" in body:
            return body
        body = body.get("data")
    return {}
