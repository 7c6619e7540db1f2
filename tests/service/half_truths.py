"""Faults of what is said: a page that is not what it claims, a success that failed, another's 404.

In: an exchange and its fault. Out: an answer that a careless client would believe. One line a kind in `HALF_TRUTHS`.
"""

import json
from collections.abc import Mapping
from typing import Any

from decom.sandbox.answers import JSON, Headers, json_bytes
from tests.service.exchange import Captured, Exchange
from tests.service.faults import Fault
from tests.service.gateways import GATEWAYS
from tests.service.odd_api import INSTEAD
from tests.service.other_answers import Act, instead, spoilt
from tests.service.shapes import FAILURES, ODD_ROWS, add_to_counts, keep_rows, rows_in, saying

Body = Any
"""JSON, as Python has it."""


def content_type(words: str) -> Headers:
    return [(b"content-type", words.encode())]


# --- Lists -------------------------------------------------------------------------------------------------------


async def repeat_page(exchange: Exchange, fault: Fault) -> None:
    await exchange.give(await exchange.ask(**{INSTEAD: int(fault.amount_or(1))}))


async def swap(exchange: Exchange, fault: Fault) -> None:
    """One row leaves a list and another arrives at its end, just before it is read on."""
    world, target = exchange.world, exchange.record.target
    lists = {"/campaigns": world.campaigns, "/batch-calls": world.batch_calls, "/workflows": world.workflows}
    rows = next((rows for path, rows in lists.items() if path in target), None)
    if rows is None:
        world.swap(fault.text or next(iter(world.numbers)))
    else:
        place = next((n for n, row in enumerate(rows) if row.get("id") == fault.text), 0)
        left = rows.pop(place)
        rows.append({**left, "id": f"{left['id']}x"})
    await exchange.give(await exchange.ask())


def total_mismatch(body: Body, fault: Fault) -> Body:
    add_to_counts(body, int(fault.amount_or(1)), "total", "totalItems")
    return body


def odd_row(body: Body, fault: Fault) -> Body:
    rows = rows_in(body)
    place = int(fault.amount_or(1)) - 1
    if rows is None or place >= len(rows):
        return body
    if fault.text == "twice":
        rows.append(rows[place])
    else:
        rows[place] = ODD_ROWS[fault.text or "no_number"](rows[place])
    return body


# --- Successes that are none -------------------------------------------------------------------------------------


def half(body: Body) -> Body:
    """The body with the first half of its rows, and counts that know no others."""
    rows = rows_in(body)
    if rows is not None:
        keep_rows(body, (len(rows) + 1) // 2)
    return body


async def says_failed(exchange: Exchange, fault: Fault) -> None:
    """A 200 that says of itself that it failed; to a GET in the form of a list without rows, or with half of them."""
    way = fault.text or "success"
    said: Body = FAILURES[way]
    if exchange.record.method == "GET":
        body = json.loads((await exchange.ask()).body)
        if way == "partial":
            half(body)
        else:
            keep_rows(body, 0)
        said = saying(body, said)
    await exchange.give(Captured(200, content_type(JSON), json_bytes(said)))


async def partial_content(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    if answer.status != 200:
        exchange.record.fault = None
    else:
        answer = Captured(206, answer.without_length(), json_bytes(half(json.loads(answer.body))))
    await exchange.give(answer)


def multi_status(exchange: Exchange, fault: Fault) -> Captured:
    failed = {"id": exchange.record.number_id, "status": 500, "error": "carrier did not answer"}
    return Captured(207, content_type(JSON), json_bytes({"results": [failed]}))


def accepted(exchange: Exchange, fault: Fault) -> Captured:
    return Captured(202, content_type(JSON), json_bytes({"message": "Release accepted"}))


def gateway_404(exchange: Exchange, fault: Fault) -> Captured:
    kind, body = GATEWAYS[fault.text or "kong"](exchange.record.method, exchange.record.target)
    return Captured(404, content_type(kind), body.encode())


HALF_TRUTHS: Mapping[str, Act] = {
    "total_mismatch": spoilt(total_mismatch),
    "odd_row": spoilt(odd_row),
    "repeat_page": repeat_page,
    "swap": swap,
    "says_failed": says_failed,
    "206": partial_content,
    "207_before": instead(multi_status),
    "202_before": instead(accepted),
    "gateway_404": instead(gateway_404),
}
