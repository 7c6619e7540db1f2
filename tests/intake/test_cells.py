"""One cell: what it names, what was done to read it, or the words that say why it names nothing."""

import re
import string
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.intake.cells import BLANK, header_of, is_blank, names_something, read_cell, text_of
from decom.intake.interface import BadCell, Cell, NotedCell
from decom.phone_numbers.numbering import known_region

NO_ID = "not a valid ID or phone number (IDs begin with phn_)"
NO_DIGITS = "not a valid ID or phone number: it has no digits"
SHORTENED = "a spreadsheet shortened this number: format the column as text and export again"
DATE = "this cell is a date"
EXTENSION = "a number with an extension: only the number itself can be released"
FORMULA = "this cell is a formula, not its result"
SEVERAL = "more than one value in this cell"
LINES = "more than one line in this cell"
TRUNK_ZERO = "0 between country code and number dropped"


@dataclass(frozen=True)
class Said:
    """What a cell says, as far as the tests here ask: of several readings of a number the likeliest."""

    number_id: str | None = None
    phone_number: str | None = None
    by_match_only: bool = False
    problem: str | None = None
    note: str = ""


def said(cell: Cell, region: str | None) -> Said:
    reading = read_cell(cell, region)
    if reading.number is None:
        return Said(reading.number_id, None, False, reading.problem, reading.note)
    return Said(None, reading.number.numbers[0], not reading.number.certain, reading.problem, reading.note)


def in_doubt(number: str, note: str) -> Said:
    """A reading that counts only if the account has the number."""
    return Said(phone_number=number, by_match_only=True, note=note)


def problem_of(cell: str) -> str | None:
    return read_cell(cell, None).problem


@pytest.mark.parametrize("cell", ["phn_1", "phn_k3v0x9q1t7m2c8ad", "phn_A-b_C", "phn_" + "x" * 124, "phn__"])
def test_an_id_is_read_as_it_is(cell):
    assert said(cell, None) == Said(number_id=cell)


AROUND_AN_ID = {
    " phn_1 ": "surrounding blanks removed",
    "\tphn_1\t": "surrounding blanks removed",
    "\u00a0phn_1\u00a0": "surrounding blanks removed",
    "\ufeffphn_1": "surrounding blanks removed",
    '="phn_1"': '=" " around it removed',
    '="\ufeffphn_1\u00a0"': '=" " around it removed',
    '"phn_1"': "surrounding quotes removed",
    "'phn_1'": "surrounding quotes removed",
    "'phn_1": "surrounding quotes removed",
    ' "phn_1"': "surrounding blanks removed; surrounding quotes removed",
}


def test_what_stands_around_an_id_is_removed_and_noted():
    for cell, note in AROUND_AN_ID.items():
        assert said(cell, None) == Said(number_id="phn_1", note=note), ascii(cell)


NO_IDS = {
    NO_ID: [
        "../campaigns/x", "..%2Fcampaigns%2Fx", "%2e%2e", "*", "%",  # a path upwards, and what stands for anything
        "plivo-numbers", "purchase", "sip-trunks",  # other routes of the API
        "cmp_1", "agt_1", "3f0c7a52-9a39-4c0e-9d5b-0f6f0e3a1b7c", "x" * 128,  # other IDs
        '""', "'", "=",  # nothing inside what goes around a cell
        "NA", "null", "None", "nan", "Total",  # words for nothing, and a row of sums
    ],
    NO_DIGITS: [".", "..", "-"],
    "a phone-number ID cannot contain '/' (position 6)": ["phn_1/../phn_2", "phn_1/", "PHN_1/"],
    "a phone-number ID cannot contain '?' (position 6)": ["phn_1?x=1"],
    "a phone-number ID cannot contain '&' (position 6)": ["phn_1&y"],
    "a phone-number ID cannot contain '#' (position 6)": ["phn_1#frag"],
    "a phone-number ID cannot contain '%' (position 5)": ["phn_%"],
    "a phone-number ID cannot contain '!' (position 11)": ["phn_a-b_C9!"],
    "a phone-number ID cannot contain ' ' (position 6)": ["phn_1 phn2", "phn_1 2"],
    "a phone-number ID cannot contain '.' (position 5)": ["phn_."],
    "not a phone-number ID: nothing follows phn_": ["phn_"],
    "not a phone-number ID: IDs begin with phn_ in lower case": ["PHN_1", "Phn_1"],
    LINES: ["phn_1\n", "phn_1\r\nX: y", "phn_1\u2028", "phn_1\nphn_2"],
    "invisible character U+0000 at position 6": ["phn_1\x00"],
    "invisible character U+001B at position 6": ["phn_1\x1b[2J"],
    "invisible character U+200B at position 4": ["phn\u200b_1"],
    "invisible character U+200E at position 6": ["phn_1\u200e"],
    "invisible character U+FEFF at position 4": ["phn\ufeff_1"],
    "invisible character U+202A at position 1": ["\u202aphn_1\u202c"],
    "not plain ASCII: U+0440 (CYRILLIC SMALL LETTER ER) at position 1": ["\u0440hn_1"],
    "not plain ASCII: U+FF50 (FULLWIDTH LATIN SMALL LETTER P) at position 1": ["\uff50\uff48\uff4e_1"],
    "not plain ASCII: U+201C (LEFT DOUBLE QUOTATION MARK) at position 1": ["\u201cphn_1\u201d"],
    SEVERAL: [
        "phn_1,phn_2", "phn_1;phn_2", "phn_1;2", "phn_1|phn_2", "phn_1 phn_2", "phn_1  phn_2", "phn_1\tphn_2",
        "a phn_2",
    ],
    "too long for an ID or a number: 129 characters": ["phn_" + "x" * 125],
    "too long for an ID or a number: 70,004 characters": ["phn_" + "x" * 70_000],
    FORMULA: [
        '=""', '=" "', '="phn_1"&A1', "=1+1", "=+14155550100", "=14155550100", '=T("phn_1")', '=TEXT(A1,"0")',
        '=HYPERLINK("tel:+14155550100","+14155550100")', "='+14155550100'", "=A1 phn_1",
    ],
    "this cell is an error: #N/A": ["#N/A"],
    "this cell is an error: #REF!": ["#REF!"],
    "this cell is an error: #NAME?": ["#NAME?"],
    "this cell is a yes/no value": ["TRUE", "false"],
}  # fmt: skip

NO_NUMBERS = {
    "no country code: write the number with + and its country code, or set its country with --region": ["09876543210"],
    NO_DIGITS: ["+", "tel:"],
    "too few digits for a phone number: 1 (minimum 7)": ["+1", '"1"', "'1"],
    "too few digits for a phone number: 2 (minimum 7)": ["17"],
    "too few digits for a phone number: 6 (minimum 7)": ["+123456"],
    "too many digits for a phone number: 16 (maximum 15)": ["+1234567890123456", "1234567890123456"],
    "not a valid ID or phone number": ["000919876543210", "tel:X", "tel:alice"],
    "no country code begins with 0": ["+0123456789"],
    SHORTENED: [
        "1e5", "12E5", "9.12E+11", "9,12e11", "+9.12E+11", "-9E11", "9.12e-5", "919876543210E0", "9.123456E+011",
    ],
    EXTENSION: [
        "+919876543210;ext=5", "tel:+919876543210;ext=5", "(415) 555-0123x9", "022 1234567 ext 5", "555-123.4567 ext 5",
        "(022) 1234567 ext 5", "+91-98765(43210) ext 5", "9876543210 ext 5", "1 ext 5", "5+5 ext 5", "07 ext 5",
        *(
            f"+91 98765 43210{before}{word}{after}12"
            for word in ("x", "X", "ext", "EXT", "extension", "Extension")
            for before in ("", " ", ";", ",", " ;")
            for after in ("", " ", ".", ":", "=", ". ")
        ),
    ],
    DATE: [
        sign.join(parts)
        for sign in "-/."
        for parts in (("2026", "1", "2"), ("2026", "11", "23"), ("1", "2", "2026"), ("23", "11", "2026"))
    ],
    "a SIP address, not a phone number": ["sip:alice@example.com", "sips:alice@example.com"],
    NO_ID: ["X919876543210X"],  # letters are no quotes
    "invisible character U+D83D at position 1": ["\ud83d17"],  # half a character
    "invisible character U+E000 at position 1": ["\ue00017"],  # for private use
    "invisible character U+0378 at position 1": ["\u037817"],  # not assigned
    "invisible character U+202A at position 1": ["\u202a+14155550100\u202c"],  # copied from a phone
    "invisible character U+200E at position 13": ["+14155550100\u200e"],  # copied from a chat
    "not plain ASCII: U+00E9 (LATIN SMALL LETTER E WITH ACUTE) at position 2": ["X\u00e9"],
    "not plain ASCII: U+FF19 (FULLWIDTH DIGIT NINE) at position 2": [
        "+\uff19\uff11\uff19\uff18\uff17\uff16\uff15\uff14\uff13\uff12\uff11\uff10",
    ],
    "not plain ASCII: U+0669 (ARABIC-INDIC DIGIT NINE) at position 2": ["+\u0669\u0661\u0669\u0668\u0667\u0666"],
    "not plain ASCII: U+00B2 (SUPERSCRIPT TWO) at position 4": ["+91\u00b2987654321"],
    "a + in the middle of a number: more than one value in this cell?": [
        "+919876543210 +919876543211", "91+9876543210",
    ],
    SEVERAL: ["+919876543210, +919876543211"],
    "not a valid ID or phone number: it starts with a minus sign": ["-919876543210"],
}  # fmt: skip


@pytest.mark.parametrize("problems", [NO_IDS, NO_NUMBERS], ids=["IDs", "numbers"])
def test_what_is_no_id_and_no_number_is_said_and_never_mended(problems):
    for problem, cells in problems.items():
        for cell in cells:
            assert said(cell, None) == Said(problem=problem), ascii(cell[:99])


def test_what_only_looks_like_a_kind_of_problem_is_not_called_one():
    for cell in ["e5", "1e", "1e+", "9.12E11x", "9.E5", ".5E5", "9.1.2E5", "+-9E5", "1e5e5"]:
        assert problem_of(cell) not in (None, SHORTENED), cell
    for cell in [
        "x5", "ext 5", "98765 43210 x", "98765 43210 ext:", "98765 43210 extend 5", "98765 43210 ext 5 6a", "*5 ext 5",
        "98765,43210 ext 5",
    ]:  # fmt: skip
        assert problem_of(cell) not in (None, EXTENSION), cell
    for cell in [
        "2026--2", "2026-1-", "-1-2026", "1--2026", "2026-11/23", "23-11.2026", "2026-111-23", "2026-11-233",
        "02026-11-23", "20261123", "2026-11", "123-11-2026", "1-222-2026",
    ]:  # fmt: skip
        assert problem_of(cell) != DATE, cell


LEFT_OUT = " \t\u00a0\u2007\u2009\u202f.()/-\u2010\u2011\u2012\u2013\u2212"
"""What people, and the programs they write with, put between the digits of a number."""


def test_what_stands_between_the_digits_of_a_number_is_left_out_and_nothing_else():
    for separator in LEFT_OUT:
        expected = Said(phone_number="+919876543210", note="separators removed")
        found = said(f"+91{separator}98765{separator}{separator}43210", None)
        assert (found.phone_number, found.note) == (expected.phone_number, expected.note), ascii(separator)
    for sign in sorted({*string.printable[:-5], "\u2003", "\u2014", "\u2015", "\u00b7"} - {*LEFT_OUT, *string.digits}):
        found = said(f"+9198765{sign}43210", None)
        assert found.phone_number is None and found.problem is not None, ascii(sign)


NUMBERS_WITH_A_PLUS = [
    ("+919876543210", "+919876543210", ""),
    ("+91 98765-43210", "+919876543210", "separators removed"),
    ("+91.98765.43210", "+919876543210", "separators removed"),
    ("(+91) 98765 43210", "+919876543210", "separators removed"),
    ("+1 (415) 555-0123", "+14155550123", "separators removed"),
    ("+49 30/901820", "+4930901820", "separators removed"),
    ("+919876543210/", "+919876543210", "separators removed"),
    ("+91\u00a098765\u201143210", "+919876543210", "separators removed"),
    ("+91\u202f98765\u201343210", "+919876543210", "separators removed"),
    ("+91\t9876543210", "+919876543210", "separators removed"),
    ("tel:+919876543210", "+919876543210", "tel: removed"),
    ("TEL: +91 98765 43210", "+919876543210", "tel: removed; separators removed"),
    ("tel:+919876543210\u2009", "+919876543210", "tel: removed; separators removed"),
    (" +919876543210", "+919876543210", "surrounding blanks removed"),
    ("'+919876543210", "+919876543210", "surrounding quotes removed"),
    ('="+919876543210"', "+919876543210", '=" " around it removed'),
    ("+44 (0)20 7946 0958", "+442079460958", f"separators removed; {TRUNK_ZERO}"),
    ("+353 (0)1 234 5678", "+35312345678", f"separators removed; {TRUNK_ZERO}"),
    ("+49 (0)1234 567890", "+491234567890", f"separators removed; {TRUNK_ZERO}"),  # a number that nobody has
    ("+3906698", "+3906698", ""),  # countries in which the 0 belongs to the number
    ("+2250701020304", "+2250701020304", ""),
    ("+4930901", "+4930901", ""),  # as short, and as long, as one may be
    ("+491234567890123", "+491234567890123", ""),
]

LIKELY_NUMBERS = [
    ("919876543210", "+919876543210", "read as if it started with +"),
    ("00919876543210", "+919876543210", "00 read as +"),
    ("0091 98765 43210", "+919876543210", "separators removed; 00 read as +"),
    ("14155552671.0", "+14155552671", "decimal .0 dropped; read as if it started with +"),
    ("+14155552671.00", "+14155552671", "decimal .0 dropped"),
    ("4930901", "+4930901", "read as if it started with +"),
    ("491234567890123", "+491234567890123", "read as if it started with +"),
    ("+4402079460958", "+442079460958", TRUNK_ZERO),
]


def test_a_number_with_its_plus_is_read_however_it_is_separated_and_others_count_by_match_with_the_account():
    for cell, number, note in NUMBERS_WITH_A_PLUS:
        assert said(cell, None) == Said(phone_number=number, note=note), ascii(cell)
    for cell, number, note in LIKELY_NUMBERS:
        assert said(cell, None) == in_doubt(number, note), ascii(cell)


WITH_A_REGION: list[tuple[Cell, str, Said]] = [
    ("09876543210", "IN", Said(phone_number="+919876543210", note="read as a number of IN")),
    ("98765 43210", "IN", Said(phone_number="+919876543210", note="separators removed; read as a number of IN")),
    ("919876543210", "IN", Said(phone_number="+919876543210", note="read as a number of IN")),
    ("(415) 555-2671", "US", Said(phone_number="+14155552671", note="separators removed; read as a number of US")),
    ("011 91 98765 43210", "US", Said(phone_number="+919876543210", note="separators removed; read as a number of US")),
    ("14155552671", "IN", in_doubt("+14155552671", "read as if it started with +")),
    ("+14155552671", "IN", Said(phone_number="+14155552671")),
    ("tel:09876543210", "IN", Said(phone_number="+919876543210", note="tel: removed; read as a number of IN")),
    (
        NotedCell("09876543210", "the result of a formula"),
        "IN",
        Said(phone_number="+919876543210", note="the result of a formula; read as a number of IN"),
    ),
    ("phn_123", "US", Said(number_id="phn_123")),  # an ID is never dialled
    ("phn_1/2345", "US", Said(problem="a phone-number ID cannot contain '/' (position 6)")),
    ("012345678", "IN", Said(problem="not a valid IN number: write it with + and its country code")),
]


def test_a_region_says_how_numbers_without_a_country_code_are_read():
    for cell, region, reading in WITH_A_REGION:
        assert said(cell, region) == reading, cell


def test_a_foreign_character_without_a_name_is_refused_too():
    tangut = chr(0x17000)
    name = unicodedata.name(tangut, "a character without a name")  # newer tables than Python 3.11's may name it
    assert said(tangut, None) == Said(problem=f"not plain ASCII: U+17000 ({name}) at position 1")


@pytest.mark.parametrize("cell", ["", " ", "\t", "\u00a0", "\u00a0 \u2003", "\ufeff", " \ufeff ", "\r\n"])
def test_a_cell_of_blanks_is_blank(cell):
    assert is_blank(cell)
    assert read_cell(cell, None) is BLANK


@pytest.mark.parametrize("cell", ["\u200b", ".", "0", BadCell("this cell is a date"), NotedCell("", "odd")])
def test_a_cell_that_only_looks_blank_is_not(cell):
    assert not is_blank(cell)


def test_a_cell_with_a_problem_says_it():
    assert said(BadCell("this cell is a date", "2026-01-31"), "IN") == Said(problem="this cell is a date")


def test_the_result_of_a_formula_is_read_and_noted():
    reading = said(NotedCell(" phn_1", "the result of a formula"), None)
    assert reading == Said(number_id="phn_1", note="the result of a formula; surrounding blanks removed")


@pytest.mark.parametrize(
    ("cell", "named", "text"),
    [
        ("phn_1", True, "phn_1"),
        (" 0091 98765 43210", True, " 0091 98765 43210"),
        (NotedCell("phn_1", "the result of a formula"), True, "phn_1"),
        ("09876543210", False, "09876543210"),  # only with a region, and none is given here
        ("phone number", False, "phone number"),
        ("", False, ""),
        (BadCell("this cell is a date", "2026-01-31"), False, "2026-01-31"),
    ],
)
def test_a_cell_names_something_or_not_and_stands_as_in_the_file(cell, named, text):
    assert names_something(cell) is named
    assert text_of(cell) == text


@pytest.mark.parametrize(
    ("cell", "header"),
    [
        (" Phone Number ", "Phone Number"),
        ("\ufeffid", "id"),
        ('="Phone Number"', "Phone Number"),
        (' =" id " ', "id"),
        ('=""', ""),
        ("=A1", "=A1"),
        (NotedCell("id", "the result of a formula"), "id"),
        (BadCell("this cell is a date", "2026-01-31"), "2026-01-31"),
    ],
)
def test_a_header_is_what_is_written_without_what_stands_around_it(cell, header):
    assert header_of(cell) == header


def test_a_region_is_two_capital_letters_of_a_country():
    assert known_region("IN")
    assert not known_region("in")
    assert not known_region("XX")
    assert not known_region("")


TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="phn_PHN019-+() .,;/?#%\t\n\r\u00a0\ufeff\u200bexo'\":"),
    st.from_regex(r"\A[ \t]*(phn_)?[-A-Za-z0-9_./?#%]{0,140}\Z"),
    st.from_regex(r"\A(\+|00|0|tel:|)[0-9 ().-]{0,24}(\.0|x5)?\Z"),
)


@given(cell=TEXTS, region=st.sampled_from([None, "IN", "US", "IT"]))
@example(cell="1" * 100_000, region=None)
@example(cell="#\tA", region=None)
@example(cell="(" * 128 + "x", region="US")
@example(cell="+" + "1 " * 60 + "ext", region="US")
def test_any_text_gives_an_id_or_a_number_or_a_problem_and_never_raises(cell, region):
    reading = said(cell, region)
    what = [value for value in (reading.number_id, reading.phone_number, reading.problem) if value is not None]
    assert len(what) == (0 if is_blank(cell) else 1)
    if reading.number_id is not None:
        assert re.fullmatch(r"phn_[A-Za-z0-9_-]{1,124}", reading.number_id, re.ASCII)
        assert reading.number_id in cell
    if reading.phone_number is not None:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", reading.phone_number, re.ASCII)
    if reading.problem is not None:
        assert reading.problem.isprintable()


@given(cell=TEXTS)
def test_without_a_region_no_digit_is_added_to_a_number_and_none_but_zeros_left_out(cell):
    reading = said(cell, None)
    if reading.phone_number is not None:
        digits = re.sub(r"\.0+['\"\s\ufeff]*$", "", cell)
        assert re.sub("[^1-9]", "", digits) == reading.phone_number.lstrip("+").replace("0", "")


@given(cell=st.one_of(st.builds(BadCell, st.text(min_size=1)), st.builds(NotedCell, TEXTS, st.text())))
def test_a_cell_of_a_workbook_never_raises_either(cell: Cell):
    read_cell(cell, "IN")
