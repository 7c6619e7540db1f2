"""Whatever commands are typed beside each other on one home, and whichever are killed, the ledger loses nothing."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
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

ROOT = Path(__file__).parents[2]
ROWS = 3_000
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


def many_at_once(commands: list[object]) -> Iterator[dict[str, object]]:
    given = json.dumps({"commands": commands, "at_once": 4, "seed": 11})
    ran = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.many_commands"],
        input=given,
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return map(json.loads, ran.stdout.splitlines())


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
    commands: list[object] = [
        *((["run", path, "--execute", "--yes"], one.environment) for path in lists),
        *((["plan", path], one.environment) for path in lists[:2]),
        *((["resume", "--yes"], one.environment) for _ in range(2)),
        (["release", planned, "--yes"], one.environment),
        (["verify", done], other.environment),
        (["report", done], other.environment),
        *((["report", RUN_ID], one.environment) for _ in range(4)),
        *((["runs"], one.environment) for _ in range(3)),
        (["show", RUN_ID], one.environment),
        (["doctor"], one.environment),
    ]
    before = entries_of(one.home, RUN_ID)

    ended = list(many_at_once(commands))

    with closing(sqlite3.connect(one.home / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [each for each in ended if not as_expected(each)] == []
    assert len(ended) == len(commands) and sum(1 for each in ended if each["killed"]) > 2
    with Reader(one.home) as ledger:
        known = ledger.run_ids()
        assert [ledger.broken_link(run_id, ledger.head(run_id)) for run_id in known] == [None] * len(known)
    reports = sum(1 for each in ended if each["arguments"] == ["report", RUN_ID] and each["code"] == 0)
    assert reports > 0
    assert entries_of(one.home, RUN_ID) >= before + reports
    folders = {folder.name for folder in one.output.iterdir() if (folder / "audit.json").exists()}
    assert folders <= set(known)


def as_expected(ended: dict[str, object]) -> bool:
    """Whether a command ended as commands do that others got in the way of, and not in trouble."""
    return ended["killed"] is True or ended["code"] in EXPECTED or "nothing to resume" in str(ended["err"])


def entries_of(home: Path, run_id: str) -> int:
    with closing(sqlite3.connect(home / FILE)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM entries WHERE run_id = ?", (run_id,)).fetchone()
        return int(found)
