"""The forms in which the service answers: rows or one object in, a body out. One line an envelope in `ENVELOPES`.

Also the way back, for whoever spoils a body: where its rows are, and where it counts them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from decom.sandbox.answers import ENVELOPES as DOCUMENTED
from decom.sandbox.answers import Envelope, Paging
from decom.sandbox.made_up import Row

T = TypeVar("T")

HIDDEN = "sandbox."
"""Members of a row whose names begin so are the server's own, and shown to nobody."""


@dataclass(frozen=True, slots=True)
class DriftingPage(Paging):
    """A page of a list that does not hold still, or that knows only its first pages."""

    shift: int = 0
    """Rows by which the list moved since the page before: so many are missed; negative: come again."""
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

    def cut(self, size: int) -> int:
        """Rows on a page for which so many were asked."""
        return size if self.most is None else min(size, self.most)


def wrapped(body: object) -> dict[str, object]:
    return {"statusCode": 200, "message": "Success", "data": body}


def in_wrapping(envelope: Envelope) -> Envelope:
    return lambda rows, total, paging: wrapped(envelope(rows, total, paging))


ENVELOPES: Mapping[str, Envelope] = {
    **DOCUMENTED,
    **{f"wrapped_{name}": in_wrapping(DOCUMENTED[name]) for name in ("list", "data_meta", "items_total", "counted")},
}
"""Every form of a page that was ever seen."""

CALLS = ("callLogs", "calls")
"""Names under which one batch call may have its calls."""

AS_DOCUMENTED = Shape()


def shown(row: Row, only: Iterable[str] | None = None) -> Row:
    """The row as a client sees it; `only` these members, None: all."""
    names = row if only is None else [name for name in only if name in row]
    return {name: row[name] for name in names if not name.startswith(HIDDEN)}


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


def own_counts(body: object) -> None:
    """From now on the body counts only the rows that stand in it."""
    rows, counts = len(rows_in(body) or ()), counts_in(body)
    own = {"total": rows, "totalItems": rows, "totalPages": 1 if rows > 0 else 0}
    counts.update((name, value) for name, value in own.items() if name in counts)


def keep_rows(body: object, keep: int) -> None:
    """The first `keep` rows alone are left, and counts that know no others."""
    rows = rows_in(body)
    if rows is not None:
        del rows[keep:]
    own_counts(body)


def add_to_counts(body: object, amount: int, *names: str) -> None:
    """These counts, where the body has them, are wrong by so much."""
    counts = counts_in(body)
    counts.update((name, counts[name] + amount) for name in names if name in counts)


def saying(body: object, members: Mapping[str, object]) -> object:
    """The body with these members beside its own; a bare list comes as `data`."""
    return {**body, **members} if isinstance(body, dict) else {"data": body, **members}


FAILURES: Mapping[str, Mapping[str, object]] = {
    "success": {"success": False, "message": "upstream timed out"},
    "statusCode": {"statusCode": 503, "message": "upstream timed out"},
    "errors": {"errors": [{"message": "upstream timed out"}]},
    "partial": {"partial": True},
}
"""What a 200 says of itself that is none, or not whole."""


def without(*names: str) -> Callable[[Any], Any]:
    return lambda row: {name: value for name, value in row.items() if name not in names}


ODD_ROWS: Mapping[str, Callable[[Any], Any]] = {
    "no_number": without("from_phone_number", "from_number", "phone_number"),
    "integer_id": lambda row: {**row, "id": 17},
    "no_id": without("id"),
    "null": lambda row: None,
    "text": lambda row: "a row",
}
"""What can be wrong with one row, by its name."""
