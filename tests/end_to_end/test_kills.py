"""A kill -9 at any instant of a release loses nothing: resumed, the run ends as an undisturbed one would."""

import signal
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit, audit_rows, deletes, ids, input_of, outcomes, released
from tests.service.faults import Rule
from tests.service.hooks import Phase, kill, when
from tests.service.server import Sandbox
from tests.service.world import World


def struck(sandbox: Sandbox, decom: Command, phase: Phase, nth: int, number: int, *arguments: object) -> int:
    """Run the command, and let the server send it a signal at that phase of its nth DELETE. The exit code."""
    with decom.begun(*arguments) as process:
        sandbox.on_phase = when(phase, nth, kill(process.pid, number))
        process.communicate(timeout=60)
    sandbox.on_phase = None
    return process.returncode


@pytest.mark.parametrize("phase", ["arrival", "applied", "answered"])
@pytest.mark.parametrize("nth", [1, 7])
def test_killed_at_any_phase_and_resumed_the_audit_is_what_the_service_removed(
    phase: Phase, nth: int, start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100))
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:12]
    numbers = input_of(decom.folder, chosen)
    command = ("run", numbers, "--execute", "--yes", "--concurrency", "3")
    assert struck(sandbox, decom, phase, nth, signal.SIGKILL, *command) == -signal.SIGKILL

    resumed = decom("resume", "--yes")

    assert resumed.code == 0, resumed.err
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)
    assert outcomes(decom.run_folder()) == {"released": 12}
    assert len(deletes(sandbox)) <= 12 + 3
    assert audit(decom.run_folder())["timing"]["parts"] == 2


def test_a_number_whose_delete_was_applied_when_the_process_died_is_released_and_not_sent_again(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100))
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:3]
    command = ("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "1")
    struck(sandbox, decom, "applied", 2, signal.SIGKILL, *command)
    assert decom("resume", "--yes").code == 0
    assert Counter(deletes(sandbox)).most_common(1)[0][1] == 1
    assert sorted(row["evidence"] for row in audit_rows(decom.run_folder())) == [
        "absent_after_unconfirmed_delete",
        "answered_2xx",
        "answered_2xx",
    ]


@pytest.mark.parametrize(
    ("number", "code", "why"),
    [(signal.SIGTERM, 143, "sigterm"), (signal.SIGINT, 130, "sigint"), (signal.SIGHUP, 129, "sighup")],
)
def test_a_signal_finishes_what_is_in_flight_reports_and_leaves_the_rest_for_resume(
    number: int,
    code: int,
    why: str,
    start_sandbox: Callable[..., Sandbox],
    decom_for: Callable[[Sandbox], Command],
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100))
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:30]
    command = ("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "2")
    assert struck(sandbox, decom, "applied", 5, number, *command) == code
    folder = decom.run_folder()
    assert released(folder) == set(sandbox.removed)
    assert len(deletes(sandbox)) <= 5 + 2
    left = {row["evidence"] for row in audit_rows(folder) if row["outcome"] != "released"}
    assert left == {f"stopped:{why}"}
    assert decom("resume", "--yes").code == 0
    assert released(folder) == set(chosen) == set(sandbox.removed)


def test_a_second_signal_leaves_at_once_and_loses_nothing(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100), faults=[Rule.of("hang_after:30")])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:6]
    arrived = threading.Event()
    sandbox.on_phase = when("applied", 2, arrived.set)
    with decom.begun("run", input_of(decom.folder, chosen), "--execute", "--yes", "--concurrency", "2") as process:
        assert arrived.wait(60)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        while b"stopping" not in process.stderr.readline():
            """Until the first signal was heard."""
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=2)
    assert process.returncode == 143
    sandbox.faults = ()
    assert decom("resume", "--yes").code == 0
    assert released(decom.run_folder()) == set(chosen) == set(sandbox.removed)


def test_a_release_is_claimed_by_one_run_though_another_was_in_doubt_about_it(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    """The first run is killed while its DELETE is lost, a second one releases the number, the first goes on."""
    sandbox = start_sandbox(World.made_up(numbers=100), faults=[Rule.of("drop_before", nth=1)])
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)[:2]
    numbers = input_of(decom.folder, chosen)
    command = ("run", numbers, "--execute", "--yes", "--concurrency", "1")
    struck(sandbox, decom, "arrival", 1, signal.SIGKILL, *command)
    first = decom.run_folder()
    assert decom("run", numbers, "--execute", "--yes").code == 0
    second = decom.run_folder()
    assert released(second) == set(chosen) == set(sandbox.removed)

    assert decom("resume", first.name, "--yes").code == 0

    assert released(first) == set()
    assert {row["evidence"] for row in audit_rows(first)} == {f"earlier_run:{second.name}"}


def test_two_runs_never_work_on_one_workspace_of_a_home_at_the_same_time(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100))
    decom = decom_for(sandbox)
    chosen = ids(sandbox.world.releasable)
    second: list[tuple[int, str]] = []

    def try_another() -> None:
        ran = decom("run", input_of(decom.folder, chosen[10:12], "other.csv"), "--execute", "--yes")
        second.append((ran.code, ran.err))

    # The server waits inside the first run's DELETE, so the first run surely holds its lock meanwhile.
    first = input_of(decom.folder, chosen[:2])
    sandbox.on_phase = None
    with decom.begun("run", first, "--execute", "--yes", "--concurrency", "1") as process:
        sandbox.on_phase = when("arrival", 1, try_another)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    [(code, words)] = second
    assert code == 75
    assert str(process.pid) in words
    assert set(sandbox.removed) == set(chosen[:2])
