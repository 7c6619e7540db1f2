"""Naming a new run, and finding an old one by whatever a person types."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.errors import BadInput, DecomError, LedgerTrouble, Refused
from decom.ledger.reader import Reader
from decom.ledger.records import Ended, Intent, Kind, Record, Reported, Settled, Started, Verified
from decom.ledger.schema import FILE
from decom.ledger.writer import Writer
from decom.planning.plan import Plan, PlannedRow
from decom.planning.saved import JSON_FILE, SavedHead, rows_as_json, write_plan, written_rows
from decom.vocabulary import Decision, Outcome, Stopped
from decom.workflow.naming import RUN_ID, find_run, new_run_id
from decom.workflow.runs import (
    check_as_shown,
    is_interrupted,
    latest_interrupted,
    load_run,
    record_plan,
)
from tests.ledger.tampering import tamper
from tests.planning.plans import RUN, plan, planned
from tests.quick_clock import QuickClock

LATER, FINISHED = "20261124T000000Z-ffffff", "20261125T000000Z-eeeeee"
STARTED = Started("ops@host", 7, "0.1.0")
OVER = (Ended(None), Verified(()), Reported("ab"))


def saved(folder: Path, made: Plan | None = None) -> Path:
    """A run's folder with its plan."""
    run_folder = folder / "runs" / RUN
    run_folder.mkdir(parents=True)
    write_plan(made or plan(planned()), run_folder / JSON_FILE)
    return run_folder


def entered(home: Path, made: Plan) -> Plan:
    """A plan that is in the ledger of a home."""
    saved = SavedHead(made.head, home / made.head.run_id, "ab" * 32)
    record_plan(home, made, rows_as_json(made), saved, QuickClock())
    return made


# --- A new one --------------------------------------------------------------------------------------------------


def test_a_new_run_is_named_by_its_time_and_chance():
    clock = QuickClock()
    first = new_run_id(clock)
    assert first.startswith("20261123T185757Z-") and RUN_ID.fullmatch(first)
    assert len({new_run_id(clock) for _ in range(50)}) > 45
    clock.pass_by(1)
    assert first < new_run_id(clock)


# --- What a person types ----------------------------------------------------------------------------------------


def test_a_run_id_is_taken_as_it_is_and_no_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / RUN).mkdir()
    assert find_run(RUN) == (RUN, None)


def test_a_folder_or_its_plan_names_the_run(tmp_path: Path):
    folder = saved(tmp_path)
    assert find_run(str(folder)) == find_run(str(folder / JSON_FILE)) == (RUN, folder / JSON_FILE)
    assert find_run(f"{folder}/") == (RUN, folder / JSON_FILE)


def test_a_plan_under_another_name_is_a_plan_too(tmp_path: Path):
    folder = saved(tmp_path)
    (folder / JSON_FILE).rename(folder / "approved.json")
    assert find_run(str(folder / "approved.json")) == (RUN, folder / "approved.json")


@pytest.mark.parametrize(
    "target",
    [
        "",
        ".",
        "..",
        "/",
        "../../etc",
        "../../etc/passwd",
        "/etc",
        "nothing",
        "nothing/at/all",
        RUN + "/../../etc",
        RUN + "x",
        RUN.upper(),
        f" {RUN}",
        f"{RUN}\n",
        "\u0662" + RUN[1:],
        "20261123T185757Z",
        "x" * 300,
        "x" * 100_000,
        "a/" * 5_000,
        "\x00",
        "\ud83d",
        "/dev/null",
        "/dev/zero",
        "*",
        "~",
        "-",
    ],
)
def test_anything_else_is_refused_in_a_line_or_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target):
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    with pytest.raises(DecomError) as refused:
        find_run(target)
    assert isinstance(refused.value, BadInput | Refused) and refused.value.remedy is not None


@given(st.text(max_size=30) | st.text(st.sampled_from("/.~0129TZ-abc\x00\n"), max_size=40))
def test_whatever_is_typed_there_is_an_answer(target):
    try:
        run_id, path = find_run(target)
    except (BadInput, Refused):
        return
    assert path is None and RUN_ID.fullmatch(run_id)


RUNS = ["20261123T185757Z-1a2b3c", "20261124T185757Z-4d5e6f", "20261124T190000Z-1a2b99"]
"""The runs of a home, oldest first."""


@pytest.mark.parametrize(
    ("target", "run"),
    [
        ("latest", 2), ("4d5e", 1), ("4d5e6f", 1), ("2b3c", 0), ("T1900", 2), ("20261123", 0), ("-1a2b9", 2),
        (RUNS[0][:-1], 0), (RUNS[2][1:], 2),
    ],
)  # fmt: skip
def test_latest_or_a_part_of_its_id_that_no_other_run_has_names_a_run(target: str, run: int):
    assert find_run(target, RUNS) == (RUNS[run], None)


@pytest.mark.parametrize(
    ("target", "several"), [("1a2b", (0, 2)), ("20261124", (1, 2)), ("185757Z", (0, 1)), ("2026", (0, 1, 2))]
)
def test_a_part_that_fits_several_runs_is_refused_with_their_names(target: str, several: tuple[int, ...]):
    with pytest.raises(BadInput) as refused:
        find_run(target, RUNS)
    assert f"part of {len(several)} run IDs: {', '.join(RUNS[each] for each in several)}" in refused.value.what
    assert refused.value.remedy == "Type more of the ID."


def test_of_very_many_the_latest_are_named():
    many = [f"20261123T1857{n:02}Z-1a2b3c" for n in range(60)]
    with pytest.raises(BadInput, match=f"part of 60 run IDs: {many[55]}, .*{many[59]}, and 55 more"):
        find_run("2026", many)


@pytest.mark.parametrize("target", ["", "4d5", "LATEST", "4D5E", "4d5x", "4d5e6f0", "185757z"])
def test_what_is_shorter_or_in_no_id_names_none(target: str):
    with pytest.raises(DecomError):
        find_run(target, RUNS)


def test_a_home_without_a_run_has_no_latest():
    with pytest.raises(BadInput, match="this home has no run yet"):
        find_run("latest")


def test_what_exists_is_no_part_of_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path).rename("4d5e")
    assert find_run("4d5e", RUNS) == (RUN, Path("4d5e") / JSON_FILE)


@pytest.mark.parametrize("place", ["folder", "plan", "plan in its folder"])
def test_a_link_is_not_followed(tmp_path: Path, place):
    folder = saved(tmp_path)
    if place == "folder":
        target = tmp_path / "link"
        target.symlink_to(folder)
    elif place == "plan":
        target = tmp_path / "link.json"
        target.symlink_to(folder / JSON_FILE)
    else:
        target = tmp_path / "other"
        target.mkdir()
        (target / JSON_FILE).symlink_to(folder / JSON_FILE)
    with pytest.raises(BadInput, match="this is a symbolic link, and links are not followed"):
        find_run(str(target))


def test_a_link_to_nothing_or_to_itself_is_none_either(tmp_path: Path):
    for name, to in (("dangling", "nowhere"), ("loop", "loop")):
        (tmp_path / name).symlink_to(tmp_path / to)
        with pytest.raises(BadInput):
            find_run(str(tmp_path / name))


def test_a_file_that_is_no_plan_is_refused(tmp_path: Path):
    (tmp_path / "numbers.csv").write_text("number id\nphn_1\n")
    with pytest.raises(Refused, match="not a valid decom plan"):
        find_run(str(tmp_path / "numbers.csv"))


# --- Into the ledger, and out of it -----------------------------------------------------------------------------

ROWS = (
    planned(2),
    planned(3, Decision.CONFLICTED, number_id="phn_2", phone_number="+14155550102"),
    planned(4, None, number_id="phn_3"),
    planned(5, number_id="phn_4", phone_number="+14155550104"),
)


def test_a_plan_that_was_entered_is_known_with_what_it_releases(tmp_path: Path):
    made = entered(tmp_path, plan(*ROWS))
    with Reader(tmp_path) as ledger:
        run = load_run(ledger, RUN)
    assert run.saved == SavedHead(made.head, tmp_path / RUN, "ab" * 32)
    assert run.releases == (ROWS[0], ROWS[3])
    assert run.story.starts == [] and run.story.planned_at == "2026-11-23T18:57:57.120Z"


def test_the_rows_come_before_the_head_so_that_half_a_plan_is_none(tmp_path: Path):
    entered(tmp_path, plan(*ROWS))
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM entries ORDER BY seq")]
        names = connection.execute("SELECT number_id, phone_number FROM entries WHERE seq = 2").fetchone()
    assert kinds == [Kind.ROW] * 4 + [Kind.PLANNED]
    assert names == ("phn_2", "+14155550102")


def test_many_rows_are_entered_in_pieces(tmp_path: Path):
    rows = tuple(PlannedRow(n, "x", Decision.INVALID, "what is this") for n in range(25_001))
    entered(tmp_path, plan(*rows))
    with Reader(tmp_path) as ledger:
        assert sum(1 for _ in ledger.plan_rows(RUN)) == 25_001
        assert ledger.broken_link(RUN, ledger.head(RUN)) is None


def test_a_plan_that_cannot_be_entered_is_not_known(tmp_path: Path):
    tmp_path.chmod(0o700)
    with Writer(tmp_path, LATER, QuickClock()) as ledger:
        connection: sqlite3.Connection = vars(ledger)["_connection"]
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.kind = 'planned'"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(LedgerTrouble) as trouble:
        entered(tmp_path, plan(*ROWS))
    assert trouble.value.exit_code == 2 and RUN not in str(trouble.value)
    with Reader(tmp_path) as reader:
        assert reader.run_ids() == []
        with pytest.raises(Refused):
            load_run(reader, RUN)


def test_a_run_that_this_home_does_not_know_is_refused(tmp_path: Path):
    with Reader(tmp_path) as ledger, pytest.raises(Refused) as refused:
        load_run(ledger, RUN)
    assert refused.value.exit_code == 5 and refused.value.where == RUN
    assert "this home's ledger has no record of the run" in refused.value.what


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = 'x' WHERE kind = 'planned'",
        "UPDATE entries SET body = '{}' WHERE kind = 'row' AND seq = 2",
        "UPDATE entries SET body = x'00' WHERE kind = 'row' AND seq = 1",
    ],
)
def test_a_plan_on_record_that_was_made_into_something_else_is_trouble(tmp_path: Path, statement):
    entered(tmp_path, plan(*ROWS))
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute(statement)
        connection.commit()
    with Reader(tmp_path) as ledger, pytest.raises(LedgerTrouble):
        load_run(ledger, RUN)


# --- What was shown ---------------------------------------------------------------------------------------------


def shown(home: Path, made: Plan) -> Plan:
    """A plan that is in its folder and in the ledger, as a person has seen it."""
    folder = home / made.head.run_id
    folder.mkdir(mode=0o700)
    saved = SavedHead(made.head, folder, write_plan(made, folder / JSON_FILE))
    record_plan(home, made, written_rows(folder / JSON_FILE), saved, QuickClock())
    return made


def refusal(home: Path) -> Refused | None:
    with Reader(home) as ledger, ledger.at_one_instant():
        try:
            check_as_shown(ledger, load_run(ledger, RUN))
        except Refused as refused:
            return refused
    return None


def test_a_plan_that_is_as_it_was_shown_may_be_carried_out(tmp_path: Path):
    shown(tmp_path, plan(*ROWS))
    assert refusal(tmp_path) is None
    with Writer(tmp_path, RUN, QuickClock()) as ledger:
        ledger.record(STARTED)
    assert refusal(tmp_path) is None


LAST = "(SELECT max(seq) FROM entries WHERE kind = 'row')"
CHANGES = [
    ("UPDATE entries SET body = replace(body, 'conflicted', 'release') WHERE seq = 2", 3),
    ("UPDATE entries SET body = replace(body, 'phn_4', 'phn_5') WHERE seq = 4", 5),
    ("UPDATE entries SET body = body || ' ' WHERE seq = 1", 2),
    (f"DELETE FROM entries WHERE seq = {LAST}", 5),
    ("DELETE FROM entries WHERE seq = 2", 3),
    (
        "INSERT INTO entries SELECT 9, run_id, kind, number_id, phone_number, at, replace(body, '5', '6'), chain"
        " FROM entries WHERE seq = 4",
        6,
    ),
]
"""What somebody does to the rows, and the row of the input that is named."""


@pytest.mark.parametrize(("change", "row"), CHANGES)
def test_rows_that_are_not_those_that_were_shown_are_refused_though_every_hash_fits(tmp_path: Path, change, row):
    shown(tmp_path, plan(*ROWS))
    tamper(tmp_path, change, chained_anew=True)
    refused = refusal(tmp_path)
    assert refused is not None and refused.exit_code == 5 and refused.where == RUN
    assert refused.what == f"row {row} of the plan on record is not what was shown when it was made"


@pytest.mark.parametrize("change", [change for change, _ in CHANGES])
def test_rows_whose_hashes_do_not_fit_are_refused_where_they_lie(tmp_path: Path, change):
    shown(tmp_path, plan(*ROWS))
    tamper(tmp_path, change)
    refused = refusal(tmp_path)
    assert refused is not None
    assert "entry " in refused.what and "of the ledger" in refused.what and "decom doctor" in (refused.remedy or "")


def test_where_the_plan_itself_cannot_be_read_any_more_no_row_is_named(tmp_path: Path):
    shown(tmp_path, plan(*ROWS))
    (tmp_path / RUN / JSON_FILE).unlink()
    tamper(tmp_path, CHANGES[0][0], chained_anew=True)
    refused = refusal(tmp_path)
    assert refused is not None
    assert refused.what == "the rows of the plan on record are not what was shown when it was made"


def test_another_limit_or_account_in_the_plan_on_record_is_not_what_was_shown_either(tmp_path: Path):
    shown(tmp_path, plan(*ROWS))
    tamper(
        tmp_path,
        """UPDATE entries SET body = replace(body, '"max_release":100', '"max_release":900') WHERE kind = 'planned'""",
        chained_anew=True,
    )
    assert refusal(tmp_path) is not None


# --- The latest -------------------------------------------------------------------------------------------------


def settled(outcome: Outcome) -> Settled:
    return Settled("phn_1", "+14155550101", outcome, "evidence", "because")


def begun(home: Path, run_id: str, *records: Record) -> None:
    entered(home, plan(run_id=run_id))
    with Writer(home, run_id, QuickClock()) as ledger:
        ledger.record(*records)


def test_the_latest_that_was_interrupted_is_gone_on_with(tmp_path: Path):
    begun(tmp_path, RUN, STARTED)
    begun(tmp_path, "20261122T000000Z-000000", STARTED, Ended(Stopped.SIGTERM))
    begun(tmp_path, LATER, Ended(Stopped.OUTAGE))
    begun(tmp_path, FINISHED, STARTED, *OVER)
    entered(tmp_path, plan(run_id="20261126T000000Z-000000"))
    with Reader(tmp_path) as ledger:
        assert latest_interrupted(ledger, set(ledger.run_ids())).run_id == RUN


@pytest.mark.parametrize(
    ("records", "goes_on"),
    [
        ((STARTED,), True),
        ((STARTED, Ended(Stopped.SIGTERM)), True),
        ((STARTED, Ended(Stopped.SIGTERM), STARTED, *OVER), False),
        ((STARTED, *OVER), False),
        ((STARTED, *OVER, STARTED), True),
        # Nobody looked back, or reported.
        ((STARTED, Ended(None)), True),
        ((STARTED, Ended(None), Verified(())), True),
        ((STARTED, Ended(None), Reported("ab")), True),
        ((STARTED, Intent("phn_1", 1), settled(Outcome.UNKNOWN), *OVER), True),
        ((STARTED, Intent("phn_1", 1), *OVER), True),
        ((STARTED, settled(Outcome.NOT_ATTEMPTED), *OVER), False),
        ((STARTED, Intent("phn_1", 1), settled(Outcome.RELEASED), *OVER), False),
        ((STARTED, Intent("phn_1", 1), settled(Outcome.FAILED), *OVER), False),
        ((Ended(Stopped.OUTAGE),), False),
        ((), False),
    ],
)
def test_a_run_goes_on_as_long_as_something_of_it_is_left(tmp_path: Path, records, goes_on):
    begun(tmp_path, RUN, *records)
    with Reader(tmp_path) as ledger:
        story = ledger.outline(RUN)
        assert story is not None and is_interrupted(ledger, story) is goes_on


def test_where_none_was_interrupted_there_is_none_to_go_on_with(tmp_path: Path):
    entered(tmp_path, plan(*ROWS))
    begun(tmp_path, FINISHED, STARTED, *OVER)
    begun(tmp_path, LATER, STARTED)
    for home, ours in ((tmp_path, {RUN, FINISHED}), (tmp_path / "empty", {RUN})):
        with Reader(home) as ledger, pytest.raises(BadInput, match="there is nothing to resume"):
            latest_interrupted(ledger, ours)
