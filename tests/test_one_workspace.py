"""A home's memory is of one workspace: what was done in another one, or in a rehearsal of it, is no news here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from decom.clock import SystemClock
from decom.errors import BadInput, Locked
from decom.ledger.lock import workspace_locked
from decom.workflow import history
from decom.workflow.history import NumberDetails
from decom.workflow.workspace import workspace_of
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of, outcomes
from tests.in_process import Desk, interrupted, trouble_of
from tests.service.server import Sandbox
from tests.service.world import World

Start = Callable[..., Sandbox]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def account(seed: int = 1, key: str = "first:secret") -> World:
    world = World.made_up(seed=seed, numbers=60)
    world.key = key
    return world


def test_a_rehearsal_on_staging_makes_no_row_of_production_missing(start_sandbox: Start, desk: Desk):
    """The same IDs, the same key, another base URL: released there is not released here."""
    staging, production = start_sandbox(account()), start_sandbox(account())
    chosen = ids(production.world.releasable)[:3]
    numbers = input_of(desk.folder, chosen)
    planned = desk.plan(production, numbers)
    assert desk.run(staging, numbers).exit_code == 0

    finished = desk.release(production, planned.plan.head.run_id)

    assert finished.exit_code == 0
    assert outcomes(finished.folder) == {"released": 3}
    assert set(production.removed) == set(chosen)


def test_a_list_that_was_released_in_one_workspace_is_not_explained_in_another(start_sandbox: Start, desk: Desk):
    """One service, two keys: that the first one's list was released there explains nothing here."""
    sandbox = start_sandbox(account())
    chosen = ids(sandbox.world.releasable)[:3]
    numbers = input_of(desk.folder, chosen)
    assert desk.run(sandbox, numbers).exit_code == 0
    sandbox.world.key = "second:secret"

    planned = desk.plan(sandbox, numbers)

    assert planned.refusal is not None and planned.refusal.where == "max_missing"
    assert set(planned.plan.rows["evidence"]) == {"plan"}
    sandbox.world.key = "first:secret"
    again = desk.plan(sandbox, numbers)
    assert again.refusal is None
    assert {word.split(":")[0] for word in again.plan.rows["evidence"]} == {"earlier_run"}


def test_what_another_run_of_this_workspace_released_is_still_its(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[:3])
    planned = desk.plan(sandbox, numbers)
    other = desk.run(sandbox, numbers)
    finished = desk.release(sandbox, planned.plan.head.run_id)
    assert {row["evidence"] for row in audit_rows(finished.folder)} == {f"earlier_run:{other.audit.run_id}"}


# --- Which run is gone on with ----------------------------------------------------------------------------------


def test_the_latest_interrupted_run_is_the_latest_of_this_workspace(start_sandbox: Start, desk: Desk):
    here, elsewhere = start_sandbox(account()), start_sandbox(account(seed=2))
    ours = interrupted(desk, here, input_of(desk.folder, ids(here.world.releasable)[:3]), after=1)
    interrupted(desk, elsewhere, input_of(desk.folder, ids(elsewhere.world.releasable)[:3]), after=1)
    assert desk.run(here, input_of(desk.folder, ids(here.world.releasable)[5:6])).exit_code == 0

    finished = desk.resume(here)

    assert finished.audit.run_id == ours and finished.exit_code == 0
    assert len(elsewhere.removed) == 1
    [said] = desk.said
    assert said.startswith(f"Continuing run {ours} of numbers.csv, planned at ")
    nothing = trouble_of(lambda: desk.resume(here))
    assert (nothing.exit_code, nothing.what) == (
        2,
        "no run of this workspace was interrupted, so there is nothing to resume",
    )


def test_a_run_of_another_workspace_is_not_resumed_though_it_is_named(start_sandbox: Start, desk: Desk):
    sandbox, other = start_sandbox(account()), account(seed=2, key="second:secret")
    run_id = interrupted(desk, sandbox, input_of(desk.folder, ids(sandbox.world.releasable)[:4]), after=1)
    moved_to(sandbox, other)

    refused = trouble_of(lambda: desk.resume(sandbox, run_id))

    assert refused.exit_code == 5 and "another workspace's key" in refused.what
    assert "this key sees 0 of 3 numbers that should still be there; 3 are needed" in refused.what
    assert len(desk.asked) == 1 and len(deletes(sandbox)) == 1


def moved_to(sandbox: Sandbox, other: World) -> None:
    """From now on the server answers for another workspace, at the same address."""
    sandbox.world.key, sandbox.world.numbers = other.key, other.numbers
    sandbox.world.put_back(sandbox.world.take_away(next(iter(other.numbers))))


# --- A key that was replaced ------------------------------------------------------------------------------------


def test_a_new_key_that_sees_what_the_plan_saw_carries_it_out(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    chosen = ids(sandbox.world.releasable)[:5]
    planned = desk.plan(sandbox, input_of(desk.folder, chosen))
    sandbox.world.key = "second:secret"
    finished = desk.release(sandbox, planned.plan.head.run_id)
    assert finished.exit_code == 0 and set(sandbox.removed) == set(chosen)
    assert desk.verify(sandbox, finished.audit.run_id).exit_code == 0


def test_a_new_key_goes_on_with_a_run_and_remembers_what_the_old_one_released(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[:5])
    run_id = interrupted(desk, sandbox, numbers, after=2)
    sandbox.world.key = "second:secret"
    assert desk.resume(sandbox, run_id).exit_code == 0
    again = desk.plan(sandbox, numbers)
    assert again.refusal is None
    assert set(again.plan.rows["evidence"]) == {f"earlier_run:{run_id}"}


@pytest.mark.parametrize("left", [1, 2])
def test_where_few_numbers_are_left_all_of_them_are_proof_enough(start_sandbox: Start, desk: Desk, left: int):
    sandbox = start_sandbox(account())
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[: left + 1])
    run_id = interrupted(desk, sandbox, numbers, after=1)
    sandbox.world.key = "second:secret"
    assert desk.resume(sandbox, run_id).exit_code == 0


def test_an_id_that_means_another_number_refutes_a_new_key(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    planned = desk.plan(sandbox, input_of(desk.folder, ids(sandbox.world.releasable)[:5]))
    sandbox.world.key = "second:secret"
    first = planned.plan.releases()[0]
    sandbox.world.reassign(first.number_id or "", "+14155550199")
    refused = trouble_of(lambda: desk.release(sandbox, planned.plan.head.run_id))
    assert refused.exit_code == 5
    assert f"{first.number_id} is +14155550199 with this key, and {first.phone_number} in the plan" in refused.what
    assert deletes(sandbox) == []


def test_where_nothing_is_left_to_prove_a_new_key_only_the_workspaces_name_helps(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    run_id = desk.run(sandbox, input_of(desk.folder, ids(sandbox.world.releasable)[:3])).audit.run_id
    sandbox.world.key = "second:secret"
    refused = trouble_of(lambda: desk.verify(sandbox, run_id))
    assert "none of the plan's numbers is left to prove" in refused.what
    assert refused.remedy is not None
    variable, _, name = refused.remedy.rpartition(" ")[2].partition("=")
    assert desk.verify(sandbox, run_id, **{variable: name}).exit_code == 0


def test_numbers_that_the_plan_leaves_on_the_account_prove_a_new_key_too(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    chosen = [*ids(sandbox.world.releasable)[:2], *ids(sandbox.world.held_openly)[:1]]
    run_id = desk.run(sandbox, input_of(desk.folder, chosen)).audit.run_id
    sandbox.world.key = "second:secret"
    assert desk.verify(sandbox, run_id).exit_code == 0


def test_the_old_key_is_locked_out_while_the_new_one_works(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    planned = desk.plan(sandbox, input_of(desk.folder, ids(sandbox.world.releasable)[:3]))
    sandbox.world.key = "second:secret"
    locked: list[str] = []

    def try_both() -> None:
        for name in (planned.plan.head.workspace, workspace_of(desk.settings(sandbox))):
            with pytest.raises(Locked), workspace_locked(desk.home, name, "another", SystemClock()):
                """Never entered."""
            locked.append(name)

    desk.before_leave = try_both
    assert desk.release(sandbox, planned.plan.head.run_id).exit_code == 0
    assert len(set(locked)) == 2


def test_once_proved_both_names_are_locked_by_every_run_of_either_key(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    chosen = ids(sandbox.world.releasable)
    planned = desk.plan(sandbox, input_of(desk.folder, chosen[:3]))
    sandbox.world.key = "second:secret"
    desk.release(sandbox, planned.plan.head.run_id)

    def try_the_old_one() -> None:
        with pytest.raises(Locked), workspace_locked(desk.home, planned.plan.head.workspace, "another", SystemClock()):
            """Never entered."""

    desk.before_leave = try_the_old_one
    assert desk.run(sandbox, input_of(desk.folder, chosen[3:4])).exit_code == 0
    assert len(desk.asked) == 2


def test_a_workspace_that_is_named_needs_no_proof(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[:3])
    planned = desk.plan(sandbox, numbers, DECOM_WORKSPACE="production")
    sandbox.world.key = "second:secret"
    before = len(sandbox.log)
    finished = desk.release(sandbox, planned.plan.head.run_id, DECOM_WORKSPACE="production")
    assert finished.exit_code == 0
    first = sandbox.log[before].target
    assert first.startswith("/v1/organization-phone-numbers?"), "the look just before, and no look at single numbers"
    assert planned.plan.head.workspace != workspace_of(desk.settings(sandbox))


# --- What is told of a number -----------------------------------------------------------------------------------


def test_a_numbers_life_is_told_of_the_workspace_that_is_asked_for(start_sandbox: Start, desk: Desk):
    staging, production = start_sandbox(account()), start_sandbox(account())
    chosen = ids(production.world.releasable)[0]
    numbers = input_of(desk.folder, [chosen])
    rehearsal = desk.run(staging, numbers).audit.run_id
    planned = desk.plan(production, numbers).plan.head.run_id

    def told(*sandboxes: Sandbox) -> list[tuple[str, str]]:
        ours = [(workspace_of(desk.settings(each)), each.base_url) for each in sandboxes]
        picture = history.show(desk.home, chosen, ours[0] if len(ours) > 0 else None)
        assert isinstance(picture, NumberDetails)
        return list(dict.fromkeys((moment.run_id, moment.workspace) for moment in picture.moments))

    of_staging, of_production = (workspace_of(desk.settings(each)) for each in (staging, production))
    assert told(staging) == [(rehearsal, of_staging)]
    assert told(production) == [(planned, of_production)]
    assert told() == [(rehearsal, of_staging), (planned, of_production)]
    with pytest.raises(BadInput, match="another workspace"):
        history.show(desk.home, chosen, ("ws-000000000000", production.base_url))
