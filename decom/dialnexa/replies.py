"""What an answer, or its absence, proves. In: a `Reply`. Out: its message and its `Proof`. Pure.

The class of an exception proves nothing about a DELETE; two facts do: whether any byte of the request may have
left, and the status line that came back. The body of a success is never needed.
"""

import json
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
    """A 404 that cannot be read: this DELETE removed nothing, but whether the number exists is not said."""
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

_REFUSALS = frozenset({400, 405, 410, 413, 421, 422, 431, 451})


def proof(reply: Reply) -> Proof:
    """What the reply to a DELETE proves. Whatever is not listed is in doubt."""
    if isinstance(reply, Unanswered):
        return Proof.IN_DOUBT if reply.sent else Proof.NOT_SENT
    status = reply.status
    if 200 <= status < 300:
        return Proof.STRANGE if is_page(reply) else Proof.APPLIED
    if 300 <= status < 400:
        return Proof.STRANGE
    if status == 404:
        return _kind_of_404(reply)
    named = {401: Proof.KEY, 403: Proof.FORBIDDEN, 409: Proof.HELD, 429: Proof.THROTTLED}
    if status in named:
        return named[status]
    return Proof.REFUSED if status in _REFUSALS else Proof.IN_DOUBT


def speaks_of_the_number(reply: Answered) -> bool:
    """Whether a 404 says that the number is not there, and not that the route or the whole site is unknown."""
    return reply.status == 404 and _kind_of_404(reply) is Proof.GONE


def _kind_of_404(reply: Answered) -> Proof:
    if is_page(reply):
        return Proof.WRONG_PLACE
    said = message(reply)
    if said == "":
        return Proof.VAGUE
    return Proof.WRONG_PLACE if said.startswith("Cannot ") else Proof.GONE


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
