"""The one writer of durable state. In: records of one run. Out: they are on the disk when `append` returns.

Whoever appends waits for a commit. While one commit is under way others gather, and the next takes them all: many
workers share the price of one fsync, and nobody waits for company.
"""

import asyncio
import sqlite3
import stat
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from decom.clock import Clock, iso
from decom.errors import DiskFull, HomeLost, NotDurable
from decom.files import atomic_write
from decom.ledger import schema
from decom.ledger.lock import Held
from decom.ledger.place import FilesInUse
from decom.ledger.reader import Reader
from decom.ledger.records import Entry, Kind, Record, entry
from decom.ledger.troubles import AGAIN, is_busy, is_of_the_disk, said, trouble, way_out
from decom.ledger.waiting import USUALLY, Waiting

Aside = Callable[[Callable[[], None]], Awaitable[Any]]
"""Runs a blocking function without blocking the loop."""

BALLAST = "ballast"
"""A file that only takes up room: given up when the disk is full, so that outcomes can still be written."""
BALLAST_BYTES = 256 * 1024

_INSERT = "INSERT INTO entries (run_id, kind, number_id, phone_number, at, body, chain) VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a ledger is written."""

    then: str = AGAIN
    """What to do once a trouble is over, as the clause that ends a sentence, such as `type: decom resume RUN`."""
    locks: tuple[Held, ...] = ()
    """The locks that must still be ours before a release may leave; empty where nothing is released."""
    stopping: Callable[[], bool] = lambda: False
    """Whether the run is to stop: then a busy ledger is not waited for long."""
    longest_wait: float = USUALLY
    """Seconds to wait for a ledger that another program keeps."""


class Writer:
    """Adds entries to one run. Use as a context manager; not for two runs, not from two processes a run."""

    def __init__(
        self, home: Path, run_id: str, clock: Clock, aside: Aside | None = None, terms: Terms | None = None
    ) -> None:
        """`aside` None: a thread of its own. Raises LedgerTrouble where the ledger cannot be opened."""
        self.home = home
        self.run_id = run_id
        self.terms = Terms() if terms is None else terms
        self.sent = False
        """Whether an intent of this command may be on record: from then on a DELETE may have left."""
        self._clock = clock
        self._wait = Waiting(self.terms.longest_wait, self.terms.stopping)
        self._connection = schema.open_for_writing(home, self._wait)
        self._ballast = home / BALLAST
        try:
            self._chain = self._last_link()
            self._files = self._files_in_use()
        except (sqlite3.Error, OSError) as error:
            self._connection.close()
            raise trouble(error, home / schema.FILE, "used") from error
        self._thread = ThreadPoolExecutor(1, "ledger") if aside is None else None
        self._aside = self._in_thread if aside is None else aside
        self._waiting: list[tuple[list[Entry], asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, _: object, raised: BaseException | None, __: object) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        try:
            self._connection.close()
        except sqlite3.Error as error:
            if raised is None:
                raise trouble(error, self.home / schema.FILE, "closed") from error

    def reading(self) -> Reader:
        """The ledger as it was opened for writing, also where its files are no longer under their names."""
        return Reader(self.home, self._connection)

    def write(self, entries: Iterable[Entry]) -> None:
        """Commit entries at once, blocking; for the plan, before any concurrency. Raises NotDurable."""
        self._commit(entries)

    def record(self, *records: Record) -> None:
        """As `append`, blocking; for the beginning and the end of a part. Raises NotDurable."""
        at = iso(self._clock.now())
        self._commit([entry(record, at) for record in records])

    async def append(self, *records: Record) -> None:
        """Return when the records are on the disk. Raises NotDurable where they cannot be."""
        at = iso(self._clock.now())
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(([entry(record, at) for record in records], done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_what_gathers())
        # The commit is a task of its own: a cancelled worker does not cancel what others share.
        await done

    async def _commit_what_gathers(self) -> None:
        try:
            while len(self._waiting) > 0:
                batch, self._waiting = self._waiting, []
                entries = [entry for entries, _ in batch for entry in entries]
                commit = asyncio.ensure_future(self._aside(partial(self._commit, entries)))
                # Whatever becomes of it, a mistake of ours as well, must reach everyone who waits for it.
                await asyncio.wait([commit])
                _tell(batch, commit.exception())
        finally:
            self._committing = None

    def _in_thread(self, commit: Callable[[], None]) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().run_in_executor(self._thread, commit)

    def _commit(self, entries: Iterable[Entry]) -> None:
        entries = entries if isinstance(entries, list) else list(entries)
        try:
            self._insert(entries)
        except sqlite3.Error as error:
            # A full disk must not cost an outcome that is already known: give up the ballast, try once more.
            if is_busy(error) or not self._has_ballast():
                raise self._not_durable(error) from error
            try:
                self._ballast.unlink()
                self._insert(entries)
            except (OSError, sqlite3.Error) as again:
                raise self._not_durable(again) from again

    def _insert(self, entries: list[Entry]) -> None:
        chain = self._chain
        rows = []
        for each in entries:
            chain = schema.link(chain, self.run_id, each)
            rows.append((self.run_id, each.kind, each.number_id, each.phone_number, each.at, each.body, chain))
        self._wait.out(lambda: self._connection.execute("BEGIN IMMEDIATE"))
        try:
            intends = any(each.kind is Kind.INTENT for each in entries)
            # What is known of a release that has left is kept even in a ledger that nobody will find again.
            if intends or len(self.terms.locks) == 0:
                self._check_files()
            self.sent = self.sent or intends
            self._connection.executemany(_INSERT, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # where SQLite has rolled back itself
                self._connection.execute("ROLLBACK")
            raise
        self._chain = chain

    def _check_files(self) -> None:
        """Raise HomeLost where what is written would be in no ledger, or where another run may be at work."""
        lost = self._files.lost()
        if lost is not None:
            raise HomeLost(
                lost,
                where=str(self.home),
                remedy=f"Put lock and ledger back as they were, or name the home's new place with --home; then"
                f" {self.terms.then}.",
            )

    def _files_in_use(self) -> FilesInUse:
        """Database, log and index of the log, all of them there by now; and the locks, as they were locked."""
        names = (schema.FILE, f"{schema.FILE}-wal", f"{schema.FILE}-shm")
        return FilesInUse((self.home / name for name in names), {lock.path: lock.facts for lock in self.terms.locks})

    def lay_ballast(self) -> None:
        """Take up a little room now, to be given up when the disk is full. Raises NotDurable."""
        try:
            if not self._has_ballast():
                with atomic_write(self._ballast) as stream:  # never through a link that lies in its place
                    stream.write(b"\0" * BALLAST_BYTES)
        except OSError as error:
            raise self._not_durable(error) from error

    def _has_ballast(self) -> bool:
        try:
            facts = self._ballast.lstat()
        except OSError:
            return False
        return stat.S_ISREG(facts.st_mode)

    def _last_link(self) -> str:
        query = "SELECT chain FROM entries WHERE seq = (SELECT max(seq) FROM entries WHERE run_id = ?)"
        found = self._wait.out(lambda: self._connection.execute(query, (self.run_id,)).fetchone())
        return schema.START if found is None else str(found[0])

    def _not_durable(self, error: Exception) -> NotDurable:
        path = self.home / schema.FILE
        kind = DiskFull if is_of_the_disk(error) else NotDurable
        what = f"the ledger could not be written: {said(error, path)}"
        return kind(what, where=str(path), remedy=way_out(error, self.terms.then))


def _tell(waiting: list[tuple[list[Entry], asyncio.Future[None]]], trouble: BaseException | None) -> None:
    """Wake those who wait for a commit, with its trouble if it had any."""
    for _, done in waiting:
        if done.cancelled():
            continue
        if trouble is None:
            done.set_result(None)
        else:
            done.set_exception(trouble)
            done.exception()  # mark as seen: a worker that left will not come to fetch it
