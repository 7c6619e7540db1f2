"""Files that nobody else can read or swap, and that are whole or not there."""

import errno
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decom.errors import BadSettings
from decom.files import atomic_write, check_room, in_words, is_full, private_dir, sync_folder


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever the machine's user has set."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# --- Folders ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("umask")
def test_a_new_folder_and_its_new_parents_are_ours_alone_whatever_the_umask(tmp_path: Path):
    made = private_dir(tmp_path / "one" / "two" / "three")
    assert made == tmp_path / "one" / "two" / "three" and made.is_dir()
    assert [mode(tmp_path / place) for place in ("one", "one/two", "one/two/three")] == [0o700] * 3


@pytest.mark.parametrize("rights", [0o700, 0o755, 0o500, 0o711])
def test_a_folder_of_ours_that_is_there_is_taken_as_it_is(tmp_path: Path, rights):
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(rights)
    assert private_dir(folder) == folder
    assert mode(folder) == rights


@pytest.mark.parametrize("rights", [0o777, 0o770, 0o702, 0o720, 0o1777])
def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path, rights):
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(rights)
    with pytest.raises(BadSettings) as refused:
        private_dir(folder)
    assert refused.value.what == "others may write in this folder" and refused.value.where == str(folder)
    assert f"chmod 700 '{folder}'" in (refused.value.remedy or "")


def test_a_folder_of_someone_else_is_refused(tmp_path: Path):
    folder = Path("/usr")  # root's, and everybody else's is what root can make it
    if os.geteuid() == 0:
        folder = tmp_path / "home"
        folder.mkdir(mode=0o700)
        os.chown(folder, 12_345, -1)
    with pytest.raises(BadSettings, match="this folder belongs to another user"):
        private_dir(folder)


def test_a_link_to_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "home").symlink_to(tmp_path / "real")
    with pytest.raises(BadSettings, match="this is a symbolic link, and links are not followed"):
        private_dir(tmp_path / "home")


@pytest.mark.parametrize("place", ["file", "file/below", "dangling", "dangling/below", "x" * 300, "loop", "loop/below"])
def test_what_cannot_be_made_is_refused_with_its_place(tmp_path: Path, place):
    (tmp_path / "file").write_bytes(b"theirs")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(BadSettings) as refused:
        private_dir(tmp_path / place)
    assert refused.value.where == str(tmp_path / place) and refused.value.remedy is not None
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "file").read_bytes() == b"theirs"


def test_a_folder_is_made_once(tmp_path: Path):
    folder = private_dir(tmp_path / "home")
    (folder / "kept").write_bytes(b"x")
    assert private_dir(folder) == folder and (folder / "kept").exists()


def test_a_relative_folder_is_made_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert private_dir(Path("runs") / "one") == Path("runs/one")
    assert private_dir(Path()) == Path()
    assert mode(tmp_path / "runs") == 0o700


# --- Files ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("umask")
def test_a_file_is_ours_alone_whatever_the_umask(tmp_path: Path):
    with atomic_write(tmp_path / "plan.json") as stream:
        stream.write(b"{}")
    assert mode(tmp_path / "plan.json") == 0o600
    assert (tmp_path / "plan.json").read_bytes() == b"{}"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_nobody_sees_the_file_before_it_is_whole(tmp_path: Path):
    path = tmp_path / "audit.csv"
    path.write_bytes(b"old")
    with atomic_write(path) as stream:
        stream.write(b"new" * 100_000)
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new" * 100_000


def test_the_stream_can_be_rewound_and_read(tmp_path: Path):
    with atomic_write(tmp_path / "audit.xlsx") as stream:
        stream.write(b"abc")
        stream.seek(0)
        assert stream.read() == b"abc"
        stream.seek(1)
        stream.write(b"X")
    assert (tmp_path / "audit.xlsx").read_bytes() == b"aXc"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, OSError])
def test_after_any_error_all_is_as_it_was(tmp_path: Path, error):
    (tmp_path / "audit.csv").write_bytes(b"old")

    def write() -> None:
        with atomic_write(tmp_path / "audit.csv") as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(error):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]
    assert (tmp_path / "audit.csv").read_bytes() == b"old"


def test_a_link_in_the_files_place_is_replaced_and_not_followed(tmp_path: Path):
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "plan.json").symlink_to(tmp_path / "theirs")
    with atomic_write(tmp_path / "plan.json") as stream:
        stream.write(b"ours")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert not (tmp_path / "plan.json").is_symlink() and (tmp_path / "plan.json").read_bytes() == b"ours"


@pytest.mark.parametrize("place", ["missing/plan.json", "folder", "file/plan.json"])
def test_where_no_file_can_be_there_is_an_error_and_nothing_else(tmp_path: Path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(OSError), atomic_write(tmp_path / place) as stream:
        stream.write(b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


CHILD = """
import resource, signal, sys
from pathlib import Path
from decom.files import atomic_write

path, mode = Path(sys.argv[1]), sys.argv[2]
if mode == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    with atomic_write(path) as stream:
        stream.write(b"x" * 100_000)
        stream.flush()
        print("half way", flush=True)
        input()
except OSError as error:
    print("refused", error.errno, flush=True)
"""


def child(path: Path, how: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(path), how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_kill_half_way_leaves_the_old_file_or_none(tmp_path: Path, before):
    path = tmp_path / "audit.csv"
    if before is not None:
        path.write_bytes(before)
    with child(path, "kill") as process:
        assert process.stdout is not None and process.stdout.readline() == "half way\n"
        os.kill(process.pid, signal.SIGKILL)
    assert path.exists() is (before is not None)
    assert before is None or path.read_bytes() == before
    left = [each for each in tmp_path.iterdir() if each != path]
    assert [mode(each) for each in left] == [0o600] and left[0].name.startswith(".audit.csv.")
    with atomic_write(path) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_full_disk_leaves_the_old_file_or_none(tmp_path: Path, before):
    path = tmp_path / "audit.csv"
    if before is not None:
        path.write_bytes(before)
    with child(path, "full") as process:
        out, _ = process.communicate("\n", timeout=30)
    assert out.startswith("refused")
    assert list(tmp_path.iterdir()) == ([path] if before is not None else [])
    assert before is None or path.read_bytes() == before


def test_a_folders_entries_can_be_made_durable_and_only_a_folders(tmp_path: Path):
    sync_folder(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was made durable, in order; it is made durable all the same."""
    names: list[str] = []
    make_durable = os.fsync

    def noted(descriptor: int) -> None:
        names.append(Path(f"/dev/fd/{descriptor}").resolve().name)
        make_durable(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return names


def test_a_file_is_durable_before_it_has_its_name_and_its_name_before_it_is_said_to_be_there(
    tmp_path: Path, synced: list[str]
):
    with atomic_write(tmp_path / "plan.json") as stream:
        stream.write(b"{}")
        assert synced == []
    first, second = synced
    assert first.startswith(".plan.json.") and first.endswith(".part")
    assert second == tmp_path.name


def test_a_new_folder_is_durable_in_its_own_folder(tmp_path: Path, synced: list[str]):
    private_dir(tmp_path / "one" / "two")
    assert synced == [tmp_path.name, "one"]
    private_dir(tmp_path / "one" / "two")
    assert len(synced) == 2


def test_room_is_there_or_not_and_nothing_is_left_of_the_question(tmp_path: Path, synced: list[str]):
    check_room(tmp_path)
    assert len(synced) == 1 and list(tmp_path.iterdir()) == []
    tmp_path.chmod(0o777)
    with pytest.raises(BadSettings):
        check_room(tmp_path)


def test_no_descriptor_is_left_open(tmp_path: Path):
    before = open_descriptors()
    for _ in range(5):
        with atomic_write(tmp_path / "plan.json") as stream:
            stream.write(b"x")
    assert open_descriptors() == before


def open_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk quota is used up"), (errno.EFBIG, "File too large")],
)
def test_a_disk_that_takes_no_more_is_called_so_with_what_is_free(tmp_path: Path, number: int, why: str):
    error = OSError(number, os.strerror(number))
    assert is_full(error)
    assert re.fullmatch(rf"{why} \([0-9,]+ [KM]iB free\)", in_words(error, tmp_path / "not" / "there"))
    other = OSError(errno.EACCES, "Permission denied")
    assert not is_full(other) and in_words(other, tmp_path) == "Permission denied"
