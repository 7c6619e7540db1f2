"""Where a ledger may lie: on a disk of this machine, under one name."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from decom.errors import BadSettings, HomeLost, LedgerTrouble
from decom.ledger.lock import workspace_locked
from decom.ledger.place import NETWORK, FilesInUse, check_place, network_file_system
from decom.ledger.reader import Reader
from decom.ledger.records import Ended, Intent, Kind
from decom.ledger.schema import FILE, open_for_writing
from decom.ledger.writer import Terms, Writer
from tests.ledger.entries import RUN, attempt, released
from tests.quick_clock import QuickClock

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / /srv rw,relatime shared:7 - nfs4 files:/srv rw,vers=4.2
41 40 254:1 / /srv/local rw,relatime - xfs /dev/vdb rw
42 27 0:42 / /mnt/my\\040share rw - cifs //nas/share rw
43 27 0:43 / /home rw - autofs systemd-1 rw
44 43 0:44 / /home rw - fuse.sshfs me@host:/home rw
45 27 0:45 /sub /covered rw - nfs files:/x rw
46 45 254:2 / /covered rw - ext4 /dev/vdc rw
a line that is none
47 27
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", None),
        ("/var/lib/decom", None),
        ("/srv", "nfs4"),
        ("/srv/decom/home", "nfs4"),
        ("/srvother", None),
        ("/srv/local/decom", None),
        ("/srv/locality", "nfs4"),
        ("/mnt/my share/decom", "cifs"),
        ("/home/me/.local/state/decom", "fuse.sshfs"),
        ("/covered/decom", None),
        ("/proc", None),
    ],
)
def test_the_deepest_mount_that_is_not_covered_decides(path: str, kind: str | None) -> None:
    assert network_file_system(Path(path), MOUNTS) == kind


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_every_network_file_system_is_known_by_its_kind(kind: str) -> None:
    mounts = f"1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:9 / /net rw - {kind} there rw\n"
    assert network_file_system(Path("/net/home"), mounts) == kind
    assert network_file_system(Path("/home"), mounts) is None


def test_nothing_is_said_of_what_the_system_does_not_tell(tmp_path: Path) -> None:
    assert network_file_system(Path("/home"), "") is None
    check_place(tmp_path, tmp_path / "no such file")


def test_a_home_on_a_network_file_system_is_refused_in_words_before_it_is_made(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:9 / {tmp_path} rw - nfs4 files:/x rw\n")
    (tmp_path / "link").symlink_to(tmp_path / "homes")
    for home in (tmp_path / "homes" / "new", tmp_path / "link" / "new"):
        with pytest.raises(LedgerTrouble) as refused:
            check_place(home, mounts)
        assert refused.value.exit_code == 2 and refused.value.where == str(home)
        assert "network file system (nfs4)" in refused.value.what and "--home" in (refused.value.remedy or "")
        assert not home.exists()


def test_a_home_behind_links_that_lead_round_and_round_is_refused_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for use in (take_the_lock, write):
        with pytest.raises(BadSettings):
            use(tmp_path / "loop" / "home")
    with Reader(tmp_path / "loop" / "home") as reader:
        assert reader.run_ids() == []


def take_the_lock(home: Path) -> None:
    with workspace_locked(home, "ws-1", RUN, QuickClock()):
        pass


def write(home: Path) -> None:
    open_for_writing(home).close()


def read(home: Path) -> None:
    with Reader(home):
        pass


@pytest.mark.parametrize("do", [take_the_lock, write, read])
def test_whoever_uses_a_home_asks_first_where_it_lies(tmp_path: Path, do: Callable[[Path], None]) -> None:
    write(tmp_path)
    opened: list[str] = []
    watching = True

    def note(event: str, facts: tuple[object, ...]) -> None:
        if watching and event in ("open", "sqlite3.connect"):
            opened.append(str(facts[0]))

    sys.addaudithook(note)  # it cannot be taken away again: it is told when to stop
    do(tmp_path)
    watching = False
    assert opened[0] == "/proc/self/mountinfo" and len(opened) > 1


# --- Under one name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", [write, read])
def test_a_ledger_with_a_second_hard_link_is_refused_whoever_uses_it(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    write(home)
    copy.mkdir(mode=0o700)
    os.link(home / FILE, copy / FILE)
    for either in (home, copy):
        with pytest.raises(LedgerTrouble) as refused:
            use(either)
        assert refused.value.exit_code == 2 and "second hard link" in refused.value.what
    (copy / FILE).unlink()
    use(home)


@pytest.mark.parametrize("use", [write, read])
def test_a_ledger_behind_a_link_is_refused_without_being_opened(tmp_path: Path, use: Callable[[Path], None]) -> None:
    """A pipe would keep whoever opens it waiting for ever."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe")
    (home / FILE).symlink_to(tmp_path / "pipe")
    with pytest.raises(LedgerTrouble, match="symbolic link"):
        use(home)
    (home / FILE).unlink()
    os.mkfifo(home / FILE)
    with pytest.raises(LedgerTrouble, match="it is not a file"):
        use(home)


# --- While it is used -------------------------------------------------------------------------------------------


def test_files_that_stay_what_they_are_are_not_lost(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    watched = FilesInUse([tmp_path / "a"])
    (tmp_path / "a").write_text("longer than before")
    (tmp_path / "b").write_text("another")
    assert watched.lost() is None


@pytest.mark.parametrize(
    ("lose", "words"),
    [
        (lambda path: path.unlink(), "ledger was removed or moved while it was in use"),
        (lambda path: path.rename(path.with_name("x")), "ledger was removed or moved while it was in use"),
        (lambda path: path.with_name("other").replace(path), "ledger was replaced by another file"),
        (lambda path: os.link(path, path.with_name("x")), "ledger was given a second hard link"),
    ],
)
def test_files_that_are_taken_away_are(tmp_path: Path, lose: Callable[[Path], object], words: str) -> None:
    for name in ("ledger", "other"):
        (tmp_path / name).write_text(name)
    watched = FilesInUse([tmp_path / "ledger"])
    lose(tmp_path / "ledger")
    assert (watched.lost() or "").startswith(words)


def test_a_file_that_was_replaced_before_it_was_watched_is_known_by_its_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("")
    with path.open() as opened:
        facts = os.fstat(opened.fileno())
        _new(tmp_path / "other").replace(path)
        assert (FilesInUse([], {path: facts}).lost() or "").startswith("lock was replaced")


def _new(path: Path) -> Path:
    path.write_text("")
    return path


def test_nothing_is_written_into_a_ledger_that_nobody_will_find_but_what_became_of_releases(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with (
        workspace_locked(home, "ws-1", RUN, QuickClock()) as lock,
        Writer(home, RUN, QuickClock(), terms=Terms(locks=(lock,))) as at_work,
        Writer(home, "another run", QuickClock()) as other,
    ):
        at_work.record(Intent("phn_1", 1))
        home.rename(tmp_path / "moved")
        with pytest.raises(HomeLost, match="was removed or moved while it was in use"):
            other.record(Ended(None))
        with pytest.raises(HomeLost):
            at_work.record(Intent("phn_2", 1))
        at_work.record(attempt(1), released())
        kept = vars(Reader)["_rows"](at_work.reading(), "SELECT kind FROM entries ORDER BY seq")
        assert [kind for (kind,) in kept] == [Kind.INTENT, Kind.ATTEMPT, Kind.SETTLED]


def test_a_second_opening_by_one_process_frees_none_of_its_locks(tmp_path: Path) -> None:
    """POSIX frees them all where the file is opened and closed by other means than SQLite's."""
    with closing(open_for_writing(tmp_path)) as first:
        first.execute("SELECT count(*) FROM entries").fetchone()
        open_for_writing(tmp_path).close()
        with Reader(tmp_path) as reader:
            reader.run_ids()
        alone = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode=DELETE')"
        other = subprocess.run(
            [sys.executable, "-c", alone, tmp_path / FILE], capture_output=True, text=True, check=False
        )
        assert "database is locked" in other.stderr
