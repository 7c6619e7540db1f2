"""How the service speaks on one account. In: the account as it is, and a GET. Out: an answer, and what it shows.

Every form is taken from the service's own documents and from what was seen in production; which of them an account
has is chosen once a night. An `Ill` is a form that says less than the truth, and stays for the night.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.service.shapes import (
    AS_DOCUMENTED,
    ENVELOPES,
    FAILURES,
    ODD_ROWS,
    DriftingPage,
    Shape,
    add_to_counts,
    keep_rows,
    own_counts,
    rows_in,
    saying,
    without,
    wrapped,
)
from tests.simulation.world import BATCH_CALLS, CAMPAIGNS, Call, Hold, Workspace

NUMBERS = "organization-phone-numbers"
COUNTING = tuple(name for name in ENVELOPES if not name.endswith("list"))
"""The envelopes that say how many rows there are in all."""
DOCUMENTED = {"workflows": "counted", CAMPAIGNS: "data_meta", BATCH_CALLS: "items_total", "batch-call": "callLogs"}

T = TypeVar("T")
Json = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says when all goes well on the way."""

    status: int
    body: Json | None
    holds: tuple[Hold, ...] = ()
    """The campaigns and batch calls of which a row stands in it, whole and with its status."""
    calls: tuple[Call, ...] = ()
    """The calls of a batch that stand in it; or those that a row of `holds` shows by itself."""
    ids: frozenset[str] = frozenset()
    """The numbers that stand in it."""


@dataclass(frozen=True, slots=True)
class Ill:
    """What is wrong with a source's list."""

    kind: str
    """A key of `ILLS`."""
    page: int
    """The first page that is ill."""


def error(status: int, message: str | list[str]) -> Answer:
    """The service's own way of refusing."""
    words = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
    return Answer(status, {"statusCode": status, "message": message, "error": words.get(status, "Error")})


@dataclass(slots=True)
class Voice:
    """The forms of one account."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    """By source, where it is not as documented: numbers, campaigns, batch-calls, batch-call, workflows."""
    ills: dict[str, Ill] = field(default_factory=dict)
    """By source, what is wrong with it."""
    echo: str = ""
    """What is written into messages, names and nicknames, such as the key; empty: nothing."""
    not_found: str = "Phone number not found"
    """The words of the 404 that speaks of the number."""
    absent: int = 404
    """The status of a route that does not exist: 404 or 405."""
    seen: set[str] = field(default_factory=set)
    """The forms and ills that were answered so far."""

    def said(self, message: str) -> str:
        """A message with what is to be echoed."""
        return message if self.echo == "" else f"{message} ({self.echo})"

    def read(self, world: Workspace, path: str, query: Mapping[str, str], stale: float = 0.0) -> Answer:
        """Answer a GET; `stale`: from a copy that is so many seconds behind in what was removed."""
        if not world.key_accepted:
            return error(401, self.said("Invalid API key"))
        what, _, one = path.strip("/").partition("/")
        if what == NUMBERS:
            return self._numbers(world, one, query, stale)
        if what == "phone-number-pricing" and world.generation == 2:
            price = {"telephony_provider_id": "p1", "country_iso": "US", "country_name": "United States"}
            return Answer(200, [{**price, "credit_cost": 100}])
        if not world.has(what):
            return error(self.absent, f"Cannot GET /v1/{what}")
        if not world.may_read_holds:
            return error(403, "This key may not read that")
        if what == "workflows":
            return self._list(what, world.workflows, lambda flow: flow, query)
        of_source = [hold for hold in world.holds if hold.source == what]
        if one != "":
            hold = next((each for each in of_source if each.id == one), None)
            return error(404, f"{what} {one} not found") if hold is None else self._detail(world, hold, query)
        if "status" in query:
            of_source = [hold for hold in of_source if hold.status in query["status"].split(",")]
        return self._list(what, of_source, self._hold, query)

    def _numbers(self, world: Workspace, one: str, query: Mapping[str, str], stale: float) -> Answer:
        shown = world.shown(stale)
        if one == "":
            documented = "data_meta" if world.generation == 1 else "items_total"
            return self._list("numbers", [*shown.items()], lambda each: self._number(world, *each), query, documented)
        if one not in shown:
            return error(404, self.not_found.format(one))
        record = self._number(world, one, shown[one])
        return Answer(200, wrapped(record) if self._shape("numbers").wrapped else record, ids=frozenset({one}))

    def _number(self, world: Workspace, number_id: str, number: str) -> dict[str, Any]:
        record = {"id": number_id, "phone_number": number, "status": "active", "country_code": "US"}
        if world.generation == 1:
            record |= {"monthly_cost_usd": "1.15", "type": "local"}
        if self.echo != "":
            record["nickname"] = self.said("front desk")
        return {**record, **world.dress.get(number_id, {})}

    def _hold(self, hold: Hold) -> dict[str, Any]:
        """A row of a listing."""
        name = "name" if hold.source == CAMPAIGNS else "title"
        row: dict[str, Any] = {"id": hold.id, name: self.said(f"calls {hold.id}")}
        if hold.status is not None:
            row["status"] = hold.status
        return {**row, **hold.calls[0].written} if hold.source == CAMPAIGNS and not hold.silent else row

    def _detail(self, world: Workspace, hold: Hold, query: Mapping[str, str]) -> Answer:
        """One campaign, or one batch call with a page of its calls."""
        row, holds = self._hold(hold), (hold,)
        if hold.source == CAMPAIGNS:
            record = {**row, **hold.calls[0].written}
            return Answer(200, wrapped(record) if self._shape(CAMPAIGNS).wrapped else record, holds, hold.calls)
        shape = self._shape("batch-call")
        if world.generation == 1:  # shows neither calls nor number
            return Answer(200, wrapped(row) if shape.wrapped else row, holds)
        page = _page(query, shape, 200)
        if page is None:
            return self._limit(shape)
        some = page.of(list(hold.calls)) if shape.paged else list(hold.calls)
        first = (page.number - 1) * page.size if shape.paged else 0
        calls = [
            {"id": f"call_{hold.id}_{place}", "to_number": f"+1202555{place:04}", **call.written}
            for place, call in enumerate(some, first)
        ]
        form = shape.envelope or "callLogs"
        self.seen.add(f"calls as {form}")
        if form in ENVELOPES:
            return Answer(200, _enveloped(form, calls, len(hold.calls), page), holds, tuple(some))
        record = {**row, form: calls}
        return Answer(200, wrapped(record) if shape.wrapped else record, holds, tuple(some))

    def _list(
        self,
        source: str,
        rows: list[T],
        show: Callable[[T], Mapping[str, Any]],
        query: Mapping[str, str],
        documented: str = "",
    ) -> Answer:
        """A page of rows, each as `show` has it."""
        shape, ill = self._shape(source), self.ills.get(source)
        envelope = shape.envelope or documented or DOCUMENTED[source]
        page = _page(query, shape, 100)
        if page is None:
            return self._limit(shape)
        if not shape.paged:
            page = DriftingPage(1, max(1, len(rows)))
        if envelope in COUNTING:
            repeats = ill is not None and ill.kind == "repeats"
            page = DriftingPage(page.number, page.size, int(query.get("shift", 0)), 1 if repeats else None)
        some = page.of(rows)
        self.seen.add(f"list as {envelope}{'' if shape.paged else ', unpaged'}")
        shown = [dict(show(row)) for row in some]
        holds = tuple(row for row in some if isinstance(row, Hold))
        calls = tuple(hold.calls[0] for hold in holds if hold.source == CAMPAIGNS and not hold.silent)
        ids = frozenset(row["id"] for row in shown) if source == "numbers" else frozenset()
        answer = Answer(200, _enveloped(envelope, shown, len(rows), page), holds, calls, ids)
        if ill is None or page.number < ill.page or (ill.kind in COUNTS and envelope not in COUNTING):
            return answer
        self.seen.add(f"ill: {ill.kind}")
        return ILLS[ill.kind](answer)

    def _limit(self, shape: Shape) -> Answer:
        self.seen.add("limit refused")
        return error(400, [f"limit must not be greater than {shape.refuse_above}"])

    def _shape(self, source: str) -> Shape:
        return self.shapes.get(source, AS_DOCUMENTED)


def _page(query: Mapping[str, str], shape: Shape, most: int) -> DriftingPage | None:
    """The page that is asked for, as far as the shape allows; None where the limit is refused."""
    allowed = shape.refuse_above or most
    limit = int(query.get("limit", min(20, allowed)))
    if limit > allowed:
        return None
    return DriftingPage(int(query.get("page", 1)), shape.cut(limit))


def _enveloped(envelope: str, rows: list[Any], total: int, page: DriftingPage) -> Json:
    body: Json = ENVELOPES[envelope](rows, total, page)  # type: ignore[assignment]  # what an envelope makes is JSON
    return body


# --- What can be wrong with a list ---------------------------------------------------------------------------


def _says(way: str) -> Callable[[Answer], Answer]:
    """A 200 that says that it failed, in the form of an empty list; where it is partial, of half of it."""

    def ill(answer: Answer) -> Answer:
        body = answer.body
        keep_rows(body, len(rows_in(body) or ()) // 2 if way == "partial" else 0)
        return Answer(200, saying(body, FAILURES[way]))  # type: ignore[arg-type]  # what is said of JSON is JSON

    return ill


def _206(answer: Answer) -> Answer:
    keep_rows(answer.body, len(rows_in(answer.body) or ()) // 2)
    return Answer(206, answer.body)


def _counts(change: Callable[[Json | None], None]) -> Callable[[Answer], Answer]:
    def ill(answer: Answer) -> Answer:
        change(answer.body)
        return answer

    return ill


def _odd_row(spoil: Callable[[Any], Any], *, hides: bool) -> Callable[[Answer], Answer]:
    """The first row of the page is odd; whether its number, if it had one, can no longer be read."""

    def ill(answer: Answer) -> Answer:
        rows = rows_in(answer.body)
        if rows:
            rows[0] = spoil(rows[0])
        if not hides or len(answer.holds) == 0:
            return answer
        lost = () if answer.holds[0].silent else answer.holds[0].calls
        calls = tuple(each for each in answer.calls if each not in lost)
        return Answer(answer.status, answer.body, answer.holds[1:], calls)

    return ill


ILLS: Mapping[str, Callable[[Answer], Answer]] = {
    "503": lambda answer: error(503, "Service Unavailable"),
    "404 later": lambda answer: error(404, "Cannot GET /v1/that"),
    **{way: _says(way) for way in FAILURES},
    "206": _206,
    "repeats": lambda answer: answer,
    "total is the page's": _counts(own_counts),
    "total more": _counts(lambda body: add_to_counts(body, 1, "total", "totalItems")),
    "pages more": _counts(lambda body: add_to_counts(body, 1, "totalPages")),
    "no id": _odd_row(ODD_ROWS["no_id"], hides=False),
    "integer id": _odd_row(ODD_ROWS["integer_id"], hides=False),
    "no number": _odd_row(without("from_phone_number", "from_number"), hides=True),
    "no object": _odd_row(ODD_ROWS["text"], hides=True),
}
"""What can be wrong with a source's list, from one page on."""

COUNTS = frozenset({"repeats", "total is the page's", "total more", "pages more"})
"""Those that only a list which says how many rows there are can have."""
LATER = frozenset({"404 later", "repeats"})
"""Those that make no sense on the first page."""


def as_bytes(body: Json | None, escaped: str = "") -> bytes:
    """The body as it goes over the wire; `escaped`: a text that is written in JSON's longest way."""
    if body is None:
        return b""
    text = json.dumps(body, separators=(",", ":"))
    return (text.replace(escaped, "".join(f"\\u{ord(sign):04x}" for sign in escaped)) if escaped else text).encode()
