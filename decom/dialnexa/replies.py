"""What an answer, or its absence, proves. In: a `Reply`. Out: its message and its `Proof`. Pure.

The class of an exception proves nothing about a DELETE; two facts do: whether any byte of the request may have
left, and the status line that came back. The body of a success is not needed, but where it says that it failed it
is believed. A 404 is the service's word on a number only in the service's own form and naming the number: whatever
stands in between answers 404 in JSON, too, and speaks of its routes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_MESSAGE = 1_000
"""Characters kept of what the service says."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A status line came back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    """As much as was read."""
    complete: bool = True
    """False where the body broke off, was too large, too slow or coded: enough for a DELETE, useless for a listing."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No status line came back."""

    sent: bool
    """True where the request's first byte may have left; False proves that the service never saw it."""
    why: str
    """A few words for people: `timed out after 30 s`."""
    certificate: bool = False
    """True where the server's certificate could not be verified: trying again is no use."""


Reply = Answered | Unanswered


def coding(headers: Mapping[str, str]) -> str:
    """The content coding of a body, which nobody asked for; empty where it came as it is."""
    said = headers.get("content-encoding", "")
    return said if set(said.lower().replace(",", " ").split()) - {"identity"} else ""


class Proof(StrEnum):
    """What one DELETE's reply proves about that DELETE."""

    APPLIED = "applied"
    """The service removed the number because of it."""
    GONE = "gone"
    """The service knows no such number; this DELETE removed nothing."""
    HELD = "held"
    """The service keeps the number: a campaign, batch call, workflow or default rule holds it."""
    REFUSED = "refused"
    """Refused for good, nothing happened."""
    FORBIDDEN = "forbidden"
    """403: not this workspace's, or the key lacks the right; nothing happened."""
    KEY = "key"
    """401: the key is not accepted; nothing happened."""
    THROTTLED = "throttled"
    """429: come back later; nothing happened, and no attempt is used up."""
    WRONG_PLACE = "wrong_place"
    """A 404 that speaks of the route, or comes from a gateway: nothing happened, and the base URL is wrong."""
    VAGUE = "vague"
    """Any other 404: this DELETE removed nothing, but whether the number exists is not said."""
    ENDED = "ended"
    """410: this DELETE removed nothing, and sending another one is no use; whether the number exists must be asked."""
    NOT_SENT = "not_sent"
    """No byte left."""
    IN_DOUBT = "in_doubt"
    """It may or may not have been applied."""
    STRANGE = "strange"
    """In doubt, and answered by something that is not the API (a redirect, a sign-in page)."""
    CUT_OFF = "cut_off"
    """In doubt: our own process ended while the request was under way. No reply proves it; `resume` does."""


DOUBTFUL = frozenset({Proof.IN_DOUBT, Proof.STRANGE, Proof.CUT_OFF})
"""The proofs after which the number may be gone because of us."""

_REFUSALS = frozenset({400, 405, 413, 421, 422, 431, 451})
_MIXED = 207
"""Multi-status: what became of the one number is said further down, in a form that nobody has documented."""

_EMPTY_IF_WELL = ("errors", "error", "partial")
_TRUE_IF_WELL = ("success", "ok")
_FAILING_WORDS = ("error", "fail", "failed", "failure")

_NOT_FOUND = (
    r"(the |this )?(organi[sz]ation )?phone ?number(( with)?( the)? id)?:?( ['\"`]?(?-i:{number_id})['\"`]?)?"
    r" ((was |is |could )?not (be )?found|does not exist)"
    r"( (in|on|within) (the|this|your) (organi[sz]ation|workspace|account))?\.?"
)
"""The service's words for a number that it does not know: `Phone number not found`, `Phone number with ID … not found`.

The whole message must be that. Whatever else is not found (a route, an organization, a number's provider, another
number) says nothing about the number.
"""


def proof(reply: Reply, number_id: str) -> Proof:
    """What the reply to a DELETE of this number proves. Whatever is not listed is in doubt."""
    if isinstance(reply, Unanswered):
        return Proof.IN_DOUBT if reply.sent else Proof.NOT_SENT
    status = reply.status
    if 200 <= status < 300:
        if is_page(reply):
            return Proof.STRANGE
        return Proof.IN_DOUBT if status == _MIXED or says_that_it_failed(parsed(reply)) else Proof.APPLIED
    if 300 <= status < 400:
        return Proof.STRANGE
    if status == 404:
        return _kind_of_404(reply, number_id)
    named = {401: Proof.KEY, 403: Proof.FORBIDDEN, 409: Proof.HELD, 410: Proof.ENDED, 429: Proof.THROTTLED}
    if status in named:
        return named[status]
    return Proof.REFUSED if status in _REFUSALS else Proof.IN_DOUBT


def speaks_of_the_number(reply: Answered, number_id: str) -> bool:
    """Whether a 404 is the service's word that it does not know this number, and nothing else."""
    return reply.status == 404 and _kind_of_404(reply, number_id) is Proof.GONE


def says_that_it_failed(body: object) -> bool:
    """Whether the body of a 2xx says the opposite: itself, or the one object that it wraps."""
    for part in (body, body.get("data") if isinstance(body, dict) else None):
        if isinstance(part, dict):
            code = part.get("statusCode")
            if isinstance(code, int) and code >= 400:
                return True
            told = [part.get(name) in (False, "false") for name in _TRUE_IF_WELL]
            if any(told) or any(map(part.get, _EMPTY_IF_WELL)) or part.get("status") in _FAILING_WORDS:
                return True
    return False


def _kind_of_404(reply: Answered, number_id: str) -> Proof:
    if is_page(reply):
        return Proof.WRONG_PLACE
    if message(reply).startswith("Cannot "):
        return Proof.WRONG_PLACE
    return Proof.GONE if reply.complete and _names(parsed(reply), number_id) else Proof.VAGUE


def _names(body: object, number_id: str) -> bool:
    """Whether a body is the service's own error form, and says of this number that it is not found."""
    if not isinstance(body, dict) or body.get("statusCode") != 404 or not isinstance(body.get("error"), str):
        return False
    said = body.get("message")
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    words = _NOT_FOUND.format(number_id=re.escape(number_id))
    return isinstance(said, str) and re.fullmatch(words, said, re.ASCII | re.IGNORECASE) is not None


def is_page(reply: Answered) -> bool:
    """Whether the body is a page of markup: then a gateway or a sign-in page speaks, not the API."""
    if reply.headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")):
        return True
    # Not only <html>: such pages begin with comments, scripts and XML declarations too, and JSON never with <.
    return reply.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def parsed(reply: Answered) -> object:
    """The body as JSON; None where it is none (or is the JSON null: no endpoint's answer)."""
    try:
        found: object = json.loads(reply.body)
    except (ValueError, RecursionError):  # ValueError: no JSON, no UTF-8, an integer of 5,000 digits
        return None
    return found


def message(reply: Reply) -> str:
    """What the service says, cut at 1,000 characters with a mark; any character may be in it but half ones."""
    if isinstance(reply, Unanswered):
        return reply.why
    record = parsed(reply)
    said = record.get("message") if isinstance(record, dict) else None
    if isinstance(said, list):
        said = "; ".join(str(part) for part in said[:MOST_MESSAGE])
    if not isinstance(said, str):
        said = ""
    # JSON can smuggle in half a surrogate pair, which no file and no database takes.
    whole = said[: MOST_MESSAGE + 1].encode("utf-8", "backslashreplace").decode("utf-8")
    return whole if len(whole) <= MOST_MESSAGE else whole[:MOST_MESSAGE] + "…"
