"""When a run must stop: asked for once, seen by all; one bad number is its own affair, a row of them the run's."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from decom.dialnexa.replies import Answered, Proof, Reply, Unanswered
from decom.releasing.stopping import (
    ANSWERED_IN_VAIN,
    FEWEST_RETRIES,
    FORBIDDEN_AFTER,
    FORBIDDEN_LATER,
    OUTAGE_AFTER,
    PROBES,
    STRANGE_AFTER,
    SURPRISED_AFTER,
    THROTTLED_AFTER,
    CircuitBreaker,
    StopSignal,
)
from decom.vocabulary import SIGNALS, Stopped
from tests.quick_clock import START, QuickClock
from tests.releasing.at_work import there

PATIENT = [Stopped.STALE_PLAN, Stopped.GUARD, Stopped.BASE_URL]
HURRIED = [why for why in Stopped if why not in PATIENT]


# --- The stop ---------------------------------------------------------------------------------------------------


def test_nobody_asked_for_a_stop():
    stop = StopSignal()
    assert (stop.asked, stop.hurried, stop.why, stop.detail) == (False, False, None, "")


@pytest.mark.parametrize("why", Stopped)
def test_a_stop_has_its_reason_and_whether_it_hurries(why):
    stop = StopSignal()
    stop.ask(why, "because")
    assert (stop.asked, stop.why, stop.detail) == (True, why, "because")
    assert stop.hurried is (why in HURRIED)


@pytest.mark.parametrize("first", Stopped)
def test_the_first_reason_stays_but_for_a_hurried_one_after_a_patient_one(first):
    for second in Stopped:
        stop = StopSignal()
        stop.ask(first, "first")
        stop.ask(second, "second")
        displaced = first in PATIENT and second in HURRIED
        assert (stop.why, stop.detail) == ((second, "second") if displaced else (first, "first"))


def test_whoever_listens_hears_of_each_reason_that_counts():
    heard: list[str] = []
    stop = StopSignal(heard.append)
    for why, detail in (
        (Stopped.GUARD, "guard"),
        (Stopped.STALE_PLAN, "old"),
        (Stopped.SIGINT, "^C"),
        (Stopped.KEY, "k"),
    ):
        stop.ask(why, detail)
    assert heard == ["guard", "^C"]


class Endless:
    """A clock that never gets there."""

    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return START

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


def ends(wait: Callable[[], Awaitable[object]], meanwhile: Callable[[], None]) -> bool:
    """Whether a wait ends once something has happened."""

    async def main() -> bool:
        waiting = asyncio.ensure_future(wait())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        meanwhile()
        for _ in range(10):
            await asyncio.sleep(0)
        over = waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1
        return over

    return asyncio.run(main())


@pytest.mark.parametrize("why", Stopped)
def test_a_pause_is_cut_short_by_any_stop_and_a_rest_by_a_hurried_one(why):
    clock = Endless()
    stop = StopSignal()
    assert ends(lambda: stop.pause(1.0, clock), lambda: stop.ask(why))
    stop = StopSignal()
    assert ends(lambda: stop.rest(1.0, clock), lambda: stop.ask(why)) is (why in HURRIED)


def test_a_rest_after_a_patient_stop_is_cut_short_by_a_signal():
    stop = StopSignal()
    stop.ask(Stopped.BASE_URL)
    clock = Endless()
    assert ends(lambda: stop.rest(1.0, clock), lambda: stop.ask(Stopped.SIGINT))


def test_a_pause_without_a_stop_takes_its_time_and_after_one_none():
    clock = QuickClock()

    async def main() -> None:
        stop = StopSignal()
        await stop.pause(7.0, clock)
        await stop.rest(8.0, clock)
        assert clock.waits == [7.0, 8.0]
        stop.ask(Stopped.SIGTERM)
        endless = Endless()
        await asyncio.wait_for(stop.pause(1.0, endless), 5.0)
        await asyncio.wait_for(stop.rest(1.0, endless), 5.0)

    asyncio.run(main())


# --- Work that a stop may cut -----------------------------------------------------------------------------------


def unless_asked(may_cut: bool, meanwhile: Callable[[StopSignal, asyncio.Future[str]], None]) -> object:
    """What comes of work during which something happens."""

    async def main() -> object:
        stop = StopSignal()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def work() -> str:
            return await answer

        doing = asyncio.create_task(stop.unless_asked(work(), lambda: may_cut))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        meanwhile(stop, answer)
        for _ in range(5):
            await asyncio.sleep(0)
        if not doing.done():
            answer.set_result("late")
        return (await asyncio.gather(doing, return_exceptions=True))[0]

    return asyncio.run(main())


def test_work_that_nobody_stops_has_its_result():
    assert unless_asked(True, lambda _, answer: answer.set_result("done")) == "done"
    assert isinstance(
        unless_asked(True, lambda _, answer: answer.set_exception(ZeroDivisionError())), ZeroDivisionError
    )


@pytest.mark.parametrize("why", Stopped)
def test_work_that_may_be_cut_is_none_after_a_stop_and_other_work_goes_on(why):
    assert unless_asked(True, lambda stop, _: stop.ask(why)) is None
    assert unless_asked(False, lambda stop, _: stop.ask(why)) == "late"


def test_work_that_is_cancelled_from_within_is_not_taken_for_a_stop():
    def cancel(_: StopSignal, answer: asyncio.Future[str]) -> None:
        answer.cancel()

    assert isinstance(unless_asked(True, cancel), asyncio.CancelledError)


def test_a_worker_that_is_cancelled_is_cancelled_also_during_a_stop():
    async def main() -> None:
        stop = StopSignal()
        began, ended = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        doing = asyncio.create_task(stop.unless_asked(work(), lambda: True))
        await began.wait()
        doing.cancel()
        stop.ask(Stopped.SIGTERM)
        with pytest.raises(asyncio.CancelledError):
            await doing
        assert ended.is_set()

    asyncio.run(main())


def test_a_stop_after_the_work_is_done_touches_nothing():
    async def main() -> None:
        stop = StopSignal()

        async def work() -> str:
            return "done"

        assert await stop.unless_asked(work(), lambda: True) == "done"
        stop.ask(Stopped.SIGTERM)

    asyncio.run(main())


# --- The watch --------------------------------------------------------------------------------------------------


def answer(proof: Proof) -> Reply:
    if proof in (Proof.NOT_SENT, Proof.IN_DOUBT):
        return Unanswered(proof is Proof.IN_DOUBT, "cut off")
    return Answered({Proof.FORBIDDEN: 403, Proof.KEY: 401, Proof.THROTTLED: 429}.get(proof, 200))


def watched(*proofs: Proof, reply: Reply | None = None) -> StopSignal:
    """The stop after these replies."""
    stop = StopSignal()
    watch = CircuitBreaker(stop, QuickClock(), there)
    for proof in proofs:
        watch.saw(reply or answer(proof), proof)
    return stop


FORBIDDEN, STRANGE, THROTTLED, APPLIED = Proof.FORBIDDEN, Proof.STRANGE, Proof.THROTTLED, Proof.APPLIED
NOT_SENT, IN_DOUBT, GONE, HELD, VAGUE = Proof.NOT_SENT, Proof.IN_DOUBT, Proof.GONE, Proof.HELD, Proof.VAGUE


@pytest.mark.parametrize(
    ("proofs", "why"),
    [
        ([Proof.KEY], Stopped.KEY),
        ([APPLIED] * 50 + [Proof.KEY], Stopped.KEY),
        ([FORBIDDEN] * (FORBIDDEN_AFTER - 1), None),
        ([FORBIDDEN] * FORBIDDEN_AFTER, Stopped.KEY),
        ([FORBIDDEN, IN_DOUBT, THROTTLED, FORBIDDEN, NOT_SENT, FORBIDDEN], Stopped.KEY),
        # Forbidden throughout, though releases succeeded before.
        ([APPLIED] + [FORBIDDEN] * (FORBIDDEN_LATER - 1), None),
        ([APPLIED] + [FORBIDDEN] * FORBIDDEN_LATER, Stopped.KEY),
        ([HELD, FORBIDDEN, FORBIDDEN, THROTTLED, FORBIDDEN, IN_DOUBT, FORBIDDEN, FORBIDDEN], Stopped.KEY),
        ([APPLIED, *[FORBIDDEN] * (FORBIDDEN_LATER - 1)] * 5, None),
        ([FORBIDDEN, FORBIDDEN, APPLIED, FORBIDDEN, FORBIDDEN], None),
        ([Proof.WRONG_PLACE], Stopped.BASE_URL),
        ([STRANGE] * (STRANGE_AFTER - 1), None),
        ([STRANGE] * STRANGE_AFTER, Stopped.BASE_URL),
        ([STRANGE, APPLIED, STRANGE, HELD, STRANGE], None),
        ([STRANGE, IN_DOUBT, STRANGE], None),
        ([THROTTLED] * (THROTTLED_AFTER - 1), None),
        ([THROTTLED] * THROTTLED_AFTER, Stopped.RATE),
        ([*[THROTTLED] * (THROTTLED_AFTER - 1), APPLIED, THROTTLED], None),
        ([IN_DOUBT] * 100, None),
        ([VAGUE, HELD, GONE, APPLIED, Proof.REFUSED] * 20, None),
        ([], None),
    ],
)
def test_trouble_in_a_row_is_the_runs(proofs, why):
    assert watched(*proofs).why is why


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([True] * (SURPRISED_AFTER - 1), None),
        ([True] * SURPRISED_AFTER, Stopped.BASE_URL),
        ([True, False, True, False, True], Stopped.BASE_URL),
        ([False] * 50, None),
        ([True, APPLIED, True, HELD, True], None),
        ([True, IN_DOUBT, True, THROTTLED, True], Stopped.BASE_URL),
    ],
)
@pytest.mark.parametrize("proof", [GONE, VAGUE])
def test_numbers_in_a_row_that_are_suddenly_not_found_stop_the_run(proof, found, why):
    """True: a number's first 404, with no request of ours to blame; False: one that was to be expected."""
    stop = StopSignal()
    watch = CircuitBreaker(stop, QuickClock(), there)
    for each in found:
        if isinstance(each, Proof):
            watch.saw(answer(each), each)
        else:
            watch.saw(Answered(404), proof, surprising=each)
    assert stop.why is why
    assert why is None or stop.detail.startswith(
        "3 consecutive numbers that were there a moment ago were not found (404)"
    )


def test_a_server_error_does_not_show_that_the_key_has_the_right():
    stop = StopSignal()
    watch = CircuitBreaker(stop, QuickClock(), there)
    watch.saw(Answered(500), IN_DOUBT)
    for _ in range(FORBIDDEN_AFTER):
        watch.saw(Answered(403), FORBIDDEN)
    assert stop.why is Stopped.KEY


def test_a_certificate_that_cannot_be_verified_stops_at_once_with_its_reason():
    stop = watched(NOT_SENT, reply=Unanswered(False, "certificate has expired", certificate=True))
    assert (stop.why, stop.detail) == (Stopped.TLS, "certificate has expired")


@pytest.mark.parametrize(
    ("proofs", "detail"),
    [
        ([Proof.KEY], "the service no longer accepts the API key (401)"),
        ([FORBIDDEN] * 3, "the first 3 releases were all forbidden (403)"),
        ([APPLIED] + [FORBIDDEN] * 5, "5 consecutive releases were all forbidden (403)"),
        ([STRANGE] * 2, "what answers there is not the API: check the base URL and any proxy"),
        ([THROTTLED] * 50, "50 consecutive 429 responses"),
    ],
)
def test_why_a_run_stopped_is_said_for_people(proofs, detail):
    assert watched(*proofs).detail == detail


@pytest.mark.parametrize(
    ("deletes", "retries", "may"),
    [
        (0, 0, True),
        (0, FEWEST_RETRIES - 1, True),
        (0, FEWEST_RETRIES, False),
        (100, FEWEST_RETRIES, False),
        (109, FEWEST_RETRIES, False),
        (110, FEWEST_RETRIES, True),
        (110, 11, False),
        (1_000, 99, True),
        (1_000, 100, False),
    ],
)
def test_retries_are_ten_or_a_tenth(deletes, retries, may):
    watch = CircuitBreaker(StopSignal(), QuickClock(), there)
    for _ in range(deletes):
        watch.sending()
    for _ in range(retries):
        watch.retrying()
    assert watch.may_retry() is may


@given(st.lists(st.sampled_from(["first", "again"]), max_size=400))
def test_the_retries_of_a_run_never_pass_their_share(wishes):
    watch = CircuitBreaker(StopSignal(), QuickClock(), there)
    deletes = retries = 0
    for wish in wishes:
        if wish == "again":
            if not watch.may_retry():
                continue
            watch.retrying()
            retries += 1
        watch.sending()
        deletes += 1
    assert retries <= max(FEWEST_RETRIES, deletes / 10)


# --- An outage --------------------------------------------------------------------------------------------------


class Service:
    """Is there from the nth question on."""

    def __init__(self, there_at: int) -> None:
        self.asked = 0
        self.there_at = there_at

    async def __call__(self) -> bool:
        self.asked += 1
        return self.asked >= self.there_at


def silent(watch: CircuitBreaker, times: int, proof: Proof = NOT_SENT) -> None:
    for _ in range(times):
        watch.saw(answer(proof), proof)


def readied(there_at: int, *, workers: int = 1) -> tuple[StopSignal, QuickClock, Service]:
    """After an outage has begun, workers want to send."""

    async def main() -> tuple[StopSignal, QuickClock, Service]:
        stop, clock, service = StopSignal(), QuickClock(), Service(there_at)
        watch = CircuitBreaker(stop, clock, service)
        silent(watch, OUTAGE_AFTER)
        await asyncio.gather(*(watch.ready() for _ in range(workers)))
        if not stop.asked:
            silent(watch, OUTAGE_AFTER - 1)
            await watch.ready()  # counted anew
        return stop, clock, service

    return asyncio.run(main())


@pytest.mark.parametrize("proof", [NOT_SENT, IN_DOUBT])
def test_nobody_is_held_up_before_there_are_five_silences_in_a_row(proof):
    async def main() -> None:
        service = Service(1)
        watch = CircuitBreaker(StopSignal(), QuickClock(), service)
        silent(watch, OUTAGE_AFTER - 1, proof)
        await watch.ready()
        watch.saw(answer(HELD), HELD)
        silent(watch, OUTAGE_AFTER - 1, proof)
        await watch.ready()
        assert service.asked == 0
        silent(watch, 1, proof)
        await watch.ready()
        assert service.asked == 1

    asyncio.run(main())


@pytest.mark.parametrize("there_at", range(1, PROBES + 1))
@pytest.mark.parametrize("workers", [1, 16])
def test_after_five_silences_the_service_is_asked_with_growing_pauses_until_it_is_there(there_at, workers):
    stop, clock, service = readied(there_at, workers=workers)
    assert not stop.asked and service.asked == there_at
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0][:there_at]


def test_the_log_says_that_a_silent_service_is_waited_for():
    with capture_logs() as lines:
        readied(3)
    assert [(line["event"], line["seconds"], line["why"]) for line in lines] == [
        ("waiting", seconds, "the service does not respond") for seconds in (1, 2, 4)
    ]


def test_an_outage_may_come_twice():
    async def main() -> None:
        stop, service = StopSignal(), Service(1)
        watch = CircuitBreaker(stop, QuickClock(), service)
        for outages in (1, 2):
            silent(watch, OUTAGE_AFTER)
            await watch.ready()
            assert service.asked == outages and not stop.asked

    asyncio.run(main())


@pytest.mark.parametrize("between", [None, THROTTLED, HELD])
def test_releases_that_never_succeed_are_an_outage_though_other_questions_are_answered(between):
    """Nothing but a usable answer to a DELETE speaks against it."""

    async def main() -> tuple[StopSignal, QuickClock]:
        stop, clock = StopSignal(), QuickClock()
        watch = CircuitBreaker(stop, clock, Service(1))
        for _ in range(ANSWERED_IN_VAIN + 1):
            assert not stop.asked
            if between is not None:
                watch.saw(answer(between), between)
            for _ in range(OUTAGE_AFTER):
                watch.saw(Answered(503), IN_DOUBT)
            await watch.ready()
        return stop, clock

    stop, clock = asyncio.run(main())
    if between is HELD:
        assert stop.why is None and clock.waits == [1.0] * (ANSWERED_IN_VAIN + 1)
        return
    assert stop.why is Stopped.OUTAGE and clock.waits == [1.0, 2.0, 4.0]
    assert stop.detail == (
        "20 consecutive releases failed (the service returned 503), though the service answers other requests"
    )


def test_what_a_service_says_that_is_not_there_is_named():
    async def main() -> StopSignal:
        stop = StopSignal()
        watch = CircuitBreaker(stop, QuickClock(), Service(PROBES + 1))
        for _ in range(OUTAGE_AFTER):
            watch.saw(Answered(503), IN_DOUBT)
        await watch.ready()
        return stop

    said = "the service did not answer 5 releases and 5 probes (the service returned 503)"
    assert asyncio.run(main()).detail == said


@pytest.mark.parametrize("workers", [1, 16])
def test_a_service_that_stays_silent_stops_the_run(workers):
    stop, _, service = readied(PROBES + 1, workers=workers)
    assert (stop.why, service.asked) == (Stopped.OUTAGE, PROBES)
    assert stop.detail == "the service did not answer 5 releases and 5 probes"


def test_once_the_run_is_to_stop_nobody_asks_any_more():
    async def main() -> None:
        stop, service = StopSignal(), Service(1)
        watch = CircuitBreaker(stop, QuickClock(), service)
        silent(watch, OUTAGE_AFTER)
        stop.ask(Stopped.SIGINT)
        await watch.ready()
        assert service.asked == 0

    asyncio.run(main())


@pytest.mark.parametrize("why", sorted(SIGNALS))
def test_a_signal_cuts_the_asking_short(why):
    async def main() -> None:
        stop, clock, service = StopSignal(), Endless(), Service(1)
        watch = CircuitBreaker(stop, clock, service)
        silent(watch, OUTAGE_AFTER)
        waiting = asyncio.create_task(watch.ready())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        stop.ask(why)
        await asyncio.wait_for(waiting, 5.0)
        assert stop.why is why and service.asked == 0

    asyncio.run(main())


def test_a_worker_that_leaves_does_not_end_the_asking_that_others_wait_for():
    async def main() -> None:
        go_on = asyncio.Event()

        async def slowly() -> bool:
            await go_on.wait()
            return True

        watch = CircuitBreaker(StopSignal(), QuickClock(), slowly)
        silent(watch, OUTAGE_AFTER)
        leaving, staying = asyncio.create_task(watch.ready()), asyncio.create_task(watch.ready())
        for _ in range(10):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        assert leaving.cancelled() or leaving.cancelling()
        go_on.set()
        await asyncio.wait_for(staying, 5.0)

    asyncio.run(main())


def test_a_question_that_fails_by_a_mistake_of_ours_is_heard_by_all():
    async def main() -> None:
        async def broken() -> bool:
            raise ZeroDivisionError

        watch = CircuitBreaker(StopSignal(), QuickClock(), broken)
        silent(watch, OUTAGE_AFTER)
        ended = await asyncio.gather(watch.ready(), watch.ready(), return_exceptions=True)
        assert [type(each) for each in ended] == [ZeroDivisionError] * 2

    asyncio.run(main())
