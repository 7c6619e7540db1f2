"""Faults that put another answer in place of the service's: a fault in, the answer out.

One line a kind in `OTHER_ANSWERS`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from decom.sandbox.answers import JSON, Headers, json_bytes, no_route
from tests.service.exchange import Captured, Exchange, refusal
from tests.service.faults import Fault

Act = Callable[[Exchange, Fault], Awaitable[None]]
"""Carries one kind of fault out on one exchange."""

Make = Callable[[Exchange, Fault], Captured]
Disguise = Callable[[Captured, Fault], Captured]
Spoil = Callable[[Any, Fault], Any]
"""Makes another body of a good one, as JSON; may change it in its place."""

CLOSE = (b"connection", b"close")
HTML = (b"content-type", b"text/html; charset=utf-8")
SIGN_IN = b"<!doctype html><title>Sign in</title><h1>Welcome to Guest Wi-Fi</h1><form>Sign in to go on</form>"


def instead(make: Make) -> Act:
    """Captured so, and do not ask the service."""

    async def answer_instead(exchange: Exchange, fault: Fault) -> None:
        await exchange.give(make(exchange, fault))

    return answer_instead


def afterwards(make: Make) -> Act:
    """Ask the service, forget what it said and answer so."""

    async def answer_afterwards(exchange: Exchange, fault: Fault) -> None:
        await exchange.ask()
        await exchange.give(make(exchange, fault))

    return answer_afterwards


def disguised(disguise: Disguise) -> Act:
    """Ask the service; a success is answered otherwise, anything else as it is."""

    async def answer_disguised(exchange: Exchange, fault: Fault) -> None:
        answer = await exchange.ask()
        if 200 <= answer.status < 300:
            answer = disguise(answer, fault)
        else:
            exchange.record.fault = None
        await exchange.give(answer)

    return answer_disguised


def spoilt(spoil: Spoil) -> Act:
    """Ask the service; the body of a success is answered otherwise, anything else as it is."""

    def other_body(answer: Captured, fault: Fault) -> Captured:
        return Captured(answer.status, answer.without_length(), json_bytes(spoil(json.loads(answer.body), fault)))

    return disguised(other_body)


def page(status: int) -> Make:
    """A gateway's own page; a 503 says when to come again."""

    def make(exchange: Exchange, fault: Fault) -> Captured:
        words = f"{status} {HTTPStatus(status).phrase}"
        body = f"<html><head><title>{words}</title></head><body><center><h1>{words}</h1></center></body></html>"
        headers = [HTML, *(retry_after(fault) if status == 503 else [])]
        return Captured(status, headers, body.encode())

    return make


def said(status: int, message: str | list[str], *headers: tuple[bytes, bytes]) -> Make:
    """An error in the service's own shape."""
    answer = refusal(status, message, list(headers))
    return lambda exchange, fault: answer


def of_status(exchange: Exchange, fault: Fault) -> Captured:
    return refusal(int(fault.amount_or(500)), fault.text or "The service says so.")


def too_many(exchange: Exchange, fault: Fault) -> Captured:
    return refusal(429, "ThrottlerException: Too Many Requests", retry_after(fault))


def retry_after(fault: Fault) -> Headers:
    return [(b"retry-after", word.encode()) for word in (fault.text or "1").split("|")]


def no_such_route(exchange: Exchange, fault: Fault) -> Captured:
    return refusal(404, no_route(exchange.record.method, exchange.record.target))


def with_body(body: bytes, *headers: tuple[bytes, bytes]) -> Disguise:
    """The service's status with this body instead of its own."""
    return lambda answer, fault: Captured(answer.status, [*answer.without_length(), *headers], body)


def given_body(answer: Captured, fault: Fault) -> Captured:
    return with_body((fault.text or "").encode("utf-8", "surrogatepass"))(answer, fault)


def no_content(answer: Captured, fault: Fault) -> Captured:
    # A length in a 204 would be an error of the server's own making.
    return Captured(204, [(name, value) for name, value in answer.without_length() if name != b"content-type"], b"")


OTHER_ANSWERS: Mapping[str, Act] = {
    "401": instead(said(401, "Invalid or missing API key")),
    "403": instead(said(403, "This API key lacks the right to do this.")),
    "408": instead(said(408, "Request Timeout", CLOSE)),
    "422": instead(said(422, ["the number cannot be released now", "ask support to reconcile it"])),
    "429": instead(too_many),
    "429_bare": instead(said(429, "ThrottlerException: Too Many Requests")),
    "500_before": instead(said(500, "Internal server error")),
    "502_before": instead(page(502)),
    "503_before": instead(page(503)),
    "504_before": instead(page(504)),
    "status_before": instead(of_status),
    "html_200": instead(lambda exchange, fault: Captured(200, [HTML], SIGN_IN)),
    "html_404": instead(page(404)),
    "route_404": instead(no_such_route),
    "500_after": afterwards(said(500, "Internal server error")),
    "502_after": afterwards(page(502)),
    "503_after": afterwards(page(503)),
    "504_after": afterwards(page(504)),
    "status_after": afterwards(of_status),
    "html_200_after": disguised(lambda answer, fault: Captured(200, [HTML], SIGN_IN)),
    "202": disguised(lambda answer, fault: Captured(202, answer.headers, answer.body)),
    "204": disguised(no_content),
    "empty_200": disguised(with_body(b"")),
    "body": disguised(given_body),
    "not_json": disguised(with_body(b"Released. Thank you!")),
    "bad_gzip": disguised(with_body(b"\x1f\x8b this is no gzip", (b"content-encoding", b"gzip"))),
    "surrogate": disguised(with_body(rb'{"message":"gone \ud83d away"}', (b"content-type", JSON.encode()))),
}
