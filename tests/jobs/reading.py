"""The job files as their own programs read them: a crontab, a unit, an ignore file, a Dockerfile."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import typer.main

from decom.cli import app
from decom.settings.catalogue import SETTINGS

ROOT = Path(__file__).parents[2]
JOBS = ROOT / "jobs"
VARIABLES = {setting.env for setting in SETTINGS}
RUN = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]  # a group, as Typer makes of several commands
RUN_FLAGS = {option for parameter in RUN.params for option in parameter.opts}


def assert_a_run(arguments: Sequence[str]) -> None:
    """These are arguments that `decom` takes: `run`, a job file, flags of its own, with leave given beforehand."""
    command, job, *flags = arguments
    assert command == "run"
    assert job == "/etc/decom/nightly.toml"
    assert set(flags) <= RUN_FLAGS
    assert {"--execute", "--yes"} <= set(flags)


@dataclass(frozen=True)
class Crontab:
    """What cron takes from a crontab."""

    variables: dict[str, str]
    jobs: list[tuple[list[str], str]]
    """Five fields and a command line each."""


def read_crontab(text: str) -> Crontab:
    """As cron: `NAME = value` without expansion, `#` only at the start of a line, an unescaped % ends the command."""
    found = Crontab({}, [])
    for line in map(str.strip, text.splitlines()):
        assignment = re.fullmatch(r"([A-Za-z_]\w*)\s*=\s*(.*)", line)
        if line == "" or line.startswith("#"):
            continue
        if assignment is not None:
            found.variables[assignment[1]] = assignment[2]
        else:
            *fields, command = line.split(None, 5)
            assert re.search(r"(?<!\\)%", command) is None
            found.jobs.append((fields, command))
    return found


Unit = dict[str, dict[str, list[str]]]
"""Values by section and name, each as often as it stands there."""


def read_unit(text: str) -> Unit:
    """A systemd unit; a name may stand several times, which `configparser` does not take."""
    unit: Unit = {}
    section: dict[str, list[str]] | None = None
    for line in map(str.strip, text.splitlines()):
        if line == "" or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = unit.setdefault(line.strip("[]"), {})
            continue
        name, equals, value = line.partition("=")
        assert equals == "="
        assert section is not None
        section.setdefault(name, []).append(value)
    return unit


def read_dockerfile(text: str) -> list[tuple[str, str]]:
    """Instructions and what they are given, in order; lines that go on are joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n", " ", "\n".join(lines))
    found = []
    for line in filter(None, map(str.strip, whole.splitlines())):
        instruction, _, given = line.partition(" ")
        found.append((instruction, " ".join(given.split())))
    return found


def exec_form(given: str) -> list[str]:
    """`["decom"]`: a process of its own, to which signals come; the other form would be a shell's."""
    words = json.loads(given)
    assert isinstance(words, list)
    return words


def words_of(given: str) -> list[list[str]]:
    """The commands of a RUN, each as its words."""
    return [shlex.split(command) for command in given.split("&&")]


def is_sent(path: str, ignore: str) -> bool:
    """Whether a file of the project goes to the builder, by a `.dockerignore`: the last pattern that fits decides."""
    sent = True
    for pattern in ignore.splitlines():
        if pattern == "" or pattern.startswith("#"):
            continue
        again, bare = pattern.startswith("!"), pattern.removeprefix("!")
        if _fits(path, bare):
            sent = again
    return sent


def _fits(path: str, pattern: str) -> bool:
    parts = path.split("/")
    if pattern.startswith("**/"):
        return any(fnmatch(part, pattern.removeprefix("**/")) for part in parts)
    return fnmatch(parts[0], pattern)
