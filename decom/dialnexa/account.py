"""The account's verbs in our words. In: what is wanted. Out: facts, or a value that says why there are none.

Reading goes on through trouble that passes (see `retrying.py`); a refused key ends everything and is raised. A
release is sent exactly once per call: whether to send it again is for those who decide outcomes.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, TypeVar

from decom.dialnexa import envelopes, models
from decom.dialnexa.connection import Connection
from decom.dialnexa.envelopes import Page
from decom.dialnexa.gate import NUMBERS
from decom.dialnexa.listing import Asked, Fetch, HasId, Listing, ReadFailure, Unreadable, read_all
from decom.dialnexa.models import Malformed
from decom.dialnexa.pacing.pacer import Pacer, Turn
from decom.dialnexa.replies import Answered, Reply, Unanswered, is_page, parsed, speaks_of_the_number
from decom.dialnexa.retrying import MOST_ATTEMPTS, RetryPolicy, is_temporary, is_throttled
from decom.dialnexa.understanding import in_words, no_such_route, refuses_limit, understood
from decom.errors import KeyRefused, Unreachable

T = TypeVar("T", bound=HasId)

MOST_THROTTLED = 20
"""429s in a row after which a read is given up: the pacer waited each time as long as the service asked."""

SMALLER_PAGES = (100, 50, 20, 10)
"""What is asked for in turn where the service refuses a page of so many rows (400)."""


@dataclass(frozen=True, slots=True)
class _Resource(Generic[T]):
    """One kind of listing."""

    route: str
    """Its path, with `:id` for the one ID that may be in it."""
    understand: Callable[[object], T]
    names: tuple[str, ...]
    """Under which its rows may stand beside the usual ones."""
    page_size: int = 100
    """Rows a page that are asked for, as long as the service does not refuse so many."""


_NUMBERS = _Resource(NUMBERS, models.number, ("phone_numbers", "numbers", "organization_phone_numbers"))
_CAMPAIGNS = _Resource("/campaigns", models.campaign, ("campaigns",))
_BATCH_CALLS = _Resource("/batch-calls", models.batch_call, ("batch_calls", "batches"))
_CALLS_OF_A_BATCH = _Resource("/batch-calls/:id", models.call, ("calls", "call_logs"), page_size=200)
_WORKFLOWS = _Resource("/workflows", models.workflow, ("workflows",))


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

    def __init__(
        self,
        connection: Connection,
        pacer: Pacer,
        retry_policy: RetryPolicy,
        page_sizes: MutableMapping[str, int] | None = None,
    ) -> None:
        """`page_sizes` remembers, by route, the largest page that the service has not refused."""
        self._connection = connection
        self._pacer = pacer
        self.retry_policy = retry_policy
        self._page_sizes = {} if page_sizes is None else page_sizes
        self.requests = 0
        """How many were sent so far."""

    async def first_numbers(self) -> Page:
        """Page 1 of the numbers: also how many there are. Raises Unreachable, KeyRefused."""
        found = await self._page(_NUMBERS, NUMBERS, Asked(1))
        if isinstance(found, Unreadable):
            raise _unreachable(found)
        return found

    async def numbers(
        self, first: Page | None = None, before: Listing[models.Number] | None = None
    ) -> tuple[models.Number, ...]:
        """Every number of the account: one whole, agreed listing.

        What is promised: all rows are of one page, and so of one moment, or two whole readings found the same IDs. A
        number that is not among them was not on the account at some moment while it was read. Raises Unreachable
        where such a listing cannot be had, KeyRefused. `before` is a whole reading with which the next may agree.
        """
        found = await read_all(self._pages(_NUMBERS), models.number, first, before=before)
        if found.not_read is not None:
            raise _unreachable(found.not_read)
        return tuple(found.rows)

    async def numbers_seen(self, first: Page | None = None) -> Listing[models.Number]:
        """The numbers that one reading shows: each was there; one that is not among them need not be gone.

        Says why where they do not even seem to be all. Raises Unreachable where there is no listing, KeyRefused.
        """
        found = await read_all(self._pages(_NUMBERS), models.number, first, once=True)
        if found.not_read is not None and found.not_read.because is not ReadFailure.DRIFTED:
            raise _unreachable(found.not_read)
        return found

    async def numbers_on(self, page_number: int) -> tuple[models.Number, ...]:
        """The numbers that one page shows now. Raises Unreachable, KeyRefused."""
        found = await self._page(_NUMBERS, NUMBERS, Asked(page_number))
        if isinstance(found, Unreadable):
            raise _unreachable(found)
        try:
            return tuple(map(models.number, found.records))
        except Malformed as error:
            raise _unreachable(Unreadable(ReadFailure.BROKEN, f"page {page_number} holds {error}")) from error

    async def look(self, number_id: str) -> Sight:
        """Whether the account has this number now. Raises KeyRefused."""
        reply = await self._get(f"{NUMBERS}/{number_id}", {})
        if isinstance(reply, Answered):
            if speaks_of_the_number(reply, number_id):
                return Sight(Looked.ABSENT)
            if reply.status == 200 and reply.complete and not is_page(reply):
                try:
                    found = models.number(envelopes.one(parsed(reply)))
                except Malformed as error:
                    return Sight(Looked.NO_ANSWER, f"the answer holds {error}")
                if found.id == number_id:
                    return Sight(found)
                return Sight(Looked.NO_ANSWER, "the answer is about another number")
        return Sight(Looked.NO_ANSWER, in_words(reply))

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
            self.requests += 1
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

    async def campaigns(self) -> Listing[models.Campaign]:
        """Every campaign (first generation). Raises KeyRefused."""
        return await self._all(_CAMPAIGNS)

    async def campaign(self, campaign_id: str) -> models.Campaign | Unreadable:
        """One campaign, for the number that the listing may leave out. Raises KeyRefused."""
        reply = await self._get(f"/campaigns/{campaign_id}", {})
        return understood(reply, lambda body: models.campaign(envelopes.one(body)))

    async def batch_calls(self) -> Listing[models.BatchCall]:
        """Every batch call, whatever its status. Raises KeyRefused."""
        return await self._all(_BATCH_CALLS)

    async def batch_call_calls(self, batch_id: str) -> Listing[models.Call]:
        """Every call of one batch call. Raises KeyRefused."""
        return await self._all(_CALLS_OF_A_BATCH, batch_id)

    async def workflows(self) -> Listing[models.Workflow]:
        """Every workflow (second generation). Raises KeyRefused."""
        return await self._all(_WORKFLOWS)

    async def prices(self) -> tuple[models.Price, ...] | Unreadable:
        """What of the price list (second generation) is in dollars. Raises KeyRefused."""

        def understand(body: object) -> tuple[models.Price, ...]:
            records = envelopes.page(body, "prices").records
            return tuple(price for record in records if (price := models.price(record)) is not None)

        path = "/phone-number-pricing"
        reply = await self._get(path, {})
        absent = no_such_route(reply, path)
        return understood(reply, understand) if absent is None else absent

    async def _all(self, kind: _Resource[T], of: str = "") -> Listing[T]:
        return await read_all(self._pages(kind, of), kind.understand)

    def _pages(self, kind: _Resource[T], of: str = "") -> Fetch:
        """What fetches this listing's pages; `of` is the ID in its path."""
        path = kind.route.replace(":id", of)
        return lambda asked: self._page(kind, path, asked)

    async def _page(self, kind: _Resource[T], path: str, asked: Asked) -> Page | Unreadable:
        """One page; with as many rows as the service gives, where `asked` names no limit. Raises KeyRefused."""
        while True:
            limit = asked.limit or self._page_sizes.get(kind.route, kind.page_size)
            reply = await self._get(path, {"page": str(asked.number), "limit": str(limit)})
            smaller = next((size for size in SMALLER_PAGES if size < limit), None)
            if asked.limit is not None or smaller is None or not refuses_limit(reply):
                break
            self._page_sizes[kind.route] = smaller
            if asked.number > 1:  # pages of two sizes do not fit together
                return Unreadable(ReadFailure.DRIFTED, f"from page {asked.number} on {in_words(reply)}")
        if asked.number == 1 and (absent := no_such_route(reply, path)) is not None:
            return absent
        found = understood(reply, lambda body: envelopes.page(body, *kind.names))
        return found if isinstance(found, Unreadable) else replace(found, limit=min(limit, found.limit or limit))

    async def _get(self, path: str, query: Mapping[str, str]) -> Reply:
        """One GET, tried again while that may help; raises KeyRefused on 401."""
        tries = throttles = 0

        async def once() -> Reply:
            nonlocal tries, throttles
            turn = await self._pacer.turn(f"GET {path.split('/')[1]}")
            self.requests += 1
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

        reply = await self.retry_policy.call_with_retries(once, again, is_throttled)
        if isinstance(reply, Answered) and reply.status == 401:
            raise KeyRefused(
                "the service does not accept the API key (401)",
                remedy="Check DIALNEXA_API_KEY: it may be mistyped, revoked, or for another account.",
            )
        return reply

    def _tell_pacer(self, turn: Turn, reply: Reply) -> None:
        if isinstance(reply, Answered):
            self._pacer.answered(turn, reply.status, reply.headers)
        else:
            self._pacer.unanswered(turn)


def _unreachable(found: Unreadable) -> KeyRefused | Unreachable:
    """The error for an account whose numbers cannot be listed: without them nothing can be planned."""
    if found.because is ReadFailure.FORBIDDEN:
        return KeyRefused(
            "this API key is not allowed to read the account's numbers (403)",
            remedy="Use a key that may read and delete phone numbers.",
        )
    remedies = {
        ReadFailure.DRIFTED: "Run the same command again later. If this happens again, list the numbers by ID"
        " (a column `number id`): each is then looked up individually.",
        ReadFailure.ABSENT: "Check the base URL (DIALNEXA_BASE_URL): it must be the API's and end in /v1.",
    }
    remedy = "Check the base URL (DIALNEXA_BASE_URL) and the network, then run the same command again."
    return Unreachable(
        f"the account's numbers could not be listed: {found.why}", remedy=remedies.get(found.because, remedy)
    )
