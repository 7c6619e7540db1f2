"""Faults of what is said: a page that is not what it claims, a success that failed, a body that holds too much.

In: an exchange and its fault. Out: an answer that a careless client would believe. One line a kind in `HALF_TRUTHS`.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from decom.sandbox.answers import JSON, Answer, Headers, json_bytes, refusal
from decom.sandbox.exchange import Exchange
from decom.sandbox.faults import Fault
from decom.sandbox.gateways import GATEWAYS
from decom.sandbox.other_answers import Act, Spoil, disguised, instead, spoilt
from decom.sandbox.shapes import INSTEAD, counts_in, rows_in

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
    counts = counts_in(body)
    for name in ("total", "totalItems"):
        if name in counts:
            counts[name] += int(fault.amount_or(1))
    return body


def total_is_page(body: Body, fault: Fault) -> Body:
    counts = counts_in(body)
    own = {"total": len(rows_in(body) or ()), "totalItems": len(rows_in(body) or ()), "totalPages": 1}
    counts.update((name, value) for name, value in own.items() if name in counts)
    return body


def wrong_pages(body: Body, fault: Fault) -> Body:
    counts = counts_in(body)
    if "totalPages" in counts:
        counts["totalPages"] += int(fault.amount_or(1))
    return body


def no_number(row: Body) -> Body:
    return {
        name: value for name, value in row.items() if name not in ("from_phone_number", "from_number", "phone_number")
    }


ODD_ROWS: Mapping[str, Callable[[Body], Body]] = {
    "no_number": no_number,
    "integer_id": lambda row: {**row, "id": 17},
    "no_id": lambda row: {name: value for name, value in row.items() if name != "id"},
    "null": lambda row: None,
    "text": lambda row: "a row",
}
"""What can be wrong with one row, by its name; `twice` besides."""


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
        del rows[(len(rows) + 1) // 2 :]
        total_is_page(body, Fault("total_is_page"))
    return body


async def says_failed(exchange: Exchange, fault: Fault) -> None:
    """A 200 that says of itself that it failed; to a GET in the form of a list without rows, or with half of them."""
    way, said = fault.text or "success", "upstream timed out"
    ways: Mapping[str, Mapping[str, Body]] = {
        "statusCode": {"statusCode": 503, "message": said},
        "success": {"success": False, "message": said},
        "errors": {"errors": [{"message": said}]},
        "partial": {"partial": True, "message": said},
    }
    if exchange.record.method != "GET":
        await exchange.give(Answer(200, content_type(JSON), json_bytes(ways[way])))
        return
    body = half(json.loads((await exchange.ask()).body))
    rows = rows_in(body)
    if rows is not None and way != "partial":
        rows.clear()
        total_is_page(body, fault)
    told = {**body, **ways[way]} if isinstance(body, dict) else {"data": body, **ways[way]}
    await exchange.give(Answer(200, content_type(JSON), json_bytes(told)))


async def partial_content(exchange: Exchange, fault: Fault) -> None:
    answer = await exchange.ask()
    if answer.status != 200:
        exchange.record.fault = None
    else:
        answer = Answer(206, answer.without_length(), json_bytes(half(json.loads(answer.body))))
    await exchange.give(answer)


def multi_status(exchange: Exchange, fault: Fault) -> Answer:
    failed = {"id": exchange.record.number_id, "status": 500, "error": "carrier did not answer"}
    return Answer(207, content_type(JSON), json_bytes({"results": [failed]}))


def accepted(exchange: Exchange, fault: Fault) -> Answer:
    return Answer(202, content_type(JSON), json_bytes({"message": "Release accepted"}))


# --- Gateways, keys, bodies --------------------------------------------------------------------------------------


def gateway_404(exchange: Exchange, fault: Fault) -> Answer:
    kind, body = GATEWAYS[fault.text or "kong"](exchange.record.method, exchange.record.target)
    return Answer(404, content_type(kind), body.encode())


async def echo_key(exchange: Exchange, fault: Fault) -> None:
    key, status = exchange.world.key, int(fault.amount_or(422))
    words = (fault.text or "The key {key} may not do this.").format(key=key, secret=key.partition(":")[2])
    if 200 <= status < 300:
        await exchange.ask()
    await exchange.give(refusal(status, words))


CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: body,
    "identity": lambda body: body,
}


def coded(answer: Answer, fault: Fault) -> Answer:
    """Coded once for each coding in TEXT; the answer is followed by AMOUNT blanks, which cost next to nothing."""
    words, body = fault.text or "gzip", answer.body + b" " * int(fault.amount_or(0))
    for word in words.split(","):
        body = CODINGS[word.strip()](body)
    return Answer(answer.status, [*answer.without_length(), (b"content-encoding", words.encode())], body)


SPOILT: Mapping[str, Spoil] = {
    "total_mismatch": total_mismatch,
    "total_is_page": total_is_page,
    "wrong_pages": wrong_pages,
    "odd_row": odd_row,
}

HALF_TRUTHS: Mapping[str, Act] = {
    **{kind: spoilt(spoil) for kind, spoil in SPOILT.items()},
    "repeat_page": repeat_page,
    "swap": swap,
    "says_failed": says_failed,
    "206": partial_content,
    "207_before": instead(multi_status),
    "202_before": instead(accepted),
    "gateway_404": instead(gateway_404),
    "echo_key": echo_key,
    "coded": disguised(coded),
}
