"""The one writer: what it says is on the disk is on the disk, and many share one commit."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decom.errors import DiskFull, LedgerTrouble, NotDurable
from decom.ledger.reader import Reader
from decom.ledger.records import Ended, Entry, Intent, Kind, Record, entry
from decom.ledger.schema import FILE
from decom.ledger.writer import BALLAST, BALLAST_BYTES, Terms, Writer
from decom.vocabulary import Stopped
from tests.ledger.entries import AT, RUN, attempt, records, released
from tests.quick_clock import QuickClock


def count(home: Path) -> int:
    """Entries that another process would see."""
    with closing(sqlite3.connect(f"file:{home / FILE}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def bodies(home: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{home / FILE}?mode=ro", uri=True)) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM entries ORDER BY seq")]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class Gathering:
    """Runs commits when it is told to, so that others can gather meanwhile."""

    def __init__(self) -> None:
        self.commits = 0
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def __call__(self, commit: Callable[[], None]) -> None:
        self.commits += 1
        await self.let_go.wait()
        commit()


# --- Durable before it is said to be ----------------------------------------------------------------------------


def test_an_append_returns_when_others_can_see_the_record(home: Path):
    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            for number in range(1, 4):
                await ledger.append(Intent("phn_1", number))
                assert count(home) == number

    asyncio.run(main())


def test_an_append_does_not_return_before_its_commit(home: Path):
    async def main() -> None:
        aside = Gathering()
        with Writer(home, RUN, QuickClock(), aside) as ledger:
            aside.let_go.clear()
            appending = asyncio.create_task(ledger.append(Intent("phn_1", 1)))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not appending.done() and count(home) == 0
            aside.let_go.set()
            await appending
            assert count(home) == 1

    asyncio.run(main())


def test_a_commit_does_not_run_in_the_loops_own_thread(home: Path):
    ran_in: list[threading.Thread] = []

    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            watch_statements(ledger, lambda statement: ran_in.append(threading.current_thread()))
            await ledger.append(Intent("phn_1", 1))

    asyncio.run(main())
    assert len(ran_in) > 0 and threading.main_thread() not in ran_in


def watch_statements(ledger: Writer, tell: Callable[[str], None]) -> None:
    connection: sqlite3.Connection = vars(ledger)["_connection"]
    connection.set_trace_callback(tell)


def test_what_is_recorded_or_written_at_once_is_there_at_once(home: Path):
    with Writer(home, RUN, QuickClock()) as ledger:
        ledger.write([Entry(Kind.ROW, AT, '{"row":2}'), Entry(Kind.ROW, AT, '{"row":3}')])
        ledger.write(iter([Entry(Kind.PLANNED, AT, "{}")]))
        assert count(home) == 3
        ledger.record(Ended(None), Ended(Stopped.DISK, "full"))
        assert count(home) == 5


def test_records_are_dated_when_they_are_appended(home: Path):
    clock = QuickClock()

    async def main() -> None:
        with Writer(home, RUN, clock) as ledger:
            await ledger.append(Intent("phn_1", 1))
            clock.pass_by(60)
            await ledger.append(attempt(1))
            clock.pass_by(60)
            ledger.record(Ended(None))

    asyncio.run(main())
    with closing(sqlite3.connect(home / FILE)) as connection:
        dates = [at for (at,) in connection.execute("SELECT at FROM entries ORDER BY seq")]
    assert dates == ["2026-11-23T18:57:57.120Z", "2026-11-23T18:58:57.120Z", "2026-11-23T18:59:57.120Z"]


# --- One commit for many ----------------------------------------------------------------------------------------


def test_whoever_comes_while_a_commit_is_under_way_shares_the_next(home: Path):
    async def main() -> None:
        aside = Gathering()
        with Writer(home, RUN, QuickClock(), aside) as ledger:
            aside.let_go.clear()
            first = asyncio.create_task(ledger.append(Intent("phn_0", 1)))
            await asyncio.sleep(0)
            others = [asyncio.create_task(ledger.append(Intent(f"phn_{n}", 1))) for n in range(1, 200)]
            await asyncio.sleep(0)
            aside.let_go.set()
            await asyncio.gather(first, *others)
            assert aside.commits == 2 and count(home) == 200

    asyncio.run(main())


def test_a_thousand_appends_at_once_take_few_commits(home: Path):
    statements: list[str] = []

    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            watch_statements(ledger, statements.append)
            await asyncio.gather(*(ledger.append(Intent(f"phn_{n}", 1)) for n in range(1_000)))

    asyncio.run(main())
    assert statements.count("COMMIT") <= 20 and count(home) == 1_000


def test_nobody_waits_for_company(home: Path):
    async def main() -> None:
        aside = Gathering()
        with Writer(home, RUN, QuickClock(), aside) as ledger:
            for number in range(1, 11):
                await ledger.append(Intent("phn_1", number))
            assert aside.commits == 10

    asyncio.run(main())


def test_the_records_of_one_append_are_committed_together_and_in_order(home: Path):
    statements: list[str] = []

    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            watch_statements(ledger, statements.append)
            await ledger.append(attempt(1), released())

    asyncio.run(main())
    assert statements.count("COMMIT") == 1
    assert bodies(home) == [entry(attempt(1), AT).body, entry(released(), AT).body]


def test_a_cancelled_worker_does_not_cancel_what_others_share(home: Path):
    async def main() -> None:
        aside = Gathering()
        with Writer(home, RUN, QuickClock(), aside) as ledger:
            aside.let_go.clear()
            leaving = asyncio.create_task(ledger.append(Intent("phn_1", 1)))
            staying = asyncio.create_task(ledger.append(Intent("phn_2", 1)))
            await asyncio.sleep(0)
            late = asyncio.create_task(ledger.append(Intent("phn_3", 1)))
            too_late = asyncio.create_task(ledger.append(Intent("phn_4", 1)))
            await asyncio.sleep(0)
            leaving.cancel()
            too_late.cancel()
            await asyncio.sleep(0)
            aside.let_go.set()
            await asyncio.gather(staying, late)
            for task in (leaving, too_late):
                with pytest.raises(asyncio.CancelledError):
                    await task
            # What was handed over is recorded all the same: an intent too many only makes `resume` ask.
            assert count(home) == 4

    asyncio.run(main())


# --- A disk that refuses ----------------------------------------------------------------------------------------


def fill(ledger: Writer, *, room: int = 0) -> None:
    """From now on the database may grow by so many pages and no more."""
    connection: sqlite3.Connection = vars(ledger)["_connection"]
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + room}")


def large(number: int) -> Record:
    """A record that needs a page of its own."""
    return attempt(number, message="x" * 8_000)


def test_on_a_full_disk_everyone_who_waits_is_told(home: Path):
    async def main() -> list[BaseException | None]:
        with Writer(home, RUN, QuickClock(), terms=Terms(then=f"type: decom resume {RUN}")) as ledger:
            fill(ledger)
            return await asyncio.gather(*(ledger.append(large(n)) for n in range(5)), return_exceptions=True)

    ends = asyncio.run(main())
    assert [type(end) for end in ends] == [DiskFull] * 5
    assert str(ends[0]).startswith(f"{home / FILE}: the ledger could not be written: database or disk is full (")
    assert f"Free the disk, then type: decom resume {RUN}." in str(ends[0])
    assert count(home) == 0


@pytest.mark.parametrize("blocking", ["record", "write"])
def test_on_a_full_disk_whoever_writes_at_once_is_told_too(home: Path, blocking):
    with Writer(home, RUN, QuickClock()) as ledger:
        fill(ledger)
        with pytest.raises(NotDurable):
            if blocking == "record":
                ledger.record(large(1))
            else:
                ledger.write([entry(large(1), AT)])
    assert count(home) == 0


def test_one_commit_that_fails_is_not_the_end_of_the_writer(home: Path):
    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            await ledger.append(Intent("phn_1", 1))
            fill(ledger)
            with pytest.raises(NotDurable):
                await ledger.append(large(1))
            fill(ledger, room=100)
            await ledger.append(large(1), released())

    asyncio.run(main())
    assert count(home) == 3
    with Reader(home) as ledger:
        assert ledger.broken_link(RUN, ledger.head(RUN)) is None


def test_those_who_gathered_behind_a_commit_that_fails_have_their_own(home: Path):
    async def main() -> None:
        aside = Gathering()
        with Writer(home, RUN, QuickClock(), aside) as ledger:
            fill(ledger)
            aside.let_go.clear()
            first = asyncio.create_task(ledger.append(large(1)))
            await asyncio.sleep(0)
            second = asyncio.create_task(ledger.append(Intent("phn_2", 1)))
            await asyncio.sleep(0)
            aside.let_go.set()
            with pytest.raises(NotDurable):
                await first
            await second

    asyncio.run(main())
    assert count(home) == 1


def test_the_ballast_is_given_up_before_an_outcome_is(home: Path):
    with Writer(home, RUN, QuickClock()) as ledger:
        ledger.lay_ballast()
        ballast = home / BALLAST
        assert ballast.stat().st_size == BALLAST_BYTES >= 64 * 1024
        assert stat.S_IMODE(ballast.stat().st_mode) == 0o600
        fill(ledger)
        with pytest.raises(NotDurable):
            ledger.record(large(1))
        assert not ballast.exists()
        ledger.lay_ballast()
        assert ballast.exists()


def test_ballast_is_laid_once(home: Path):
    with Writer(home, RUN, QuickClock()) as ledger:
        ledger.lay_ballast()
        before = (home / BALLAST).stat()
        ledger.lay_ballast()
        assert (home / BALLAST).stat().st_ino == before.st_ino


def test_ballast_that_cannot_be_laid_is_the_same_trouble_as_a_full_disk(home: Path):
    with Writer(home, RUN, QuickClock()) as ledger:
        (home / BALLAST).mkdir()
        with pytest.raises(NotDurable):
            ledger.lay_ballast()


@pytest.mark.parametrize("target", ["theirs", "nowhere"])
def test_ballast_is_never_laid_through_a_link(home: Path, tmp_path: Path, target):
    (tmp_path / "theirs").write_bytes(b"theirs")
    with Writer(home, RUN, QuickClock()) as ledger:
        (home / BALLAST).symlink_to(tmp_path / target)
        ledger.lay_ballast()
    assert not (home / BALLAST).is_symlink() and (home / BALLAST).stat().st_size == BALLAST_BYTES
    assert (tmp_path / "theirs").read_bytes() == b"theirs" and not (tmp_path / "nowhere").exists()


CHILD = """
import asyncio, resource, signal, sys
from pathlib import Path
from decom.clock import SystemClock
from decom.errors import DiskFull, NotDurable
from decom.ledger.records import Intent
from decom.ledger.writer import Writer

home, mode = Path(sys.argv[1]), sys.argv[2]
unlimited = resource.RLIM_INFINITY

def files_may_have(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, unlimited))

def make_room(event, facts):
    if event == "os.remove" and str(facts[0]).endswith("ballast"):
        files_may_have(unlimited)

async def main():
    with Writer(home, sys.argv[3], SystemClock()) as ledger:
        if mode == "ballast":
            ledger.lay_ballast()
            sys.addaudithook(make_room)
        for number in range(1, 400 if mode == "ballast" else 100_000):
            if mode != "endless" and number == 20:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                files_may_have(400_000)
            try:
                await ledger.append(Intent(f"phn_{number}", 1))
            except NotDurable as trouble:
                print("refused", number, trouble.what, flush=True)
                return
            print("there", number, flush=True)

asyncio.run(main())
"""


def child(home: Path, mode: str) -> "subprocess.Popen[str]":
    """A process that appends intents one by one and says which are there."""
    command = [sys.executable, "-c", CHILD, str(home), mode, RUN]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_disk_that_refuses_bytes_costs_nothing_that_was_acknowledged(home: Path):
    with child(home, "limited") as process:
        out, err = process.communicate(timeout=60)
    said = out.splitlines()
    assert process.returncode == 0, err
    assert said[-1].startswith("refused") and "the ledger could not be written" in said[-1]
    acknowledged = len(said) - 1
    assert acknowledged > 20
    assert acknowledged <= count(home) <= acknowledged + 1
    with Reader(home) as ledger:
        assert ledger.broken_link(RUN, ledger.head(RUN)) is None


def test_the_room_that_the_ballast_gives_up_saves_the_outcome_that_found_the_disk_full(home: Path):
    with child(home, "ballast") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == "there 399" and count(home) == 399
    assert not (home / BALLAST).exists()
    with Reader(home) as ledger:
        assert ledger.broken_link(RUN, ledger.head(RUN)) is None


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(home: Path, after):
    with child(home, "endless") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == f"there {after}\n":
                os.kill(process.pid, signal.SIGKILL)
                break
        rest = process.stdout.read()  # not by communicate: that would miss what has been read ahead
        process.wait(60)
    acknowledged = after + rest.count("there")
    with Writer(home, RUN, QuickClock()) as ledger, Reader(home) as reader:
        assert acknowledged <= count(home) <= acknowledged + 1
        assert reader.broken_link(RUN, reader.head(RUN)) is None
        ledger.record(Ended(Stopped.INTERRUPTED))
        assert reader.broken_link(RUN, reader.head(RUN)) is None
    with closing(sqlite3.connect(home / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- Mistakes of ours -------------------------------------------------------------------------------------------


def test_a_commit_that_fails_by_a_mistake_of_ours_leaves_nobody_waiting(home: Path):
    async def main() -> list[BaseException | None]:
        let_go = asyncio.Event()

        async def broken(_: Callable[[], None]) -> None:
            await let_go.wait()
            raise ZeroDivisionError

        with Writer(home, RUN, QuickClock(), broken) as ledger:
            waiting = [asyncio.create_task(ledger.append(Intent(f"phn_{n}", 1))) for n in range(3)]
            await asyncio.sleep(0)
            waiting.append(asyncio.create_task(ledger.append(Intent("phn_4", 1))))
            await asyncio.sleep(0)
            let_go.set()
            return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5.0)

    assert [type(end) for end in asyncio.run(main())] == [ZeroDivisionError] * 4


def test_what_a_database_cannot_hold_leaves_nobody_waiting(home: Path):
    async def main() -> list[BaseException | None]:
        with Writer(home, RUN, QuickClock()) as ledger:
            waiting = [ledger.append(released(phone_number="\ud83d")), ledger.append(Intent("phn_2", 1))]
            ends = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5.0)
            await ledger.append(Intent("phn_3", 1))
            return ends

    assert [type(end) for end in asyncio.run(main())] == [UnicodeEncodeError] * 2
    assert count(home) == 1


# --- The chain --------------------------------------------------------------------------------------------------


def test_a_writer_goes_on_with_the_chain_of_its_own_run(home: Path):
    for number in range(1, 4):
        for run_id in (RUN, "20261124T000000Z-ffffff"):
            with Writer(home, run_id, QuickClock()) as ledger:
                ledger.record(Intent("phn_1", number))
    with Reader(home) as reader:
        for run_id in (RUN, "20261124T000000Z-ffffff"):
            assert reader.broken_link(run_id, reader.head(run_id)) is None


def test_two_runs_write_at_the_same_time_each_its_own_chain(home: Path):
    runs = ["20261123T185757Z-000001", "20261123T185757Z-000002"]

    async def write(run_id: str) -> None:
        with Writer(home, run_id, QuickClock()) as ledger:
            for number in range(20):
                await ledger.append(Intent("phn_1", number))

    async def main() -> None:
        await asyncio.gather(*map(write, runs))

    asyncio.run(main())
    with Reader(home) as reader:
        assert [reader.broken_link(run_id, reader.head(run_id)) for run_id in runs] == [None, None]
    assert count(home) == 40


@settings(max_examples=20)
@given(batches=st.lists(st.lists(records, max_size=4), max_size=5))
def test_any_records_are_written_as_they_are_in_order(tmp_path_factory: pytest.TempPathFactory, batches):
    home = tmp_path_factory.mktemp("home")

    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            for batch in batches:
                await ledger.append(*batch)

    asyncio.run(main())
    assert bodies(home) == [entry(record, AT).body for batch in batches for record in batch]
    with Reader(home) as ledger:
        assert ledger.broken_link(RUN, ledger.head(RUN)) is None


def test_a_writer_of_a_ledger_that_cannot_be_opened_is_none(home: Path):
    home.mkdir(mode=0o700)
    (home / FILE).write_bytes(b"not a database at all, but long enough to be looked at")
    with pytest.raises(LedgerTrouble):
        Writer(home, RUN, QuickClock())


def test_a_closed_writer_leaves_no_thread(home: Path):
    def alive() -> Iterator[str]:
        return (thread.name for thread in threading.enumerate() if thread.name.startswith("ledger"))

    async def main() -> None:
        with Writer(home, RUN, QuickClock()) as ledger:
            await ledger.append(Intent("phn_1", 1))
            assert list(alive()) != []

    asyncio.run(main())
    assert list(alive()) == []
