"""The service's endpoints over a made-up account: requests in, answers out.

Only what the service itself does: no key, no limit, no faults. Both generations, each with its own routes.
"""

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from decom.sandbox.account import World
from decom.sandbox.answers import Refusal, answer, by_id, no_route, page_of, refuse, words
from decom.sandbox.made_up import Row
from decom.sandbox.shapes import AS_DOCUMENTED, Page, Shape, as_batch, as_object, as_page

PREFIX = "/v1"
NUMBERS = f"{PREFIX}/organization-phone-numbers"
NUMBER_ID = re.compile(r"phn_[A-Za-z0-9]+", re.ASCII)
LISTED_BY_SECOND = ("id", "phone_number", "provider", "status", "country_code", "nickname")
"""All that the second generation's list says of a number."""

RECORD = "sandbox.record"
"""Key in a request's scope: its `Record`, whose `applied` an endpoint sets."""

Endpoint = Callable[[Request], Response]


class Api:
    """The endpoints of one account."""

    def __init__(self, world: World) -> None:
        self.world = world

    def app(self) -> Starlette:
        """The routes of the account's generation."""
        by_generation = self._first() if self.world.generation == "first" else self._second()
        routes = [
            Route(NUMBERS, self._offered("numbers", self.list_numbers)),
            Route(f"{NUMBERS}/{{id}}", self._offered("numbers", self.show_number)),
            Route(f"{NUMBERS}/{{id}}", self._offered("release", self.release), methods=["DELETE"]),
            *by_generation,
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: refuse})
        app.router.redirect_slashes = False
        return app

    def _first(self) -> list[Route]:
        return [
            Route(f"{NUMBERS}/{{id}}", self.update, methods=["PATCH"]),
            Route(f"{PREFIX}/campaigns", self._offered("campaigns", self.list_campaigns)),
            Route(f"{PREFIX}/campaigns/{{id}}", self._offered("campaigns", self.show_campaign)),
            *(self._batch_calls() if self.world.batch_calls_too else []),
        ]

    def _batch_calls(self) -> list[Route]:
        return [
            Route(f"{PREFIX}/batch-calls", self._offered("batch-calls", self.list_batch_calls)),
            Route(f"{PREFIX}/batch-calls/{{id}}", self._offered("batch-calls", self.show_batch_call)),
        ]

    def _second(self) -> list[Route]:
        return [
            *self._batch_calls(),
            Route(f"{PREFIX}/workflows", self._offered("workflows", self.list_workflows)),
            Route(f"{PREFIX}/calls", self._offered("calls", self.list_calls)),
            Route(f"{PREFIX}/phone-number-pricing", self._offered("pricing", self.list_prices)),
        ]

    def _offered(self, source: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """`endpoint`, unless the account refuses this source."""

        @wraps(endpoint)
        async def offered(request: Request) -> Response:
            self._check(source, request)
            return endpoint(request)

        return offered

    def _check(self, source: str, request: Request) -> None:
        status = self.world.refusals.get(source)
        if status is None:
            return
        if status in (404, 405):
            raise Refusal(status, no_route(request))
        raise Refusal(status, f"This API key lacks the right to use {source}." if status == 403 else "Refused.")

    # --- Phone numbers --------------------------------------------------------------------------------------

    def list_numbers(self, request: Request) -> Response:
        if request.query_params.get("page", "1") == "1":
            self.world.count_listing()
        rows = self.world.listed()
        if self.world.generation == "second":
            return self._listing(request, "numbers", rows, "items_total", LISTED_BY_SECOND)
        for name in ("country_code", "type"):
            if name in request.query_params:
                rows = [row for row in rows if row.get(name) == request.query_params[name]]
        return self._listing(request, "numbers", rows, "data_meta")

    def show_number(self, request: Request) -> Response:
        return answer(as_object(self._shape("numbers"), self._one(request)))

    def _listing(
        self, request: Request, source: str, rows: list[Row], documented: str, only: tuple[str, ...] | None = None
    ) -> Response:
        """A page of `rows`, in the form that this source has on this account."""
        shape = self._shape(source)
        return answer(as_page(shape, documented, rows, page_of(request, shape), only))

    def _shape(self, source: str) -> Shape:
        return self.world.shapes.get(source, AS_DOCUMENTED)

    def release(self, request: Request) -> Response:
        number_id = self._asked_id(request)
        if number_id not in self.world.numbers:
            raise self._not_found(number_id)
        why_held = self.world.why_held(number_id)
        if why_held is not None:
            raise Refusal(409, why_held)
        record = request.scope[RECORD]
        self.world.remove(number_id, record.seq)
        record.applied = True
        return answer({"message": "Phone number released successfully"})

    async def update(self, request: Request) -> Response:
        self._check("update", request)
        number_id = self._asked_id(request)
        if number_id not in self.world.numbers:
            raise self._not_found(number_id)
        try:
            wanted = await request.json()
        except ValueError as error:
            raise Refusal(400, "Unexpected token in JSON") from error
        if not isinstance(wanted, dict) or set(wanted) != {"agent_id"} or not is_agent(wanted["agent_id"]):
            raise Refusal(400, ["agent_id must be a string or null"])
        self.world.route_to(number_id, wanted["agent_id"])
        request.scope[RECORD].applied = True
        return answer(self.world.numbers[number_id])

    def _one(self, request: Request) -> Row:
        number_id = self._asked_id(request)
        row = self.world.seen(number_id)
        if row is None:
            raise self._not_found(number_id)
        return row

    def _asked_id(self, request: Request) -> str:
        number_id: str = request.path_params["id"]
        if not NUMBER_ID.fullmatch(number_id):
            raise Refusal(400, ["id must be a phone number ID"])
        if number_id in self.world.foreign_ids:
            raise Refusal(403, "This phone number belongs to another workspace.")
        return number_id

    def _not_found(self, number_id: str) -> Refusal:
        return Refusal(404, f"Phone number with ID {number_id} not found")

    # --- What can hold a number back ------------------------------------------------------------------------

    def list_campaigns(self, request: Request) -> Response:
        return self._listing(request, "campaigns", self.world.campaigns, "data_meta")

    def show_campaign(self, request: Request) -> Response:
        campaign = by_id(self.world.campaigns, request.path_params["id"], "Campaign")
        return answer(as_object(self._shape("campaigns"), campaign))

    def list_batch_calls(self, request: Request) -> Response:
        statuses = words(request, "status")
        rows = [batch for batch in self.world.batch_calls if statuses is None or batch["status"] in statuses]
        only = ("id", "title", "status", "created_at")
        return self._listing(request, "batch-calls", rows, "items_total", only)

    def show_batch_call(self, request: Request) -> Response:
        batch = by_id(self.world.batch_calls, request.path_params["id"], "Batch call")
        shape = self._shape("batch-call")
        return answer(as_batch(shape, batch, page_of(request, shape, most=200)))

    def list_workflows(self, request: Request) -> Response:
        return self._listing(request, "workflows", self.world.workflows, "counted")

    # --- Money and traffic ----------------------------------------------------------------------------------

    def list_calls(self, request: Request) -> Response:
        filters = {
            "from_number": words(request, "from"),
            "to_number": words(request, "to"),
            "call_direction": words(request, "call_direction"),
        }
        start = request.query_params.get("start_date", "")
        rows = [call for call in self.world.calls if call["createdAt"] >= start and fits(call, filters)]
        shape = self._shape("calls")
        return answer(as_page(shape, "list", rows, page_of(request, shape, most=200)))

    def list_prices(self, request: Request) -> Response:
        prices = Page(1, max(1, len(self.world.prices)))
        return answer(as_page(self._shape("pricing"), "list", self.world.prices, prices))


def is_agent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value != "")


def fits(call: Row, filters: dict[str, frozenset[str] | None]) -> bool:
    return all(wanted is None or call[name] in wanted for name, wanted in filters.items())
