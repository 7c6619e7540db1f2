"""The command line, by the installed command: flags, words, exit codes, and output that can never stop the work."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from decom.cli import app
from decom.vocabulary import Outcome
from tests.conftest import Command
from tests.service.hooks import kill, when
from tests.service.server import Sandbox
from tests.service.world import World

ROOT = Path(__file__).parents[1]
COMMANDS = ("plan", "release", "run", "resume", "verify", "report", "runs", "show", "sandbox", "doctor")
HOME = {"--home", "--json", "--quiet", "--no-color"}
FOR_RUNS = HOME | {"--output", "--verbose"}
ASKING = FOR_RUNS | {"--base-url", "--rate"}
ALWAYS = {"--version", "--help"}
READING = {"--column", "--sheet", "--region", "--hidden-rows"}
SELECTING = {"--only", "--exclude", "--limit", "--ignore-column"}
GUARDS = {"--max-release", "--max-share", "--max-missing", "--max-cost", "--protect", "--accept-unchecked"}
RELEASING = ASKING | GUARDS | {"--concurrency", "--window", "--timezone", "--deadline", "--yes"}
FLAGS = {
    "plan": ASKING | READING | SELECTING | GUARDS,
    "release": RELEASING,
    "run": RELEASING | READING | SELECTING | {"--execute"},
    "resume": RELEASING,
    "verify": ASKING,
    "report": FOR_RUNS,
    "runs": HOME,
    "show": HOME | {"--base-url"},
    "doctor": ASKING,
    "sandbox": {"--port", "--numbers", "--generation", "--rate", "--seed", "--json", "--quiet", "--no-color"},
}
COMMON = ASKING | {"--concurrency"}
SHORT = {"--help": "-h", "--quiet": "-q", "--verbose": "-v", "--output": "-o", "--yes": "-y"}
HEAVY = (
    "pandas",
    "numpy",
    "pyarrow",
    "httpx",
    "python_calamine",
    "xlsxwriter",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "phonenumbers",
)


@pytest.fixture
def small(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A made-up account of 60 numbers."""
    return start_sandbox(World.made_up(numbers=60))


@pytest.fixture
def decom(decom_for: Callable[[Sandbox], Command], small: Sandbox) -> Command:
    return decom_for(small)


@pytest.fixture
def alone(tmp_path: Path) -> Command:
    """The command without a service."""
    return Command(tmp_path, {"DECOM_HOME": str(tmp_path / "home")})


def numbers_file(folder: Path, world: World, most: int = 3, name: str = "numbers.csv") -> Path:
    path = folder / name
    path.write_text("number id\n" + "".join(f"{row['id']}\n" for row in world.releasable[:most]))
    return path


def outcomes(decom: Command) -> dict[str, int]:
    with (decom.run_folder() / "audit.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = [row["outcome"] for row in csv.DictReader(stream)]
    return {outcome.value: found.count(outcome) for outcome in Outcome if outcome in found}


def test_help_names_every_command(alone: Command) -> None:
    for arguments in ((), ("--help",)):
        ran = alone(*arguments)
        assert ran.code == 0, ran.err
        listed = re.findall(r"^  ([a-z]+) +\S", ran.out.partition("Commands:")[2], re.M)
        assert sorted(listed) == sorted(COMMANDS)
        assert "..." not in ran.out.partition("Commands:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_takes_exactly_its_flags_and_says_what_each_is_for(command: str, alone: Command) -> None:
    ran = alone(command, "--help")
    assert ran.code == 0, ran.err
    unfolded = re.sub(r"\n {10,}", " ", ran.out)
    lines = re.findall(r"^  (?:(-[a-z]), )?(--[a-z-]+)\b.*?  +(\S.*)$", unfolded, re.M)
    found = {flag for _, flag, _ in lines}
    assert found == FLAGS[command] | ALWAYS
    assert {flag: short for short, flag, _ in lines if short} == {flag: SHORT[flag] for flag in found & {*SHORT}}
    assert all(re.fullmatch(r"[A-Z].*\.( \[(default|env): .*\])?", words) for _, _, words in lines)
    assert not any("key" in flag for flag in found)


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"sandbox"}))
def test_the_flags_that_scripts_give_to_every_command_are_accepted_where_they_have_no_effect(command: str) -> None:
    group = typer.main.get_command(app)
    parameters = group.commands[command].params  # type: ignore[attr-defined]  # a group, as Typer makes of several commands
    assert {option for parameter in parameters for option in parameter.opts} >= COMMON


@pytest.mark.parametrize("arguments", [("--version",), ("plan", "--version"), ("runs", "--version")])
def test_the_version_is_told_anywhere(arguments: tuple[str, ...], alone: Command) -> None:
    assert re.fullmatch(r"decom \d+\.\d+\.\d+\n", alone(*arguments).out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pln", "x.csv"), "Did you mean 'plan'?"),
        (("plan", "x.csv", "--colum", "a"), "Did you mean --column?"),
        (("plan", "x.csv", "--yes"), "--yes"),
        (("plan",), "INPUT"),
        (("release",), "PLAN"),
        (("plan", "x.csv", "y.csv"), "y.csv"),
        (("run", "x.csv", "--key", "canary:key"), "--key"),
    ],
)
def test_a_slip_on_the_command_line_is_2_and_names_the_nearest(
    arguments: tuple[str, ...], words: str, alone: Command
) -> None:
    ran = alone(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert words in ran.err
    assert "--help" in ran.err
    assert len(ran.err.splitlines()) == 2
    assert "canary" not in ran.err
    told = json.loads(alone(*arguments, "--json").out)
    assert (told["exit_code"], told["error"]["kind"]) == (2, "Usage")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("plan", "--help"),
        ("--version",),
        ("runs",),
        ("runs", "--json"),
        ("show", "x"),
        ("pln",),
        ("plan", "--nope"),
    ],
)
def test_what_needs_nothing_heavy_loads_nothing_heavy(arguments: tuple[str, ...], alone: Command) -> None:
    code = (
        "import sys, atexit\n"
        "from decom.cli import main\n"
        f"atexit.register(lambda: print('loaded:', [name for name in {HEAVY!r} if name in sys.modules]))\n"
        f"sys.argv = ['decom', *{arguments!r}]\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **alone.environment},
        cwd=alone.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.endswith("loaded: []\n"), ran.stdout + ran.stderr


def test_a_check_up_makes_no_table_and_loads_what_makes_them_for_nothing(alone: Command) -> None:
    code = (
        "import sys, atexit\n"
        "from decom.cli import main\n"
        "atexit.register(lambda: print('loaded:', [name for name in ('pandas', 'numpy') if name in sys.modules]))\n"
        "sys.argv = ['decom', 'doctor']\n"
        "main()\n"
    )
    environment = {**os.environ, **alone.environment}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=alone.folder, capture_output=True, check=False
    )
    assert ran.stdout.endswith(b"loaded: []\n"), ran.stdout + ran.stderr


def test_a_bug_is_told_without_a_traceback_a_variable_or_its_text(alone: Command) -> None:
    code = (
        "import sys\n"
        "from decom import cli\n"
        "@cli.app.command()\n"
        "def boom() -> None:\n"
        "    key = 'canary:key'\n"
        "    raise RuntimeError(f'it holds {key}')\n"
        "sys.argv = ['decom', 'boom', *sys.argv[1:]]\n"
        "cli.main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=alone.folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "a bug: RuntimeError at" in ran.stderr
    assert "decom resume" in ran.stderr
    assert "Traceback" not in ran.stderr and "canary" not in ran.stderr


def test_a_plan_changes_nothing_and_names_the_next_command_which_works(decom: Command, small: Sandbox) -> None:
    numbers = numbers_file(decom.folder, small.world)
    ran = decom("plan", numbers, "--home", "elsewhere")
    assert ran.code == 0, ran.err
    run_id = decom.run_folder().name
    [told] = re.findall(r"decom (release .*)", ran.out)
    assert told == f"release {run_id} --home elsewhere"
    assert {record.method for record in small.log} == {"GET"}
    released = decom(*told.split(), "--yes")
    assert released.code == 0, released.err
    assert outcomes(decom) == {"released": 3}


def test_data_goes_to_stdout_and_everything_else_to_stderr_as_json_lines(decom: Command, small: Sandbox) -> None:
    ran = decom("run", numbers_file(decom.folder, small.world), "--execute", "--yes")
    assert ran.code == 0, ran.err
    assert "Plan " in ran.out and "Done: run" in ran.out and "audit.csv" in ran.out
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert {"planned", "run_began", "number_settled", "run_ended"} <= {event["event"] for event in events}
    run_id = decom.run_folder().name
    assert {event["run_id"] for event in events} == {run_id}
    assert all(event["time"].endswith("Z") for event in events)


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "{numbers}"),
        ("run", "{numbers}"),
        ("plan", "nothing.csv"),
        ("run", "{numbers}", "--max-release", "1", "--execute", "--yes"),
        ("plan", "{numbers}", "--max-release", "1"),
        ("plan", "{numbers}", "--max-release", "0"),
        ("release", "20261123T185757Z-1a2b3c", "--yes"),
        ("resume",),
        ("verify", "nothing"),
        ("report", "nothing"),
        ("runs",),
        ("show", "nothing"),
        ("doctor",),
    ],
)
def test_with_json_stdout_holds_one_object_with_the_exit_code(
    arguments: tuple[str, ...], decom: Command, small: Sandbox
) -> None:
    numbers = str(numbers_file(decom.folder, small.world))
    ran = decom(*(each.format(numbers=numbers) for each in arguments), "--json")
    found = json.loads(ran.out)
    assert found["exit_code"] == ran.code
    assert ("error" in found) == (ran.code in (2, 5))
    if "error" in found:
        assert set(found["error"]) == {"kind", "what", "where", "remedy"}
        assert found["error"]["what"] in ran.err
    if "--max-release" in arguments and ran.code == 5:
        assert found["counts"]["release"] == 3
        assert found["run_id"] == decom.run_folder().name


def test_quiet_says_nothing_where_all_is_well_and_little_where_it_is_not(decom: Command, small: Sandbox) -> None:
    numbers = numbers_file(decom.folder, small.world)
    for arguments in (("plan",), ("run",), ("run", "--execute", "--yes")):
        ran = decom(*arguments, numbers, "--quiet")
        assert (ran.code, ran.out, ran.err) == (0, "", "")
    held = small.world.held_openly[0]["id"]
    numbers.write_text(f"id\n{held}\n{small.world.releasable[0]['id']}\n")
    ran = decom("run", numbers, "--execute", "--yes", "--quiet", "--max-share", "1")
    assert ran.code == 3
    assert "released 1, conflicted 1" in ran.out
    assert str(decom.run_folder().relative_to(decom.folder)) in ran.out
    assert len(ran.out.splitlines()) <= 6
    assert ran.err == ""
    ran = decom("plan", "nothing.csv", "--quiet")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing.csv" in ran.err


def test_stdin_is_read_where_the_input_is_a_dash(decom: Command, small: Sandbox) -> None:
    text = numbers_file(decom.folder, small.world).read_text()
    ran = decom("plan", "-", "--json", stdin=text)
    assert json.loads(ran.out)["counts"]["release"] == 3


@pytest.mark.parametrize(("name", "numbers"), [("nightly.toml", "to-release.csv"), ("one_off.toml", "numbers.csv")])
def test_the_job_files_that_come_with_it_do_the_job(name: str, numbers: str, decom: Command, small: Sandbox) -> None:
    (decom.folder / "jobs").mkdir()
    job = Path(shutil.copy(ROOT / "jobs" / name, decom.folder / "jobs"))
    numbers_file(job.parent, small.world, name=numbers)
    protected = small.world.releasable[0]["phone_number"]
    (job.parent / "never-release.txt").write_text(f"{protected}  # the front desk\n")
    ran = decom("run", job, "--execute", "--yes")
    assert ran.code == 0, ran.err
    expected = {"released": 2, "protected": 1} if name == "nightly.toml" else {"released": 3}
    assert outcomes(decom) == expected


def test_a_flag_beats_the_job_file(decom: Command, small: Sandbox) -> None:
    job = decom.folder / "Job.TOML"
    job.write_text('[input]\npath = "numbers.csv"\n[guards]\nmax_release = 1\n')
    numbers_file(decom.folder, small.world)
    refused = decom("run", job)
    assert refused.code == 5
    assert "--max-release 3" in refused.err
    assert decom("run", job, "--max-release", "3").code == 0


def test_a_job_file_without_an_input_is_refused(decom: Command) -> None:
    (decom.folder / "job.toml").write_text("[guards]\nmax_release = 1\n")
    ran = decom("run", "job.toml")
    assert ran.code == 2
    assert "job.toml" in ran.err and "[input]" in ran.err


def test_runs_and_show_tell_the_past_without_a_key_and_without_the_service(decom: Command, small: Sandbox) -> None:
    row = small.world.releasable[0]
    assert decom("run", numbers_file(decom.folder, small.world), "--execute", "--yes").code == 0
    offline = Command(decom.folder, {"DECOM_HOME": str(decom.home)})
    run_id = decom.run_folder().name
    assert run_id in offline("runs").out
    [line] = json.loads(offline("runs", "--json").out)["runs"]
    assert (line["status"], line["outcomes"]) == ("done", {"released": 3})
    assert "released 3" in offline("show", run_id).out
    for name in (row["id"], row["phone_number"], row["phone_number"].removeprefix("+")):
        ran = offline("show", name)
        assert ran.code == 0, ran.err
        assert run_id in ran.out and "released" in ran.out
    moments = json.loads(offline("show", row["id"], "--json").out)["moments"]
    assert [moment["run_id"] for moment in moments] == [run_id] * 4


def cut_off(decom: Command, cut: str, *arguments: object) -> int:
    """Run the command with its output cut off in one of the ways in which that happens; the exit code."""
    line = " ".join(decom.arguments(*arguments))
    ways = {
        "reader went away": f"{line} | true; exit ${{PIPESTATUS[0]}}",
        "both closed": f"{line} >&- 2>&-",
        "stdout full": f"{line} >/dev/full",
        "all full": f"{line} >/dev/full 2>&1",
        "ascii": f"PYTHONIOENCODING=ascii LC_ALL=C {line} >/dev/null",
        "stdin closed": f"{line} <&- >/dev/null",
    }
    ended = subprocess.run(
        ["bash", "-c", ways[cut]],
        cwd=decom.folder,
        env={**os.environ, **decom.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ended.returncode


@pytest.mark.parametrize("cut", ["reader went away", "both closed", "stdout full", "all full", "ascii", "stdin closed"])
@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_output_that_cannot_be_written_never_changes_a_run(
    cut: str, flags: tuple[str, ...], decom: Command, small: Sandbox
) -> None:
    (decom.folder / "número.csv").write_text(numbers_file(decom.folder, small.world).read_text())
    assert cut_off(decom, cut, "run", "número.csv", "--execute", "--yes", *flags) == 0
    assert outcomes(decom) == {"released": 3}
    assert decom("verify", decom.run_folder()).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_while_planning_ends_it_with_its_code_and_frees_the_lock(
    number: signal.Signals, code: int, decom: Command, small: Sandbox
) -> None:
    numbers = numbers_file(decom.folder, small.world)
    with decom.begun("run", numbers, "--execute", "--yes") as process:
        small.on_phase = when("arrival", 1, kill(process.pid, number), method="GET")
        _, error = process.communicate(timeout=60)
    small.on_phase = None
    assert process.returncode == code, error
    assert b"Traceback" not in error
    assert small.removed == {}
    assert list(decom.home.glob("*.holder.json")) == []
    assert decom("run", numbers, "--execute", "--yes").code == 0


def test_colours_are_for_terminals_alone(decom: Command) -> None:
    assert "\x1b" not in decom("doctor", FORCE_COLOR="1").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands(shell: str, alone: Command) -> None:
    words = {"COMP_WORDS": "decom pl", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "decom pl"}
    ran = alone(_DECOM_COMPLETE=f"complete_{shell}", _TYPER_COMPLETE_FISH_ACTION="get-args", **words)
    assert "plan" in ran.out
    assert "release" not in ran.out


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str, str]:
    """Stop it; its exit code, and what else it wrote to stdout and stderr."""
    process.send_signal(signal.SIGTERM)
    output, error = process.communicate(timeout=30)
    return process.returncode, output.decode(), error.decode()


def test_the_sandbox_prints_what_to_export_and_serves_until_it_is_stopped(alone: Command) -> None:
    flags = ("--rate", "none", "--numbers", "7", "--generation", "second", "--seed", "3")
    with alone.begun("sandbox", *flags) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode().strip() for _ in range(2)]
        exported: dict[str, Any] = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        assert set(exported) == {"DIALNEXA_BASE_URL", "DIALNEXA_API_KEY"}
        ran = alone("doctor", **exported)
        assert ran.code == 0, ran.err + ran.out
        assert "which has 7" in ran.out and "workflows: can be read" in ran.out
        code, output, error = ended(process)
    assert (code, output) == (0, "")
    assert "Ctrl-C" in error


def test_the_sandbox_says_it_to_scripts_as_one_object(alone: Command) -> None:
    with alone.begun("sandbox", "--json", "--quiet") as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        assert found["base_url"].startswith("http://127.0.0.1:")
        assert ended(process) == (0, "", "")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--rate", "often"), "--rate"),
        (("--numbers", "0"), "--numbers"),
        (("--generation", "third"), "first or second"),
        (("--port", "70000"), "--port"),
    ],
)
def test_a_sandbox_that_cannot_be_is_refused(flags: tuple[str, ...], words: str, alone: Command) -> None:
    ran = alone("sandbox", *flags)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_a_port_that_is_taken_is_told(alone: Command, small: Sandbox) -> None:
    port = small.base_url.rpartition(":")[2].removesuffix("/v1")
    ran = alone("sandbox", "--port", port)
    assert ran.code == 2
    assert f"--port {port}" in ran.err
