"""The service's endpoints over a made-up account. Both generations, each with its own routes.

Only what the service itself does; key and limit stand before them, in `app`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from decom.sandbox.account import SandboxAccount
from decom.sandbox.answers import ENVELOPES, Paging, Refusal, answer, by_id, paging_of, refuse, words
from decom.sandbox.made_up import Row

PREFIX = "/v1"
NUMBERS = f"{PREFIX}/organization-phone-numbers"
NUMBER_ID = re.compile(r"phn_[A-Za-z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListForm:
    """How one list is documented."""

    envelope: str
    """A key of `ENVELOPES`."""
    most: int = 100
    """The largest `limit`."""
    paged: bool = True
    """False: everything comes at once."""
    only: tuple[str, ...] | None = None
    """All that the list says of a row; None: everything."""

    def shown(self, row: Row) -> Row:
        return row if self.only is None else {name: row[name] for name in self.only if name in row}


FORMS: Mapping[str, ListForm] = {
    "numbers": ListForm("data_meta"),
    "campaigns": ListForm("data_meta"),
    "batch-calls": ListForm("items_total", only=("id", "title", "status", "created_at")),
    "batch-call": ListForm("list", most=200),
    "workflows": ListForm("counted"),
    "calls": ListForm("list", most=200),
    "pricing": ListForm("list", paged=False),
}
"""By source; `batch-call` are the calls of one batch call."""

NUMBERS_OF_SECOND = ListForm(
    "items_total", only=("id", "phone_number", "provider", "status", "country_code", "nickname")
)


class Api:
    """The endpoints of one account. The tests' service makes other answers of the same account by overriding
    `page`, `one` and `batch_call`."""

    def __init__(self, account: SandboxAccount) -> None:
        self.account = account

    def app(self) -> Starlette:
        """The routes of the account's generation."""
        app = Starlette(routes=self.routes(), exception_handlers={HTTPException: refuse})
        app.router.redirect_slashes = False
        return app

    def routes(self) -> list[Route]:
        routes = [
            Route(NUMBERS, self.list_numbers),
            Route(f"{NUMBERS}/{{id}}", self.show_number),
            Route(f"{NUMBERS}/{{id}}", self.release, methods=["DELETE"]),
        ]
        return routes + (self.first() if self.account.generation == "first" else self.second())

    def first(self) -> list[Route]:
        return [
            Route(f"{NUMBERS}/{{id}}", self.update, methods=["PATCH"]),
            Route(f"{PREFIX}/campaigns", self.list_campaigns),
            Route(f"{PREFIX}/campaigns/{{id}}", self.show_campaign),
        ]

    def second(self) -> list[Route]:
        return [
            *self.batch_calls(),
            Route(f"{PREFIX}/workflows", self.list_workflows),
            Route(f"{PREFIX}/calls", self.list_calls),
            Route(f"{PREFIX}/phone-number-pricing", self.list_prices),
        ]

    def batch_calls(self) -> list[Route]:
        return [
            Route(f"{PREFIX}/batch-calls", self.list_batch_calls),
            Route(f"{PREFIX}/batch-calls/{{id}}", self.show_batch_call),
        ]

    # --- The forms of answers -------------------------------------------------------------------------------

    def form(self, source: str) -> ListForm:
        second = source == "numbers" and self.account.generation == "second"
        return NUMBERS_OF_SECOND if second else FORMS[source]

    def page(self, request: Request, source: str, rows: list[Row]) -> Response:
        """One page of `rows`, as the list is documented."""
        form = self.form(source)
        paging = paging_of(request, form.most) if form.paged else Paging(1, max(1, len(rows)))
        some = [form.shown(row) for row in paging.of(rows)]
        return answer(ENVELOPES[form.envelope](some, len(rows), paging))

    def one(self, source: str, row: Row) -> Response:
        """One object."""
        return answer(row)

    def batch_call(self, request: Request, batch: Row) -> Response:
        """One batch call with a page of its calls."""
        paging = paging_of(request, self.form("batch-call").most)
        return answer({**batch, "callLogs": paging.of(batch["callLogs"])})

    # --- Phone numbers --------------------------------------------------------------------------------------

    async def list_numbers(self, request: Request) -> Response:
        rows = self.account.listed()
        if self.account.generation == "first":
            for name in ("country_code", "type"):
                if name in request.query_params:
                    rows = [row for row in rows if row.get(name) == request.query_params[name]]
        return self.page(request, "numbers", rows)

    async def show_number(self, request: Request) -> Response:
        number_id = self.asked_id(request)
        row = self.account.seen(number_id)
        if row is None:
            raise not_found(number_id)
        return self.one("numbers", row)

    async def release(self, request: Request) -> Response:
        number_id = self.asked_id(request)
        if number_id not in self.account.numbers:
            raise not_found(number_id)
        why_held = self.account.why_held(number_id)
        if why_held is not None:
            raise Refusal(409, why_held)
        self.account.remove(number_id)
        return answer({"message": "Phone number released successfully"})

    async def update(self, request: Request) -> Response:
        number_id = self.asked_id(request)
        if number_id not in self.account.numbers:
            raise not_found(number_id)
        try:
            wanted = await request.json()
        except ValueError as error:
            raise Refusal(400, "Unexpected token in JSON") from error
        if not isinstance(wanted, dict) or set(wanted) != {"agent_id"} or not is_agent(wanted["agent_id"]):
            raise Refusal(400, ["agent_id must be a string or null"])
        self.account.route_to(number_id, wanted["agent_id"])
        return answer(self.account.numbers[number_id])

    def asked_id(self, request: Request) -> str:
        number_id: str = request.path_params["id"]
        if not NUMBER_ID.fullmatch(number_id):
            raise Refusal(400, ["id must be a phone number ID"])
        return number_id

    # --- What can hold a number back ------------------------------------------------------------------------

    async def list_campaigns(self, request: Request) -> Response:
        return self.page(request, "campaigns", self.account.campaigns)

    async def show_campaign(self, request: Request) -> Response:
        return self.one("campaigns", by_id(self.account.campaigns, request.path_params["id"], "Campaign"))

    async def list_batch_calls(self, request: Request) -> Response:
        statuses = words(request, "status")
        rows = [batch for batch in self.account.batch_calls if statuses is None or batch["status"] in statuses]
        return self.page(request, "batch-calls", rows)

    async def show_batch_call(self, request: Request) -> Response:
        return self.batch_call(request, by_id(self.account.batch_calls, request.path_params["id"], "Batch call"))

    async def list_workflows(self, request: Request) -> Response:
        return self.page(request, "workflows", self.account.workflows)

    # --- Money and traffic ----------------------------------------------------------------------------------

    async def list_calls(self, request: Request) -> Response:
        filters = {
            "from_number": words(request, "from"),
            "to_number": words(request, "to"),
            "call_direction": words(request, "call_direction"),
        }
        start = request.query_params.get("start_date", "")
        rows = [call for call in self.account.calls if call["createdAt"] >= start and fits(call, filters)]
        return self.page(request, "calls", rows)

    async def list_prices(self, request: Request) -> Response:
        return self.page(request, "pricing", self.account.prices)


def not_found(number_id: str) -> Refusal:
    return Refusal(404, f"Phone number with ID {number_id} not found")


def is_agent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value != "")


def fits(call: Row, filters: dict[str, frozenset[str] | None]) -> bool:
    return all(wanted is None or call[name] in wanted for name, wanted in filters.items())
