"""The account's verbs in our words. In: what is wanted. Out: facts, or a value that says why there are none.

Reading goes on through trouble that passes (see `retrying.py`); a refused key ends everything and is raised. A
release is sent exactly once per call: whether to send it again is for those who decide outcomes.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from decom.dialnexa import models
from decom.dialnexa.connection import Connection
from decom.dialnexa.gate import NUMBERS
from decom.dialnexa.listing import PAGE_SIZE, Because, HasId, Listing, NotRead, Page, page, read_all
from decom.dialnexa.models import Malformed
from decom.dialnexa.pacing import Pacer, Turn
from decom.dialnexa.replies import Answered, Reply, Unanswered, coding, is_page, message, parsed, speaks_of_the_number
from decom.dialnexa.retrying import MOST_ATTEMPTS, Patience, is_temporary, is_throttled
from decom.errors import KeyRefused, Unreachable

T = TypeVar("T", bound=HasId)
U = TypeVar("U")

MOST_THROTTLED = 20
"""429s in a row after which a read is given up: the pacer waited each time as long as the service asked."""


class Looked(Enum):
    """What a look at one number found, where it is not the number itself."""

    ABSENT = "absent"
    """The service says that it is not on the account."""
    NO_ANSWER = "no_answer"
    """Nobody could be asked."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A look at one number."""

    found: models.Number | Looked
    why: str = ""
    """For NO_ANSWER: what went wrong."""


class Account:
    """One workspace, through one connection; not to be used by two tasks at once."""

    def __init__(self, connection: Connection, pacer: Pacer, patience: Patience) -> None:
        self._connection = connection
        self._pacer = pacer
        self.patience = patience

    async def first_numbers(self) -> Page:
        """Page 1 of the numbers: also how many there are. Raises Unreachable, KeyRefused."""
        found = await self._page(NUMBERS, {}, 1)
        if isinstance(found, NotRead):
            raise _unreachable(found)
        return found

    async def numbers(self, first: Page | None = None) -> tuple[models.Number, ...]:
        """Every number of the account. Raises Unreachable where that cannot be had whole, KeyRefused."""
        found = await self._list(NUMBERS, models.number, first=first)
        if isinstance(found, NotRead):
            raise _unreachable(found)
        return tuple(found.rows)

    async def look(self, number_id: str) -> Sight:
        """Whether the account has this number now. Raises KeyRefused."""
        reply = await self._get(f"{NUMBERS}/{number_id}", {})
        if isinstance(reply, Answered):
            if speaks_of_the_number(reply, number_id):
                return Sight(Looked.ABSENT)
            if reply.status == 200 and reply.complete and not is_page(reply):
                try:
                    found = models.number(_unwrapped(parsed(reply)))
                except Malformed as error:
                    return Sight(Looked.NO_ANSWER, f"the answer holds {error}")
                if found.id == number_id:
                    return Sight(found)
                return Sight(Looked.NO_ANSWER, "the answer is about another number")
        return Sight(Looked.NO_ANSWER, _in_words(reply))

    async def release(self, number_id: str, intend: Callable[[], Awaitable[None]]) -> Reply:
        """Send one DELETE. `intend` is awaited when the pace allows it and before the first byte leaves.

        Whatever `intend` raises is raised, and nothing was sent then.
        """
        turn = await self._pacer.turn("DELETE numbers", number_id)
        reply: Reply = Unanswered(sent=True, why="cancelled")
        try:
            try:
                await intend()
            except BaseException:
                reply = Unanswered(sent=False, why="not sent")
                raise
            reply = await self._connection.exchange("DELETE", f"{NUMBERS}/{number_id}")
            return reply
        finally:
            self._tell_pacer(turn, reply)

    def is_given_up(self, number_id: str) -> bool:
        """Whether the service refuses to release this number (429) again and again, and lets others through."""
        return self._pacer.is_given_up(number_id)

    def a_look_tells(self, number_id: str) -> bool:
        """Whether a look that is let through tells that this number is refused for itself, and not for the rate."""
        return self._pacer.a_look_tells(number_id)

    async def campaigns(self) -> Listing[models.Campaign] | NotRead:
        """Every campaign (first generation). Raises KeyRefused."""
        return await self._list("/campaigns", models.campaign)

    async def campaign(self, campaign_id: str) -> models.Campaign | NotRead:
        """One campaign, for the number that the listing may leave out. Raises KeyRefused."""
        return await self._one(f"/campaigns/{campaign_id}", models.campaign)

    async def batch_calls(self, statuses: str) -> Listing[models.BatchCall] | NotRead:
        """The batch calls (second generation) in any of `statuses`, comma-separated. Raises KeyRefused."""
        return await self._list("/batch-calls", models.batch_call, {"status": statuses})

    async def batch_call_numbers(self, batch_id: str) -> frozenset[str] | NotRead:
        """The numbers that one batch call calls from. Raises KeyRefused."""
        return await self._one(f"/batch-calls/{batch_id}", models.batch_call_numbers)

    async def workflows(self) -> Listing[models.Workflow] | NotRead:
        """Every workflow (second generation). Raises KeyRefused."""
        return await self._list("/workflows", models.workflow)

    async def prices(self) -> tuple[models.Price, ...] | NotRead:
        """The price list (second generation). Raises KeyRefused."""

        def understand(body: object) -> tuple[models.Price, ...]:
            return tuple(price for record in page(body).records if (price := models.price(record)) is not None)

        return await self._one("/phone-number-pricing", understand)

    async def _list(
        self,
        path: str,
        understand: Callable[[object], T],
        query: Mapping[str, str] | None = None,
        first: Page | None = None,
    ) -> Listing[T] | NotRead:
        return await read_all(lambda number: self._page(path, query or {}, number), understand, first)

    async def _page(self, path: str, query: Mapping[str, str], number: int) -> Page | NotRead:
        paged = {**query, "page": str(number), "limit": str(PAGE_SIZE)}
        return self._understood(await self._get(path, paged), page)

    async def _one(self, path: str, understand: Callable[[object], U]) -> U | NotRead:
        return self._understood(await self._get(path, {}), lambda body: understand(_unwrapped(body)))

    def _understood(self, reply: Reply, understand: Callable[[object], U]) -> U | NotRead:
        if not isinstance(reply, Answered):
            return NotRead(Because.BROKEN, _in_words(reply))
        if reply.status in (404, 405):
            return NotRead(Because.ABSENT, f"this account has none ({reply.status})")
        if reply.status == 403:
            return NotRead(Because.FORBIDDEN, "the key may not read it (403)")
        if not 200 <= reply.status < 300 or not reply.complete or is_page(reply):
            return NotRead(Because.BROKEN, _in_words(reply))
        try:
            return understand(parsed(reply))
        except Malformed as error:
            return NotRead(Because.BROKEN, f"the answer is {error}")

    async def _get(self, path: str, query: Mapping[str, str]) -> Reply:
        """One GET, tried again while that may help; raises KeyRefused on 401."""
        tries = throttles = 0

        async def once() -> Reply:
            nonlocal tries, throttles
            turn = await self._pacer.turn(f"GET {path.split('/')[1]}")
            reply: Reply = Unanswered(sent=True, why="cancelled")
            try:
                reply = await self._connection.exchange("GET", path, query)
            finally:
                self._tell_pacer(turn, reply)
            throttled = is_throttled(reply)
            tries += not throttled
            throttles += throttled
            return reply

        def again(reply: Reply) -> bool:
            if is_throttled(reply):
                return throttles < MOST_THROTTLED
            return is_temporary(reply) and tries < MOST_ATTEMPTS

        reply = await self.patience.insist(once, again, is_throttled)
        if isinstance(reply, Answered) and reply.status == 401:
            raise KeyRefused(
                "the service does not accept the API key (401)",
                remedy="Check DIALNEXA_API_KEY: it may be mistyped, revoked, or of another installation.",
            )
        return reply

    def _tell_pacer(self, turn: Turn, reply: Reply) -> None:
        if isinstance(reply, Answered):
            self._pacer.answered(turn, reply.status, reply.headers)
        else:
            self._pacer.unanswered(turn)


def _unwrapped(body: object) -> object:
    """One object, also where it comes in an envelope of its own: `{"data": {…}}`."""
    inner = body.get("data") if isinstance(body, dict) and "id" not in body else None
    return inner if isinstance(inner, dict) else body


def _in_words(reply: Reply) -> str:
    """Why a reply was of no use, for people."""
    if isinstance(reply, Unanswered):
        return reply.why
    if is_page(reply):
        return f"a web page came instead of data ({reply.status}): is the base URL right, is there a proxy?"
    if coding(reply.headers) != "":
        return f"the answer is coded ({coding(reply.headers)[:30]}), which was not asked for: is there a proxy?"
    if not reply.complete:
        return f"the answer broke off ({reply.status})"
    said = message(reply)
    return f"{reply.status} {said}" if said != "" else f"status {reply.status}"


def _unreachable(found: NotRead) -> KeyRefused | Unreachable:
    """The error for an account whose numbers cannot be listed: without them nothing can be planned."""
    if found.because is Because.FORBIDDEN:
        return KeyRefused(
            "this API key may not read the account's numbers (403)",
            remedy="Use a key with the right to read and delete phone numbers.",
        )
    return Unreachable(
        f"the account's numbers could not be listed: {found.why}",
        remedy="Check the base URL (DIALNEXA_BASE_URL) and the network, then run the same command again.",
    )
