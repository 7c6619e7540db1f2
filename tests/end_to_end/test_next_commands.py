"""Every command that is printed to be typed next is typed, as it stands, in the state in which it was printed."""

import json
import os
import re
import shlex
import signal
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.conftest import Command, Ran
from tests.end_to_end.readings import ids, input_of
from tests.end_to_end.test_full_disk import ran_on_a_disk_that_fills, when_released
from tests.on_a_terminal import on_a_terminal
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.hooks import kill, when
from tests.service.server import Sandbox
from tests.service.world import World

ELSEWHERE = ("--home", "an other home")
UNREAD = FaultPlan((Rule.of(Fault("status_before", 501), method="GET", path="/campaigns"),))
"""An error that no second try is for: these tests need not wait."""
EXECUTE = ("--execute", "--yes", "--concurrency", "1")
_TYPED = re.compile(r"decom (?:release|resume|verify|report|show) \S+(?: --[a-z-]+ (?:'[^']*'|[^\s.]+))*")


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(World.made_up(numbers=100))


@pytest.fixture
def decom(decom_for: Callable[[Sandbox], Command], sandbox: Sandbox) -> Command:
    """The command without DECOM_HOME in its environment: a home that is named elsewhere must be named again."""
    command = decom_for(sandbox)
    return replace(command, environment={k: v for k, v in command.environment.items() if k != "DECOM_HOME"})


def advised(text: str) -> list[list[str]]:
    """The commands about a run that a text tells people to type, in words; each once."""
    return [shlex.split(command)[1:] for command in dict.fromkeys(_TYPED.findall(text))]


def numbers(sandbox: Sandbox, decom: Command, count: int = 4) -> str:
    return input_of(decom.folder, ids(sandbox.world.releasable)[:count]).name


def declined(decom: Command, *arguments: object) -> Ran:
    """A command on a terminal, and `no` at its question."""
    variables = {**os.environ, **decom.environment}
    with on_a_terminal(decom.arguments(*arguments), variables, 200, decom.folder) as terminal:
        terminal.until("> ?$")
        terminal.type(b"no\n")
        return Ran(terminal.ended(), terminal.words(), "")


def interrupted(sandbox: Sandbox, decom: Command, number: int, *arguments: object) -> Ran:
    """A run that gets a signal when its second number has just been released."""
    with decom.begun(*arguments) as process:
        sandbox.on_phase = when("applied", 2, kill(process.pid, number))
        out, err = process.communicate(timeout=60)
    sandbox.on_phase = None
    return Ran(process.returncode, out.decode(), err.decode())


def planned(sandbox: Sandbox, decom: Command, *more: str) -> str:
    """A plan that nobody carried out: its run."""
    ran = decom("plan", numbers(sandbox, decom), "--json", *more)
    assert ran.code == 0, ran.err
    return str(json.loads(ran.out)["run_id"])


def killed(sandbox: Sandbox, decom: Command) -> str:
    """A run that was killed half way: its run."""
    interrupted(sandbox, decom, signal.SIGKILL, "run", numbers(sandbox, decom), *EXECUTE)
    return decom.run_folder().name


# --- What is said in each state -----------------------------------------------------------------------------------


def a_plan(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("plan", numbers(sandbox, decom))


def a_plan_in_another_home(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("plan", numbers(sandbox, decom), *ELSEWHERE)


def a_plan_in_the_home_of_a_job_file(sandbox: Sandbox, decom: Command) -> Ran:
    job = decom.folder / "nightly.toml"
    job.write_text(f'[input]\npath = "{numbers(sandbox, decom)}"\n[run]\nhome = "of the job"\n')
    return decom("plan", job)


def a_declined_run(sandbox: Sandbox, decom: Command) -> Ran:
    return declined(decom, "run", numbers(sandbox, decom), "--execute", *ELSEWHERE)


def a_declined_release(sandbox: Sandbox, decom: Command) -> Ran:
    return declined(decom, "release", planned(sandbox, decom))


def a_declined_release_of_what_could_not_be_checked(sandbox: Sandbox, decom: Command) -> Ran:
    sandbox.faults = UNREAD
    decom("plan", numbers(sandbox, decom))
    return declined(decom, "release", decom.run_folder().name, "--accept-unchecked", "campaigns")


def a_declined_resume(sandbox: Sandbox, decom: Command) -> Ran:
    killed(sandbox, decom)
    return declined(decom, "resume")


def a_run_that_got_sigterm(sandbox: Sandbox, decom: Command) -> Ran:
    return interrupted(sandbox, decom, signal.SIGTERM, "run", numbers(sandbox, decom), *EXECUTE, *ELSEWHERE)


def a_release_of_what_could_not_be_checked_that_got_sigterm(sandbox: Sandbox, decom: Command) -> Ran:
    sandbox.faults = UNREAD
    decom("plan", numbers(sandbox, decom))
    command = ("release", decom.run_folder().name, "--yes", "--concurrency", "1", "--accept-unchecked", "campaigns")
    return interrupted(sandbox, decom, signal.SIGTERM, *command)


def a_release_of_a_run_that_was_killed(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("release", killed(sandbox, decom), "--yes")


def a_run_on_a_disk_that_filled_up(sandbox: Sandbox, decom: Command) -> Ran:
    command = ("run", numbers(sandbox, decom), *EXECUTE, *ELSEWHERE)
    return ran_on_a_disk_that_fills(sandbox, decom, when_released(3), *command)


def a_run_that_is_done(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("run", numbers(sandbox, decom), *EXECUTE, *ELSEWHERE)


def a_run_whose_deadline_passed(sandbox: Sandbox, decom: Command) -> Ran:
    sandbox.faults = FaultPlan((Rule.of("latency:0.4"),))
    ran = decom("run", numbers(sandbox, decom, 8), *EXECUTE, "--deadline", "1s")
    sandbox.faults = FaultPlan()
    return ran


def a_report_of_a_run_that_was_killed(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("report", killed(sandbox, decom))


def a_report_of_a_plan(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("report", planned(sandbox, decom))


def a_verification_of_a_plan(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("verify", planned(sandbox, decom, *ELSEWHERE), *ELSEWHERE)


def a_resumption_of_a_plan(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("resume", planned(sandbox, decom, *ELSEWHERE), "--yes", *ELSEWHERE)


SAID: list[tuple[Callable[[Sandbox, Command], Ran], str]] = [
    (a_plan, "release"),
    (a_plan_in_another_home, "release"),
    (a_plan_in_the_home_of_a_job_file, "release"),
    (a_declined_run, "release"),
    (a_declined_release, "release"),
    (a_declined_release_of_what_could_not_be_checked, "release"),
    (a_declined_resume, "resume"),
    (a_run_that_got_sigterm, "resume"),
    (a_release_of_what_could_not_be_checked_that_got_sigterm, "resume"),
    (a_release_of_a_run_that_was_killed, "resume"),
    (a_run_on_a_disk_that_filled_up, "resume"),
    (a_run_whose_deadline_passed, "resume"),
    (a_report_of_a_run_that_was_killed, "resume"),
    (a_run_that_is_done, "verify"),
    (a_report_of_a_plan, "show"),
    (a_verification_of_a_plan, "show"),
    (a_resumption_of_a_plan, "release"),
]


@pytest.mark.parametrize(("state", "name"), SAID, ids=[state.__name__ for state, _ in SAID])
def test_the_next_command_that_is_printed_does_what_it_is_printed_for(
    state: Callable[[Sandbox, Command], Ran], name: str, sandbox: Sandbox, decom: Command
) -> None:
    said = state(sandbox, decom)
    commands = advised(said.out + said.err)
    assert [command[0] for command in commands] == [name], said
    leave = ("--yes",) if name in ("release", "resume") else ()
    typed = decom(*commands[0], *leave)
    assert typed.code == 0, (commands, typed)


# --- Where there is nothing to type -------------------------------------------------------------------------------


def a_plan_beyond_a_limit(sandbox: Sandbox, decom: Command) -> Ran:
    return decom("plan", numbers(sandbox, decom), "--max-release", "1")


def a_resumption_of_a_plan_beyond_a_limit(sandbox: Sandbox, decom: Command) -> Ran:
    decom("plan", numbers(sandbox, decom), "--max-release", "1")
    return decom("resume", decom.run_folder().name, "--yes")


def until_it_is_too_old(decom: Command) -> dict[str, str]:
    """Let a plan of at most one second's life grow old, by commands that change nothing; the setting that says so."""
    made = time.monotonic()
    while time.monotonic() < made + 2.0:  # a plan's time is in whole seconds
        decom("runs")
    return {"DECOM_PLAN_TTL": "1s"}


def a_resumption_of_a_plan_that_is_too_old(sandbox: Sandbox, decom: Command) -> Ran:
    run_id = planned(sandbox, decom)
    return decom("resume", run_id, "--yes", **until_it_is_too_old(decom))


def a_resumption_of_a_run_that_is_too_old(sandbox: Sandbox, decom: Command) -> Ran:
    run_id = killed(sandbox, decom)
    return decom("resume", run_id, "--yes", **until_it_is_too_old(decom))


def a_release_of_a_run_that_is_done(sandbox: Sandbox, decom: Command) -> Ran:
    decom("run", numbers(sandbox, decom), *EXECUTE)
    return decom("release", decom.run_folder().name, "--yes")


NOTHING_TO_TYPE = [
    (a_plan_beyond_a_limit, 5),
    (a_resumption_of_a_plan_beyond_a_limit, 5),
    (a_resumption_of_a_plan_that_is_too_old, 5),
    (a_resumption_of_a_run_that_is_too_old, 4),
    (a_release_of_a_run_that_is_done, 5),
]


@pytest.mark.parametrize(("state", "code"), NOTHING_TO_TYPE, ids=[state.__name__ for state, _ in NOTHING_TO_TYPE])
def test_where_no_command_about_the_run_would_be_accepted_none_is_printed(
    state: Callable[[Sandbox, Command], Ran], code: int, sandbox: Sandbox, decom: Command
) -> None:
    said = state(sandbox, decom)
    assert said.code == code, said
    assert advised(said.out + said.err) == []
    assert re.search(r"[Pp]lan (the same list )?again", said.out + said.err) is not None
