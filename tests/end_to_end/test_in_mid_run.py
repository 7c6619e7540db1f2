"""What somebody does to the home or to the run's folder while releases are under way, and what is left of it."""

import json
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable

import pytest

from decom.ledger.schema import FILE
from tests.conftest import Command, Ran
from tests.end_to_end.readings import audit, audit_rows, deletes, ids, input_of, outcomes, released
from tests.service.hooks import when
from tests.service.server import Sandbox
from tests.service.world import World

Meanwhile = Callable[[Command], None]


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(World.made_up(numbers=100))


def run_with(meanwhile: Meanwhile, sandbox: Sandbox, decom: Command, nth: int = 2, numbers: int = 6) -> Ran:
    """A run, one number after the other, in which something happens when the nth is just being released."""
    sandbox.on_phase = when("applied", nth, lambda: meanwhile(decom))
    chosen = input_of(decom.folder, ids(sandbox.world.releasable)[:numbers])
    ran = decom("run", chosen, "--execute", "--yes", "--concurrency", "1")
    sandbox.on_phase = None
    return ran


# --- The run's folder -------------------------------------------------------------------------------------------


def let_others_write(decom: Command) -> None:
    decom.run_folder().chmod(0o777)


def put_a_link_in_its_place(decom: Command) -> None:
    folder = decom.run_folder()
    folder.rename(decom.folder / "elsewhere")
    folder.symlink_to(decom.folder / "elsewhere")


def put_a_file_in_its_place(decom: Command) -> None:
    folder = decom.run_folder()
    shutil.rmtree(folder)
    folder.write_text("not a folder")


SPOILED: list[Meanwhile] = [let_others_write, put_a_link_in_its_place, put_a_file_in_its_place]


@pytest.mark.parametrize("spoil", SPOILED)
def test_where_the_runs_folder_cannot_be_used_any_more_the_report_is_in_the_home(
    spoil: Meanwhile, sandbox: Sandbox, decom: Command
) -> None:
    ran = run_with(spoil, sandbox, decom)
    assert ran.code == 4, ran.err
    folder = decom.output / next(decom.output.iterdir()).name
    reports = decom.home / "reports" / folder.name
    assert str(reports) in ran.err and f"decom report {folder.name}" in ran.err
    assert f"Reports in home/reports/{folder.name}" in ran.out
    assert released(reports) == set(sandbox.removed) and len(sandbox.removed) == 6
    assert audit(reports)["exit_code"] == 4
    assert not any((decom.folder / "elsewhere").glob("audit*"))

    shutil.rmtree(folder) if folder.is_dir() and not folder.is_symlink() else folder.unlink()
    again = decom("report", folder.name)
    assert again.code == 0, again.err
    assert released(folder) == set(sandbox.removed)


def test_where_no_folder_takes_the_report_nothing_is_lost_and_nothing_is_called_unsent(
    sandbox: Sandbox, decom: Command
) -> None:
    def spoil_both(decom: Command) -> None:
        put_a_file_in_its_place(decom)
        (decom.home / "reports").write_text("not a folder")

    ran = run_with(spoil_both, sandbox, decom)
    run_id = next(decom.output.iterdir()).name
    assert ran.code == 4, ran.err
    assert "the reports could not be written" in ran.err and f"decom resume {run_id}" in ran.err
    (decom.home / "reports").unlink()
    (decom.output / run_id).unlink()
    assert decom("resume", run_id, "--yes").code == 0
    assert released(decom.output / run_id) == set(sandbox.removed) and len(sandbox.removed) == 6


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_folder_that_cannot_be_used_is_found_before_anything_is_released(
    spoil: Meanwhile, sandbox: Sandbox, decom: Command
) -> None:
    decom("plan", input_of(decom.folder, ids(sandbox.world.releasable)[:3]))
    run_id = decom.run_folder().name
    spoil(decom)
    ran = decom("release", run_id, "--yes")
    assert ran.code in (2, 5), ran.err
    assert run_id in ran.err
    assert deletes(sandbox) == []


# --- The home ---------------------------------------------------------------------------------------------------


def remove_the_locks(decom: Command) -> None:
    for path in decom.home.glob("*.lock"):
        path.unlink()


def remove_the_ledger(decom: Command) -> None:
    for path in decom.home.glob(f"{FILE}*"):
        path.unlink()


def remove_the_ledgers_log(decom: Command) -> None:
    (decom.home / f"{FILE}-wal").unlink()


def remove_the_home(decom: Command) -> None:
    shutil.rmtree(decom.home)


def move_the_home(decom: Command) -> None:
    decom.home.rename(decom.folder / "moved")


def copy_the_home_by_hard_links(decom: Command) -> None:
    (decom.folder / "copy").mkdir(mode=0o700)
    for path in decom.home.iterdir():
        os.link(path, decom.folder / "copy" / path.name)


def give_back_what_was_moved(decom: Command) -> None:
    (decom.folder / "moved").rename(decom.home)


def remove_the_copy(decom: Command) -> None:
    shutil.rmtree(decom.folder / "copy")


def do_nothing(decom: Command) -> None:
    """It goes on as it is."""


LOSSES: list[tuple[Meanwhile, Meanwhile | None]] = [
    (remove_the_locks, do_nothing),
    (remove_the_ledgers_log, do_nothing),
    (move_the_home, give_back_what_was_moved),
    (copy_the_home_by_hard_links, remove_the_copy),
    (remove_the_ledger, None),
    (remove_the_home, None),
]
"""What is done to the home, and what mends it; None where nothing does."""


@pytest.mark.parametrize(("lose", "mend"), LOSSES)
def test_a_home_that_is_taken_away_stops_the_run_which_reports_what_it_knows(
    lose: Meanwhile, mend: Meanwhile | None, sandbox: Sandbox, decom: Command
) -> None:
    ran = run_with(lose, sandbox, decom)
    assert ran.code == 4, ran.err
    folder = decom.run_folder()
    assert len(deletes(sandbox)) == 2
    assert released(folder) == set(sandbox.removed)
    assert outcomes(folder) == {"released": 2, "not_attempted": 4}
    assert {row["evidence"] for row in audit_rows(folder) if row["outcome"] == "not_attempted"} == {"stopped:home"}
    assert "while it was in use" in ran.err and f"decom resume {folder.name}" in ran.err

    if mend is None:
        assert decom("resume", folder.name, "--yes").code == 5
        assert len(deletes(sandbox)) == 2
    else:
        mend(decom)
        resumed = decom("resume", folder.name, "--yes")
        assert resumed.code == 0, resumed.err
        assert outcomes(folder) == {"released": 6} and len(sandbox.removed) == 6
        assert len(deletes(sandbox)) == 6


def test_a_second_run_after_the_lock_was_removed_asks_no_number_twice(sandbox: Sandbox, decom: Command) -> None:
    chosen = ids(sandbox.world.releasable)[:6]
    command = ("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "1")
    with decom.begun(*command) as process:
        asleep = threading.Event()

        def fall_asleep() -> None:
            process.send_signal(signal.SIGSTOP)
            asleep.set()

        sandbox.on_phase = when("applied", 2, fall_asleep)
        assert asleep.wait(60)
        sandbox.on_phase = None
        remove_the_locks(decom)
        second = decom(*command)
        assert second.code == 0, second.err
        process.send_signal(signal.SIGCONT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 4, error
    assert len(deletes(sandbox)) == len(set(deletes(sandbox))) == 6 == len(sandbox.removed)


# --- Another program at the ledger ------------------------------------------------------------------------------


class OtherProgram:
    """What a person may do with `sqlite3` beside a run: begin to write, and leave it at that."""

    def __init__(self, decom: Command) -> None:
        self.connection = sqlite3.connect(decom.home / FILE, isolation_level=None, check_same_thread=False)

    def begin(self, *, end_after: float | None = None) -> None:
        """Keep the ledger; `end_after` in seconds, None: until `end`."""
        self.connection.execute("BEGIN IMMEDIATE")
        if end_after is not None:
            threading.Timer(end_after, self.end).start()

    def end(self) -> None:
        self.connection.close()


def test_a_ledger_that_another_program_keeps_for_a_while_is_waited_for(sandbox: Sandbox, decom: Command) -> None:
    ran = run_with(lambda decom: OtherProgram(decom).begin(end_after=1.3), sandbox, decom)
    assert ran.code == 0, ran.err
    assert outcomes(decom.run_folder()) == {"released": 6}
    assert len(deletes(sandbox)) == 6
    lines = [json.loads(line) for line in ran.err.splitlines()]
    [busy] = [line for line in lines if line["event"] == "ledger_busy"]
    assert busy["why"] == "it is open in another program"
    assert [line["event"] for line in lines].count("ledger_free") == 1


def test_a_run_that_is_to_stop_does_not_wait_long_for_another_program(sandbox: Sandbox, decom: Command) -> None:
    """And what it knows of the number that was in flight is in the log, and asked for by `resume`."""
    chosen = ids(sandbox.world.releasable)[:6]
    decom("plan", input_of(decom.folder, chosen))
    run_id = decom.run_folder().name
    other = OtherProgram(decom)
    began = threading.Event()

    def keep_it() -> None:
        other.begin()
        began.set()

    sandbox.on_phase = when("applied", 2, keep_it)
    with decom.begun("release", run_id, "--yes", "--concurrency", "1") as process:
        assert began.wait(60)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    error = said.decode()
    assert process.returncode == 143, error
    assert "outcome_not_durable" in error and "another home" not in error
    assert f"Close that program, then type: decom resume {run_id}" in error
    assert len(deletes(sandbox)) == 2
    assert outcomes(decom.run_folder()) == {"released": 1, "unknown": 1, "not_attempted": 4}

    other.end()
    assert decom("resume", run_id, "--yes").code == 0
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)
