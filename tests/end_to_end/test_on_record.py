"""What is released is what was shown, and a report says what was recorded: a ledger that was changed does neither."""

import hashlib
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from decom.ledger.schema import FILE
from tests.conftest import Command
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of, outcomes, released
from tests.ledger.tampering import copied, tamper
from tests.service.hooks import kill, when
from tests.service.server import Sandbox
from tests.service.world import World

OTHER = "UPDATE entries SET body = replace(body, 'conflicted', 'release') WHERE kind = 'row'"
"""What a held number is made into that somebody wants gone."""


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(World.made_up(numbers=100))


def some_numbers(sandbox: Sandbox, decom: Command, count: int = 4) -> Path:
    """A list of releasable numbers, and of one that a campaign holds in row 3."""
    free = ids(sandbox.world.releasable)[:count]
    return input_of(decom.folder, [free[0], ids(sandbox.world.held_openly)[0], *free[1:]])


def killed_run(sandbox: Sandbox, decom: Command, numbers: Path, nth: int = 2) -> str:
    """A run that was killed when its nth number had just been released."""
    with decom.begun("run", numbers, "--execute", "--yes", "--concurrency", "1") as process:
        sandbox.on_phase = when("applied", nth, kill(process.pid, signal.SIGKILL))
        process.communicate(timeout=60)
    sandbox.on_phase = None
    return decom.run_folder().name


# --- Before releases --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chained_anew", [False, True])
@pytest.mark.parametrize("command", ["release", "resume"])
def test_a_row_that_was_changed_since_it_was_shown_is_refused_by_its_number(
    command: str, chained_anew: bool, sandbox: Sandbox, decom: Command
) -> None:
    numbers = some_numbers(sandbox, decom)
    if command == "release":
        decom("plan", numbers)
    else:
        killed_run(sandbox, decom, numbers)
    sent, run_id = len(deletes(sandbox)), decom.run_folder().name
    tamper(decom.home, OTHER, chained_anew=chained_anew)
    ran = decom(command, run_id, "--yes")
    assert ran.code == 5, ran.err
    assert "row 3 of the plan" in ran.err and "decom doctor" in ran.err
    assert len(deletes(sandbox)) == sent


# --- After releases ---------------------------------------------------------------------------------------------


def test_no_report_is_made_of_a_record_that_was_changed(sandbox: Sandbox, decom: Command) -> None:
    decom("run", some_numbers(sandbox, decom), "--execute", "--yes")
    folder = decom.run_folder()
    before = digests(folder)
    tamper(decom.home, "UPDATE entries SET body = replace(body, 'released', 'missing') WHERE kind = 'settled'")
    ran = decom("report", folder.name)
    assert ran.code == 4, ran.err
    assert "of the ledger (settled at 20" in ran.err and "was changed, added or taken out" in ran.err
    assert digests(folder) == before


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_after_a_backup_was_put_back_the_newer_report_stays_and_the_way_back_is_the_documents(
    sandbox: Sandbox, decom: Command, tmp_path: Path
) -> None:
    """As docs/operations.md has it under "Backup and restore"."""
    numbers = some_numbers(sandbox, decom)
    run_id = killed_run(sandbox, decom, numbers)
    decom("plan", numbers)
    planned = decom.run_folder().name
    copied(decom.home, tmp_path / "backup.sqlite3")
    assert decom("resume", run_id, "--yes").code == 3
    folder = decom.output / run_id
    proof, sent = digests(folder), deletes(sandbox)

    decom.home.rename(tmp_path / "damaged")
    decom.home.mkdir(mode=0o700)
    shutil.copy(tmp_path / "backup.sqlite3", decom.home / FILE)

    assert decom("doctor").code == 0
    for command, code in (("resume", 5), ("report", 4)):
        ran = decom(command, run_id, *(["--yes"] if command == "resume" else []))
        assert ran.code == code, ran.err
        assert "the ledger is older than this run's report" in ran.err and str(folder) in ran.err
        assert "plan again" in ran.err
    assert digests(folder) == proof and deletes(sandbox) == sent
    assert released(folder) == set(sandbox.removed)

    again = decom("run", numbers, "--execute", "--yes")
    assert again.code == 3, again.err
    assert outcomes(decom.run_folder()) == {"missing": 4, "conflicted": 1}
    assert deletes(sandbox) == sent and planned != decom.run_folder().name

    (decom.home / FILE).unlink()
    for path in (tmp_path / "damaged").glob(f"{FILE}*"):
        shutil.copy(path, decom.home)
    assert decom("report", run_id).code == 3
    assert released(folder) == set(sandbox.removed)
    assert {row["run_id"] for row in audit_rows(folder)} == {run_id}


def test_a_plan_that_was_carried_out_is_not_carried_out_again_by_an_older_ledger(
    sandbox: Sandbox, decom: Command, tmp_path: Path
) -> None:
    decom("plan", some_numbers(sandbox, decom))
    folder = decom.run_folder()
    copied(decom.home, tmp_path / "backup.sqlite3")
    decom("release", folder.name, "--yes")
    proof, sent = digests(folder), deletes(sandbox)
    for path in decom.home.glob(f"{FILE}*"):
        path.unlink()
    shutil.copy(tmp_path / "backup.sqlite3", decom.home / FILE)
    ran = decom("release", folder.name, "--yes")
    assert ran.code == 5, ran.err
    assert digests(folder) == proof and deletes(sandbox) == sent
