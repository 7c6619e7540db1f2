"""A command that was forked for a test is what one is that was started: what it inherits, says and ends with."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.started import COMMAND, OURS, READ_WHEN_NEEDED, Forked, can_be_forked

RECORDED = """
import os, sysconfig
sysconfig.get_config_vars()  # where Python is installed: it has a look at HOME, and all processes share the answer
read = set()
get, names = os._Environ.__getitem__, os._Environ.__iter__
os._Environ.__getitem__ = lambda self, name: read.add(name) or get(self, name)
os._Environ.__iter__ = lambda self: read.add("all of them") or names(self)
from tests import fork_server
fork_server.load_everything()
print(*sorted(read), sep="\\n")
"""


@pytest.fixture
def alone(tmp_path: Path) -> Command:
    return Command(tmp_path, {"DECOM_HOME": str(tmp_path / "home")})


def test_no_import_reads_a_variable_in_which_a_forked_command_may_differ() -> None:
    root = Path(__file__).parents[1]
    ran = subprocess.run([sys.executable, "-c", RECORDED], cwd=root, capture_output=True, text=True, check=True)
    read = ran.stdout.splitlines()
    assert "FORCE_COLOR" in read  # structlog does: it can be seen
    assert [name for name in read if name.startswith(OURS) or name.upper() in (*READ_WHEN_NEEDED, "ALL OF THEM")] == []


@pytest.mark.parametrize("name", ["FORCE_COLOR", "NO_COLOR", "PYTHONIOENCODING", "LC_ALL", "PATH", "_DECOM_COMPLETE"])
def test_an_environment_that_an_import_may_read_is_given_to_a_true_start(name: str, alone: Command) -> None:
    here = {**os.environ, **alone.environment, "DECOM_RATE": "none", "HOME": "/", "COLUMNS": "100"}
    assert can_be_forked(here)
    assert not can_be_forked(here | {name: "1"})


def truly(command: Command, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    ended = subprocess.run(
        [*COMMAND, *arguments],
        cwd=command.folder,
        env={**os.environ, **command.environment},
        input=stdin,
        capture_output=True,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize(
    "arguments", [("--help",), ("runs", "--json"), ("plan", "no-such.csv"), ("pln",), ("doctor",), ("plan", "-")]
)
def test_it_says_and_ends_with_what_a_true_start_does(arguments: tuple[str, ...], alone: Command) -> None:
    ran = alone(*arguments, stdin=b"id\xff\r\n")
    assert (ran.code, ran.out.encode(), ran.err.encode()) == truly(alone, *arguments, stdin=b"id\xff\r\n")


def test_it_has_the_folder_the_descriptors_and_the_handlers_that_a_true_start_has(alone: Command) -> None:
    found = []
    for start in (Forked, subprocess.Popen):
        words = ["sandbox", "--json"] if start is Forked else [*COMMAND, "sandbox", "--json"]
        with start(
            words,
            cwd=alone.folder,
            env={**os.environ, **alone.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None and process.stdout.readline().startswith(b"{")
            found.append(state_of(process.pid))
            assert process.poll() is None
            process.kill()
        assert process.returncode == -signal.SIGKILL
    assert found[0] == found[1]
    assert found[0]["cwd"] == str(alone.folder)


def state_of(pid: int) -> dict[str, str]:
    """What the system knows of a process, but for what no two have alike."""
    process = Path("/proc", str(pid))
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    kept = ("Umask", "Threads", "SigBlk", "SigIgn", "SigCgt")
    opened = sorted(str(link.readlink()).partition("[")[0] for link in (process / "fd").iterdir())
    files = {"cwd": str((process / "cwd").readlink()), "open": " ".join(opened)}
    return files | {name: status[name].strip() for name in kept}


def test_two_at_once_are_two_processes_and_each_gets_its_own_end(alone: Command) -> None:
    with alone.begun("sandbox", "--json") as one, alone.begun("sandbox", "--json") as other:
        assert one.pid != other.pid
        for process in (one, other):
            assert process.stdout is not None and process.stdout.readline() != b""
        one.send_signal(signal.SIGTERM)
        assert one.wait(30) == 0
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.1)
        other.kill()
        assert other.wait(30) == -signal.SIGKILL
