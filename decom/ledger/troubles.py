"""What SQLite complains of, in words for people. In: its error. Out: LedgerTrouble or DiskFull, with what to do.

A ledger that another program keeps open is not damaged, and a full disk is neither: each has its own way out.
"""

import sqlite3
from pathlib import Path

from decom.errors import DiskFull, LedgerTrouble
from decom.files import free_on_disk, in_words, is_full

_PRIMARY = 0xFF
"""The bits of SQLite's error code that name its kind."""
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_SHUT = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})

AGAIN = "run the same command again"
"""What to do next where no run was begun."""


def is_busy(error: Exception) -> bool:
    """Whether another program has the ledger, so that waiting helps."""
    return _kind(error) in _BUSY


def is_of_the_disk(error: Exception) -> bool:
    """Whether the disk takes no more, or fails: no other home on it would help, and no setting is wrong."""
    return _kind(error) in _FULL or is_full(error)


def said(error: Exception, path: Path | None = None) -> str:
    """The error in words; with the path of the ledger also how much of its disk is free, where that matters."""
    if is_busy(error):
        return "it is open in another program"
    if isinstance(error, OSError) and path is not None:
        return in_words(error, path)
    return f"{error} ({free_on_disk(path)})" if path is not None and is_of_the_disk(error) else str(error)


def way_out(error: Exception, then: str = AGAIN) -> str:
    """What to do about it, and `then` as the clause that ends the sentence."""
    kind = _kind(error)
    if kind in _BUSY:
        return f"Close that program, then {then}."
    if kind in _FULL or isinstance(error, OSError):
        return f"Free the disk, then {then}."
    if kind in _SHUT:
        return f"Fix the permissions of the home, then {then}; or name another home with --home."
    return "Nothing was repaired or changed. Put back a good copy, or name another home with --home."


def trouble(error: Exception, path: Path, wanted: str) -> LedgerTrouble:
    """The error of a ledger that cannot be `wanted` (used, read)."""
    kind = DiskFull if is_of_the_disk(error) else LedgerTrouble
    return kind(f"the ledger cannot be {wanted}: {said(error, path)}", where=str(path), remedy=way_out(error))


def _kind(error: Exception) -> int | None:
    """SQLite's code of its kind; None where the error is Python's own."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
