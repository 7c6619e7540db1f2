"""Each sign in the patterns that tell cells apart stands there for a cell that somebody has."""

import string

import pytest

from decom.intake.cells import read_cell

LEFT_OUT = " \t\u00a0\u2007\u2009\u202f.()/-\u2010\u2011\u2012\u2013\u2212"
"""What people, and the programs they write with, put between the digits of a number."""

SHORTENED = "a spreadsheet shortened this number: format the column as text and export again"
DATE = "this cell is a date"
EXTENSION = "a number with an extension: only the number itself can be released"
LIST = "more than one value in this cell"


@pytest.mark.parametrize("separator", LEFT_OUT, ids=lambda separator: f"U+{ord(separator):04X}")
def test_whatever_stands_between_the_digits_is_left_out(separator):
    reading = read_cell(f"+91{separator}98765{separator}{separator}43210", None)
    assert reading.number is not None and reading.number.numbers == ("+919876543210",)
    assert reading.note == "separators removed"


@pytest.mark.parametrize("sign", sorted({*string.printable[:-5], "\u2003", "\u2014", "\u2015", "\u00b7"} - {*LEFT_OUT}))
def test_nothing_else_between_the_digits_is_left_out(sign):
    reading = read_cell(f"+9198765{sign}43210", None)
    if sign in string.digits:
        assert reading.number is not None and reading.number.numbers == (f"+9198765{sign}43210",)
    else:
        assert reading.number is None and reading.problem is not None


@pytest.mark.parametrize(
    "cell",
    ["1e5", "12E5", "9.12E+11", "9,12e11", "+9.12E+11", "-9E11", "9.12e-5", "919876543210E0", "9.123456E+011"],
)
def test_a_number_that_a_spreadsheet_shortened_is_called_so(cell):
    assert read_cell(cell, None).problem == SHORTENED


@pytest.mark.parametrize("cell", ["e5", "1e", "1e+", "9.12E11x", "9.E5", ".5E5", "9.1.2E5", "+-9E5", "1e5e5"])
def test_what_only_looks_so_is_not(cell):
    assert read_cell(cell, None).problem not in (None, SHORTENED)


@pytest.mark.parametrize("sign", "-/.")
@pytest.mark.parametrize("parts", [("2026", "1", "2"), ("2026", "11", "23"), ("1", "2", "2026"), ("23", "11", "2026")])
def test_a_date_is_a_date_however_it_is_written(sign, parts):
    assert read_cell(sign.join(parts), None).problem == DATE


@pytest.mark.parametrize(
    "cell",
    [
        "2026--2",
        "2026-1-",
        "-1-2026",
        "1--2026",
        "2026-11/23",
        "23-11.2026",
        "2026-111-23",
        "2026-11-233",
        "02026-11-23",
        "20261123",
        "2026-11",
        "123-11-2026",
        "1-222-2026",
    ],
)
def test_what_has_other_parts_than_a_date_is_none(cell):
    assert read_cell(cell, None).problem != DATE


@pytest.mark.parametrize("word", ["x", "X", "ext", "EXT", "extension", "Extension"])
@pytest.mark.parametrize("before", ["", " ", ";", ",", " ;"])
@pytest.mark.parametrize("after", ["", " ", ".", ":", "=", ". "])
def test_an_extension_is_one_however_it_is_written(word, before, after):
    assert read_cell(f"+91 98765 43210{before}{word}{after}12", None).problem == EXTENSION


@pytest.mark.parametrize(
    "number", ["022 1234567", "555-123.4567", "(022) 1234567", "+91-98765(43210)", "9876543210", "1", "5+5", "07"]
)
def test_an_extension_is_one_whatever_the_number_is_written_like(number):
    assert read_cell(f"{number} ext 5", None).problem == EXTENSION


@pytest.mark.parametrize(
    "cell",
    [
        "x5",
        "ext 5",
        "98765 43210 x",
        "98765 43210 ext:",
        "98765 43210 extend 5",
        "98765 43210 ext 5 6a",
        "*5 ext 5",
        "98765,43210 ext 5",
    ],
)
def test_what_is_no_number_with_an_extension_is_not_called_one(cell):
    assert read_cell(cell, None).problem not in (None, EXTENSION)


@pytest.mark.parametrize(
    "cell", ["phn_1,phn_2", "phn_1;2", "phn_1|phn_2", "phn_1 phn_2", "phn_1  phn_2", "phn_1\tphn_2", "a phn_2"]
)
def test_more_than_one_value_is_called_so(cell):
    assert read_cell(cell, None).problem == LIST


@pytest.mark.parametrize(
    ("cell", "sign", "position"),
    [("phn_a-b_C9!", "!", 11), ("phn_1 phn2", " ", 6), ("phn_1 2", " ", 6), ("phn_.", ".", 5), ("phn_1/", "/", 6)],
)
def test_the_first_sign_that_no_id_has_is_named_with_its_place(cell, sign, position):
    assert read_cell(cell, None).problem == f"a phone-number ID cannot contain {sign!r} (position {position})"
