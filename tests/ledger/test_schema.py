"""Opening a home's ledger: private, durable, never repaired, never guessed at."""

import hashlib
import json
import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.errors import BadSettings, LedgerTrouble
from decom.ledger.records import Entry, Kind
from decom.ledger.schema import FILE, START, VERSION, link, open_for_reading, open_for_writing
from tests.ledger.entries import AT, RUN, names


def test_a_new_ledger_is_private_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        with closing(open_for_writing(tmp_path / "home")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO entries VALUES (1, 'r', 'row', NULL, NULL, 'at', '{}', 'chain')")
            connection.execute("COMMIT")
            files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "home").iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert files == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}


def test_what_is_committed_survives_a_power_loss(tmp_path: Path):
    with closing(open_for_writing(tmp_path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_no_ledger_at_all_is_none_and_none_is_made(tmp_path: Path):
    assert open_for_reading(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_is_just_being_made_is_none_yet(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"")
    assert open_for_reading(tmp_path) is None
    open_for_writing(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as half:
        half.execute("PRAGMA user_version=0")  # as whoever died half way leaves it
    assert open_for_reading(tmp_path) is None
    with closing(open_for_writing(tmp_path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


@pytest.mark.parametrize("opening", [open_for_writing, open_for_reading])
def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, opening):
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE photos (x)")
    content = (tmp_path / FILE).read_bytes()
    with pytest.raises(LedgerTrouble, match="not a ledger of decom"):
        opening(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_of_many_who_make_it_at_once_all_have_the_same(tmp_path: Path):
    with ThreadPoolExecutor(8) as threads:
        connections = list(threads.map(open_for_writing, [tmp_path] * 8))
    for number, connection in enumerate(connections):
        connection.execute("INSERT INTO entries VALUES (?, 'r', 'row', NULL, NULL, 'at', '{}', 'chain')", (number,))
    assert connections[0].execute("SELECT count(*) FROM entries").fetchone() == (8,)
    for connection in connections:
        connection.close()


def test_opening_it_again_changes_nothing(tmp_path: Path):
    for _ in range(3):
        with closing(open_for_writing(tmp_path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master ORDER BY 1").fetchall()
    assert [name for (name,) in tables] == ["by_number", "by_phone", "by_run", "entries"]


@pytest.mark.parametrize(
    "content",
    [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 200, os.urandom(4096)],
    ids=["text", "a header alone", "noise"],
)
@pytest.mark.parametrize("opening", [open_for_writing, open_for_reading])
def test_a_damaged_ledger_is_refused_and_left_as_it_is(tmp_path: Path, content, opening):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(LedgerTrouble) as refused:
        opening(tmp_path)
    assert str(tmp_path / FILE) in str(refused.value) and refused.value.exit_code == 2
    assert "Put back a good copy" in (refused.value.remedy or "")
    assert (tmp_path / FILE).read_bytes() == content


@pytest.mark.parametrize("opening", [open_for_writing, open_for_reading])
def test_a_ledger_of_a_newer_program_is_refused(tmp_path: Path, opening):
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
        connection.execute("CREATE TABLE other (x)")
    with pytest.raises(LedgerTrouble, match="newer decom"):
        opening(tmp_path)


@pytest.mark.parametrize("opening", [open_for_writing, open_for_reading])
def test_a_folder_in_the_ledgers_place_is_refused(tmp_path: Path, opening):
    (tmp_path / FILE).mkdir()
    with pytest.raises(LedgerTrouble):
        opening(tmp_path)


def test_a_ledger_behind_a_link_is_not_written(tmp_path: Path):
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / "home" / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerTrouble, match="cannot be opened"):
        open_for_writing(tmp_path / "home")
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_a_home_in_which_others_may_write_is_refused(tmp_path: Path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o777)
    with pytest.raises(BadSettings, match="others may write"):
        open_for_writing(tmp_path / "home")


entries = st.builds(
    Entry, st.sampled_from(Kind), names, st.text(st.characters(codec="ascii")), st.none() | names, st.none() | names
)


def test_a_link_is_what_it_was_when_the_first_ledgers_were_written():
    entry = Entry(Kind.INTENT, AT, "{}", "phn_1", None)
    first = link(START, RUN, entry)
    assert first == "745102b58ff479b820e580c6d5e25d0f277a7e540cb3438300de85592701817d"
    assert link(first, RUN, entry) != first


@given(one=entries)
def test_a_link_is_the_digest_of_its_facts_as_json(one):
    facts = [START, RUN, one.kind, one.number_id, one.phone_number, one.at, one.body]
    assert link(START, RUN, one) == hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()


@given(one=entries, other=entries)
def test_entries_that_differ_in_anything_have_other_links(one, other):
    assert (link(START, RUN, one) == link(START, RUN, other)) is (one == other)
    assert link(START, RUN, one) != link(START, RUN + "x", one)
