"""What the ledger knows: runs, one run's story, a number's life; and any change that somebody made to it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from decom.dialnexa.replies import Proof
from decom.errors import LedgerTrouble
from decom.ledger.reader import NumberRecord, Reader
from decom.ledger.records import (
    Attempt,
    Ended,
    Entry,
    Intent,
    Kind,
    Look,
    Record,
    Reported,
    Settled,
    Started,
    Verified,
    entry,
)
from decom.ledger.schema import FILE, START
from decom.ledger.writer import Writer
from decom.vocabulary import Decision, Outcome, Stopped
from tests.ledger.entries import AT, RUN, attempt, outcome, released
from tests.quick_clock import QuickClock

OTHER = "20261124T000000Z-ffffff"
HEAD = '{"head":{},"folder":"/x","digest":""}'
PLANNED = Entry(Kind.PLANNED, AT, HEAD)
STARTED = Started("ops@host", 7, "0.1.0")
HOME = frozenset({RUN, OTHER})
"""The runs of one workspace."""


def at(number: int) -> str:
    """When the entry of this position was written."""
    return f"2026-11-23T18:58:{number:02}.000Z"


def write(home: Path, what: Iterable[Entry | Record], run_id: str = RUN) -> None:
    with Writer(home, run_id, QuickClock()) as ledger:
        numbered = enumerate(what, 1)
        ledger.write([each if isinstance(each, Entry) else entry(each, at(number)) for number, each in numbered])


def tamper(home: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(home / FILE)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(statement, values)
        connection.commit()


# --- Runs and their stories -------------------------------------------------------------------------------------


def test_a_home_without_a_ledger_knows_nothing(tmp_path: Path):
    with Reader(tmp_path) as ledger:
        assert ledger.run_ids() == []
        assert ledger.story(RUN) is None
        assert list(ledger.plan_rows(RUN)) == []
        assert ledger.life("phn_1") == []
        assert ledger.removals(HOME) == {}
        assert ledger.head(RUN) == START


def test_runs_are_named_oldest_first_and_only_those_whose_plan_was_entered_whole(tmp_path: Path):
    write(tmp_path, [Entry(Kind.ROW, AT, "{}"), PLANNED], OTHER)
    write(tmp_path, [PLANNED, STARTED])
    write(tmp_path, [Entry(Kind.ROW, AT, "{}")], "20261125T000000Z-000000")
    with Reader(tmp_path) as ledger:
        assert ledger.run_ids() == [RUN, OTHER]
        assert ledger.story("20261125T000000Z-000000") is None


def test_two_runs_of_one_second_come_in_the_order_of_their_plans(tmp_path: Path):
    later, sooner = "20261123T190000Z-000000", "20261123T190000Z-ffffff"
    for run_id in (sooner, later):
        write(tmp_path, [PLANNED], run_id)
    with Reader(tmp_path) as ledger:
        assert ledger.run_ids() == [sooner, later]


def test_rows_come_in_the_inputs_order(tmp_path: Path):
    write(tmp_path, [*(Entry(Kind.ROW, AT, f'{{"row":{n}}}') for n in (2, 10, 3)), PLANNED])
    write(tmp_path, [Entry(Kind.ROW, AT, '{"row":99}')], OTHER)
    with Reader(tmp_path) as ledger:
        assert list(ledger.plan_rows(RUN)) == ['{"row":2}', '{"row":10}', '{"row":3}']


def test_the_story_of_a_run_that_was_planned_and_no_more(tmp_path: Path):
    write(tmp_path, [Entry(Kind.ROW, AT, "{}"), PLANNED])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert (story.run_id, story.planned_at, story.plan) == (RUN, AT, HEAD)
    assert (story.starts, story.ended, story.verified, story.manifest, story.numbers) == ([], None, None, None, {})


def test_the_story_of_a_run_from_its_start_to_its_report(tmp_path: Path):
    look = Look("phn_2", False, 61.0)
    doubtful = attempt(1, Proof.IN_DOUBT, "phn_2")
    write(
        tmp_path,
        [
            PLANNED,
            STARTED,
            Intent("phn_1", 1),
            attempt(1),
            released(),
            Intent("phn_2", 1),
            doubtful,
            look,
            Ended(None),
            Verified(("one",)),
            Verified(()),
            Reported("old"),
            Reported("new"),
        ],
    )
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert story.starts == [(at(2), STARTED)] and story.ended == (at(9), Ended(None))
    assert story.verified == (at(11), Verified(())) and story.manifest == "new" and story.reported
    assert story.status == "done"
    assert story.numbers["phn_1"] == NumberRecord([attempt(1)], None, 1, released(), at(5))
    assert story.numbers["phn_2"] == NumberRecord([doubtful, look], None, 1, None, None)


def test_an_intent_without_its_attempt_is_open(tmp_path: Path):
    doubtful = attempt(1, Proof.IN_DOUBT)
    write(tmp_path, [PLANNED, STARTED, Intent("phn_1", 1), doubtful, Intent("phn_1", 2)])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert story.numbers["phn_1"] == NumberRecord([doubtful], at(5), 2, None, None)


def test_an_intent_that_another_one_followed_stays_in_doubt(tmp_path: Path):
    write(tmp_path, [PLANNED, STARTED, Intent("phn_1", 1), STARTED, Intent("phn_1", 2), attempt(2)])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    interrupted = "the run was interrupted while this release was in flight"
    cut_off = Attempt("phn_1", 1, Proof.CUT_OFF, None, interrupted, at(3))
    assert story.numbers["phn_1"] == NumberRecord([cut_off, attempt(2)], None, 2, None, None)


def test_a_new_intent_opens_what_was_settled(tmp_path: Path):
    write(tmp_path, [PLANNED, STARTED, outcome(Outcome.UNKNOWN), STARTED, Intent("phn_1", 2)])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert story.numbers["phn_1"] == NumberRecord([], at(5), 2, None, None)


def test_a_further_part_has_not_ended_until_it_says_so(tmp_path: Path):
    write(tmp_path, [PLANNED, STARTED, Ended(Stopped.SIGTERM), STARTED])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert len(story.starts) == 2 and story.ended is None


def test_a_story_holds_nothing_of_other_runs(tmp_path: Path):
    write(tmp_path, [PLANNED, STARTED, released()])
    write(tmp_path, [PLANNED, Ended(None), released("phn_9"), Reported("x")], OTHER)
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert set(story.numbers) == {"phn_1"} and story.ended is None and story.manifest is None


# --- A number's life --------------------------------------------------------------------------------------------


def test_a_life_is_found_by_either_name_across_runs(tmp_path: Path):
    row = Entry(Kind.ROW, AT, "{}", "phn_1", "+14155550101")
    write(tmp_path, [row, PLANNED, Intent("phn_1", 1), attempt(1), released(), released("phn_2", "+14155550102")])
    write(tmp_path, [Entry(Kind.ROW, AT, "{}", None, "+14155550101"), PLANNED], OTHER)
    with Reader(tmp_path) as ledger:
        by_phone = [(run_id, each.kind) for run_id, each in ledger.life("+14155550101")]
        by_id = [(run_id, each.kind) for run_id, each in ledger.life("phn_1")]
        assert ledger.life("phn_3") == []
    own = [(RUN, kind) for kind in (Kind.ROW, Kind.INTENT, Kind.ATTEMPT, Kind.SETTLED)]
    assert by_phone == [*own, (OTHER, Kind.ROW)]
    assert by_id == own


def test_an_id_that_means_other_numbers_over_time_brings_their_lives_along(tmp_path: Path):
    write(tmp_path, [PLANNED, released("phn_1", "+14155550101")])
    write(tmp_path, [PLANNED, released("phn_2", "+14155550101")], OTHER)
    with Reader(tmp_path) as ledger:
        assert [run_id for run_id, _ in ledger.life("+14155550101")] == [RUN, OTHER]
        assert [run_id for run_id, _ in ledger.life("phn_2")] == [OTHER]


UNKNOWN, FAILED = outcome(Outcome.UNKNOWN), outcome(Outcome.FAILED)
NOT_ATTEMPTED, MISSING = outcome(Outcome.NOT_ATTEMPTED), outcome(Outcome.MISSING)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ([released()], {"phn_1": OTHER}),
        ([released(), FAILED], {}),
        ([released(), FAILED, released()], {"phn_1": OTHER}),
        ([UNKNOWN], {}),
    ],
)
def test_what_other_runs_released_is_what_stayed_gone(tmp_path: Path, theirs, ours):
    write(tmp_path, [PLANNED])
    write(tmp_path, [PLANNED, *theirs], OTHER)
    with Reader(tmp_path) as ledger:
        assert ledger.released_by_others(RUN, {RUN, OTHER}) == ours
        assert ledger.released_by_others(OTHER, {RUN, OTHER}) == {}


@pytest.mark.parametrize(
    ("later", "verified", "reported"),
    [
        ([], True, True),
        ([STARTED], False, False),
        ([Ended(None)], False, False),
        ([Ended(None), Verified(())], True, False),
        ([Ended(None), Reported("new")], False, True),
    ],
)
def test_a_look_and_a_report_count_until_the_run_goes_on_or_ends_again(tmp_path: Path, later, verified, reported):
    write(tmp_path, [PLANNED, STARTED, Ended(None), Verified(()), Reported("old"), *later])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None
    assert ((story.verified is not None), story.reported) == (verified, reported)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ([], [], None),
        ([released()], [], (RUN, True)),
        ([Intent("phn_1", 1), attempt(1), released()], [], (RUN, True)),
        ([Intent("phn_1", 1), UNKNOWN], [], (RUN, False)),
        ([Intent("phn_1", 1)], [], (RUN, False)),
        ([Intent("phn_1", 1), FAILED], [], None),
        ([Intent("phn_1", 1), NOT_ATTEMPTED], [], None),
        ([MISSING], [], None),
        # Released, as was said, and then seen to be standing there all the same.
        ([Intent("phn_1", 1), attempt(1), released(), FAILED], [], None),
        ([Intent("phn_1", 1), UNKNOWN, Intent("phn_1", 2), released()], [], (RUN, True)),
        ([UNKNOWN, released()], [], (RUN, True)),
        ([released()], [MISSING], (RUN, True)),
        ([released()], [Intent("phn_1", 1), FAILED], (RUN, True)),
        ([released()], [Intent("phn_1", 1), UNKNOWN], (OTHER, False)),
        ([released()], [Intent("phn_1", 1)], (OTHER, False)),
        ([released()], [released()], (OTHER, True)),
        ([UNKNOWN], [released()], (OTHER, True)),
        ([Intent("phn_1", 1), UNKNOWN], [MISSING], (RUN, False)),
    ],
)
def test_who_removed_a_number_is_known_or_at_least_suspected(tmp_path: Path, first, second, found):
    row = Entry(Kind.ROW, AT, "{}", "phn_1", "+14155550101")
    write(tmp_path, [row, PLANNED, *first])
    write(tmp_path, [row, PLANNED, *second], OTHER)
    with Reader(tmp_path) as ledger:
        assert ledger.removals(HOME) == ({} if found is None else {"phn_1": found})


def test_what_was_removed_last_comes_first(tmp_path: Path):
    write(tmp_path, [PLANNED, released("phn_1"), released("phn_2")], OTHER)
    write(tmp_path, [PLANNED, released("phn_3"), released("phn_1")])
    with Reader(tmp_path) as ledger:
        assert list(ledger.removals(HOME)) == ["phn_1", "phn_3", "phn_2"]


@pytest.mark.parametrize("name", ["phn_1", "+14155550101"])
def test_what_a_run_of_another_workspace_did_is_not_asked(tmp_path: Path, name):
    row = Entry(Kind.ROW, AT, "{}", "phn_1", "+14155550101")
    write(tmp_path, [row, PLANNED])
    write(tmp_path, [row, PLANNED, released()], OTHER)
    with Reader(tmp_path) as ledger:
        assert ledger.removals(HOME) == {"phn_1": (OTHER, True)}
        assert ledger.removals({RUN}) == {}
        assert ledger.released_by_others(RUN, HOME) == {"phn_1": OTHER}
        assert ledger.released_by_others(RUN, {RUN}) == {}
        assert {run_id for run_id, _ in ledger.life(name, {RUN})} == {RUN}


def test_a_number_is_found_under_its_ids_of_this_workspace_alone(tmp_path: Path):
    """The same number, bought again by another workspace: its ID there was never this workspace's."""
    write(tmp_path, [Entry(Kind.ROW, AT, "{}", "phn_1", "+14155550101"), PLANNED])
    write(tmp_path, [Entry(Kind.ROW, AT, "{}", "phn_2", "+14155550101"), PLANNED, released("phn_2", None)], OTHER)
    with Reader(tmp_path) as ledger:
        assert {run_id for run_id, _ in ledger.life("+14155550101", {RUN})} == {RUN}
        assert [entry.number_id for _, entry in ledger.life("+14155550101", {RUN})] == ["phn_1"]
        assert ledger.removals({RUN}) == {}
        assert ledger.removals(HOME) == {"phn_2": (OTHER, True)}


# --- What somebody did to the ledger ----------------------------------------------------------------------------

LIFE: list[Entry | Record] = [PLANNED, STARTED, Intent("phn_1", 1), attempt(1), released(), Ended(None)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a finished run and another one, all in one file."""
    home = tmp_path_factory.mktemp("finished") / "home"
    write(home, LIFE)
    write(home, [PLANNED, STARTED], OTHER)
    return home


@pytest.fixture
def broken(finished: Path, tmp_path: Path) -> Callable[[Callable[[Path], None]], str | None]:
    """What is found in a copy of the finished run's home after somebody has been at it."""
    copies = count(1)

    def found(tampering: Callable[[Path], None]) -> str | None:
        home = shutil.copytree(finished, tmp_path / str(next(copies)))
        with Reader(home) as ledger:
            head = ledger.head(RUN)
            assert ledger.broken_link(RUN, head) is None
        tampering(home)
        with Reader(home) as ledger:
            return ledger.broken_link(RUN, head)

    return found


@pytest.mark.parametrize("column", ["run_id", "kind", "number_id", "phone_number", "at", "body", "chain"])
@pytest.mark.parametrize("value", ["changed", "intent", "", None, b"\x00"], ids=repr)
def test_an_entry_changed_in_any_column_is_named(finished: Path, broken, column, value):
    for seq in range(1, len(LIFE) + 1):
        with closing(sqlite3.connect(finished / FILE)) as connection:
            (before,) = connection.execute(f"SELECT {column} FROM entries WHERE seq = ?", (seq,)).fetchone()
        if before == value or (value is None and column not in ("number_id", "phone_number")):
            continue
        change = f"UPDATE entries SET {column} = ? WHERE seq = ?"
        found = broken(lambda home, change=change, seq=seq: tamper(home, change, value, seq))
        if column == "run_id" and seq == len(LIFE):
            assert found == "the ledger's last entries of this run are gone"
        else:
            assert found is not None and found.startswith(f"entry {seq} of the ledger ")


@pytest.mark.parametrize("seq", range(1, len(LIFE)))
def test_an_entry_taken_out_is_named_by_the_one_that_follows(broken, seq):
    found = broken(lambda home: tamper(home, "DELETE FROM entries WHERE seq = ?", seq))
    assert found is not None and found.startswith(f"entry {seq} of the ledger (")
    assert found.endswith(" was changed, added or taken out")


@pytest.mark.parametrize("left", range(len(LIFE)))
def test_an_end_that_was_cut_off_is_noticed(broken, left):
    found = broken(lambda home: tamper(home, "DELETE FROM entries WHERE run_id = ? AND seq > ?", RUN, left))
    assert found == "the ledger's last entries of this run are gone"


@pytest.mark.parametrize("place", [0, 1.5, 3.5, len(LIFE) - 0.5])
def test_an_entry_put_in_is_named(broken, place):
    def add(home: Path) -> None:
        tamper(home, "UPDATE entries SET seq = -seq * 10")
        tamper(home, "UPDATE entries SET seq = -seq")
        tamper(
            home,
            "INSERT INTO entries SELECT ?, run_id, kind, number_id, phone_number, at, body, chain"
            " FROM entries WHERE seq = 50",
            int(place * 10) + 1,
        )

    found = broken(add)
    assert found is not None and found.startswith(f"entry {int(place) + 1} of the ledger")


def test_entries_that_changed_places_are_named(broken):
    def swap(home: Path) -> None:
        for before, after in ((3, 99), (4, 3), (99, 4)):
            tamper(home, "UPDATE entries SET seq = ? WHERE seq = ?", after, before)

    found = broken(swap)
    assert found is not None and found.startswith("entry 3 of the ledger (attempt at ")


def test_a_kind_that_nobody_knows_is_named(broken):
    found = broken(lambda home: tamper(home, "UPDATE entries SET kind = 'x' WHERE seq = 2"))
    assert found == "entry 2 of the ledger is of no known kind: 'x'"


def test_what_another_run_wrote_meanwhile_breaks_nothing(broken):
    def go_on(home: Path) -> None:
        write(home, [Ended(None)], OTHER)
        write(home, [Verified(()), Reported("x")])

    assert broken(go_on) is None


def test_a_run_without_entries_has_the_first_head(tmp_path: Path):
    write(tmp_path, [PLANNED])
    with Reader(tmp_path) as ledger:
        assert ledger.head(OTHER) == START
        assert ledger.broken_link(OTHER, START) is None
        assert ledger.broken_link(OTHER, "ab" * 32) == "the ledger's last entries of this run are gone"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, len(LIFE)), place=st.integers(0, 1_000), letter=st.characters(codec="utf-8"))
def test_any_changed_letter_of_a_body_is_named(finished: Path, broken, seq, place, letter):
    with closing(sqlite3.connect(finished / FILE)) as connection:
        (body,) = connection.execute("SELECT body FROM entries WHERE seq = ?", (seq,)).fetchone()
    place %= len(body)
    assume(body[place] != letter)
    changed = body[:place] + letter + body[place + 1 :]
    found = broken(lambda home: tamper(home, "UPDATE entries SET body = ? WHERE seq = ?", changed, seq))
    assert found is not None and found.startswith(f"entry {seq} of the ledger ")


# --- What cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.ATTEMPT, "no JSON"),
        (Kind.ATTEMPT, "[]"),
        (Kind.ATTEMPT, "{}"),
        (Kind.ATTEMPT, '{"number_id":"phn_1","attempt":1,"proof":"x","status":1,"message":"","sent_at":""}'),
        (Kind.INTENT, '{"number_id":"phn_1","attempt":1,"more":1}'),
        (Kind.LOOK, "7"),
        (Kind.SETTLED, '{"outcome":"x"}'),
        (Kind.SETTLED, '{"conflicts":[1]}'),
        (Kind.STARTED, "null"),
        (Kind.ENDED, '{"why":"x","detail":""}'),
        (Kind.VERIFIED, '{"differences":null}'),
        (Kind.REPORTED, '"x"'),
        ("what", "{}"),
        (Kind.ATTEMPT, "[" * 100_000),
    ],
)
def test_an_entry_that_cannot_be_understood_is_trouble_with_a_place(tmp_path: Path, kind, body):
    write(tmp_path, [PLANNED, STARTED])
    tamper(
        tmp_path,
        "INSERT INTO entries VALUES (3, ?, ?, 'phn_1', NULL, ?, ?, 'chain')",
        RUN,
        kind,
        at(3),
        body,
    )
    with Reader(tmp_path) as ledger:
        with pytest.raises(LedgerTrouble, match=f"an entry of {at(3)} cannot be understood"):
            ledger.story(RUN)
        if kind == Kind.SETTLED:
            with pytest.raises(LedgerTrouble):
                ledger.removals(HOME)


def test_a_planned_row_with_a_decision_that_nobody_knows_is_trouble_with_a_place(tmp_path: Path):
    write(tmp_path, [Entry(Kind.ROW, at(0), '{"decision":"missing"}', "phn_1"), PLANNED])
    with Reader(tmp_path) as ledger:
        assert list(ledger.decisions(RUN)) == [(Decision.MISSING, "phn_1")]
    tamper(tmp_path, "UPDATE entries SET body = ? WHERE kind = 'row'", '{"decision":"borrowed"}')
    with Reader(tmp_path) as ledger, pytest.raises(LedgerTrouble, match=f"an entry of {at(0)} cannot be understood"):
        list(ledger.decisions(RUN))


@pytest.mark.parametrize("ask", [Reader.run_ids, lambda ledger: ledger.story(RUN), lambda ledger: ledger.life("phn_1")])
def test_a_database_that_is_damaged_inside_is_trouble(tmp_path: Path, ask):
    write(tmp_path, [PLANNED, *(released(f"phn_{n}") for n in range(500))])
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((tmp_path / FILE).read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    (tmp_path / FILE).write_bytes(content)
    with Reader(tmp_path) as ledger, pytest.raises(LedgerTrouble, match="the ledger cannot be read"):
        ask(ledger)


def test_text_that_is_no_text_is_trouble(tmp_path: Path):
    write(tmp_path, [PLANNED, released()])
    tamper(tmp_path, "UPDATE entries SET body = CAST(x'ff' AS TEXT) WHERE seq = 2")
    with Reader(tmp_path) as ledger, pytest.raises(LedgerTrouble):
        ledger.story(RUN)


@pytest.mark.parametrize("name", ["", "\ud83d", "'; DROP TABLE entries; --", "x" * 100_000, "\x00"])
def test_any_name_may_be_asked_for(tmp_path: Path, name):
    write(tmp_path, [PLANNED, released()])
    with Reader(tmp_path) as ledger:
        assert ledger.life(name) == []
        assert ledger.removals({name}) == {}
        assert ledger.story(name) is None


def test_reading_changes_nothing(tmp_path: Path):
    write(tmp_path, LIFE)
    before = (tmp_path / FILE).read_bytes()
    with Reader(tmp_path) as ledger:
        ledger.story(RUN)
        ledger.removals(HOME)
        ledger.broken_link(RUN, ledger.head(RUN))
    assert (tmp_path / FILE).read_bytes() == before


def test_a_settled_number_keeps_its_conflicts(tmp_path: Path):
    held = Settled("phn_1", None, Outcome.CONFLICTED, "plan", "held", (("campaigns", "cmp_1", "Spring", "active"),))
    write(tmp_path, [PLANNED, held, Attempt("phn_2", 1, Proof.HELD, 409, "m", AT)])
    with Reader(tmp_path) as ledger:
        story = ledger.story(RUN)
    assert story is not None and story.numbers["phn_1"].settled == held
