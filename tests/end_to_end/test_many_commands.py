"""Whatever commands are typed beside each other on one home, and whichever are killed, the ledger loses nothing."""

import random
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from decom.clock import SystemClock
from decom.dialnexa.replies import Proof
from decom.ledger.reader import Reader
from decom.ledger.records import Attempt, Ended, Intent, Record, Settled, Started, Verified
from decom.ledger.schema import FILE
from decom.ledger.writer import Writer
from decom.planning.plan import PlannedRow, ReportOptions
from decom.planning.saved import JSON_FILE, SavedHead, rows_as_json, write_plan
from decom.vocabulary import Decision, Outcome
from decom.workflow.runs import record_plan
from tests.conftest import Command
from tests.end_to_end.readings import ids, input_of
from tests.made_up_plan import HEAD, RUN_ID
from tests.planning.plans import plan_of
from tests.service.server import Sandbox
from tests.service.world import World

ROWS = 3_000
REPORT = ("report", RUN_ID)
EXPECTED = {0, 3, 4, 5, 75}
"""4 and 5 are for the runs that another command interrupted, or carried out before."""


def release_of(number: int) -> tuple[Record, ...]:
    name = f"phn_{number}"
    return (
        Intent(name, 1),
        Attempt(name, 1, Proof.APPLIED, 200, "released", "2026-11-23T18:57:58.120Z"),
        Settled(name, f"+1415{number:07}", Outcome.RELEASED, "answered_2xx", "the service confirmed it"),
    )


def enter_a_large_run(home: Path, folder: Path) -> None:
    """A run of some thousand rows, done: its report takes a second or two."""
    rows = tuple(PlannedRow(n, f"phn_{n}", Decision.RELEASE, "free", f"phn_{n}", f"+1415{n:07}") for n in range(ROWS))
    plan = plan_of(replace(HEAD, input_rows=ROWS, report=ReportOptions(formats=("csv", "json"))), rows)
    folder.mkdir(mode=0o700, parents=True)
    saved = SavedHead(plan.head, folder, write_plan(plan, folder / JSON_FILE))
    record_plan(home, plan, rows_as_json(plan), saved, SystemClock())
    with Writer(home, RUN_ID, SystemClock()) as writer:
        writer.record(Started("ops@host", 7, "0.1.0"))
        writer.record(*(record for number in range(ROWS) for record in release_of(number)))
        writer.record(Ended(None), Verified(()))


@dataclass(frozen=True)
class Answer:
    """How a command ended that others worked beside."""

    arguments: tuple[str, ...]
    code: int
    err: str

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def is_as_expected(self) -> bool:
        """Whether it ended as commands do that others got in the way of, and not in trouble."""
        return self.was_killed or self.code in EXPECTED or "nothing to resume" in self.err


def side_by_side(
    commands: Sequence[tuple[Command, tuple[str, ...]]], at_once: int, chance: random.Random
) -> list[Answer]:
    """Do all the commands, so many at once, in an order by chance; every fourth is killed at some instant."""
    shuffled = chance.sample(commands, len(commands))
    ends = [chance.uniform(0.0, 0.4) if chance.random() < 1 / 4 else None for _ in shuffled]
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(at_work, shuffled, ends))


def at_work(command: tuple[Command, tuple[str, ...]], kill_after: float | None) -> Answer:
    decom, arguments = command
    with decom.begun(*arguments) as process:
        try:
            _, err = process.communicate(timeout=kill_after or 100)
        except subprocess.TimeoutExpired:
            assert kill_after is not None, arguments
            process.kill()
            _, err = process.communicate()
    return Answer(arguments, process.returncode, err.decode())


def test_every_command_beside_every_other_leaves_the_ledger_whole(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandboxes = [start_sandbox(World.made_up(numbers=200)) for _ in range(2)]
    one, other = map(decom_for, sandboxes)
    enter_a_large_run(one.home, one.output / RUN_ID)
    chosen = ids(sandboxes[1].world.releasable)[:4]
    assert other("run", input_of(other.folder, chosen), "--execute", "--yes").code == 0
    done = other.run_folder().name
    lists = [
        str(input_of(one.folder, ids(sandboxes[0].world.releasable)[n * 5 : n * 5 + 5], f"{n}.csv")) for n in range(8)
    ]
    assert one("plan", lists[0]).code == 0
    planned = one.run_folder().name
    commands: list[tuple[Command, tuple[str, ...]]] = [
        *((one, ("run", path, "--execute", "--yes")) for path in lists),
        *((one, ("plan", path)) for path in lists[:2]),
        *((one, ("resume", "--yes")) for _ in range(2)),
        (one, ("release", planned, "--yes")),
        (other, ("verify", done)),
        (other, ("report", done)),
        *((one, REPORT) for _ in range(4)),
        *((one, ("runs",)) for _ in range(3)),
        (one, ("show", RUN_ID)),
        (one, ("doctor",)),
    ]
    before = entries_of(one.home, RUN_ID)

    ended = side_by_side(commands, 4, random.Random(11))

    with closing(sqlite3.connect(one.home / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [each for each in ended if not each.is_as_expected] == []
    assert len(ended) == len(commands) and sum(1 for each in ended if each.was_killed) > 2
    with Reader(one.home) as ledger:
        known = ledger.run_ids()
        assert [ledger.broken_link(run_id, ledger.head(run_id)) for run_id in known] == [None] * len(known)
    reports = sum(1 for each in ended if each.arguments == REPORT and each.code == 0)
    assert reports > 0
    assert entries_of(one.home, RUN_ID) >= before + reports
    folders = {folder.name for folder in one.output.iterdir() if (folder / "audit.json").exists()}
    assert folders <= set(known)


def entries_of(home: Path, run_id: str) -> int:
    with closing(sqlite3.connect(home / FILE)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM entries WHERE run_id = ?", (run_id,)).fetchone()
        return int(found)
