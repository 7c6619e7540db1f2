"""The README is true: its transcript is what `make run` prints, and every command in it works as written."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import ids, input_of, outcomes
from tests.service.server import Sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def transcript(text: str) -> str:
    """What is the same each time: colours, run IDs, ports and folders taken out, blanks at line ends too."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"\S+/(?=decom )", "", re.sub(r"file://\S*(?=/decom-runs/)", "file://…", text))
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", RUN_ID.sub("RUN", text))
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def blocks(kind: str) -> list[str]:
    """The fenced blocks of a kind, such as `sh`."""
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.M | re.S)


def test_the_transcript_of_make_run_is_what_it_prints(tmp_path: Path) -> None:
    (tmp_path / "jobs").symlink_to(ROOT / "jobs")
    (tmp_path / "input_samples").symlink_to(ROOT / "input_samples")
    decom = tmp_path / "decom"
    decom.write_text(f'#!/bin/sh\nexec "{Command(tmp_path, {}).arguments()[0]}" -m decom "$@"\n')
    decom.chmod(0o755)
    ran = subprocess.run(
        ["bash", "jobs/try_it.sh", decom],
        cwd=tmp_path,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    # What the last line says to type works, though the made-up account is gone.
    typed = ran.stdout.splitlines()[-1].split()
    told = subprocess.run(typed, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0 and RUN_ID.search(told.stdout) is not None, told.stderr
    [shown] = blocks("console")
    assert transcript(ran.stdout) == transcript(shown)


def commands() -> list[str]:
    """Every line of the README's shell and cron blocks that starts decom, without its comment."""
    lines = [line for kind in ("sh", "cron") for block in blocks(kind) for line in block.splitlines()]
    found = [re.sub(r"\s+#.*", "", line) for line in lines]
    return [re.sub(r"^.*?(?=decom )", "", line) for line in found if "decom " in line and "export" not in line]


def test_every_command_of_the_readme_works_as_it_is_written(decom: Command, sandbox: Sandbox) -> None:
    input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    nightly = (ROOT / "jobs" / "nightly.toml").read_text()
    (decom.folder / "nightly.toml").write_text(nightly.replace('protect = "never-release.txt"', ""))
    input_of(decom.folder, ids(sandbox.world.releasable)[3:5], "to-release.csv")
    assert commands() != []
    for command in commands():
        words = command.replace("/etc/decom/", "").split()[1:]
        words = [decom.run_folder().name if RUN_ID.fullmatch(word) else word for word in words]
        confirmed = [*words, "--yes"] if words[0] == "release" else words
        ran = decom(*confirmed)
        assert ran.code == 0, (command, ran.err)
    assert outcomes(decom.run_folder()) == {"released": 2}


@pytest.mark.parametrize("target", ["run", "test", "check", "fast", "fix", "browser", "simulate", "soak", "bench"])
def test_every_make_target_that_the_documents_name_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
