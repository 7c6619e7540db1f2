"""A plan saved and read back, and refused once a byte of it was changed."""

import hashlib
import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decom.errors import LedgerTrouble, Refused
from decom.planning.plan import Source
from decom.planning.saved import (
    JSON_FILE,
    SavedHead,
    check_untouched,
    digest_of,
    head_as_json,
    row_from_json,
    rows_as_json,
    run_id_of,
    saved_head,
    saved_head_as_json,
    write_plan,
    written_rows,
)
from decom.vocabulary import Decision, SourceState
from tests.planning.oracle import saved as oracle
from tests.planning.plans import RUN, SPRING, head, heads, lists_of_rows, plan, plan_of, planned

ROWS = (
    planned(2),
    planned(3, Decision.CONFLICTED, conflicts=(SPRING, SPRING)),
    planned(4, Decision.DUPLICATE, duplicate_of=2, number_id=None, phone_number=None),
    planned(5, None),
)


# --- One row, one head ------------------------------------------------------------------------------------------


@given(rows=lists_of_rows())
def test_any_row_comes_back_as_it_was_and_is_written_as_it_was_row_by_row(rows):
    lines = list(rows_as_json(plan(*rows)))
    assert all(line.isascii() and "\n" not in line for line in lines)
    assert [row_from_json(line) for line in lines] == rows
    assert lines == [oracle.row_as_json(row) for row in rows]


def test_a_row_is_short_where_there_is_little_to_say():
    assert list(rows_as_json(plan(planned(), planned(3, conflicts=(SPRING,))))) == [
        '{"row":2,"input_value":"phn_1","decision":"release","reason":"because","number_id":"phn_1",'
        '"phone_number":"+14155550101"}',
        '{"row":3,"input_value":"phn_1","decision":"release","reason":"because","number_id":"phn_1",'
        '"phone_number":"+14155550101","conflicts":[["campaigns","cmp_1","Spring","active"]]}',
    ]


@given(made=heads, digest=st.text())
def test_any_head_comes_back_as_it_was(made, digest):
    saved = SavedHead(made, Path("/runs") / RUN, digest)
    body = saved_head_as_json(saved)
    assert body.isascii() and "\n" not in body
    assert saved_head(body) == saved


def test_a_source_says_its_state_and_beside_it_whether_it_was_checked():
    made = head(
        sources=(Source("campaigns", SourceState.CHECKED, "14"), Source("workflows", SourceState.NOT_CHECKED, "503"))
    )
    assert json.loads(head_as_json(made))["sources"] == [
        {"name": "campaigns", "state": "checked", "checked": True, "why": "14"},
        {"name": "workflows", "state": "not_checked", "checked": False, "why": "503"},
    ]


@pytest.mark.parametrize(
    ("name", "checked", "why", "state"),
    [
        ("campaigns", True, "14 campaigns, 5 of them not over", SourceState.CHECKED),
        ("batch-calls", False, "this account has none (404)", SourceState.NOT_APPLICABLE),
        ("batch-calls", False, "500 Internal server error", SourceState.NOT_CHECKED),
        ("workflows", False, "active: Night; the API does not say which", SourceState.REFUSED_BY_SERVICE),
        ("workflows", False, "the key may not read it (403)", SourceState.NOT_CHECKED),
        ("default-number", False, "the API does not show it", SourceState.REFUSED_BY_SERVICE),
    ],
)
def test_a_plan_that_was_saved_before_there_were_states_is_read_as_it_was_meant(name, checked, why, state):
    body = json.loads(saved_head_as_json(SavedHead(head(), Path("/runs"), "ab")))
    body["head"]["sources"] = [{"name": name, "checked": checked, "why": why}]
    del body["head"]["accept_unchecked"]
    found = saved_head(json.dumps(body)).head
    assert found.sources == (Source(name, state, why),) and found.accept_unchecked == ()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "7",
        "null",
        "[]",
        "{}",
        '{"row":2}',
        '{"row":2,"input_value":"","decision":"x","reason":""}',
        '{"row":2,"input_value":"","decision":null,"reason":"","strange":1}',
        '{"row":2,"input_value":"","decision":null,"reason":"","conflicts":[1]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_row_or_head_of_ours_is_trouble_of_the_ledger(body):
    with pytest.raises(LedgerTrouble, match="a part of the plan on record cannot be understood"):
        row_from_json(body)
    with pytest.raises(LedgerTrouble, match="a part of the plan on record cannot be understood"):
        saved_head(body)


# --- The file ---------------------------------------------------------------------------------------------------


def test_the_file_is_private_and_the_digest_is_its_own(tmp_path: Path):
    digest = write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    check_untouched(tmp_path / JSON_FILE, digest)
    assert [path.name for path in tmp_path.iterdir()] == [JSON_FILE]
    assert stat.S_IMODE((tmp_path / JSON_FILE).stat().st_mode) == 0o600


def test_the_file_is_one_row_a_line_and_one_document(tmp_path: Path):
    write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    text = (tmp_path / JSON_FILE).read_text()
    found = json.loads(text)
    assert found["plan"]["run_id"] == RUN
    lines = text.splitlines()[2:-1]
    assert [row_from_json(line.rstrip(",")) for line in lines] == list(ROWS)
    assert len(found["rows"]) == len(ROWS)


def test_a_plan_without_rows_is_a_document_too(tmp_path: Path):
    write_plan(plan(), tmp_path / JSON_FILE)
    assert json.loads((tmp_path / JSON_FILE).read_text())["rows"] == []
    assert list(written_rows(tmp_path / JSON_FILE)) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lists_of_rows(), made=heads)
def test_whatever_the_rows_say_the_file_is_as_it_was_row_by_row_and_its_rows_are_read_back_from_it(
    tmp_path: Path, rows, made
):
    path = tmp_path / JSON_FILE
    digest = write_plan(plan_of(made, rows), path)
    assert path.read_bytes() == oracle.plan_json(made, rows)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    lines = list(written_rows(path))
    assert lines == [oracle.row_as_json(row) for row in rows]
    assert digest_of(saved_head_as_json(SavedHead(made, tmp_path, digest)), lines) == digest


def test_many_rows_are_written_in_pieces_and_are_one_document(tmp_path: Path):
    rows = [planned(place) for place in range(25_001)]
    write_plan(plan(*rows), tmp_path / JSON_FILE)
    assert (tmp_path / JSON_FILE).read_bytes() == oracle.plan_json(head(input_rows=25_001), rows)
    assert sum(1 for _ in written_rows(tmp_path / JSON_FILE)) == 25_001


def test_half_a_surrogate_pair_breaks_no_file(tmp_path: Path):
    digest = write_plan(plan(planned(nickname="\ud83d"), notes=("\udfff",)), tmp_path / JSON_FILE)
    check_untouched(tmp_path / JSON_FILE, digest)


def test_a_plan_that_cannot_be_written_whole_is_not_there(tmp_path: Path):
    made = plan(*ROWS)
    made.rows.loc[3, "input_value"] = b"no JSON"
    with pytest.raises(TypeError):
        write_plan(made, tmp_path / JSON_FILE)
    assert list(tmp_path.iterdir()) == []


# --- Only if not a byte was changed -----------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_flipped_bit_anywhere_is_refused(tmp_path: Path, data):
    digest = write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    path = tmp_path / JSON_FILE
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(Refused, match="this plan was changed after it was made"):
        check_untouched(path, digest)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1],
        lambda content: content + b"\n",
        lambda content: b"",
        lambda content: content.replace(b"phn_1", b"phn_2", 1),
        lambda content: content * 2,
    ],
)
def test_a_plan_cut_off_or_added_to_is_refused(tmp_path: Path, change):
    digest = write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    path = tmp_path / JSON_FILE
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Refused) as refused:
        check_untouched(path, digest)
    assert refused.value.where == str(path) and refused.value.exit_code == 5


@pytest.mark.parametrize("digest", ["", "ab" * 32, "AB" * 32])
def test_another_digest_is_another_plan(tmp_path: Path, digest):
    write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    with pytest.raises(Refused):
        check_untouched(tmp_path / JSON_FILE, digest)


@pytest.mark.parametrize("place", ["missing.json", ".", "x" * 300])
def test_a_plan_that_cannot_be_read_is_refused(tmp_path: Path, place):
    with pytest.raises(Refused, match="the approved plan cannot be read"):
        check_untouched(tmp_path / place, "ab" * 32)


def test_a_plan_that_became_a_link_is_refused(tmp_path: Path):
    digest = write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    (tmp_path / JSON_FILE).rename(tmp_path / "moved.json")
    (tmp_path / JSON_FILE).symlink_to(tmp_path / "moved.json")
    with pytest.raises(Refused, match="the approved plan cannot be read"):
        check_untouched(tmp_path / JSON_FILE, digest)


# --- Whose plan it is -------------------------------------------------------------------------------------------


def test_a_plan_file_names_its_run(tmp_path: Path):
    write_plan(plan(*ROWS), tmp_path / JSON_FILE)
    assert run_id_of(tmp_path / JSON_FILE) == RUN
    write_plan(plan(), tmp_path / JSON_FILE)
    assert run_id_of(tmp_path / JSON_FILE) == RUN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}",
        b"[]",
        b"null",
        b'{"plan":{}',
        b'{"plan":[],',
        b'{"plan":{"run_id":',
        b"\xff\xfe",
        b'{"audit":1}\n',
        b"PK\x03\x04",
        b'{"plan":' + b"[" * 100_000,
        b"x" * 3_000_000,
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content):
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(Refused, match="not a valid decom plan") as refused:
        run_id_of(path)
    assert len(str(refused.value)) < 1_000


def test_a_head_with_very_many_columns_is_read_all_the_same(tmp_path: Path):
    made = plan(other_columns=tuple(f"a column with a long name {n}" for n in range(16_000)))
    write_plan(made, tmp_path / JSON_FILE)
    assert run_id_of(tmp_path / JSON_FILE) == RUN
