"""Bytes in, a private file out: whole or not at all, 0600 in folders of 0700, never through a link.

Raises BadSettings where a folder cannot be trusted, OSError or DiskFull where the disk refuses.
"""

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from decom.errors import BadSettings, DiskFull

_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EFBIG: "File too large"}
"""What the system says where a disk takes no more, in words."""


def is_full(error: BaseException) -> bool:
    """Whether the disk takes no more."""
    return isinstance(error, OSError) and error.errno in _FULL


def in_words(error: OSError, path: Path) -> str:
    """What the system says of a file or folder; where the disk takes no more, also how much of it is free."""
    why = _FULL.get(error.errno or 0, error.strerror or str(error))
    return f"{why} ({free_on_disk(path)})" if is_full(error) else why


def free_on_disk(path: Path) -> str:
    """`72 KiB free`, on the disk of a path that need not be there yet."""
    for there in (path, *path.parents):
        with suppress(OSError):
            free = shutil.disk_usage(there).free
            return f"{free / 1024**2:,.0f} MiB free" if free >= 1024**2 else f"{free // 1024:,} KiB free"
    return "how much is free cannot be asked"


def private_dir(path: Path) -> Path:
    """Make `path` (and its parents) if need be, each 0700 whatever the umask, and return it.

    Raises BadSettings where it is no folder, is a link, belongs to someone else, or may be written by others:
    whoever can write there can swap the files that we are about to trust. Raises DiskFull where there is no room.
    """
    try:
        # Not mkdir's own `parents`: it would leave those to the umask.
        missing = list(takewhile(lambda folder: not folder.exists(), (path, *path.parents)))
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
            with suppress(PermissionError):  # one may write in a folder without being allowed to read it
                sync_folder(folder.parent)  # or a power loss takes the new one with all that is in it
        facts = path.lstat()
    except OSError as error:
        if is_full(error):
            what = f"the folder cannot be made: {in_words(error, path)}"
            raise DiskFull(what, where=str(path), remedy="Free the disk, then run the same command again.") from error
        raise BadSettings(
            f"the folder cannot be made: {error.strerror or error}",
            where=str(path),
            remedy="Name another folder with --home or --output, or fix its permissions.",
        ) from error
    trouble = None
    if stat.S_ISLNK(facts.st_mode):
        trouble = "this is a symbolic link, and links are not followed"
    elif not stat.S_ISDIR(facts.st_mode):
        trouble = "this is not a folder"
    elif facts.st_uid != os.geteuid():
        trouble = "this folder belongs to another user"
    elif facts.st_mode & 0o022:
        trouble = "others may write in this folder"
    if trouble is not None:
        raise BadSettings(trouble, where=str(path), remedy=f"Use a folder of your own, or run: chmod 700 '{path}'")
    return path


def check_room(folder: Path) -> None:
    """Raise BadSettings where the folder cannot be trusted, OSError where nothing can be written into it now."""
    private_dir(folder)
    with tempfile.TemporaryFile(dir=folder) as stream:
        stream.write(b"\0" * 4096)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Give a stream for `path`'s new content; on success it replaces `path` at once, on any error it is gone.

    The temporary file lies in the same folder, because a rename is whole only within one file system.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            os.fchmod(stream.fileno(), 0o600)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries durable, so that a renamed file survives a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
