"""tenacity, once: what is tried again and how long it waits. In: a way to try. Out: its last result.

Only results are judged, never exceptions: a predicate on exceptions would also swallow cancellation. The server's
own waits (Retry-After, an exhausted limit) are the pacer's, shared by all workers; here is only the jitter between
two tries of the same request.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_result
from tenacity.stop import stop_never

from decom.clock import Clock
from decom.dialnexa.replies import Answered, Reply, coding

T = TypeVar("T")

MOST_ATTEMPTS = 4
"""Requests for one thing, the first included; answers of 429 do not count."""

_TEMPORARY = frozenset({408, 423, 425, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait between two tries: full jitter, uniform in 0 … min(cap, base × 2ⁿ) after the nth try."""

    clock: Clock
    random: random.Random
    base: float = 0.5
    """Seconds."""
    cap: float = 20.0
    """Seconds."""

    async def call_with_retries(
        self,
        once: Callable[[], Awaitable[T]],
        again: Callable[[T], bool],
        at_once: Callable[[T], bool],
        pause: Callable[[float], Awaitable[None]] | None = None,
    ) -> T:
        """Call `once` until `again(result)` is False, and return that result.

        Ends only when `again` says so: it is the caller's rule that counts attempts. After a result for which
        `at_once` is True nothing is waited here: the pacer holds back the next try, or nothing need be waited for.
        `pause` waits for so many seconds; None: the clock does.
        """
        first = [await once()]
        if not again(first[0]):
            return first[0]  # nearly always: tenacity need not be set up for it

        async def tried() -> T:
            return first.pop() if len(first) > 0 else await once()

        def wait(state: RetryCallState) -> float:
            if state.outcome is not None and at_once(state.outcome.result()):
                return 0.0
            # The power has a limit of its own: at 1,024 tries, most of them throttled, it would not fit any more.
            return self.random.uniform(0.0, min(self.cap, self.base * 2.0 ** min(state.attempt_number, 64)))

        retrying = AsyncRetrying(
            retry=retry_if_result(again), wait=wait, stop=stop_never, sleep=pause or self.clock.sleep, reraise=True
        )
        return await retrying(tried)


def is_temporary(reply: Reply) -> bool:
    """Whether a GET with this reply is worth another try."""
    if isinstance(reply, Answered):
        return reply.status in _TEMPORARY or (not reply.complete and coding(reply.headers) == "")
    return not reply.certificate


def is_throttled(reply: Reply) -> bool:
    """Whether the service returned 429."""
    return isinstance(reply, Answered) and reply.status == 429
