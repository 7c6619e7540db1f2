"""The columns that are declared once, and the frames that are born by one function."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.phone_numbers.reading import Readings
from decom.tables import COLUMNS, OWN, READINGS, in_file, of, shaped, shared

any_text = st.text(st.characters(codec=None), max_size=6)


def names(columns) -> list[str]:
    return [column.name for column in columns]


def test_the_columns_of_the_files_are_those_that_spreadsheets_are_built_on():
    assert names(in_file("P")) == [
        "row", "input_value", "number_id", "phone_number", "decision", "reason", "conflicts", "country_code", "type",
        "nickname", "monthly_cost_usd",
    ]  # fmt: skip
    assert names(in_file("U")) == [
        "row", "input_value", "number_id", "phone_number", "outcome", "evidence", "reason", "http_status",
        "api_message", "attempts", "first_attempt_at", "decided_at", "conflicts", "country_code", "type", "nickname",
        "monthly_cost_usd", "billing_stops_on", "run_id",
    ]  # fmt: skip


def test_a_column_is_declared_once_and_whoever_prints_it_has_what_it_needs():
    assert len(set(names(COLUMNS))) == len(COLUMNS)
    for column in COLUMNS:
        assert column.files == "" or (column.heading != "" and column.width > 0)
        assert set(column.files) <= set(column.tables)


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("table", ["R", "P", "U", "N"])
def test_a_frame_has_every_column_of_its_table_with_its_type_whatever_was_given(table, rows):
    frame = shaped({"number_id": [None] * rows}, table)
    assert list(frame.columns) == names(of(table))
    types = [column.dtype for column in of(table)]
    assert list(frame.dtypes.astype(str)) == [OWN if each == READINGS else each for each in types]
    assert len(frame) == rows


def test_what_is_absent_stays_apart_from_what_is_empty_and_a_status_stays_whole():
    frame = shaped({"http_status": [200, None], "nickname": ["", None], "type": ["", None]}, "U")
    assert frame["http_status"].astype(object).tolist() == [200, pd.NA]
    assert frame["nickname"].tolist() == ["", None]
    assert frame["type"].array.codes.tolist() == [0, -1]


@given(st.lists(st.none() | any_text))
def test_shared_texts_come_back_as_they_were_whatever_they_hold(texts):
    found = shared(texts)
    places = [*found.categories, None]
    assert [places[code] for code in found.codes] == texts
    assert list(found.categories) == list(dict.fromkeys(text for text in texts if text is not None))


@pytest.mark.parametrize(
    "found",
    [
        {"row": ["2"]}, {"row": [2.5]}, {"row": [None]}, {"http_status": ["200"]}, {"http_status": [200.5]},
        {"outcome": ["gone"]}, {"reason": [7]}, {"reason": [["because"]]}, {"nickname": [7]}, {"color": ["red"]},
        {"row": [1, 2], "nickname": ["a"]},
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_column_is_refused(found: Mapping[str, Any]):
    with pytest.raises((ValueError, TypeError)):
        shaped(found, "U")


def test_what_a_number_can_mean_is_told_by_its_own_type_and_no_other():
    readings = Readings(("+14155550100", "+4155550100"))
    assert shaped({"readings": [readings, None]}, "R")["readings"].tolist() == [readings, None]
    with pytest.raises(TypeError):
        shaped({"readings": ["+14155550100"]}, "R")


def test_an_outcome_is_counted_in_the_order_in_which_they_are_listed():
    frame = shaped({"outcome": ["failed", "released", "failed"]}, "U")
    assert frame["outcome"].value_counts(sort=False).head(4).to_dict() == {
        "released": 1, "missing": 0, "conflicted": 0, "failed": 2,
    }  # fmt: skip


def test_the_columns_can_be_read_without_pandas():
    code = "import sys, decom.tables, decom.intake.header, decom.planning.saved; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
