"""The ledger's one table, its version, and opening it. In: a home. Out: an SQLite connection.

SQLite as the standard library has it: one file, one writer, WAL with `synchronous=FULL`, so that what was
committed is there after a power loss. Each entry carries a hash over the one before it in its run and itself.
"""

import hashlib
import json
import os
import sqlite3
from pathlib import Path

from decom.errors import LedgerTrouble
from decom.ledger.records import Entry
from decom.private_files import private_folder

FILE = "ledger.sqlite3"
VERSION = 1
START = "0" * 64
"""What the first entry of every run is chained to."""

_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    number_id TEXT,
    phone_number TEXT,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    chain TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_run ON entries (run_id, kind, seq);
CREATE INDEX IF NOT EXISTS by_number ON entries (number_id) WHERE number_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_phone ON entries (phone_number) WHERE phone_number IS NOT NULL;
"""


def link(before: str, run_id: str, entry: Entry) -> str:
    """The hash that ties an entry to the one before it: SHA-256 in hex."""
    facts = [before, run_id, entry.kind, entry.number_id, entry.phone_number, entry.at, entry.body]
    return hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()


def open_for_writing(home: Path) -> sqlite3.Connection:
    """Open the home's ledger, made if need be. Raises LedgerTrouble, BadSettings (an untrustworthy home)."""
    path = private_folder(home) / FILE
    try:
        # SQLite gives its side files the rights of the main file, so that one must be private from the start.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise LedgerTrouble(
            f"the ledger cannot be opened: {error.strerror}",
            where=str(path),
            remedy="Free the disk, mend the rights, or name another home with --home.",
        ) from error
    connection = _connect(path, "rw")
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA user_version={VERSION}")
    except sqlite3.Error as error:
        raise _trouble(path, error) from error
    return connection


def open_for_reading(home: Path) -> sqlite3.Connection | None:
    """Open the home's ledger without changing it; None where there is none yet. Raises LedgerTrouble."""
    path = home / FILE
    if not path.exists():
        return None
    return _connect(path, "rw" if os.access(path, os.W_OK) else "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise _trouble(path, error) from error
    if version > VERSION:
        raise LedgerTrouble(
            f"this ledger was written by a newer decom (version {version}, this one knows {VERSION})",
            where=str(path),
            remedy="Use the newer decom, or name another home with --home.",
        )
    return connection


def _trouble(path: Path, error: sqlite3.Error) -> LedgerTrouble:
    return LedgerTrouble(
        f"the ledger cannot be used: {error}",
        where=str(path),
        remedy="Nothing was repaired or changed. Put back a good copy, or name another home with --home.",
    )
