"""The endpoints as no document has them: other envelopes, other pages, sources that refuse. Answers of a `World`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from decom.sandbox.answers import Paging, Refusal, answer, no_route, paging_of, refused
from decom.sandbox.api import PREFIX, Api
from decom.sandbox.made_up import Row
from tests.service.shapes import AS_DOCUMENTED, ENVELOPES, DriftingPage, Shape, shown, wrapped
from tests.service.world import World

SHIFT = "sandbox.shift"
"""Key in a request's scope, if it is there: how many rows have slipped past this page (negative: come again)."""
INSTEAD = "sandbox.instead"
"""Key in a request's scope, if it is there: the page that is shown whatever later page is asked for."""

SOURCES = {
    "organization-phone-numbers": "numbers",
    "phone-number-pricing": "pricing",
    "campaigns": "campaigns",
    "batch-calls": "batch-calls",
    "workflows": "workflows",
    "calls": "calls",
}
"""Source by the route's first word; DELETE and PATCH of a number are sources of their own."""


class OddApi(Api):
    """The endpoints of a world."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.world = world

    def endpoints(self) -> ASGIApp:
        """The routes, each unless the world refuses its source."""
        app = super().app()

        async def unless_refused(scope: Scope, receive: Receive, send: Send) -> None:
            status = self.world.refusals.get(source_of(scope))
            then = app if status is None else refusal_of(status, scope)
            await then(scope, receive, send)

        return unless_refused

    def first(self) -> list[Route]:
        return super().first() + (self.batch_calls() if self.world.batch_calls_too else [])

    async def list_numbers(self, request: Request) -> Response:
        if request.query_params.get("page", "1") == "1":
            self.world.count_listing()
        return await super().list_numbers(request)

    def asked_id(self, request: Request) -> str:
        number_id = super().asked_id(request)
        if number_id in self.world.foreign_ids:
            raise Refusal(403, "This phone number belongs to another workspace.")
        return number_id

    def page(self, request: Request, source: str, rows: list[Row]) -> Response:
        form, shape = self.form(source), self._shape(source)
        asked = self._paging(request, source) if form.paged else None
        paging = asked if asked is not None and shape.paged else Paging(1, max(1, len(rows)))
        some = [shown(row, form.only) for row in paging.of(rows)]
        return answer(ENVELOPES[shape.envelope or form.envelope](some, len(rows), paging))

    def one(self, source: str, row: Row) -> Response:
        return answer(wrapped(shown(row)) if self._shape(source).wrapped else shown(row))

    def batch_call(self, request: Request, batch: Row) -> Response:
        """With its calls, a page of them, or as nothing but that page. One without any is just itself."""
        shape = self._shape("batch-call")
        if "callLogs" not in batch:
            return self.one("batch-call", batch)
        if shape.envelope in ENVELOPES:
            return self.page(request, "batch-call", batch["callLogs"])
        calls: list[Row] = batch["callLogs"]
        if shape.paged:
            calls = self._paging(request, "batch-call").of(calls)
        others = {name: value for name, value in batch.items() if name != "callLogs"}
        return self.one("batch-call", {**others, shape.envelope or "callLogs": [shown(call) for call in calls]})

    def _shape(self, source: str) -> Shape:
        return self.world.shapes.get(source, AS_DOCUMENTED)

    def _paging(self, request: Request, source: str) -> Paging:
        shape = self._shape(source)
        asked = paging_of(request, shape.refuse_above or self.form(source).most)
        return DriftingPage(
            asked.number, shape.cut(asked.size), request.scope.get(SHIFT, 0), request.scope.get(INSTEAD)
        )


def source_of(scope: Scope) -> str:
    """The source that a request asks; empty where there is none of that name."""
    found = SOURCES.get(scope["path"].removeprefix(f"{PREFIX}/").partition("/")[0], "")
    return {"DELETE": "release", "PATCH": "update"}.get(scope["method"], found) if found == "numbers" else found


def refusal_of(status: int, scope: Scope) -> Response:
    if status in (404, 405):
        return refused(status, no_route(scope["method"], scope["path"], scope["query_string"].decode("latin-1")))
    what = source_of(scope)
    return refused(status, f"This API key lacks the right to use {what}." if status == 403 else "Refused.")
