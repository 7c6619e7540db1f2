"""A home's memory is of one workspace: what was done in another one, or in a rehearsal of it, is no news here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from decom.sandbox.account import World
from decom.sandbox.server import Sandbox
from tests.end_to_end.readings import audit_rows, ids, input_of, outcomes
from tests.in_process import Desk

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
    assert {row.evidence for row in planned.plan.rows} == {"plan"}
    sandbox.world.key = "first:secret"
    again = desk.plan(sandbox, numbers)
    assert again.refusal is None
    assert {row.evidence.split(":")[0] for row in again.plan.rows} == {"earlier_run"}


def test_what_another_run_of_this_workspace_released_is_still_its(start_sandbox: Start, desk: Desk):
    sandbox = start_sandbox(account())
    numbers = input_of(desk.folder, ids(sandbox.world.releasable)[:3])
    planned = desk.plan(sandbox, numbers)
    other = desk.run(sandbox, numbers)
    finished = desk.release(sandbox, planned.plan.head.run_id)
    assert {row["evidence"] for row in audit_rows(finished.folder)} == {f"earlier_run:{other.audit.run_id}"}
