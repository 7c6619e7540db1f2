"""One run a workspace. In: home, workspace, run ID. Out: the lock, held until the block ends; or Locked is raised.

The lock is the kernel's, on an open file: it is free after any kind of death, and no child process inherits it.
Who holds it stands in a file beside it, which is information and not the lock.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from decom.clock import Clock, iso
from decom.errors import LedgerTrouble, Locked
from decom.private_files import private_folder, written_whole


@contextmanager
def workspace_locked(home: Path, workspace: str, run_id: str, clock: Clock) -> Iterator[None]:
    """Hold the workspace's lock.

    Raises Locked, naming the holder's PID, start and run, where it is taken; LedgerTrouble where the home refuses it
    (read-only, full); BadSettings where the home cannot be trusted.
    """
    private_folder(home)
    holder = home / f"{workspace}.holder.json"
    lock = FileLock(home / f"{workspace}.lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise Locked(
            f"another run works on this workspace: {_holder(holder)}",
            where=str(home),
            remedy="Wait for it to end, or stop it with SIGTERM: it then finishes what is in flight and reports.",
        ) from None
    except OSError as error:
        raise _not_taken(home, error) from error
    try:
        _sign(holder, run_id, clock)
        yield
    finally:
        with suppress(OSError):  # what it says is no lock: whoever finds it asks the kernel first
            holder.unlink(missing_ok=True)
        lock.release()


def _sign(holder: Path, run_id: str, clock: Clock) -> None:
    facts = {"pid": os.getpid(), "since": iso(clock.now()), "run_id": run_id}
    try:
        with written_whole(holder) as stream:
            stream.write(json.dumps(facts).encode())
    except OSError as error:
        raise _not_taken(holder.parent, error) from error


def _not_taken(home: Path, error: OSError) -> LedgerTrouble:
    return LedgerTrouble(
        f"the lock cannot be taken: {error.strerror or error}",
        where=str(home),
        remedy="Free the disk, mend the rights of this folder, or name another home with --home.",
    )


def _holder(path: Path) -> str:
    """Who holds the lock, in words; the file may be a moment behind the lock itself."""
    try:
        facts = json.loads(path.read_bytes())
        return f"process {facts['pid']}, since {facts['since']}, run {facts['run_id']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has just begun"
