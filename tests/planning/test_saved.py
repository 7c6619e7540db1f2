"""A plan saved and read back, and refused once a byte of it was changed."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decom.errors import LedgerTrouble, Refused
from decom.planning.plan import Plan, Source
from decom.planning.saved import (
    COLUMNS,
    CSV_FILE,
    JSON_FILE,
    SavedHead,
    check_untouched,
    head_as_json,
    row_as_json,
    row_from_json,
    run_id_of,
    saved_head,
    saved_head_as_json,
    write_plan,
)
from decom.vocabulary import Decision, SourceState
from tests.planning.plans import RUN, SPRING, head, heads, plan, planned, planned_rows

ROWS = (
    planned(2),
    planned(3, Decision.CONFLICTED, conflicts=(SPRING, SPRING)),
    planned(4, Decision.DUPLICATE, duplicate_of=2, number_id=None, phone_number=None),
    planned(5, None),
)


def as_is(text: str) -> str:
    return text


# --- One row, one head ------------------------------------------------------------------------------------------


@given(row=planned_rows)
def test_any_row_comes_back_as_it_was(row):
    line = row_as_json(row)
    assert line.isascii() and "\n" not in line
    assert row_from_json(line) == row


def test_a_row_is_short_where_there_is_little_to_say():
    assert row_as_json(planned()) == (
        '{"row":2,"input_value":"phn_1","decision":"release","reason":"because","number_id":"phn_1",'
        '"phone_number":"+14155550101"}'
    )
    assert json.loads(row_as_json(planned(conflicts=(SPRING,))))["conflicts"] == [
        ["campaigns", "cmp_1", "Spring", "active"]
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


# --- The files --------------------------------------------------------------------------------------------------


def test_both_files_are_private_and_the_digest_is_that_of_the_json(tmp_path: Path):
    digest = write_plan(plan(*ROWS), tmp_path, as_is)
    check_untouched(tmp_path / JSON_FILE, digest)
    assert sorted(path.name for path in tmp_path.iterdir()) == [CSV_FILE, JSON_FILE]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_the_json_is_one_row_a_line_and_one_document(tmp_path: Path):
    write_plan(plan(*ROWS), tmp_path, as_is)
    text = (tmp_path / JSON_FILE).read_text()
    found = json.loads(text)
    assert found["plan"]["run_id"] == RUN
    lines = text.splitlines()[2:-1]
    assert [row_from_json(line.rstrip(",")) for line in lines] == list(ROWS)
    assert len(found["rows"]) == len(ROWS)


def test_a_plan_without_rows_is_a_document_too(tmp_path: Path):
    write_plan(plan(), tmp_path, as_is)
    assert json.loads((tmp_path / JSON_FILE).read_text())["rows"] == []
    assert len((tmp_path / CSV_FILE).read_text(encoding="utf-8-sig").splitlines()) == 1


def table(folder: Path) -> list[list[str]]:
    text = (folder / CSV_FILE).read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_the_csv_has_our_columns_and_then_the_inputs_own(tmp_path: Path):
    row = planned(
        3,
        Decision.CONFLICTED,
        conflicts=(SPRING, SPRING),
        country_code="US",
        type="local",
        nickname="Desk",
        monthly_cost_usd="1.15",
        others=("Sales", "a\nb"),
    )
    write_plan(plan(row, planned(4, None, number_id=None, phone_number=None, others=("", ""))), tmp_path, as_is)
    made = plan(row, other_columns=("team", "note"))
    write_plan(
        Plan(made.head, (row, planned(4, None, number_id=None, phone_number=None, others=("", "")))), tmp_path, as_is
    )
    spring = 'campaign "Spring" cmp_1 (active)'
    assert table(tmp_path) == [
        [*COLUMNS, "team", "note"],
        [
            "3",
            "phn_1",
            "phn_1",
            "+14155550101",
            "conflicted",
            "because",
            f"{spring}; {spring}",
            "US",
            "local",
            "Desk",
            "1.15",
            "Sales",
            "a\nb",
        ],
        ["4", "phn_1", "", "", "", "because", "", "", "", "", "", "", ""],
    ]
    assert (tmp_path / CSV_FILE).read_bytes().startswith(b'\xef\xbb\xbf"row","input_value"')


def test_every_text_of_the_csv_is_made_neutral(tmp_path: Path):
    row = planned(3, others=("=1+1",), nickname="@x")
    write_plan(plan(row, other_columns=("=header",)), tmp_path, lambda text: f"<{text}>")
    header, line = table(tmp_path)
    assert all(cell.startswith("<") for cell in header)
    assert line[0] == "3" and all(cell.startswith("<") for cell in line[1:])
    assert "<=1+1>" in line and "<@x>" in line


def test_half_a_surrogate_pair_breaks_no_file(tmp_path: Path):
    digest = write_plan(plan(planned(nickname="\ud83d"), notes=("\udfff",)), tmp_path, as_is)
    check_untouched(tmp_path / JSON_FILE, digest)
    assert table(tmp_path)[1][9] == "\\ud83d"


def test_a_plan_that_cannot_be_written_whole_is_not_there(tmp_path: Path):
    def fail(text: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_plan(plan(*ROWS), tmp_path, fail)
    assert list(tmp_path.iterdir()) == []


# --- Only if not a byte was changed -----------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_flipped_bit_anywhere_is_refused(tmp_path: Path, data):
    digest = write_plan(plan(*ROWS), tmp_path, as_is)
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
    digest = write_plan(plan(*ROWS), tmp_path, as_is)
    path = tmp_path / JSON_FILE
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Refused) as refused:
        check_untouched(path, digest)
    assert refused.value.where == str(path) and refused.value.exit_code == 5


@pytest.mark.parametrize("digest", ["", "ab" * 32, "AB" * 32])
def test_another_digest_is_another_plan(tmp_path: Path, digest):
    write_plan(plan(*ROWS), tmp_path, as_is)
    with pytest.raises(Refused):
        check_untouched(tmp_path / JSON_FILE, digest)


@pytest.mark.parametrize("place", ["missing.json", ".", "x" * 300])
def test_a_plan_that_cannot_be_read_is_refused(tmp_path: Path, place):
    with pytest.raises(Refused, match="the approved plan cannot be read"):
        check_untouched(tmp_path / place, "ab" * 32)


def test_a_plan_that_became_a_link_is_refused(tmp_path: Path):
    digest = write_plan(plan(*ROWS), tmp_path, as_is)
    (tmp_path / JSON_FILE).rename(tmp_path / "moved.json")
    (tmp_path / JSON_FILE).symlink_to(tmp_path / "moved.json")
    with pytest.raises(Refused, match="the approved plan cannot be read"):
        check_untouched(tmp_path / JSON_FILE, digest)


# --- Whose plan it is -------------------------------------------------------------------------------------------


def test_a_plan_file_names_its_run(tmp_path: Path):
    write_plan(plan(*ROWS), tmp_path, as_is)
    assert run_id_of(tmp_path / JSON_FILE) == RUN
    write_plan(plan(), tmp_path, as_is)
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
    with pytest.raises(Refused, match="this is no plan of decom") as refused:
        run_id_of(path)
    assert len(str(refused.value)) < 1_000


def test_a_head_with_very_many_columns_is_read_all_the_same(tmp_path: Path):
    made = Plan(head(other_columns=tuple(f"a column with a long name {n}" for n in range(16_000))), ())
    write_plan(made, tmp_path, as_is)
    assert run_id_of(tmp_path / JSON_FILE) == RUN
