"""The bench's parts run, with amounts so small that their figures mean nothing; no time is asserted."""

import re
import shutil
from pathlib import Path

import pytest

from bench import growth, pacing, release_path, startup
from bench.children import Cost, cost_of
from bench.contestants import CONTESTANTS, Round
from bench.machine import description
from bench.our_part import head_for, rows_for
from bench.stages import STAGES
from bench.tables import Table
from decom.ledger.reader import NumberRecord, RunRecord
from tests.planning.plans import plan_of
from tests.service.limits import KINDS

NEEDS_CURL = {"curl"} if shutil.which("curl") is None else set()


def within_this_process(module: str, *arguments: object) -> Cost:
    """What a child would measure, without the time that it takes to start one."""
    if module == "bench.contestants":
        name, *amounts = map(str, arguments)
        return CONTESTANTS[name](Round(*map(int, amounts)))
    stage, folder, rows = map(str, arguments)
    return STAGES[stage](Path(folder), int(rows))


def is_a_markdown_table(table: Table) -> bool:
    lines = [line for line in str(table).splitlines() if line.startswith("|")]
    return len(lines) == 2 + len(table.rows) and len({len(re.findall(r"\|", line)) for line in lines}) == 1


def test_every_contestant_releases_every_number_against_the_same_server():
    table = release_path.measure(
        release_path.Effort(numbers=6, rounds=1, concurrencies=(2,), slept=1), within_this_process
    )
    assert is_a_markdown_table(table)
    told = {row[1] for row in table.rows}
    wanted = {name for word, name in release_path.NAMES.items() if word not in NEEDS_CURL}
    assert told == {*wanted, release_path.SLEEPER}


def test_a_contestant_that_leaves_numbers_out_does_not_count():
    with release_path.serving(3) as port, pytest.raises(RuntimeError, match="3 of 5 numbers were released"):
        CONTESTANTS["ours"](Round(port, 5, 2))


def test_every_stage_and_format_is_measured_with_every_amount_of_rows():
    stages, formats = growth.measure((20, 40), within_this_process)
    assert is_a_markdown_table(stages)
    assert [(row[0], row[1]) for row in stages.rows] == [
        (name, rows) for name in growth.STAGES.values() for rows in ("20", "40")
    ]
    assert [row[0] for row in formats.rows] == list(growth.FORMATS)


def test_a_child_tells_what_it_took(tmp_path: Path):
    cost = cost_of("bench.stages", "make", tmp_path, 3)
    assert cost.seconds > 0.0
    assert cost.peak >= cost.before > 1.0
    assert (tmp_path / "in.csv").read_text().count("\n") == 4


def test_a_child_that_fails_is_told_of_with_its_last_words():
    with pytest.raises(RuntimeError, match="IndexError"):
        cost_of("bench.fixed_sleep", "no URL")


def test_every_kind_of_limit_has_its_line():
    table = pacing.measure((3,))
    assert is_a_markdown_table(table)
    assert len(table.rows) == len(KINDS)


def test_the_help_is_compared_with_the_bare_libraries():
    table = startup.measure(1, {name: startup.COMMANDS[name] for name in (startup.BARE, startup.HELP)})
    assert [row[0] for row in table.rows] == [startup.BARE, startup.HELP]


def test_the_machine_is_described_without_its_paths():
    assert len(description()) == 4
    assert str(Path(__file__).parents[2]) not in "\n".join(description())
    assert str(Path.home()) not in "\n".join(description())


def test_a_large_plan_and_a_long_story_have_a_short_repr():
    """asyncio writes out the repr of what a program's main coroutine returns: of a million rows, a gigabyte."""
    plan = plan_of(head_for(100, "http://127.0.0.1/v1"), rows_for(100))
    story = RunRecord("run", "now", "{}", numbers={str(number): NumberRecord() for number in range(100)})
    assert len(repr(plan)) < 1_000
    assert len(repr(story)) < 1_000
