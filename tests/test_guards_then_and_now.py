"""The guards are the same at plan, release and resume and in each part; of then and now the stricter one counts."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from decom.errors import Refused
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of, outcomes
from tests.in_process import Desk, interrupted, trouble_of
from tests.service.faults import Rule
from tests.service.hooks import when
from tests.service.server import Sandbox
from tests.service.world import World

Start = Callable[..., Sandbox]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def sandbox(start_sandbox: Start) -> Sandbox:
    world = World.made_up(numbers=60)
    for row in world.numbers.values():
        row["monthly_cost_usd"] = "1.15"
    return start_sandbox(world)


def asked_for(desk: Desk, sandbox: Sandbox, count: int = 3) -> Path:
    return input_of(desk.folder, ids(sandbox.world.releasable)[:count])


def refusal(command: Callable[[], object]) -> Refused:
    trouble = trouble_of(command)
    assert isinstance(trouble, Refused), trouble
    return trouble


# --- At the release ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DECOM_MAX_RELEASE", "2"),
        ("DECOM_MAX_SHARE", "0.04"),
        ("DECOM_MAX_COST", "0.01"),
        ("max_release", "2"),
        ("max_cost", "0"),
    ],
)
def test_a_limit_that_is_stricter_now_refuses_the_release_and_says_where_it_is_set(desk, sandbox, name, value):
    planned = desk.plan(sandbox, asked_for(desk, sandbox))
    refused = refusal(lambda: desk.release(sandbox, planned.plan.head.run_id, **{name: value}))
    assert refused.where == (name if name.isupper() else f"--{name.replace('_', '-')}")
    assert desk.asked == [] and deletes(sandbox) == []
    assert desk.release(sandbox, planned.plan.head.run_id).exit_code == 0


def test_a_limit_that_is_less_strict_now_changes_nothing_and_that_is_said(desk, sandbox):
    numbers = asked_for(desk, sandbox)
    planned = desk.plan(sandbox, numbers, max_release="3", max_missing="0.2")
    finished = desk.release(sandbox, planned.plan.head.run_id, DECOM_MAX_RELEASE="50", DECOM_MAX_MISSING="0.1")
    assert finished.exit_code == 0
    assert desk.said == [
        "max_release: the plan's 3 counts; DECOM_MAX_RELEASE says 50, which is less strict.",
        "max_missing: 0.1 counts (DECOM_MAX_MISSING); the plan was made with 0.2.",
    ]


def test_a_plan_that_a_guard_refused_is_refused_when_it_is_carried_out_as_well(desk, sandbox):
    """`plan` exits with 5 and leaves a plan; its list was mostly unknown to the account, and `release` took it."""
    known = ids(sandbox.world.releasable)[:1]
    numbers = input_of(desk.folder, [*known, "phn_none1", "phn_none2"])
    planned = desk.plan(sandbox, numbers)
    assert planned.refusal is not None and planned.refusal.where == "max_missing"
    refused = refusal(lambda: desk.release(sandbox, planned.plan.head.run_id))
    assert refused.where == "max_missing" and deletes(sandbox) == []


def test_a_list_that_the_account_does_not_know_at_all_is_refused_though_nothing_would_be_released(desk, sandbox):
    planned = desk.plan(sandbox, input_of(desk.folder, ["phn_none1", "phn_none2"]))
    assert planned.refusal is not None and planned.refusal.where == "max_missing"


def test_a_plan_may_be_carried_out_as_long_as_then_and_now_both_allow(desk, sandbox):
    planned = desk.plan(sandbox, asked_for(desk, sandbox), plan_ttl="2h")
    run_id = planned.plan.head.run_id
    desk.later = timedelta(hours=2, minutes=1)
    assert "too old" in refusal(lambda: desk.release(sandbox, run_id)).what
    assert "too old" in refusal(lambda: desk.release(sandbox, run_id, DECOM_PLAN_TTL="48h")).what
    desk.later = timedelta(hours=1, minutes=1)
    assert "too old" in refusal(lambda: desk.release(sandbox, run_id, DECOM_PLAN_TTL="1h")).what
    assert desk.asked == [] and deletes(sandbox) == []
    assert desk.release(sandbox, run_id).exit_code == 0


def test_a_number_that_the_protect_file_names_now_is_left_alone_and_not_counted_at_the_question(desk, sandbox):
    planned = desk.plan(sandbox, asked_for(desk, sandbox))
    first, *others = planned.plan.releases()
    (desk.folder / "never.txt").write_text(f"{first.phone_number}\n")
    finished = desk.release(sandbox, planned.plan.head.run_id, protect="never.txt", max_release="2")
    assert finished.exit_code == 0
    assert outcomes(finished.folder) == {"released": 2, "protected": 1}
    assert [wanted.releases for wanted in desk.asked] == [2]
    assert "never.txt protects 1 number of this plan now: not released." in desk.said
    assert set(sandbox.removed) == {row.number_id for row in others}
    assert audit_rows(finished.folder)[0]["reason"] == (f"now on the protect list: {first.phone_number}")


# --- What it may cost -------------------------------------------------------------------------------------------


def test_a_plan_says_which_limit_of_cost_it_is_beyond(desk, sandbox):
    numbers = asked_for(desk, sandbox)
    assert desk.plan(sandbox, numbers, max_cost="3.45").refusal is None
    refused = desk.plan(sandbox, numbers, max_cost="3.44").refusal
    assert refused is not None and refused.where == "max_cost" and refused.exit_code == 5


def test_a_cost_that_nobody_knows_is_not_within_any_limit(desk, sandbox):
    sandbox.world.releasable[1]["monthly_cost_usd"] = None
    numbers = asked_for(desk, sandbox)
    refused = desk.plan(sandbox, numbers, max_cost="1000").refusal
    assert refused is not None and "the cost of 1 of the 3 numbers" in refused.what
    assert desk.plan(sandbox, numbers).refusal is None


# --- In each part -----------------------------------------------------------------------------------------------


def test_numbers_that_left_the_account_since_the_plan_count_as_unknown_to_it(desk, sandbox):
    planned = desk.plan(sandbox, asked_for(desk, sandbox, 5))
    run_id, rows = planned.plan.head.run_id, planned.plan.releases()

    def moved_away() -> None:
        for row in rows[:3]:
            sandbox.world.take_away(row.number_id)

    desk.before_leave = moved_away
    finished = desk.release(sandbox, run_id)
    assert finished.exit_code == 5 and deletes(sandbox) == []
    assert outcomes(finished.folder) == {"missing": 3, "not_attempted": 2}


def test_a_limit_counts_what_earlier_parts_of_the_run_released(desk, sandbox):
    run_id = interrupted(desk, sandbox, asked_for(desk, sandbox), after=2)
    finished = desk.resume(sandbox, run_id, DECOM_MAX_RELEASE="2")
    assert finished.exit_code == 4 and len(sandbox.removed) == 2
    assert {row["evidence"] for row in audit_rows(finished.folder)} == {"answered_2xx", "stopped:guard"}
    assert desk.resume(sandbox, run_id, DECOM_MAX_RELEASE="3").exit_code == 0


def test_the_rent_counts_what_earlier_parts_of_the_run_released(desk, sandbox):
    numbers = asked_for(desk, sandbox)
    run_id = interrupted(desk, sandbox, numbers, after=2)
    assert desk.resume(sandbox, run_id, DECOM_MAX_COST="3.44").exit_code == 4
    assert len(sandbox.removed) == 2
    assert desk.resume(sandbox, run_id, DECOM_MAX_COST="3.45").exit_code == 0


def test_a_run_whose_plan_has_become_too_old_is_not_gone_on_with(desk, sandbox):
    run_id = interrupted(desk, sandbox, asked_for(desk, sandbox), after=2)
    desk.later, asked_before = timedelta(hours=25), len(sandbox.log)
    finished = desk.resume(sandbox, run_id)
    assert finished.exit_code == 4 and len(sandbox.log) == asked_before, "nothing is asked of it any more"
    assert {row["evidence"] for row in audit_rows(finished.folder)} == {"answered_2xx", "stopped:stale_plan"}


def test_a_guard_that_refuses_after_releases_were_sent_never_says_that_nothing_was(desk, sandbox):
    """The service refuses two numbers, then the plan has become too old: nothing released, and yet no 5."""
    sandbox.faults = [Rule.of("422")]

    def a_day_passes() -> None:
        desk.later = timedelta(hours=25)

    sandbox.on_phase = when("arrival", 2, a_day_passes)
    finished = desk.run(sandbox, asked_for(desk, sandbox), concurrency=1)
    assert outcomes(finished.folder) == {"failed": 2, "not_attempted": 1}
    assert finished.exit_code == 4 and len(deletes(sandbox)) == 2


def test_a_number_that_the_protect_file_names_now_is_not_released_by_a_resumed_run(desk, sandbox):
    run_id = interrupted(desk, sandbox, asked_for(desk, sandbox), after=2)
    (desk.folder / "never.txt").write_text(f"{ids(sandbox.world.releasable)[0]}\n")
    finished = desk.resume(sandbox, run_id, protect="never.txt")
    assert finished.exit_code == 0 and len(deletes(sandbox)) == 2
    assert outcomes(finished.folder) == {"released": 2, "protected": 1}
    assert len(desk.asked) == 1
