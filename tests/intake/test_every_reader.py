"""Every reader and every sample: what `input_samples/expected.toml` says is what reading gives."""

import csv
import io
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from decom.dialnexa.models import Number
from decom.errors import BadInput
from decom.intake.cells import CellReading, read_cell
from decom.intake.interface import ReadOptions
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.phone_numbers.reading import Readings
from decom.planning.decide import plan_table
from decom.planning.plan import Plan, planned_rows
from decom.planning.protect import read_protected
from decom.planning.selection import Selection, choose
from decom.planning.survey import Survey
from tests.intake.reading import line_by_line, read
from tests.planning.oracle import build as oracle
from tests.planning.oracle import saved
from tests.planning.plans import head
from tests.service.world import World

SAMPLES = Path(__file__).resolve().parents[2] / "input_samples"
EXPECTED: list[dict[str, Any]] = tomllib.loads((SAMPLES / "expected.toml").read_text("utf-8"))["sample"]
NO_INPUTS = {"expected.toml", "make_samples.py", "protected.txt"}
"""What stands beside the samples: the list of what to expect, their maker, and the protect file of one of them."""
FILES = sorted(path.name for path in SAMPLES.iterdir() if path.is_file() and path.name not in NO_INPUTS)
FLAGS = ("column", "sheet", "region", "hidden_rows")
MOST_BYTES = 60_000


@pytest.mark.parametrize("sample", EXPECTED, ids=lambda sample: f"{sample['file']}: {sample['why']}")
def test_a_sample_comes_to_what_is_expected_of_it(sample):
    options = ReadOptions(**{flag: sample.get(flag) for flag in FLAGS})
    try:
        file = read(SAMPLES / sample["file"], options)
    except BadInput as error:
        assert error.what.startswith(sample["error"])
        return
    assert "error" not in sample or "account" in sample
    invalid = sum(row.problem is not None for row in file.rows)
    assert (len(file.rows), file.blank_rows, invalid) == (
        sample["rows"],
        sample["blank_rows"],
        sample["invalid_rows"],
    )


def number(phone_number: str) -> Number:
    return Number(f"phn_{phone_number[1:]}", phone_number)


@pytest.mark.parametrize(
    "sample",
    [sample for sample in EXPECTED if "account" in sample],
    ids=lambda sample: f"{sample['file']}: {sample['why']}",
)
def test_a_sample_is_decided_as_expected_on_the_account_that_stands_with_it(sample):
    options = ReadOptions(**{flag: sample.get(flag) for flag in FLAGS})
    file = read_input(SAMPLES / sample["file"], options, readers=READERS)
    lists = [tuple(sample.get(flag, ())) for flag in ("only", "exclude", "ignore_column")]
    selection = Selection(lists[0], lists[1], sample.get("limit"), lists[2])
    try:
        choice = choose(selection, file, sample.get("region"))
    except BadInput as error:
        assert error.what.startswith(sample["error"])
        return
    numbers = {each.id: each for each in map(number, sample["account"])}
    protected = read_protected(SAMPLES / sample["protect"]) if "protect" in sample else frozenset[str]()
    found = Survey(numbers, len(numbers), (), {})
    plan = Plan(head(other_columns=file.other_columns), plan_table(file, found, protected, (), choice), file.others)
    rows = list(planned_rows(plan.rows, plan.others))
    assert [row.decision for row in rows] == sample["decisions"]
    assert rows == list(oracle.build(line_by_line(file).rows, found, protected, (), choice))
    assert saved.differences(plan, rows) == []


def test_a_sample_is_small_and_something_is_expected_of_it():
    assert [name for name in FILES if (SAMPLES / name).stat().st_size >= MOST_BYTES] == []
    assert set(FILES) == {sample["file"] for sample in EXPECTED}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: type(reader).__name__)
def test_a_reader_has_a_sample_that_is_read(reader):
    good = {sample["file"] for sample in EXPECTED if "error" not in sample}
    assert any(reader.recognises((SAMPLES / name).read_bytes()[:4_096]) for name in good)


def test_a_sample_is_recognised_by_one_reader_at_most_so_that_their_order_does_not_matter():
    heads = {name: (SAMPLES / name).read_bytes()[:4_096] for name in FILES}
    assert [name for name in FILES if sum(reader.recognises(heads[name]) for reader in READERS) > 1] == []


def test_the_samples_are_those_that_the_script_writes():
    """Workbooks are compared by name alone: other versions of the libraries that write them pack them otherwise."""
    script = runpy.run_path(str(SAMPLES / "make_samples.py"))
    assert sorted(script["samples"]()) == FILES
    changed = [name for name, content in script["texts"]().items() if (SAMPLES / name).read_bytes() != content]
    assert changed == [], "run: python input_samples/make_samples.py"


def test_every_number_of_the_made_up_account_is_read_as_itself():
    for row in World.made_up(seed=1).numbers.values():
        assert read_cell(row["phone_number"], None) == CellReading(number=Readings((row["phone_number"],), True))
        assert read_cell(row["id"], None) == CellReading(number_id=row["id"])


def test_the_one_off_sample_has_every_line_of_its_file_as_a_row_in_order():
    text = (SAMPLES / "one_off.csv").read_bytes().decode()
    records = list(csv.reader(io.StringIO(text, newline="")))
    filled = [(number, record) for number, record in enumerate(records, start=1) if any(record)][1:]
    rows = read(SAMPLES / "one_off.csv").rows
    assert [(row.row, row.others) for row in rows] == [(number, tuple(record[2:])) for number, record in filled]


def test_the_one_off_sample_names_numbers_of_every_kind():
    world = World.made_up(seed=1)
    rows = read(SAMPLES / "one_off.csv").rows
    ids = {row.number_id for row in rows}
    numbers = {row.phone_number for row in rows}

    def named(kind: list[dict[str, Any]]) -> int:
        return sum(row["id"] in ids or row["phone_number"] in numbers for row in kind)

    assert named(world.held_openly) == 6
    assert named(world.held_secretly) == 2
    assert named(world.releasable) > 30
    unknown = {number for number in numbers if number} - {row["phone_number"] for row in world.numbers.values()}
    assert len(unknown) == 2
