"""One number against a real server and a real ledger: what is sent, what is recorded, what it comes to."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decom.dialnexa.account import Account
from decom.dialnexa.replies import Proof, Unanswered
from decom.errors import NotDurable
from decom.ledger import records
from decom.ledger.reader import Reader
from decom.ledger.records import Attempt, Kind, Look, Settled
from decom.planning.plan import Conflict
from decom.releasing.decide import LookLater, ReadListing, SendLater, Settle
from decom.releasing.one_number import Task, Tools, as_settled, work_on
from decom.releasing.stopping import OUTAGE_AFTER
from decom.vocabulary import Outcome, Stopped
from tests.dialnexa.speaking import service_of
from tests.quick_clock import QuickClock
from tests.releasing.at_work import SETTLE, kinds, not_there, phone, small, task, to_its_end, tools_on
from tests.service.faults import Fault, Rule
from tests.service.gateways import GATEWAYS
from tests.service.server import Sandbox

Start = Callable[..., Sandbox]
Worked = Settled | SendLater | LookLater | ReadListing
Doing = Callable[[Task, Account, Tools], Any]

SPRING = Conflict("campaigns", "cmp_1", "Spring", "active")
NUMBER = "/organization-phone-numbers/phn_1"
LISTING = "/organization-phone-numbers?page=1&limit=100"


def deleting(*faults: str | Fault, nth: int | list[int] | None = None) -> Rule:
    return Rule.of(*faults, nth=nth)


ABSENT = "absent_after_unconfirmed_delete"


def looking(*faults: str | Fault, nth: int | list[int] | None = None) -> Rule:
    return Rule.of(*faults, method="GET", nth=nth)


def worked(
    sandbox: Sandbox, home: Path, do: Doing = to_its_end, work: Task | None = None, clock: QuickClock | None = None
) -> Any:
    """What comes of doing something with one number."""
    clock = clock or QuickClock()

    async def main() -> Any:
        with tools_on(home, clock) as tools:
            async with service_of(sandbox, clock).releasing({"phn_1"}) as account:
                return await do(work or task(), account, tools)

    return asyncio.run(main())


def methods(sandbox: Sandbox) -> str:
    """`DDG` for two DELETEs and a GET."""
    return "".join(record.method[0] for record in sandbox.log)


# --- What it comes to -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "sent", "outcome", "evidence"),
    [
        ([], "D", "released", "answered_2xx"),
        ([deleting("half_body")], "D", "released", "answered_2xx"),
        ([deleting("202")], "D", "released", "answered_2xx"),
        ([deleting("drop_before", nth=1)], "DD", "released", "answered_2xx"),
        ([deleting("drop_after", nth=1)], "DD", "released", "absent_after_unconfirmed_delete"),
        ([deleting("reset_after", nth=1)], "DD", "released", "absent_after_unconfirmed_delete"),
        ([deleting("500_before", nth=[1, 2])], "DDD", "released", "answered_2xx"),
        ([deleting("500_after", nth=1)], "DD", "released", "absent_after_unconfirmed_delete"),
        ([deleting("504_after", nth=1)], "DD", "released", "absent_after_unconfirmed_delete"),
        ([deleting("408", nth=1)], "DD", "released", "answered_2xx"),
        ([deleting("early_hints", nth=1)], "DD", "released", "absent_after_unconfirmed_delete"),
        # The only number there is: a look tells whether it is the rate. After a few it is given up.
        ([deleting("429", nth=[1, 2, 3, 4, 5, 6])], "DDGDGDGDGDGD", "released", "answered_2xx"),
        ([deleting("429")], "DDGDGDGDGDGD", "failed", "answered_4xx"),
        ([deleting("429_bare", nth=1)], "DD", "released", "answered_2xx"),
        ([deleting("html_200", nth=1)], "DGD", "released", "answered_2xx"),
        ([deleting("html_200_after", nth=1)], "DG", "released", "absent_after_unconfirmed_delete"),
        ([deleting("redirect_307", nth=1)], "DGD", "released", "answered_2xx"),
        ([deleting("500_before")], "DDDDGG", "failed", "still_present"),
        ([deleting("drop_before")], "DDDDGG", "failed", "still_present"),
        ([deleting("drop_before"), looking("500_before")], "DDDD" + "GGGG" * 2, "unknown", "unconfirmed"),
        ([deleting("drop_after")], "DDDDG", "released", "absent_after_unconfirmed_delete"),
        ([deleting("drop_after"), looking("html_404")], "DDDDGG", "unknown", "unconfirmed"),
        ([deleting("gateway_retry")], "DGGG", "missing", "answered_404_after_seen"),
        ([deleting("403")], "D", "failed", "answered_4xx"),
        ([deleting("422")], "D", "failed", "answered_4xx"),
        ([deleting(Fault("status_before", 400))], "D", "failed", "answered_4xx"),
        ([deleting("route_404")], "D", "failed", "answered_4xx"),
        ([deleting("401")], "D", "not_attempted", "stopped:key"),
        ([deleting("drop_before", nth=1), deleting("401")], "DD", "unknown", "unconfirmed"),
        ([deleting("drop_before", nth=1), deleting("422")], "DDGG", "failed", "still_present"),
        ([deleting("drop_after", nth=1), deleting("422")], "DDG", "released", "absent_after_unconfirmed_delete"),
        # A 410 asks; a 409 after doubt asks; busy is tried again.
        ([deleting(Fault("status_after", 410))], "DGGG", "missing", "answered_404_after_seen"),
        ([deleting(Fault("status_before", 410))], "DG", "failed", "answered_4xx"),
        ([deleting("drop_after", nth=1), deleting(Fault("status_before", 410))], "DDG", "released", ABSENT),
        ([deleting("drop_after", nth=1), deleting(Fault("status_before", 409))], "DDG", "released", ABSENT),
        ([deleting("drop_before", nth=1), deleting(Fault("status_before", 409))], "DDGG", "conflicted", "answered_409"),
        ([deleting(Fault("status_before", 423), nth=1)], "DD", "released", "answered_2xx"),
        ([deleting(Fault("status_before", 425), nth=1)], "DD", "released", "answered_2xx"),
        ([deleting(Fault("status_after", 423), nth=1)], "DD", "released", ABSENT),
        # A success that says it is none.
        ([deleting("says_failed")], "DDDDGG", "failed", "still_present"),
        ([deleting(Fault("says_failed", text="errors"), nth=1)], "DD", "released", "answered_2xx"),
        ([deleting("207_before")], "DDDDGG", "failed", "still_present"),
        ([deleting(Fault("status_after", 207), nth=1)], "DD", "released", ABSENT),
    ],
)
def test_what_becomes_of_a_number_and_what_was_sent_for_it(
    start_sandbox: Start, tmp_path: Path, rules, sent, outcome, evidence
):
    sandbox = start_sandbox(small(), faults=rules)
    settled = worked(sandbox, tmp_path)
    assert (settled.outcome, settled.evidence) == (outcome, evidence)
    assert methods(sandbox) == sent
    # A gateway that repeats a request looks like someone else, and of what is unknown nothing is claimed.
    assert (outcome == "released") is ("phn_1" in sandbox.removed) or outcome in ("missing", "unknown")
    assert {record.target for record in sandbox.log} <= {f"/v1{NUMBER}", f"/v1{LISTING}"}


def test_a_held_number_is_conflicted_also_after_a_delete_in_doubt(start_sandbox: Start, tmp_path: Path):
    for place, rules in enumerate(([], [deleting("drop_before", nth=1)])):
        sandbox = start_sandbox(small(), faults=rules)
        sandbox.world.hold_secretly("phn_1", "Campaign Spring calls from it")
        settled = worked(sandbox, tmp_path / str(place))
        assert (settled.outcome, settled.evidence) == ("conflicted", "answered_409")
        assert settled.reason == "DialNexa refused the release (409): Campaign Spring calls from it"


def test_a_number_that_someone_else_releases_meanwhile_is_missing(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())
    sandbox.world.take_away("phn_1")
    settled = worked(sandbox, tmp_path)
    assert (settled.outcome, settled.evidence) == ("missing", "answered_404_after_seen")


# Those whose 404 is not known for one of a route at once: `Cannot DELETE …` and pages are, and stop the run.
UNKNOWN_GATEWAYS = sorted({*GATEWAYS} - {"nest", "nginx", "express", "cloudflare"})


@pytest.mark.parametrize("gateway", UNKNOWN_GATEWAYS)
@pytest.mark.parametrize("doubted", [False, True])
def test_a_gateways_404_never_makes_a_number_gone_neither_to_a_delete_nor_to_a_look(
    start_sandbox: Start, tmp_path: Path, gateway, doubted
):
    words = Fault("gateway_404", text=gateway)
    lost = [deleting("drop_before", nth=1)] if doubted else []
    rules = [*lost, deleting(words), Rule.of(words, method="GET", path=NUMBER)]
    settled = worked(start_sandbox(small(), faults=rules), tmp_path / "there")
    assert (settled.outcome, settled.evidence) == ("failed", "still_present")
    gone = start_sandbox(small(), faults=rules)
    gone.world.take_away("phn_1")
    settled = worked(gone, tmp_path / "gone")
    # Without doubt it was someone else; after it, it may have been the DELETE whose answer was lost.
    assert settled.outcome == ("released" if doubted else "missing")


def test_a_404_of_the_services_own_that_the_listing_denies_is_not_believed(start_sandbox: Start, tmp_path: Path):
    words = Fault("status_before", 404, "Phone number not found")
    rules = [deleting(words, nth=1), Rule.of(words, method="GET", path=NUMBER, nth=1)]
    sandbox = start_sandbox(small(), faults=rules)
    settled = worked(sandbox, tmp_path)
    assert (settled.outcome, settled.evidence) == ("released", "answered_2xx")
    assert methods(sandbox) == "DGGGD"


def test_where_no_listing_can_be_had_it_is_unknown(start_sandbox: Start, tmp_path: Path):
    rules = [deleting("gateway_404"), looking("gateway_404")]
    settled = worked(start_sandbox(small(), faults=rules), tmp_path)
    assert (settled.outcome, settled.evidence) == ("unknown", "unconfirmed")


def test_what_is_applied_late_is_never_called_still_present(start_sandbox: Start, tmp_path: Path):
    late = Fault("late_apply", 0.05)
    sandbox = start_sandbox(small(), faults=[deleting(late), looking("latency")])

    async def patiently(work: Task, account: Account, tools: Tools) -> Settled:
        while isinstance(result := await work_on(work, account, tools), LookLater):
            await asyncio.sleep(0.1)  # the server's own clock
            await tools.clock.sleep(SETTLE)
        assert isinstance(result, Settled)
        return result

    settled = worked(sandbox, tmp_path, patiently)
    assert (settled.outcome, settled.evidence) == ("released", "absent_after_unconfirmed_delete")


def test_nobody_listens(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())
    sandbox.base_url = "http://127.0.0.1:1/v1"
    settled = worked(sandbox, tmp_path)
    assert (settled.outcome, settled.evidence) == ("not_attempted", "stopped:outage")
    assert settled.reason.startswith("no release request was sent: Connect")
    assert kinds(tmp_path) == ["intent", "attempt"] * 4 + ["settled"]


# --- Intent before request, outcome before count ----------------------------------------------------------------


def test_the_intent_is_on_the_disk_when_the_request_arrives_and_the_outcome_when_it_is_told(
    start_sandbox: Start, tmp_path: Path
):
    on_disk: list[list[str]] = []
    sandbox = start_sandbox(small(), faults=[deleting("drop_after", nth=1)])
    sandbox.on_phase = lambda phase, _: on_disk.append(kinds(tmp_path)) if phase == "arrival" else None
    worked(sandbox, tmp_path)
    assert on_disk == [["intent"], ["intent", "attempt", "intent"]]
    assert kinds(tmp_path) == ["intent", "attempt", "intent", "attempt", "settled"]


def full(tools: Tools) -> None:
    """From now on the ledger may not grow."""
    connection: sqlite3.Connection = vars(tools.ledger)["_connection"]
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    filler = "INSERT INTO entries (run_id, kind, at, body, chain) VALUES ('filler', 'row', '', ?, '')"
    size = 4_096
    while size > 0:
        try:
            connection.execute(filler, ("x" * size,))
        except sqlite3.OperationalError:
            size //= 2


def test_without_a_durable_intent_nothing_is_sent(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())

    async def on_a_full_disk(work: Task, account: Account, tools: Tools) -> None:
        full(tools)
        with pytest.raises(NotDurable):
            await work_on(work, account, tools)

    worked(sandbox, tmp_path, on_a_full_disk)
    assert sandbox.log == []


def test_an_outcome_that_cannot_be_recorded_leaves_an_open_intent_and_a_line_in_the_log(
    start_sandbox: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    sandbox = start_sandbox(small())

    async def on_a_disk_that_fills(work: Task, account: Account, tools: Tools) -> None:
        sandbox.on_phase = lambda phase, _: full(tools) if phase == "arrival" else None
        with pytest.raises(NotDurable):
            await work_on(work, account, tools)

    worked(sandbox, tmp_path, on_a_disk_that_fills)
    assert [kind for kind in kinds(tmp_path) if kind != "row"] == ["intent"]
    assert "phn_1" in sandbox.removed
    shown = "".join(capsys.readouterr())
    assert "outcome_not_durable" in shown and "phn_1" in shown and "applied" in shown


# --- Stopping ---------------------------------------------------------------------------------------------------


def test_after_a_stop_nothing_is_begun(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())

    async def stopped_before(work: Task, account: Account, tools: Tools) -> Worked:
        tools.stop.ask(Stopped.SIGTERM, "stopped by SIGTERM")
        return await work_on(work, account, tools)

    settled = worked(sandbox, tmp_path, stopped_before)
    assert (settled.outcome, settled.evidence) == ("not_attempted", "stopped:sigterm")
    assert sandbox.log == [] and kinds(tmp_path) == ["settled"]


def test_a_stop_while_it_waits_for_its_turn_means_no_intent_and_no_request(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(), faults=[deleting("hang_before", nth=1)])

    async def main() -> tuple[Any, Any]:
        clock = QuickClock()
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def arrival(*_: object) -> None:
            loop.call_soon_threadsafe(arrived.set)

        sandbox.on_phase = arrival
        with tools_on(tmp_path, clock) as tools:
            service = service_of(sandbox, clock, rate="1/86400")
            async with service.releasing({"phn_1", "phn_2"}) as one, service.releasing({"phn_2"}) as other:
                first = asyncio.create_task(work_on(task(1), one, tools))
                await arrived.wait()
                second = asyncio.create_task(work_on(task(2), other, tools))
                await asyncio.sleep(0.05)
                tools.stop.ask(Stopped.SIGTERM)
                waiting = await asyncio.wait_for(second, 10.0)
                first.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await first
                return waiting, tools.stop.why

    waiting, why = asyncio.run(main())
    assert (waiting.outcome, waiting.evidence, why) == ("not_attempted", "stopped:sigterm", Stopped.SIGTERM)
    assert len(sandbox.log) == 1 and kinds(tmp_path) == ["intent", "settled"]


def test_a_stop_while_the_intent_is_written_means_that_it_is_not_sent_and_that_is_on_record(
    start_sandbox: Start, tmp_path: Path
):
    sandbox = start_sandbox(small())

    async def stopped_at_the_intent(work: Task, account: Account, tools: Tools) -> Any:
        written = asyncio.create_task(work_on(work, account, tools))
        while kinds(tmp_path) == []:
            await asyncio.sleep(0)
            if vars(tools.ledger)["_committing"] is not None:
                tools.stop.ask(Stopped.SIGTERM, "stopped by SIGTERM")
        return await written

    settled = worked(sandbox, tmp_path, stopped_at_the_intent)
    assert (settled.outcome, settled.evidence) == ("not_attempted", "stopped:sigterm")
    assert sandbox.log == [] and kinds(tmp_path) == ["intent", "attempt", "settled"]
    with Reader(tmp_path) as ledger:
        bodies = [entry.body for _, entry in ledger.life("phn_1") if entry.kind is Kind.ATTEMPT]
    assert [records.attempt(body).proof for body in bodies] == [Proof.NOT_SENT]


def test_what_comes_to_speak_against_a_number_while_it_waits_for_its_turn_is_its_outcome(
    start_sandbox: Start, tmp_path: Path
):
    sandbox = start_sandbox(small())
    too_old = Settle(Outcome.NOT_ATTEMPTED, "stopped:stale_plan", "the plan became too old")
    asked: list[str] = []

    def objection(work: Task) -> Settle | None:
        asked.append(work.number_id)
        return too_old if len(asked) > 1 else None

    async def and_objected(work: Task, account: Account, tools: Tools) -> Settled:
        return await to_its_end(work, account, replace(tools, objection=objection))

    settled = worked(sandbox, tmp_path, and_objected)
    assert (settled.outcome, settled.evidence) == ("not_attempted", "stopped:stale_plan")
    assert sandbox.log == [] and kinds(tmp_path) == ["settled"] and len(asked) == 3


def test_a_stop_while_the_service_is_asked_whether_it_is_there_means_the_same(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())

    async def main() -> Worked:
        with tools_on(tmp_path, QuickClock(), not_there) as tools:
            for _ in range(OUTAGE_AFTER):
                tools.watch.saw(Unanswered(False, "refused"), Proof.NOT_SENT)
            async with service_of(sandbox, QuickClock()).releasing({"phn_1"}) as account:
                return await work_on(task(), account, tools)

    settled = asyncio.run(main())
    assert isinstance(settled, Settled)
    assert (settled.outcome, settled.evidence) == ("not_attempted", "stopped:outage")
    assert sandbox.log == [] and kinds(tmp_path) == ["settled"]


@pytest.mark.parametrize(
    ("fault", "outcome", "evidence", "sent"),
    [
        (None, "released", "answered_2xx", "D"),
        ("drop_after", "released", "absent_after_unconfirmed_delete", "DG"),
        ("drop_before", "unknown", "unconfirmed", "DG"),
        ("422", "failed", "answered_4xx", "D"),
    ],
)
def test_what_is_in_flight_when_the_stop_comes_is_finished_and_recorded(
    start_sandbox: Start, tmp_path: Path, fault, outcome, evidence, sent
):
    sandbox = start_sandbox(small(), faults=[] if fault is None else [deleting(fault)])

    async def stopped_meanwhile(work: Task, account: Account, tools: Tools) -> Any:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()

        def stop(phase: str, _: object) -> None:
            if phase == "arrival" and not heard.is_set():
                asked = asyncio.run_coroutine_threadsafe(ask(), loop)
                asked.result(5.0)

        async def ask() -> None:
            tools.stop.ask(Stopped.SIGTERM)
            heard.set()

        sandbox.on_phase = stop
        return await work_on(work, account, tools)

    settled = worked(sandbox, tmp_path, stopped_meanwhile)
    assert (settled.outcome, settled.evidence) == (outcome, evidence)
    assert methods(sandbox) == sent
    assert kinds(tmp_path)[-1] == "settled"


def test_a_key_refused_at_a_look_stops_the_run(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(), faults=[deleting("html_200"), looking("401")])

    async def and_why(work: Task, account: Account, tools: Tools) -> tuple[Any, Any]:
        return await to_its_end(work, account, tools), tools.stop.why

    settled, why = worked(sandbox, tmp_path, and_why)
    assert why is Stopped.KEY
    assert (settled.outcome, settled.evidence) == ("unknown", "unconfirmed")
    assert "does not accept the API key" in settled.reason


# --- Waiting ----------------------------------------------------------------------------------------------------


def test_a_number_that_must_wait_is_handed_back_with_the_time_when_it_may_be_asked_about(
    start_sandbox: Start, tmp_path: Path
):
    sandbox = start_sandbox(small(), faults=[deleting("drop_before")])
    clock = QuickClock()
    work = task()

    async def step_by_step(_: Task, account: Account, tools: Tools) -> Worked:
        assert await work_on(work, account, tools) == LookLater(SETTLE)
        assert work.last_sent is not None and work.not_before == work.last_sent + SETTLE
        assert await work_on(work, account, tools) == LookLater(SETTLE)
        assert methods(sandbox) == "DDDDG"
        clock.pass_by(work.not_before - clock.monotonic() - 0.001)
        assert await work_on(work, account, tools) == LookLater(SETTLE)
        clock.pass_by(0.002)
        return await work_on(work, account, tools)

    settled = worked(sandbox, tmp_path, step_by_step, clock=clock)
    assert (settled.outcome, settled.evidence) == ("failed", "still_present")
    assert methods(sandbox) == "DDDDGG"


def test_a_wait_that_is_over_by_the_clock_is_over_for_the_rule_too(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())
    clock = QuickClock()
    sent = 1000.1
    assert sent + SETTLE - sent < SETTLE  # as floats go
    clock.seconds = sent + SETTLE
    doubtful = [Attempt("phn_1", n, Proof.IN_DOUBT, None, "", "2026-11-23T18:57:57.120Z") for n in range(1, 5)]
    work = Task("phn_1", phone(1), [*doubtful, Look("phn_1", True, 0.0)], attempts=4, last_sent=sent)
    settled = worked(sandbox, tmp_path, work_on, work, clock)
    assert (settled.outcome, settled.evidence) == ("failed", "still_present")
    assert methods(sandbox) == "G"


def test_only_between_two_deletes_there_is_a_pause(start_sandbox: Start, tmp_path: Path):
    clock = QuickClock()
    sandbox = start_sandbox(small(), faults=[deleting("drop_before", nth=[1, 2])])
    worked(sandbox, tmp_path / "1", clock=clock)
    assert len(clock.waits) == 2 and all(0.0 < wait <= 2.0 for wait in clock.waits)
    clock.waits.clear()
    sandbox = start_sandbox(small(), faults=[deleting("html_200", nth=1)])
    worked(sandbox, tmp_path / "2", clock=clock)
    assert clock.waits == [0.0, 0.0]


# --- What the refresh, or an earlier part, found ----------------------------------------------------------------


def cut_off() -> Task:
    """A number whose DELETE was under way when the process was killed."""
    sent = Attempt("phn_1", 1, Proof.CUT_OFF, None, "interrupted", "2026-11-23T18:57:57.120Z")
    return Task("phn_1", phone(1), [sent], attempts=1, begun=True, last_sent=1_000.0)


@pytest.mark.parametrize(
    ("gone", "outcome", "evidence", "sent"),
    [
        (True, "released", "absent_after_unconfirmed_delete", "G"),
        (False, "released", "answered_2xx", "GD"),
    ],
)
def test_what_was_cut_off_is_looked_for_before_anything_is_sent(
    start_sandbox: Start, tmp_path: Path, gone, outcome, evidence, sent
):
    sandbox = start_sandbox(small())
    if gone:
        sandbox.world.take_away("phn_1")
    settled = worked(sandbox, tmp_path, work=cut_off())
    assert (settled.outcome, settled.evidence) == (outcome, evidence)
    assert methods(sandbox) == sent


def test_attempts_are_counted_on_from_the_earlier_part(start_sandbox: Start, tmp_path: Path):
    work = cut_off()
    worked(start_sandbox(small()), tmp_path, work=work)
    assert [event.attempt for event in work.events if isinstance(event, Attempt)] == [1, 2]


@pytest.mark.parametrize(("in_doubt", "gone"), [(False, False), (True, False), (True, True)])
def test_a_number_that_came_to_be_held_is_sent_nothing_but_looked_for_if_in_doubt(
    start_sandbox: Start, tmp_path: Path, in_doubt, gone
):
    sandbox = start_sandbox(small())
    if gone:
        sandbox.world.take_away("phn_1")
    work = cut_off() if in_doubt else task()
    work.held = (SPRING,)
    settled = worked(sandbox, tmp_path, work=work)
    assert settled.outcome == ("released" if gone else "conflicted")
    assert methods(sandbox) == ("" if not in_doubt else "G" if gone else "GG")
    if not gone:
        assert settled.conflicts == (("campaigns", "cmp_1", "Spring", "active"),)
        assert settled.reason.endswith('not in use when planned, now in use by campaign "Spring" cmp_1 (active)')


def test_an_id_that_has_come_to_mean_another_number_is_sent_nothing(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())
    sandbox.world.reassign("phn_1", "+14155550999")
    settled = worked(sandbox, tmp_path, work=cut_off())
    assert (settled.outcome, settled.evidence) == ("unknown", "unconfirmed")
    assert settled.reason == f"its ID now belongs to +14155550999, it was planned as {phone(1)}: no release is sent"
    assert methods(sandbox) == "G" and kinds(tmp_path) == ["look", "settled"]


def test_a_look_that_does_not_say_the_number_proves_nothing_and_the_listing_says_it(
    start_sandbox: Start, tmp_path: Path
):
    sandbox = start_sandbox(small(), faults=[looking(Fault("body", text='{"id": "phn_1"}'), nth=1)])
    settled = worked(sandbox, tmp_path, work=cut_off())
    assert (settled.outcome, settled.evidence) == ("released", "answered_2xx")
    assert methods(sandbox) == "GGGD"


def test_a_number_that_nobody_names_any_more_is_sent_nothing(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())
    nobody: Any = None
    sandbox.world.reassign("phn_1", nobody)
    settled = worked(sandbox, tmp_path, work=cut_off())
    assert (settled.outcome, settled.evidence) == ("unknown", "unconfirmed")
    assert settled.reason.endswith("the answer does not say its phone number")
    assert methods(sandbox) == "GGG"


def test_the_record_of_an_outcome_names_what_holds_the_number():
    work = task()
    work.held = (SPRING,)
    step = Settle(Outcome.CONFLICTED, "plan", "held")
    conflicts = (("campaigns", "cmp_1", "Spring", "active"),)
    assert as_settled(work, step) == Settled("phn_1", phone(1), Outcome.CONFLICTED, "plan", "held", conflicts)
