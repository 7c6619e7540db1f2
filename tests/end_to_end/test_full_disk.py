"""A disk that takes nothing any more, before, while and after releases are sent: what is said, and what is lost.

The kernel's own limit on the size of files stands for the disk: it needs no rights, and refuses as a full disk does.
"""

import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from decom.ledger.schema import FILE
from decom.ledger.writer import BALLAST, BALLAST_BYTES
from tests.conftest import Command, Ran
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of, outcomes, released
from tests.service.hooks import when
from tests.service.server import Sandbox
from tests.service.world import World


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(World.made_up(numbers=100))


def fill_the_disk(pid: int, most: int = 4096) -> None:
    """From now on that process can make no file longer than this, in bytes."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


Filling = Callable[[Sandbox, int], None]


def with_room_for(most: int) -> Filling:
    return lambda sandbox, pid: fill_the_disk(pid, most)


def when_released(nth: int) -> Filling:
    """When that DELETE has just been carried out, and its answer is still on its way."""

    def begin(sandbox: Sandbox, pid: int) -> None:
        sandbox.on_phase = when("applied", nth, lambda: fill_the_disk(pid))

    return begin


def ran_on_a_disk_that_fills(sandbox: Sandbox, decom: Command, filling: Filling, *arguments: object) -> Ran:
    with decom.begun(*arguments) as process:
        filling(sandbox, process.pid)
        out, err = process.communicate(timeout=60)
    sandbox.on_phase = None
    return Ran(process.returncode, out.decode(), err.decode())


ADVICE = ("decom resume", "decom release", "decom report")


@pytest.mark.parametrize("room", [0, 2_000, 20_000])
def test_while_planning_it_is_exit_4_and_no_run_is_named_that_does_not_exist(
    room: int, sandbox: Sandbox, decom: Command
) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:20])
    ran = ran_on_a_disk_that_fills(sandbox, decom, with_room_for(room), "run", numbers, "--execute", "--yes")
    assert ran.code == 4, ran.err
    assert "Free the disk" in ran.err and "run the same command again" in ran.err and "iB free)" in ran.err
    assert all(word not in ran.err for word in ("Traceback", *ADVICE))
    assert not decom.output.exists() or list(decom.output.iterdir()) == []
    assert deletes(sandbox) == []
    assert "No runs" in decom("runs").out


def test_before_the_first_release_it_is_exit_4_and_nobody_is_told_to_release(sandbox: Sandbox, decom: Command) -> None:
    """The plan finds room, and the reserve that a run lays down before it begins does not."""
    command = ("run", input_of(decom.folder, ids(sandbox.world.releasable)[:5]), "--execute", "--yes")
    ran = ran_on_a_disk_that_fills(sandbox, decom, with_room_for(BALLAST_BYTES - 1), *command)
    assert ran.code == 4, ran.err
    assert "the ledger could not be written" in ran.err and "iB free)" in ran.err
    assert "Free the disk, then run the same command again." in ran.err
    assert all(word not in ran.err for word in ("Traceback", "not carried out", *ADVICE))
    assert deletes(sandbox) == []
    assert decom("release", decom.run_folder().name, "--yes").code == 0


def test_where_only_the_runs_folder_takes_nothing_it_is_exit_4_before_the_first_release(
    sandbox: Sandbox, decom: Command
) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:5])
    assert decom("plan", numbers).code == 0
    ran = ran_on_a_disk_that_fills(sandbox, decom, with_room_for(1), "release", decom.run_folder().name, "--yes")
    assert ran.code == 4, ran.err
    assert "iB free)" in ran.err and "Free the disk, then run the same command again." in ran.err
    assert all(word not in ran.err for word in ("Traceback", *ADVICE))
    assert deletes(sandbox) == []


def test_in_mid_run_it_is_exit_4_and_resume_goes_on_when_there_is_room(sandbox: Sandbox, decom: Command) -> None:
    chosen = ids(sandbox.world.releasable)[:8]
    command = ("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "1")
    ran = ran_on_a_disk_that_fills(sandbox, decom, when_released(3), *command)
    run_id = decom.run_folder().name
    assert ran.code == 4, ran.err
    assert f"Free the disk, then type: decom resume {run_id}" in ran.err
    assert all(word not in ran.err for word in ("Traceback", "decom release", "decom report", "another home"))
    assert len(deletes(sandbox)) == 3
    assert [line for line in ran.err.splitlines() if "outcome_not_durable" in line and "applied" in line] != []

    resumed = decom("resume", "--yes")
    assert resumed.code == 0, resumed.err
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)
    assert len(deletes(sandbox)) == 8


def test_a_run_keeps_a_reserve_and_where_even_that_does_not_help_its_end_is_on_record(
    sandbox: Sandbox, decom: Command
) -> None:
    """The third intent finds no room; the smaller record of the run's end still does."""
    chosen = ids(sandbox.world.releasable)[:6]
    decom("plan", input_of(decom.folder, chosen))
    run_id = decom.run_folder().name
    with closing(sqlite3.connect(decom.home / FILE)) as ledger:
        ledger.execute(
            "CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.kind = 'intent' AND 1 <"
            " (SELECT count(*) FROM entries WHERE kind = 'intent')"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    reserve: list[int] = []
    sandbox.on_phase = when("applied", 2, lambda: reserve.append((decom.home / BALLAST).stat().st_size))
    ran = decom("release", run_id, "--yes", "--concurrency", "1")
    assert ran.code == 4, ran.err
    assert reserve == [BALLAST_BYTES] and not (decom.home / BALLAST).exists()
    assert outcomes(decom.run_folder()) == {"released": 2, "not_attempted": 4}
    evidence = {row["evidence"] for row in audit_rows(decom.run_folder()) if row["outcome"] == "not_attempted"}
    assert evidence == {"stopped:disk"}
    assert "stopped (disk): the ledger could not be written" in decom("show", run_id).out
