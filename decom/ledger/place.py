"""Where a ledger may lie, and whether it still lies there. In: a home's files. Out: LedgerTrouble, or what was lost.

A file is a ledger's only under one name: SQLite's log and locks go by the name, so that through a link or a second
hard link two programs would write past each other. On a network file system its locks cannot be relied on at all.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from decom.errors import LedgerTrouble

MOUNTS = Path("/proc/self/mountinfo")
"""What is mounted where, as Linux tells it; other systems have no such file."""

NETWORK = frozenset({
    "9p", "afs", "ceph", "cifs", "coda", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3",
    "smbfs", "fuse.ceph", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
})  # fmt: skip
"""The kinds of file systems on which files of several machines meet."""


def network_file_system(path: Path, mounts: str) -> str | None:
    """The kind of the network file system that `path` (absolute, without links) lies on; None where it lies on none.

    `mounts` is the text of `MOUNTS`.
    """
    found, depth = None, -1
    for line in mounts.splitlines():
        mount, separator, source = line.partition(" - ")
        fields = mount.split(" ")
        if separator == "" or len(fields) < 5:
            continue
        point = Path(_unescaped(fields[4]))
        # Of two at the same place the later one covers the earlier.
        if path.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = source.split(" ")[0], len(point.parts)
    return found if found in NETWORK else None


def _unescaped(field: str) -> str:
    """A mount point as it is: blanks and backslashes in it are written as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda digits: chr(int(digits[1], 8)), field)


def check_place(home: Path, mounts: Path = MOUNTS) -> None:
    """Raise LedgerTrouble where the home, which need not be there yet, lies on a network file system."""
    try:
        text = mounts.read_text(errors="surrogateescape")
    except OSError:
        return  # no Linux: nothing tells
    kind = network_file_system(Path(os.path.realpath(home)), text)
    if kind is not None:
        raise LedgerTrouble(
            f"the home is on a network file system ({kind}), where no lock can be relied on",
            where=str(home),
            remedy="Name a home on a disk of this machine with --home. An old home: copy it there while no run works.",
        )


def check_file(path: Path) -> None:
    """Raise LedgerTrouble where `path`, which is there, is no plain file of one name. Never opens it."""
    try:
        facts = path.lstat()
    except OSError as error:
        raise _no_ledger(path, f"it cannot be looked at: {error.strerror}") from error
    if stat.S_ISLNK(facts.st_mode):
        raise _no_ledger(path, "it is a symbolic link, and links are not followed")
    if not stat.S_ISREG(facts.st_mode):
        raise _no_ledger(path, "it is not a file")
    if facts.st_nlink > 1:
        raise _no_ledger(path, "it has a second hard link (a copy made with `cp -al`?), and may be written under both")


def _no_ledger(path: Path, why: str) -> LedgerTrouble:
    return LedgerTrouble(
        f"the ledger cannot be opened: {why}",
        where=str(path),
        remedy="Put a file of its own there (cp -p makes one), or name another home with --home.",
    )


class FilesInUse:
    """Files that must stay what they are: none may be removed, moved, replaced or linked while a run relies on it."""

    def __init__(self, paths: Iterable[Path], known: Mapping[Path, os.stat_result] | None = None) -> None:
        """`known`: facts of files that are open, where those under the name may be others already. Raises OSError."""
        self._then = {path: _identity(path.lstat()) for path in paths}
        self._then |= {path: _identity(facts) for path, facts in (known or {}).items()}

    def lost(self) -> str | None:
        """What became of the first that is not as it was, in words; None where all are."""
        for path, then in self._then.items():
            try:
                facts = path.lstat()
            except OSError:
                return f"{path.name} was removed or moved while it was in use"
            if _identity(facts) != then:
                return f"{path.name} was replaced by another file while it was in use"
            if facts.st_nlink > 1:
                return f"{path.name} was given a second hard link while it was in use"
        return None


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino
