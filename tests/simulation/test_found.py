"""What the simulation found, each as small as it can be told. In: the very situation. Out: what must be done in it."""

import asyncio

from decom.dialnexa.replies import Proof
from decom.ledger.reader import NumberRecord, Reader
from decom.ledger.records import Attempt, Entry, Intent, Kind, Look
from decom.ledger.writer import Writer
from decom.planning.plan import PlannedRow
from decom.releasing.decide import in_doubt
from decom.releasing.refresh import pending_tasks
from decom.releasing.stopping import FEWEST_RETRIES, CircuitBreaker, StopSignal
from decom.vocabulary import Decision, Stopped
from tests.simulation.loop import VirtualClock, VirtualLoop

ROW = PlannedRow(2, "phn_1", Decision.RELEASE, "free", number_id="phn_1", phone_number="+14155550100")
CLOCK = VirtualClock(VirtualLoop())


def test_a_patient_stop_lets_looks_be_waited_for_and_does_not_spin():
    """A guard's stop made every worker ask "is it time?" for ever, without giving the time a chance to pass."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)

    async def waited() -> float:
        stop = StopSignal()
        stop.ask(Stopped.GUARD)
        await stop.rest(30.0, clock)
        return clock.monotonic()

    assert loop.run(waited()) == 30.0


def test_a_signal_hurries_a_run_that_was_stopped_patiently():
    """Ctrl-C after a guard's stop was not heard at all, and the settle time was waited out."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)

    async def interrupted() -> tuple[float, Stopped | None]:
        stop = StopSignal()
        stop.ask(Stopped.GUARD)
        asyncio.get_running_loop().call_later(2.0, stop.ask, Stopped.SIGINT)
        await stop.rest(30.0, clock)
        return clock.monotonic(), stop.why

    assert loop.run(interrupted()) == (2.0, Stopped.SIGINT)


def test_a_hurried_stop_keeps_its_reason():
    loop = VirtualLoop()

    async def why() -> Stopped | None:
        stop = StopSignal()
        for reason in (Stopped.KEY, Stopped.SIGTERM, Stopped.GUARD):
            stop.ask(reason)
        return stop.why

    assert loop.run(why()) is Stopped.KEY


def test_a_kill_is_not_forgotten_when_a_later_release_of_the_number_is_refused(tmp_path):
    """Killed with a DELETE under way, resumed, refused the key, resumed: the first DELETE is still in doubt."""
    with Writer(tmp_path / "home", "run", CLOCK) as ledger:
        ledger.write([Entry(Kind.PLANNED, "2026-11-23T00:00:00Z", "{}")])
        ledger.record(Intent("phn_1", 1))
        ledger.record(Look("phn_1", True, 0.5), Intent("phn_1", 2))
        ledger.record(Attempt("phn_1", 2, Proof.KEY, 401, "", "2026-11-23T00:00:01Z"))
    with Reader(tmp_path / "home") as ledger:
        story = ledger.story("run")
    assert story is not None
    (task,) = pending_tasks([ROW], story.numbers, 0.0)
    assert in_doubt([event for event in task.events if isinstance(event, Attempt)])
    assert task.attempts == 2


def test_what_an_earlier_part_began_is_told_apart_from_what_nobody_touched():
    """A number with nothing but 429s on record was left without an outcome, and so called unknown."""
    throttled = NumberRecord([Attempt("phn_1", 1, Proof.THROTTLED, 429, "", "2026-11-23T00:00:01Z")])
    assert [task.begun for task in pending_tasks([ROW], {"phn_1": throttled}, 0.0)] == [True]
    assert [task.begun for task in pending_tasks([ROW], {}, 0.0)] == [False]


def test_a_retry_is_counted_when_it_is_decided_on_and_not_when_it_leaves():
    """Workers that decided in the same moment all saw the last retry that the budget had."""

    async def there() -> bool:
        return True

    watch = CircuitBreaker(StopSignal(), CLOCK, there)
    for _ in range(FEWEST_RETRIES):
        assert watch.may_retry()
        watch.retrying()
    assert not watch.may_retry()
