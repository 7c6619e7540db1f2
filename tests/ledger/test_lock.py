"""One run a workspace: across real processes, through every kind of death."""

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from decom.errors import BadSettings, LedgerTrouble, Locked
from decom.ledger.lock import holder_of, workspace_locked
from tests.ledger.entries import RUN
from tests.quick_clock import QuickClock

HOLDER = """
import subprocess, sys
from pathlib import Path
from decom.clock import SystemClock
from decom.errors import Locked
from decom.ledger.lock import workspace_locked

home, run_id, mode = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
try:
    with workspace_locked(home, "ws-1", run_id, SystemClock()):
        if mode == "with a child":
            child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
            print(child.pid, flush=True)
        else:
            print("held", flush=True)
        input()
except Locked:
    print("locked", flush=True)
"""


@contextmanager
def holder(home: Path, mode: str = "alone") -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process that holds the lock until it is told to end, and what it said first."""
    command = [sys.executable, "-c", HOLDER, str(home), RUN, mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def take(home: Path, workspace: str = "ws-1") -> None:
    with workspace_locked(home, workspace, "20261124T000000Z-ffffff", QuickClock()):
        pass


def test_the_second_process_is_told_who_holds_the_lock(tmp_path: Path):
    with holder(tmp_path) as (process, said):
        assert said == "held"
        with pytest.raises(Locked) as refused:
            take(tmp_path)
    assert refused.value.exit_code == 75 and refused.value.where == str(tmp_path)
    assert f"process {process.pid}, since 20" in refused.value.what
    assert refused.value.what.endswith(f"Z, run {RUN}")
    assert "SIGTERM" in (refused.value.remedy or "")


def test_another_workspace_of_the_same_home_is_free(tmp_path: Path):
    with holder(tmp_path) as (_, said):
        assert said == "held"
        take(tmp_path, "ws-2")


def test_of_many_at_once_one_gets_it(tmp_path: Path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path), RUN, "alone"]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        said = [racer.stdout.readline().strip() for racer in racers if racer.stdout is not None]
    finally:
        for racer in racers:
            racer.communicate("\n", timeout=30)
    assert sorted(said) == ["held", "locked", "locked", "locked"]


def test_it_is_free_when_its_block_ends_however_that_ends(tmp_path: Path):
    take(tmp_path)
    with pytest.raises(ZeroDivisionError), workspace_locked(tmp_path, "ws-1", RUN, QuickClock()):
        raise ZeroDivisionError
    take(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ws-1.lock"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_is_free_after_any_kind_of_death(tmp_path: Path, number):
    with holder(tmp_path) as (process, said):
        assert said == "held"
        os.kill(process.pid, number)
        process.wait(30)
        take(tmp_path)


def test_no_child_of_a_dead_holder_keeps_it(tmp_path: Path):
    with holder(tmp_path, "with a child") as (process, child):
        try:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
            os.kill(int(child), 0)  # it lives
            take(tmp_path)
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_who_holds_it_is_known_by_the_kernel_and_not_by_a_number_that_another_process_may_have(tmp_path: Path):
    """In a container the number 1 is always somebody's."""
    record = tmp_path / "ws-1.holder.json"
    with holder(tmp_path) as (process, said):
        assert said == "held"
        found = holder_of(record)
        assert found is not None and (found.pid, found.run_id) == (process.pid, RUN)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    facts = json.loads(record.read_bytes())
    assert holder_of(record) is None
    record.write_text(json.dumps({**facts, "pid": 1}))
    assert holder_of(record) is None
    take(tmp_path)


def test_asking_who_holds_it_keeps_nobody_from_taking_it(tmp_path: Path):
    with workspace_locked(tmp_path, "ws-1", RUN, QuickClock()):
        assert [holder_of(tmp_path / "ws-1.holder.json") is None for _ in range(3)] == [False] * 3
    (tmp_path / "ws-1.holder.json").write_text("{}")
    with (tmp_path / "ws-1.holder.json").open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        take(tmp_path)


def test_a_lock_that_was_removed_is_another_lock_and_its_holders_record_stays(tmp_path: Path):
    with workspace_locked(tmp_path, "ws-1", RUN, QuickClock()) as first:
        (tmp_path / "ws-1.lock").unlink()
        with workspace_locked(tmp_path, "ws-1", "20261124T000000Z-ffffff", QuickClock()) as second:
            assert (first.facts.st_dev, first.facts.st_ino) != (second.facts.st_dev, second.facts.st_ino)
            later = holder_of(tmp_path / "ws-1.holder.json")
            assert later is not None and later.run_id == "20261124T000000Z-ffffff"


def test_the_first_ones_end_does_not_remove_the_record_of_the_second(tmp_path: Path):
    with ExitStack() as second:
        with workspace_locked(tmp_path, "ws-1", RUN, QuickClock()):
            (tmp_path / "ws-1.lock").unlink()
            second.enter_context(workspace_locked(tmp_path, "ws-1", "20261124T000000Z-ffffff", QuickClock()))
        assert holder_of(tmp_path / "ws-1.holder.json") is not None


def test_a_process_cannot_take_it_twice_either(tmp_path: Path):
    with workspace_locked(tmp_path, "ws-1", RUN, QuickClock()):
        with pytest.raises(Locked, match=f"process {os.getpid()}, since 2026-11-23T18:57:57.120Z, run {RUN}"):
            take(tmp_path)
        with pytest.raises(Locked):
            take(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"7", b'{"pid": 7}', b"\xff"])
def test_a_holder_that_is_not_on_record_yet_has_just_begun(tmp_path: Path, content):
    with workspace_locked(tmp_path, "ws-1", RUN, QuickClock()):
        record = tmp_path / "ws-1.holder.json"
        record.unlink()
        if content is not None:
            record.write_bytes(content)
        with pytest.raises(Locked, match="is using this workspace: it has just begun"):
            take(tmp_path)


def test_lock_and_record_are_private_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        with workspace_locked(tmp_path / "home", "ws-1", RUN, QuickClock()):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "home").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"ws-1.lock": 0o600, "ws-1.holder.json": 0o600}


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "elsewhere").write_bytes(b"theirs")
    (tmp_path / "ws-1.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerTrouble, match="the lock cannot be taken"):
        take(tmp_path)
    assert (tmp_path / "elsewhere").read_bytes() == b"theirs"


@pytest.mark.parametrize("name", ["ws-1.lock", "ws-1.holder.json"])
def test_a_folder_in_the_way_is_trouble_and_leaves_the_lock_free(tmp_path: Path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(LedgerTrouble) as refused:
        take(tmp_path)
    assert refused.value.exit_code == 2 and refused.value.remedy is not None
    (tmp_path / name).rmdir()
    take(tmp_path)


def test_a_home_that_cannot_be_trusted_is_refused(tmp_path: Path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o777)
    with pytest.raises(BadSettings):
        take(tmp_path / "home")


def test_trouble_inside_the_block_is_its_own(tmp_path: Path):
    with pytest.raises(FileNotFoundError), workspace_locked(tmp_path, "ws-1", RUN, QuickClock()):
        (tmp_path / "missing").read_bytes()
