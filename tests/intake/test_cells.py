"""One cell: what it names, what was done to read it, or the words that say why it names nothing."""

import re
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from decom.intake.cells import BLANK, header_of, is_blank, names_something, read_cell, text_of
from decom.intake.interface import BadCell, Cell, NotedCell
from decom.phone_numbers.numbering import known_region

NO_ID = "not a valid ID or phone number (IDs begin with phn_)"


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


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("phn_1", id="short"),
        pytest.param("phn_k3v0x9q1t7m2c8ad", id="as the service makes them"),
        pytest.param("phn_A-b_C", id="with every kind of character"),
        pytest.param("phn_" + "x" * 124, id="as long as one may be"),
        pytest.param("phn__", id="of an underscore"),
    ],
)
def test_an_id_is_read_as_it_stands(cell):
    assert said(cell, None) == Said(number_id=cell)


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        pytest.param(" phn_1 ", "surrounding blanks removed", id="blanks"),
        pytest.param("\tphn_1\t", "surrounding blanks removed", id="tabs"),
        pytest.param("\u00a0phn_1\u00a0", "surrounding blanks removed", id="no-break spaces"),
        pytest.param("\ufeffphn_1", "surrounding blanks removed", id="a byte-order mark"),
        pytest.param('="phn_1"', '=" " around it removed', id="a formula that makes the cell text"),
        pytest.param('="\ufeffphn_1\u00a0"', '=" " around it removed', id="the same with blanks inside"),
        pytest.param('"phn_1"', "surrounding quotes removed", id="a pair of quotes"),
        pytest.param("'phn_1'", "surrounding quotes removed", id="a pair of single quotes"),
        pytest.param("'phn_1", "surrounding quotes removed", id="the apostrophe that makes a cell text"),
        pytest.param(' "phn_1"', "surrounding blanks removed; surrounding quotes removed", id="blanks and quotes"),
    ],
)
def test_what_stands_around_an_id_is_removed_and_noted(cell, note):
    assert said(cell, None) == Said(number_id="phn_1", note=note)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        pytest.param(".", "not a valid ID or phone number: it has no digits", id="a dot names the collection"),
        pytest.param("..", "not a valid ID or phone number: it has no digits", id="two dots name what is above"),
        pytest.param("../campaigns/x", NO_ID, id="a path upwards"),
        pytest.param("..%2Fcampaigns%2Fx", NO_ID, id="a path upwards in percent signs"),
        pytest.param("%2e%2e", NO_ID, id="two dots in percent signs"),
        pytest.param(
            "phn_1/../phn_2", "a phone-number ID cannot contain '/' (position 6)", id="a path to another number"
        ),
        pytest.param("phn_1/", "a phone-number ID cannot contain '/' (position 6)", id="a slash at the end"),
        pytest.param("phn_1?x=1", "a phone-number ID cannot contain '?' (position 6)", id="a query"),
        pytest.param("phn_1&y", "a phone-number ID cannot contain '&' (position 6)", id="an ampersand"),
        pytest.param("phn_1#frag", "a phone-number ID cannot contain '#' (position 6)", id="a fragment"),
        pytest.param("phn_%", "a phone-number ID cannot contain '%' (position 5)", id="a percent sign"),
        pytest.param("*", NO_ID, id="a star"),
        pytest.param("%", NO_ID, id="a percent sign alone"),
        pytest.param("phn_", "not a phone-number ID: nothing follows phn_", id="nothing behind phn_"),
        pytest.param("phn_1\n", "more than one line in this cell", id="a line end"),
        pytest.param("phn_1\r\nX: y", "more than one line in this cell", id="a header smuggled in"),
        pytest.param("phn_1\u2028", "more than one line in this cell", id="a line separator"),
        pytest.param("phn_1\nphn_2", "more than one line in this cell", id="two lines"),
        pytest.param("phn_1\x00", "invisible character U+0000 at position 6", id="a NUL"),
        pytest.param("phn_1\x1b[2J", "invisible character U+001B at position 6", id="an escape"),
        pytest.param("phn\u200b_1", "invisible character U+200B at position 4", id="a zero-width space"),
        pytest.param("phn_1\u200e", "invisible character U+200E at position 6", id="a direction mark"),
        pytest.param("phn\ufeff_1", "invisible character U+FEFF at position 4", id="a byte-order mark inside"),
        pytest.param('=""', NO_ID, id="a formula around nothing"),
        pytest.param('=" "', NO_ID, id="a formula around a blank"),
        pytest.param('="phn_1"&A1', NO_ID, id="a formula that makes more of it"),
        pytest.param("\u202aphn_1\u202c", "invisible character U+202A at position 1", id="marks of a copied contact"),
        pytest.param(
            "рhn_1", "not plain ASCII: U+0440 (CYRILLIC SMALL LETTER ER) at position 1", id="a Cyrillic look-alike"
        ),
        pytest.param(
            "ｐｈｎ_1", "not plain ASCII: U+FF50 (FULLWIDTH LATIN SMALL LETTER P) at position 1", id="full width"
        ),
        pytest.param(
            "“phn_1”", "not plain ASCII: U+201C (LEFT DOUBLE QUOTATION MARK) at position 1", id="curly quotes"
        ),
        pytest.param("PHN_1", "not a phone-number ID: IDs begin with phn_ in lower case", id="capitals are another ID"),
        pytest.param("Phn_1", "not a phone-number ID: IDs begin with phn_ in lower case", id="one capital"),
        pytest.param("phn_1,phn_2", "more than one value in this cell", id="two IDs and a comma"),
        pytest.param("phn_1;phn_2", "more than one value in this cell", id="two IDs and a semicolon"),
        pytest.param("phn_1|phn_2", "more than one value in this cell", id="two IDs and a pipe"),
        pytest.param("phn_1 phn_2", "more than one value in this cell", id="two IDs and a blank"),
        pytest.param("plivo-numbers", NO_ID, id="a route's name"),
        pytest.param("purchase", NO_ID, id="a verb of the API"),
        pytest.param("sip-trunks", NO_ID, id="another route's name"),
        pytest.param("cmp_1", NO_ID, id="a campaign's ID"),
        pytest.param("agt_1", NO_ID, id="an agent's ID"),
        pytest.param("3f0c7a52-9a39-4c0e-9d5b-0f6f0e3a1b7c", NO_ID, id="a UUID"),
        pytest.param("phn_" + "x" * 125, "too long for an ID or a number: 129 characters", id="one character too long"),
        pytest.param("phn_" + "x" * 70_000, "too long for an ID or a number: 70,004 characters", id="far too long"),
        pytest.param("x" * 128, NO_ID, id="as long as an ID may be, and none"),
        pytest.param("PHN_1/", "a phone-number ID cannot contain '/' (position 6)", id="capitals and a slash"),
        pytest.param('""', NO_ID, id="a pair of quotes around nothing"),
        pytest.param("'", NO_ID, id="an apostrophe before nothing"),
        pytest.param("NA", NO_ID, id="NA"),
        pytest.param("null", NO_ID, id="null"),
        pytest.param("None", NO_ID, id="None"),
        pytest.param("nan", NO_ID, id="nan"),
        pytest.param("-", "not a valid ID or phone number: it has no digits", id="a dash for nothing"),
        pytest.param("#N/A", "this cell is an error: #N/A", id="an error written as text"),
        pytest.param("#REF!", "this cell is an error: #REF!", id="a lost reference written as text"),
        pytest.param("#NAME?", "this cell is an error: #NAME?", id="a lost name written as text"),
        pytest.param("TRUE", "this cell is a yes/no value", id="TRUE"),
        pytest.param("false", "this cell is a yes/no value", id="false"),
        pytest.param("Total", NO_ID, id="a row of sums"),
        pytest.param("=1+1", NO_ID, id="a formula as text"),
    ],
)
def test_what_is_no_id_is_said_and_never_mended(cell, problem):
    assert said(cell, None) == Said(problem=problem)


@pytest.mark.parametrize(
    ("cell", "number", "note"),
    [
        pytest.param("+919876543210", "+919876543210", "", id="as the service writes it"),
        pytest.param("+91 98765-43210", "+919876543210", "separators removed", id="blanks and hyphens"),
        pytest.param("+91.98765.43210", "+919876543210", "separators removed", id="dots"),
        pytest.param("(+91) 98765 43210", "+919876543210", "separators removed", id="a country code in brackets"),
        pytest.param("+1 (415) 555-0123", "+14155550123", "separators removed", id="an area code in brackets"),
        pytest.param("+49 30/901820", "+4930901820", "separators removed", id="a slash"),
        pytest.param("+919876543210/", "+919876543210", "separators removed", id="a slash at the end"),
        pytest.param("+91\u00a098765\u201143210", "+919876543210", "separators removed", id="no-break separators"),
        pytest.param("+91\u202f98765\u201343210", "+919876543210", "separators removed", id="typographic separators"),
        pytest.param("tel:+919876543210", "+919876543210", "tel: removed", id="a link"),
        pytest.param("TEL: +91 98765 43210", "+919876543210", "tel: removed; separators removed", id="a link, typed"),
        pytest.param(" +919876543210", "+919876543210", "surrounding blanks removed", id="blanks around"),
        pytest.param("'+919876543210", "+919876543210", "surrounding quotes removed", id="an apostrophe"),
        pytest.param("+91\t9876543210", "+919876543210", "separators removed", id="a tab inside"),
        pytest.param(
            "tel:+919876543210\u2009", "+919876543210", "tel: removed; separators removed", id="a link and a thin blank"
        ),
        pytest.param(
            "+44 (0)20 7946 0958",
            "+442079460958",
            "separators removed; 0 between country code and number dropped",
            id="the 0 that is dialled at home, in brackets",
        ),
        pytest.param(
            "+353 (0)1 234 5678",
            "+35312345678",
            "separators removed; 0 between country code and number dropped",
            id="that 0 behind three digits",
        ),
        pytest.param(
            "+49 (0)1234 567890",
            "+491234567890",
            "separators removed; 0 between country code and number dropped",
            id="that 0 in a number that nobody has",
        ),
        pytest.param(
            '="+919876543210"', "+919876543210", '=" " around it removed', id="a formula that makes the cell text"
        ),
        pytest.param("+3906698", "+3906698", "", id="a country in which the 0 belongs to the number"),
        pytest.param("+2250701020304", "+2250701020304", "", id="another country that keeps its 0"),
        pytest.param("+4930901", "+4930901", "", id="as short as one may be"),
        pytest.param("+491234567890123", "+491234567890123", "", id="as long as one may be"),
    ],
)
def test_a_number_with_its_plus_is_read_however_it_is_separated(cell, number, note):
    assert said(cell, None) == Said(phone_number=number, note=note)


@pytest.mark.parametrize(
    ("cell", "number", "note"),
    [
        pytest.param("919876543210", "+919876543210", "read as if it started with +", id="digits alone"),
        pytest.param("00919876543210", "+919876543210", "00 read as +", id="00 for +"),
        pytest.param("0091 98765 43210", "+919876543210", "separators removed; 00 read as +", id="00 and blanks"),
        pytest.param("14155552671.0", "+14155552671", "decimal .0 dropped; read as if it started with +", id="a float"),
        pytest.param("+14155552671.00", "+14155552671", "decimal .0 dropped", id="a float with a plus"),
        pytest.param("4930901", "+4930901", "read as if it started with +", id="as few digits as may be"),
        pytest.param("491234567890123", "+491234567890123", "read as if it started with +", id="as many as may be"),
        pytest.param(
            "+4402079460958", "+442079460958", "0 between country code and number dropped", id="that 0 unmarked"
        ),
    ],
)
def test_what_is_only_likely_counts_by_match_with_the_account(cell, number, note):
    assert said(cell, None) == in_doubt(number, note)


@pytest.mark.parametrize(
    ("cell", "region", "reading"),
    [
        pytest.param(
            "09876543210",
            "IN",
            Said(phone_number="+919876543210", note="read as a number of IN"),
            id="as dialled at home",
        ),
        pytest.param(
            "98765 43210",
            "IN",
            Said(phone_number="+919876543210", note="separators removed; read as a number of IN"),
            id="without the 0",
        ),
        pytest.param(
            "919876543210",
            "IN",
            Said(phone_number="+919876543210", note="read as a number of IN"),
            id="with the country code and no plus",
        ),
        pytest.param(
            "(415) 555-2671",
            "US",
            Said(phone_number="+14155552671", note="separators removed; read as a number of US"),
            id="an American one",
        ),
        pytest.param(
            "011 91 98765 43210",
            "US",
            Said(phone_number="+919876543210", note="separators removed; read as a number of US"),
            id="an international one as dialled from there",
        ),
        pytest.param(
            "14155552671",
            "IN",
            in_doubt("+14155552671", "read as if it started with +"),
            id="no number of that country",
        ),
        pytest.param("+14155552671", "IN", Said(phone_number="+14155552671"), id="a plus says its own country"),
        pytest.param(
            "tel:09876543210",
            "IN",
            Said(phone_number="+919876543210", note="tel: removed; read as a number of IN"),
            id="in a link",
        ),
        pytest.param(
            NotedCell("09876543210", "the result of a formula"),
            "IN",
            Said(phone_number="+919876543210", note="the result of a formula; read as a number of IN"),
            id="in a formula",
        ),
        pytest.param("phn_123", "US", Said(number_id="phn_123"), id="an ID is never dialled"),
        pytest.param("phn_1/2345", "US", Said(problem="a phone-number ID cannot contain '/' (position 6)"), id="no ID"),
        pytest.param(
            "012345678",
            "IN",
            Said(problem="not a valid IN number: write it with + and its country code"),
            id="not even there",
        ),
    ],
)
def test_a_region_says_how_numbers_without_a_country_code_are_read(cell, region, reading):
    assert said(cell, region) == reading


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        pytest.param(
            "09876543210",
            "no country code: write the number with + and its country code, or set its country with --region",
            id="a number as dialled at home",
        ),
        pytest.param("+", "not a valid ID or phone number: it has no digits", id="a plus alone"),
        pytest.param("+1", "too few digits for a phone number: 1 (minimum 7)", id="a plus and one digit"),
        pytest.param("17", "too few digits for a phone number: 2 (minimum 7)", id="a row number"),
        pytest.param("+1234567890123456", "too many digits for a phone number: 16 (maximum 15)", id="16 digits"),
        pytest.param("1234567890123456", "too many digits for a phone number: 16 (maximum 15)", id="16 without plus"),
        pytest.param("000919876543210", "not a valid ID or phone number", id="three zeros in front"),
        pytest.param("+123456", "too few digits for a phone number: 6 (minimum 7)", id="one digit too few"),
        pytest.param("+0123456789", "no country code begins with 0", id="a country code of 0"),
        pytest.param(
            "1e5", "a spreadsheet shortened this number: format the column as text and export again", id="1e5"
        ),
        pytest.param(
            "9.12E+11",
            "a spreadsheet shortened this number: format the column as text and export again",
            id="a number that a spreadsheet shortened",
        ),
        pytest.param(
            "+91 98765 43210 ext 5",
            "a number with an extension: only the number itself can be released",
            id="an extension",
        ),
        pytest.param(
            "+919876543210;ext=5",
            "a number with an extension: only the number itself can be released",
            id="an extension in a link",
        ),
        pytest.param(
            "tel:+919876543210;ext=5",
            "a number with an extension: only the number itself can be released",
            id="an extension in a whole link",
        ),
        pytest.param(
            "(415) 555-0123x9", "a number with an extension: only the number itself can be released", id="an x"
        ),
        pytest.param("sip:alice@example.com", "a SIP address, not a phone number", id="a SIP address"),
        pytest.param("sips:alice@example.com", "a SIP address, not a phone number", id="a secure SIP address"),
        pytest.param('"1"', "too few digits for a phone number: 1 (minimum 7)", id="one digit in quotes"),
        pytest.param("'1", "too few digits for a phone number: 1 (minimum 7)", id="one digit made text"),
        pytest.param("X919876543210X", NO_ID, id="letters are no quotes"),
        pytest.param("\ud83d17", "invisible character U+D83D at position 1", id="half a character"),
        pytest.param("\ue00017", "invisible character U+E000 at position 1", id="a character for private use"),
        pytest.param("\u037817", "invisible character U+0378 at position 1", id="a character not assigned"),
        pytest.param(
            "Xé", "not plain ASCII: U+00E9 (LATIN SMALL LETTER E WITH ACUTE) at position 2", id="an accent on one line"
        ),
        pytest.param("\u202a+14155550100\u202c", "invisible character U+202A at position 1", id="copied from a phone"),
        pytest.param("+14155550100\u200e", "invisible character U+200E at position 13", id="copied from a chat"),
        pytest.param("tel:X", "not a valid ID or phone number", id="a link to a letter"),
        pytest.param("tel:alice", "not a valid ID or phone number", id="a link without a number"),
        pytest.param("tel:", "not a valid ID or phone number: it has no digits", id="a link to nothing"),
        pytest.param(
            "+９１９８７６５４３２１０",
            "not plain ASCII: U+FF19 (FULLWIDTH DIGIT NINE) at position 2",
            id="full-width digits",
        ),
        pytest.param(
            "+٩١٩٨٧٦٥٤٣٢١٠", "not plain ASCII: U+0669 (ARABIC-INDIC DIGIT NINE) at position 2", id="Arabic digits"
        ),
        pytest.param("+91²987654321", "not plain ASCII: U+00B2 (SUPERSCRIPT TWO) at position 4", id="a footnote"),
        pytest.param(
            "+919876543210 +919876543211",
            "a + in the middle of a number: more than one value in this cell?",
            id="two numbers",
        ),
        pytest.param(
            "91+9876543210", "a + in the middle of a number: more than one value in this cell?", id="a plus inside"
        ),
        pytest.param("+919876543210, +919876543211", "more than one value in this cell", id="numbers and a comma"),
        pytest.param("-919876543210", "not a valid ID or phone number: it starts with a minus sign", id="a minus sign"),
        pytest.param("2026-01-31", "this cell is a date", id="a date"),
        pytest.param("31/01/2026", "this cell is a date", id="a date as in Europe"),
    ],
)
def test_what_is_no_number_is_said(cell, problem):
    assert said(cell, None) == Said(problem=problem)


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


@settings(deadline=None)
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


@settings(deadline=None)
@given(cell=TEXTS)
def test_without_a_region_no_digit_is_added_to_a_number_and_none_but_zeros_left_out(cell):
    reading = said(cell, None)
    if reading.phone_number is not None:
        digits = re.sub(r"\.0+['\"\s\ufeff]*$", "", cell)
        assert re.sub("[^1-9]", "", digits) == reading.phone_number.lstrip("+").replace("0", "")


@settings(deadline=None)
@given(cell=st.one_of(st.builds(BadCell, st.text(min_size=1)), st.builds(NotedCell, TEXTS, st.text())))
def test_a_cell_of_a_workbook_never_raises_either(cell: Cell):
    read_cell(cell, "IN")
