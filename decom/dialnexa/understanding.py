"""What the reply to a GET says. In: a reply. Out: what is in its body, or why it says nothing. Pure."""

from collections.abc import Callable
from typing import TypeVar

from decom.dialnexa.listing import ReadFailure, Unreadable
from decom.dialnexa.models import Malformed
from decom.dialnexa.replies import Answered, Reply, Unanswered, coding, is_page, message, parsed

T = TypeVar("T")


def understood(reply: Reply, understand: Callable[[object], T]) -> T | Unreadable:
    """What an answer says, or why it says nothing: only a whole 200 that is understood is an answer."""
    if isinstance(reply, Answered) and reply.status == 403:
        return Unreadable(ReadFailure.FORBIDDEN, "the key may not read it (403)")
    if not isinstance(reply, Answered) or reply.status != 200 or not reply.complete or is_page(reply):
        return Unreadable(ReadFailure.BROKEN, in_words(reply))
    try:
        return understand(parsed(reply))
    except Malformed as error:
        return Unreadable(ReadFailure.BROKEN, f"the answer is {error}")


def no_such_route(reply: Reply, path: str) -> Unreadable | None:
    """Where the service itself says that it has no such route; whatever a gateway says, the route may be there."""
    if not isinstance(reply, Answered) or reply.status not in (404, 405):
        return None
    body, said = parsed(reply), message(reply).partition("?")[0]
    in_its_form = isinstance(body, dict) and body.get("statusCode") == reply.status
    of_this_route = said.startswith("Cannot GET /") and said.endswith(path)
    other_405 = reply.status == 405 and said != "" and not said.startswith("Cannot ")
    if in_its_form and (of_this_route or other_405):
        return Unreadable(ReadFailure.ABSENT, f"this account has none ({reply.status})")
    return None


def refuses_limit(reply: Reply) -> bool:
    return isinstance(reply, Answered) and reply.status == 400 and "limit" in message(reply).lower()


def in_words(reply: Reply) -> str:
    """Why a reply was of no use, for people."""
    if isinstance(reply, Unanswered):
        return reply.why
    if is_page(reply):
        remedy = "the service may be down" if reply.status >= 500 else "check the base URL and any proxy"
        return f"a web page was returned instead of data ({reply.status}): {remedy}"
    if coding(reply.headers) != "":
        return f"the response is encoded ({coding(reply.headers)[:30]}), which was not requested: is there a proxy?"
    if not reply.complete:
        return f"the response was cut off ({reply.status})"
    said = message(reply)
    return f"{reply.status} {said}" if said != "" else f"status {reply.status}"
