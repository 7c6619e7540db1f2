"""An answer in any of the service's envelopes in, what is in it out: a `Page` of rows, or one object. Pure.

Production answers bare, wrapped in `{statusCode, message, data}`, or wrapped with a page inside; rows stand under
`data`, `items`, or a name of their own (`agents`), with their counts beside them or in `meta`. All are opened here,
without a switch. An answer that says of itself that it failed or is only a part, or that can be read in two ways,
raises `Malformed`: what is not understood is not an answer, and never an empty list.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from decom.dialnexa.models import Malformed

Fields = Mapping[str, object]

MOST_LAYERS = 4
"""Envelopes within one another."""

_ROWS = frozenset({"data", "items", "results", "rows", "records"})
"""The names, as `_plain` writes them, under which rows of any kind may stand."""
_TOTAL = frozenset({"total", "totalitems", "totalcount", "totalrecords"})
_LIMIT = frozenset({"limit", "itemsperpage", "perpage", "pagesize"})
_PAGES = frozenset({"totalpages", "pagecount", "lastpage"})
_NUMBER = frozenset({"page", "currentpage", "pagenumber"})
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage", "next", "nextpage", "nextcursor"})
_FAILED = frozenset({"error", "errors"})
_SUCCEEDED = frozenset({"success", "ok"})
_A_PART = frozenset({"partial", "incomplete", "truncated", "degraded"})
_FAILING_WORDS = frozenset({"error", "fail", "failed", "failure"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, with everything that it says of itself; None where it does not say."""

    records: Sequence[object]
    total: int | None = None
    """Rows on all pages."""
    limit: int | None = None
    """Most rows on a page."""
    pages: int | None = None
    """How many pages there are."""
    number: int | None = None
    """Which of them this is, from 1."""
    more: bool = False
    """Whether it says that another page follows."""


@dataclass(slots=True)
class _Said:
    """What the layers around the rows say of them."""

    totals: list[int] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    more: bool = False

    def take(self, fields: Fields) -> None:
        """Take the counts that stand in one object."""
        for name, value in fields.items():
            plain = _plain(name)
            self.more = self.more or (plain in _MORE and bool(value))
            count = _count(value)
            if count is None:
                continue
            for names, found in (
                (_TOTAL, self.totals),
                (_LIMIT, self.limits),
                (_PAGES, self.pages),
                (_NUMBER, self.numbers),
            ):
                if plain in names:
                    found.append(count)


def page(body: object, *names: str) -> Page:
    """Open a page. `names` are those under which this listing's rows may stand beside the usual ones.

    Raises Malformed.
    """
    said = _Said()
    fitting = _ROWS | {_plain(name) for name in names}
    records = _rows(body, fitting, said, MOST_LAYERS)
    return Page(
        records,
        total=_agreed("totals", said.totals),
        limit=_agreed("limits", said.limits),
        pages=_agreed("numbers of pages", said.pages),
        number=_agreed("page numbers", said.numbers),
        more=said.more,
    )


def one(body: object) -> Fields:
    """Open an answer that is one object. Raises Malformed."""
    for _ in range(MOST_LAYERS):
        if not isinstance(body, dict):
            break
        _refuse_failed(body)
        inner = body.get("data")
        if "id" in body or not isinstance(inner, dict):
            return body
        body = inner
    raise Malformed("an entry that is no object")


def _rows(body: object, fitting: AbstractSet[str], said: _Said, layers: int) -> Sequence[object]:
    """The rows in the innermost layer; what the layers say of them goes into `said`."""
    if isinstance(body, list):
        return body
    if not isinstance(body, dict) or layers == 0:
        raise Malformed("a page that is neither an object nor a list")
    _refuse_failed(body)
    is_row = "id" in body  # then it is no mere envelope: its other lists and counts are facts of its own
    found = [name for name in body if _plain(name) in fitting and isinstance(body[name], dict | list | None)]
    if len(found) == 0:
        raise Malformed("a page without its rows")
    others = () if is_row else _other_lists(body, found)
    if len(found) > 1 or any(True for _ in others):
        raise Malformed("a page with several lists, of which any may be its rows")
    if not is_row:
        said.take(body)
    meta = body.get("meta", body.get("pagination"))
    if isinstance(meta, dict):
        _refuse_failed(meta)
        said.take(meta)
    inner = body[found[0]]
    if inner is None:
        raise Malformed("a page without its rows")
    return _rows(inner, fitting, said, layers - 1)


def _other_lists(fields: Fields, found: Sequence[str]) -> Iterator[str]:
    """Names under which there are rows as well."""
    for name, value in fields.items():
        if name not in found and isinstance(value, list) and any(isinstance(each, dict) for each in value):
            yield name


def _refuse_failed(fields: Fields) -> None:
    """Raise Malformed where an answer says of itself that it failed, or that it is only a part."""
    for name in ("statusCode", "status_code"):
        code = fields.get(name)
        if code is not None and code not in (200, "200"):
            raise Malformed(f"a failure, as its own body says ({name}: {_short(code)})")
    if "id" in fields:
        return  # a thing's own record: a batch call counts its own errors and successes
    for name, value in fields.items():
        plain = _plain(name)
        failed = (
            (plain in _FAILED and bool(value))
            or (plain in _SUCCEEDED and value is not True)
            or (plain == "status" and isinstance(value, str) and value.strip().lower() in _FAILING_WORDS)
        )
        if failed:
            raise Malformed(f"a failure, as its own body says ({name}: {_short(value)})")
        if plain in _A_PART and bool(value):
            raise Malformed(f"only a part, as its own body says ({name}: {_short(value)})")


def _agreed(what: str, found: Sequence[int]) -> int | None:
    if len(set(found)) > 1:
        raise Malformed(f"a page whose {what} contradict each other ({', '.join(map(str, found[:4]))})")
    return found[0] if len(found) > 0 else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _plain(name: str) -> str:
    """A name without regard to case, hyphens and underscores: `batch_calls` is `batchCalls`."""
    return name.lower().replace("_", "").replace("-", "")


def _short(value: object) -> str:
    return str(value)[:80].encode("utf-8", "backslashreplace").decode("utf-8")
