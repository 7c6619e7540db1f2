"""When a run must stop. In: signals, replies, the clock. Out: one `Stop` that every worker sees.

A stop is asked for once; what is in flight is finished and recorded all the same. The watch looks at every reply of
a DELETE: one bad number is that number's affair, the same trouble in a row is the run's.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from decom.clock import Clock
from decom.dialnexa.replies import Proof, Reply, Unanswered
from decom.vocabulary import Stopped

OUTAGE_AFTER = 5
"""DELETEs in a row without a usable answer after which the service is asked whether it is there."""
PROBES = 5
"""Questions to a silent service, with growing pauses, before the run stops."""
ANSWERED_IN_VAIN = 3
"""Probes that were answered, and no DELETE between or after them, after which only releases are out of order."""
FIRST_PAUSE = 1.0
"""Seconds before the first probe; doubled before each further one, until a DELETE has a usable answer."""
FORBIDDEN_AFTER = 3
"""Answers of 403 in a row, from the first DELETE on, after which the key is taken to lack the right."""
FORBIDDEN_LATER = 5
"""The same where releases have succeeded before: the right may be taken away in mid-run, one number may be barred."""
SURPRISED_AFTER = 3
"""Answers of 404 in a row, each for a number that was just seen, after which it is not the API that gives them."""
STRANGE_AFTER = 2
"""Answers in a row that are not the API's after which the base URL is taken to be wrong."""
THROTTLED_AFTER = 50
"""Answers of 429 in a row, each after the wait that the service asked for, after which the run stops."""
FEWEST_RETRIES = 10
RETRY_SHARE = 0.1
"""At most the larger of 10 and a tenth of all DELETEs may be retries: a sick service is not helped by more."""

log = structlog.get_logger()

T = TypeVar("T")


_USABLE = frozenset({Proof.APPLIED, Proof.HELD, Proof.REFUSED, Proof.ENDED})
"""The proofs that only the API gives: whoever gets them is in the right place, and has the right to release."""

_PATIENT = frozenset({Stopped.STALE_PLAN, Stopped.GUARD, Stopped.BASE_URL})
"""Reasons that end the sending, while looks may still be waited for."""


class StopSignal:
    """Why the run stops, once it does."""

    def __init__(self, heard: Callable[[str], None] | None = None) -> None:
        """`heard` is told the detail when a stop is asked for, so that a person can be told; None: nobody is."""
        self.why: Stopped | None = None
        self.detail = ""
        self._heard = heard
        self._asked = asyncio.Event()
        self._hurry = asyncio.Event()
        self._over = asyncio.Event()
        self._cuts: dict[asyncio.Task[Any], Callable[[], bool]] = {}

    def ask(self, why: Stopped, detail: str = "") -> None:
        """Stop once what is in flight is done. The first reason stays, but a hurried one displaces a patient one."""
        if self.why is None or (self.why in _PATIENT and why not in _PATIENT):
            self.why = why
            self.detail = detail
            self._asked.set()
            if self.hurried:
                self._hurry.set()
            for task, may_cut in self._cuts.items():
                if may_cut():
                    task.cancel()
            if self._heard is not None:
                self._heard(detail)

    @property
    def asked(self) -> bool:
        return self.why is not None

    @property
    def hurried(self) -> bool:
        """Whether the run must end soon, so that nothing may be waited for any more."""
        return self.why is not None and self.why not in _PATIENT

    async def unless_asked(self, work: Coroutine[Any, Any, T], may_cut: Callable[[], bool]) -> T | None:
        """Do the work and return its result; None where the run was to stop while `may_cut()` still held."""
        if self.asked and may_cut():
            work.close()
            return None
        task = asyncio.create_task(work)
        self._cuts[task] = may_cut
        try:
            return await task
        except asyncio.CancelledError:
            if self.asked and may_cut() and not _being_cancelled():
                return None
            raise
        finally:
            del self._cuts[task]

    async def end_looks_after(self, seconds: float, clock: Clock) -> None:
        """Let what is asked about numbers go on for so long once the run must end soon. To be run beside the work."""
        await self._hurry.wait()
        await clock.sleep(seconds)
        self._over.set()

    async def unless_over(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do the work and return its result; None where the run must end now, whatever is not known."""
        task = asyncio.create_task(work)
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait([task, over], return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            over.cancel()
            await asyncio.gather(task, over, return_exceptions=True)

    async def pause(self, seconds: float, clock: Clock) -> None:
        """Wait so long, or until the run is to stop."""
        await _first_of(clock.sleep(seconds), self._asked.wait())

    async def rest(self, seconds: float, clock: Clock) -> None:
        """Wait so long, or until the run must end soon: what is waited for is of use after a patient stop, too."""
        await _first_of(clock.sleep(seconds), self._hurry.wait())


async def _first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Return when one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _being_cancelled() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


@dataclass(slots=True)
class Tally:
    """How often in a row, and how often in all."""

    silent: int = 0
    fruitless: int = 0
    """DELETEs in a row without a usable answer, whatever other questions were answered meanwhile."""
    answered_probes: int = 0
    """Probes that were answered since a DELETE had a usable answer."""
    strange: int = 0
    throttled: int = 0
    forbidden: int = 0
    surprising: int = 0
    deletes: int = 0
    retries: int = 0
    usable: int = 0
    """DELETEs with an answer that only the API gives."""

    def count(self, proof: Proof, *, surprising: bool) -> None:
        """One more DELETE was answered, or given up; `surprising` as for `CircuitBreaker.saw`."""
        self._count_silence(proof)
        self.strange = self.strange + 1 if proof is Proof.STRANGE else 0
        self.throttled = self.throttled + 1 if proof is Proof.THROTTLED else 0
        if surprising:
            self.surprising += 1
        elif proof is Proof.FORBIDDEN:
            self.forbidden += 1
        elif proof in _USABLE:
            self.usable += 1
            self.forbidden = self.surprising = 0

    def _count_silence(self, proof: Proof) -> None:
        if proof in (Proof.NOT_SENT, Proof.IN_DOUBT):
            self.silent += 1
            self.fruitless += 1
            return
        self.silent = 0
        if proof is not Proof.THROTTLED:
            self.fruitless = self.answered_probes = 0


class CircuitBreaker:
    """Sees every DELETE's reply and decides when its trouble is the run's."""

    def __init__(self, stop: StopSignal, clock: Clock, probe: Callable[[], Awaitable[bool]]) -> None:
        """`probe` asks the service, without changing anything, whether it is there."""
        self._stop = stop
        self._clock = clock
        self._probe = probe
        self._tally = Tally()
        self._probing: asyncio.Task[None] | None = None
        self._last: Reply = Unanswered(sent=False, why="nothing was sent")

    def may_retry(self) -> bool:
        """Whether the run's budget has room for another retry."""
        return self._tally.retries < max(FEWEST_RETRIES, int(RETRY_SHARE * self._tally.deletes))

    @property
    def throttled_in_a_row(self) -> int:
        """How many of the last answers were 429."""
        return self._tally.throttled

    @property
    def retries(self) -> int:
        """Retries that were decided on so far."""
        return self._tally.retries

    @property
    def is_probing(self) -> bool:
        """Whether the service is silent, and being asked whether it is there."""
        return self._probing is not None

    def retrying(self) -> None:
        """A retry was decided on; to be called before anything is awaited, while others may ask for leave, too."""
        self._tally.retries += 1

    def sending(self) -> None:
        """A DELETE is about to leave."""
        self._tally.deletes += 1

    async def ready(self) -> None:
        """Return when DELETEs may leave: at once, unless the service is being asked whether it is there."""
        if self._tally.silent >= OUTAGE_AFTER and self._probing is None and not self._stop.asked:
            self._probing = asyncio.create_task(self._probe_until_there())
        if self._probing is not None:
            # One worker's end must not end the probing that the others wait for.
            await asyncio.shield(self._probing)

    def saw(self, reply: Reply, proof: Proof, *, surprising: bool = False) -> None:
        """Take note of a DELETE's reply; may ask for a stop.

        `surprising` says that it is a number's first 404, and that none of our requests can have removed the number.
        """
        tally = self._tally
        tally.count(proof, surprising=surprising)
        if proof is Proof.KEY:
            self._stop.ask(Stopped.KEY, "the service no longer accepts the API key (401)")
        elif tally.forbidden >= (FORBIDDEN_AFTER if tally.usable == 0 else FORBIDDEN_LATER):
            which = (
                f"the first {tally.forbidden} releases"
                if tally.usable == 0
                else f"{tally.forbidden} consecutive releases"
            )
            self._stop.ask(Stopped.KEY, f"{which} were all forbidden (403)")
        elif tally.surprising >= SURPRISED_AFTER:
            detail = f"{tally.surprising} consecutive numbers that were there a moment ago were not found (404)"
            self._stop.ask(Stopped.BASE_URL, f"{detail}: check the base URL and any proxy")
        elif proof is Proof.WRONG_PLACE or tally.strange >= STRANGE_AFTER:
            self._stop.ask(Stopped.BASE_URL, "what answers there is not the API: check the base URL and any proxy")
        elif isinstance(reply, Unanswered) and reply.certificate:
            self._stop.ask(Stopped.TLS, reply.why)
        elif tally.throttled >= THROTTLED_AFTER:
            self._stop.ask(Stopped.RATE, f"{tally.throttled} consecutive 429 responses")
        elif tally.answered_probes >= ANSWERED_IN_VAIN and tally.silent >= OUTAGE_AFTER:
            detail = f"{tally.fruitless} consecutive releases failed ({_said(reply)})"
            self._stop.ask(Stopped.OUTAGE, f"{detail}, though the service answers other requests")
        self._last = reply

    async def _probe_until_there(self) -> None:
        pause = FIRST_PAUSE * 2**self._tally.answered_probes
        why = "the service does not respond" if isinstance(self._last, Unanswered) else _said(self._last)
        try:
            for _ in range(PROBES):
                log.info("waiting", seconds=math.ceil(pause), why=why)
                await self._stop.pause(pause, self._clock)
                if self._stop.asked:
                    return
                if await self._probe():
                    self._tally.silent = 0
                    self._tally.answered_probes += 1
                    return
                pause *= 2
            detail = f"the service did not answer {OUTAGE_AFTER} releases and {PROBES} probes"
            answered = "" if isinstance(self._last, Unanswered) else f" ({_said(self._last)})"
            self._stop.ask(Stopped.OUTAGE, f"{detail}{answered}")
        finally:
            self._probing = None


def _said(reply: Reply) -> str:
    """What a DELETE was told in the end: `the service returned 503`, or why there was no answer."""
    return reply.why if isinstance(reply, Unanswered) else f"the service returned {reply.status}"
