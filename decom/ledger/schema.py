"""The ledger's one table, its version, and opening it. In: a home. Out: an SQLite connection.

SQLite as the standard library has it: one file, one writer, WAL with `synchronous=FULL`, so that what was
committed is there after a power loss. Each entry carries a hash over the one before it in its run and itself.
Nothing of ours opens the file but SQLite: POSIX frees all of a process's locks on a file that it closes once.
"""

import hashlib
import os
import sqlite3
from json.encoder import encode_basestring_ascii
from pathlib import Path

from decom.errors import LedgerTrouble
from decom.files import private_dir, sync_folder
from decom.ledger.place import check_file, check_place
from decom.ledger.records import Entry
from decom.ledger.troubles import trouble
from decom.ledger.waiting import ONE_TRY, Waiting

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

_FOREIGN = "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'entries'"


def link(before: str, run_id: str, entry: Entry) -> str:
    """The hash that ties an entry to the one before it: SHA-256 in hex."""
    facts = (before, run_id, entry.kind, entry.number_id, entry.phone_number, entry.at, entry.body)
    # As json.dumps writes a list, in half the time: a plan may have a million entries.
    listed = ", ".join("null" if fact is None else encode_basestring_ascii(fact) for fact in facts)
    return hashlib.sha256(f"[{listed}]".encode("ascii")).hexdigest()


def open_for_writing(home: Path, waiting: Waiting | None = None) -> sqlite3.Connection:
    """Open the home's ledger, made if need be. Raises LedgerTrouble, BadSettings (an untrustworthy home)."""
    waiting = waiting or Waiting()
    check_place(home)
    path = private_dir(home) / FILE
    _make(path)
    connection, version = _connect(path, "rw", waiting)
    try:
        (mode,) = waiting.out(lambda: connection.execute("PRAGMA journal_mode=WAL").fetchone())
        connection.execute("PRAGMA synchronous=FULL")
        # Numbers come in no order: with a small cache a million of them fetch each page of an index again and again.
        connection.execute("PRAGMA cache_size=-65536")
        if version < VERSION:
            # One that is complete is opened without writing to it: nobody waits for anybody.
            waiting.out(lambda: _create_tables(connection))
    except sqlite3.Error as error:
        connection.close()
        raise trouble(error, path, "used") from error
    if mode != "wal":
        connection.close()
        raise LedgerTrouble(
            f"the ledger cannot be used: its disk does not let it keep a log beside it ({mode})",
            where=str(path),
            remedy="Name a home on another disk with --home.",
        )
    return connection


def open_for_reading(home: Path, waiting: Waiting | None = None) -> sqlite3.Connection | None:
    """Open the home's ledger without changing it; None where there is none yet. Raises LedgerTrouble."""
    check_place(home)
    path = home / FILE
    if not os.path.lexists(path):
        return None
    connection, version = _connect(path, "rw" if os.access(path, os.W_OK) else "ro", waiting or Waiting())
    if version == 0:  # a process is just making it, or died of that
        connection.close()
        return None
    return connection


def _make(path: Path) -> None:
    """Make a file for a ledger that is not there yet.

    SQLite gives its side files the rights of the main file, so that one must be private from the start. One that is
    there is never opened here: closing it would free every lock that SQLite holds on it for this process.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise trouble(error, path, "opened") from error
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def _create_tables(connection: sqlite3.Connection) -> None:
    """All of it or nothing, also where two processes do it at once."""
    try:
        connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}PRAGMA user_version={VERSION};COMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path, mode: str, waiting: Waiting) -> tuple[sqlite3.Connection, int]:
    """A connection, and the version of what is there: 0 for an empty file. By SQLite alone."""
    check_file(path)
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=ONE_TRY,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise trouble(error, path, "used") from error
    try:
        (version,) = waiting.out(lambda: connection.execute("PRAGMA user_version").fetchone())
        (foreign,) = waiting.out(lambda: connection.execute(_FOREIGN).fetchone())
    except sqlite3.Error as error:
        connection.close()
        raise trouble(error, path, "used") from error
    if version > VERSION or (version == 0 and foreign > 0):
        connection.close()
        raise _of_another(path, version)
    return connection, int(version)


def _of_another(path: Path, version: int) -> LedgerTrouble:
    if version == 0:
        return LedgerTrouble(
            "this database is not a ledger of decom", where=str(path), remedy="Name another home with --home."
        )
    return LedgerTrouble(
        f"this ledger was written by a newer decom (version {version}, this one knows {VERSION})",
        where=str(path),
        remedy="Use the newer decom, or name another home with --home.",
    )
