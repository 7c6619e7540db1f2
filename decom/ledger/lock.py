"""One run a workspace. In: home, workspace, run ID. Out: the lock, held until the block ends; or Locked is raised.

The lock is the kernel's, on an open file: it is free after any kind of death, and no child process inherits it.
Who holds it is told by a file beside it, which its writer keeps locked in the same way: a file that a killed run left
behind tells of nobody, whatever process has that run's number by now.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from decom.clock import Clock, iso
from decom.errors import DiskFull, LedgerTrouble, Locked
from decom.files import atomic_write, in_words, is_full, private_dir
from decom.ledger.place import check_place

_ONLY_THE_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Never what a link points at, and no waiting where it is a pipe."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is held."""

    path: Path
    facts: os.stat_result
    """Of the file that is locked, whatever lies under its name by now."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that this process has to itself."""

    run_id: str
    locks: tuple[Held, ...]
    """One for each name of its workspace."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock."""

    pid: int
    since: str
    """ISO 8601 in UTC."""
    run_id: str

    def __str__(self) -> str:
        return f"process {self.pid}, since {self.since}"


@contextmanager
def workspace_locked(home: Path, workspace: str, run_id: str, clock: Clock) -> Iterator[Held]:
    """Hold the workspace's lock.

    Raises Locked, naming the holder's PID, start and run, where it is taken; LedgerTrouble where the home refuses it
    (read-only, full, on a network file system); BadSettings where the home cannot be trusted.
    """
    check_place(home)
    private_dir(home)
    path, record = home / f"{workspace}.lock", home / f"{workspace}.holder.json"
    try:
        descriptor = _locked(path)
    except OSError as error:
        raise _not_taken(home, error) from error
    if descriptor is None:
        raise Locked(
            f"another run is using this workspace: {_in_words(holder_of(record))}",
            where=str(home),
            remedy="Wait for it to end, or stop it with SIGTERM: it finishes the requests in flight and writes its"
            " reports.",
        )
    try:
        with _signed(record, Holder(os.getpid(), iso(clock.now()), run_id)):
            yield Held(path, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def holder_of(record: Path) -> Holder | None:
    """Who wrote that file and holds its lock still; None where nobody does. Disturbs no lock."""
    try:
        descriptor = os.open(record, os.O_RDONLY | _ONLY_THE_FILE)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            with suppress(OSError, ValueError, KeyError, TypeError):
                facts = json.loads(stream.read())
                return Holder(int(facts["pid"]), str(facts["since"]), str(facts["run_id"]))
    return None


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock; None where another one does. Raises OSError."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _ONLY_THE_FILE, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(descriptor, 0o600)
            if _is_under(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # somebody removed it before it was locked: others would lock another file


@contextmanager
def _signed(record: Path, holder: Holder) -> Iterator[None]:
    """The file that names the holder, locked while the block runs."""
    try:
        with atomic_write(record) as stream:
            facts = {"pid": holder.pid, "since": holder.since, "run_id": holder.run_id}
            stream.write(json.dumps(facts).encode())
        descriptor = os.open(record, os.O_RDONLY | _ONLY_THE_FILE)
    except OSError as error:
        raise _not_taken(record.parent, error) from error
    try:
        # Waits for no more than a look of `holder_of`: the workspace's own lock is ours already.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            if _is_under(record, descriptor):
                record.unlink()
        os.close(descriptor)


def _is_under(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        now = path.lstat()
    except FileNotFoundError:
        return False
    then = os.fstat(descriptor)
    return (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)


def _in_words(holder: Holder | None) -> str:
    """The record may be a moment behind the lock itself."""
    return "it has just begun" if holder is None else f"{holder}, run {holder.run_id}"


def _not_taken(home: Path, error: OSError) -> LedgerTrouble:
    what = f"the lock cannot be taken: {in_words(error, home)}"
    if is_full(error):
        return DiskFull(what, where=str(home), remedy="Free the disk, then run the same command again.")
    remedy = "Fix the permissions of this folder, or name another home with --home."
    return LedgerTrouble(what, where=str(home), remedy=remedy)
