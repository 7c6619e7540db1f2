"""A ledger that another program keeps: waited for within bounds, and told apart from damage and a full disk."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import structlog

from decom.errors import DiskFull, LedgerTrouble, NotDurable
from decom.ledger.reader import Reader
from decom.ledger.records import Intent
from decom.ledger.schema import FILE, open_for_reading, open_for_writing
from decom.ledger.troubles import trouble, way_out
from decom.ledger.waiting import AFTER_A_STOP, DURING_A_RUN, ONE_TRY, USUALLY, Waiting
from decom.ledger.writer import BALLAST, Terms, Writer
from tests.ledger.entries import RUN
from tests.quick_clock import QuickClock


def error(code: int) -> sqlite3.OperationalError:
    made = sqlite3.OperationalError("as SQLite says it")
    made.sqlite_errorcode = code
    return made


class Busy:
    """Work that succeeds once it was tried so often."""

    def __init__(self, tries: int, code: int = sqlite3.SQLITE_BUSY) -> None:
        self.left = tries
        self.tried = 0
        self.code = code

    def __call__(self) -> str:
        self.tried += 1
        if self.tried <= self.left:
            raise error(self.code)
        return "done"


def test_what_is_not_busy_is_done_at_once_and_nothing_is_said():
    with structlog.testing.capture_logs() as logs:
        assert Waiting().out(Busy(0)) == "done"
    assert logs == []


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_LOCKED])
def test_a_minute_of_another_program_costs_a_run_nothing_and_is_told_every_half_minute(code: int):
    busy = Busy(int(65 / ONE_TRY), code)
    with structlog.testing.capture_logs() as logs:
        assert Waiting(DURING_A_RUN).out(busy) == "done"
    told = [(line["event"], line["waited_seconds"]) for line in logs]
    assert told == [("ledger_busy", 0.5), ("ledger_busy", 30.5), ("ledger_busy", 60.5), ("ledger_free", 65.0)]
    assert DURING_A_RUN > 60


@pytest.mark.parametrize("longest", [USUALLY, DURING_A_RUN, 2.0])
def test_the_waiting_has_an_end(longest: float):
    busy = Busy(10**6)
    with pytest.raises(sqlite3.OperationalError):
        Waiting(longest).out(busy)
    assert busy.tried * ONE_TRY == longest


def test_a_stop_cuts_it_short_over_all_that_is_still_to_be_written():
    stopping = False
    waiting = Waiting(DURING_A_RUN, lambda: stopping)
    assert waiting.out(Busy(100)) == "done"
    stopping = True
    first, second = Busy(10**6), Busy(10**6)
    for busy in (first, second):
        with pytest.raises(sqlite3.OperationalError):
            waiting.out(busy)
    assert first.tried * ONE_TRY == AFTER_A_STOP
    assert second.tried == 1


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR])
def test_what_no_waiting_mends_is_not_waited_for(code: int):
    busy = Busy(3, code)
    with pytest.raises(sqlite3.OperationalError):
        Waiting().out(busy)
    assert busy.tried == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_BUSY, "Close that program, then run the same command again."),
        (sqlite3.SQLITE_PROTOCOL, "Close that program, then run the same command again."),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Close that program, then run the same command again."),
        (sqlite3.SQLITE_FULL, "Free the disk, then run the same command again."),
        (sqlite3.SQLITE_IOERR_WRITE, "Free the disk, then run the same command again."),
        (sqlite3.SQLITE_READONLY, "Fix the permissions of the home"),
        (sqlite3.SQLITE_CANTOPEN, "Fix the permissions of the home"),
        (sqlite3.SQLITE_CORRUPT, "Nothing was repaired or changed. Put back a good copy"),
        (sqlite3.SQLITE_NOTADB, "Nothing was repaired or changed. Put back a good copy"),
    ],
)
def test_each_trouble_has_its_own_way_out(tmp_path: Path, code: int, words: str):
    found = trouble(error(code), tmp_path / FILE, "used")
    of_the_disk = code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
    is_another_programs = code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL)
    assert found.exit_code == (4 if of_the_disk else 2) and (found.remedy or "").startswith(words)
    assert isinstance(found, DiskFull) is found.what.endswith("iB free)") is of_the_disk
    assert ("open in another program" in found.what) is is_another_programs
    if is_another_programs or of_the_disk:
        assert "another home" not in str(found)


def test_an_error_of_pythons_own_is_taken_for_damage():
    assert "good copy" in way_out(sqlite3.ProgrammingError("no code at all"))


# --- The real thing ---------------------------------------------------------------------------------------------


@contextmanager
def kept(home: Path, how: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """The ledger as another connection keeps it."""
    with closing(sqlite3.connect(home / FILE, isolation_level=None)) as other:
        other.execute(how)
        yield


def test_a_complete_ledger_is_opened_while_another_program_writes(tmp_path: Path):
    open_for_writing(tmp_path).close()
    with kept(tmp_path):
        open_for_writing(tmp_path, Waiting(0.0)).close()
        with Writer(tmp_path, RUN, QuickClock(), terms=Terms(longest_wait=0.0)), Reader(tmp_path) as reader:
            assert reader.run_ids() == []


@pytest.mark.parametrize("opening", [open_for_writing, open_for_reading])
def test_a_ledger_that_lets_nobody_in_is_another_programs(tmp_path: Path, opening: Callable[..., object]):
    with closing(open_for_writing(tmp_path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    with kept(tmp_path, "BEGIN EXCLUSIVE"), pytest.raises(LedgerTrouble) as refused:
        opening(tmp_path, Waiting(1.0))
    assert "it is open in another program" in refused.value.what
    assert refused.value.remedy == "Close that program, then run the same command again."


def test_an_intent_that_finds_the_ledger_busy_for_too_long_is_not_durable_and_the_ballast_stays(tmp_path: Path):
    async def main() -> None:
        terms = Terms(then="type: decom resume X", longest_wait=1.0)
        with Writer(tmp_path, RUN, QuickClock(), terms=terms) as ledger:
            ledger.lay_ballast()
            with kept(tmp_path), pytest.raises(NotDurable) as refused:
                await ledger.append(Intent("phn_1", 1))
            assert refused.value.what == "the ledger could not be written: it is open in another program"
            assert refused.value.remedy == "Close that program, then type: decom resume X."
            assert (tmp_path / BALLAST).exists() and not ledger.sent
            await ledger.append(Intent("phn_1", 1))
            assert ledger.sent

    asyncio.run(main())


def test_a_reader_that_is_left_half_way_complains_of_nothing_once_its_ledger_is_closed(tmp_path: Path):
    """An error there would be printed by Python itself, with its traceback."""
    with Writer(tmp_path, RUN, QuickClock()) as ledger:
        ledger.record(Intent("phn_1", 1), Intent("phn_2", 1))
        half_way = vars(Reader)["_rows"](ledger.reading(), "SELECT body FROM entries")
        next(half_way)
    half_way.close()
