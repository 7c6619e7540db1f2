"""CSV and its cousins: encodings, delimiters, quotes and line ends as people's files have them."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.intake.delimited import MOST_IN_A_LINE
from decom.intake.interface import ReadOptions
from tests.intake.reading import read, read_text, text_refusal, values, written

WITH_NAMES = "id,owner\nphn_1,Zoë Müller\nphn_2,Åse\n"


@pytest.mark.parametrize(
    ("content", "note"),
    [
        pytest.param(WITH_NAMES.encode(), None, id="UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + WITH_NAMES.encode(), "read as UTF-8 with a byte-order mark", id="UTF-8 marked"),
        pytest.param(b"\xff\xfe" + WITH_NAMES.encode("utf-16-le"), "read as UTF-16", id="UTF-16, small end first"),
        pytest.param(b"\xfe\xff" + WITH_NAMES.encode("utf-16-be"), "read as UTF-16", id="UTF-16, big end first"),
        pytest.param(WITH_NAMES.encode("cp1252"), "read as Windows-1252", id="Windows-1252"),
    ],
)
def test_every_usual_encoding_gives_the_same_text(tmp_path, content, note):
    file = read_text(tmp_path, content)
    assert values(file) == ["phn_1", "phn_2"]
    assert [row.others for row in file.rows] == [("Zoë Müller",), ("Åse",)]
    assert file.notes == ((note,) if note else ()) + ("comma-separated",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            WITH_NAMES.encode("utf-16-le"),
            "numbers.csv: this looks like UTF-16 text without a byte-order mark, not a table of numbers => "
            "Save it as .xlsx, .ods or .csv and name that file.",
            id="UTF-16 without its mark",
        ),
        pytest.param(
            b"\xff\xfe\x00\x00" + WITH_NAMES.encode("utf-32-le"),
            "numbers.csv: this looks like UTF-32 text, not a table of numbers => "
            "Save it as .xlsx, .ods or .csv and name that file.",
            id="UTF-32",
        ),
        pytest.param(
            WITH_NAMES.encode("utf-32-be"),
            "numbers.csv: this looks like UTF-32 text without a byte-order mark, not a table of numbers => "
            "Save it as .xlsx, .ods or .csv and name that file.",
            id="UTF-32 without its mark",
        ),
        pytest.param(
            b"id\nphn_1\n" + b"phn_2\n" * 1_000 + b"phn_\x003\n",
            "numbers.csv, line 1003: there is a NUL character, so this is not text => "
            "Is this the right file? Save it again as UTF-8.",
            id="a NUL far down",
        ),
        pytest.param(
            b"\xff\xfe" + "id\nphn_1\x00\n".encode("utf-16-le"),
            "numbers.csv, line 2: there is a NUL character, so this is not text => "
            "Is this the right file? Save it again as UTF-8.",
            id="a NUL in UTF-16",
        ),
        pytest.param(
            b"\xff\xfe" + "id\nphn_1\n".encode("utf-16-le") + b"p",
            "numbers.csv: this should be UTF-16 text, but it is not, near line 3: truncated data => "
            "Save it again as UTF-8: in a spreadsheet program, CSV UTF-8.",
            id="half a character at the end",
        ),
        pytest.param(
            b"\xef\xbb\xbfid,owner\nphn_1,M\xfcller\n",
            "numbers.csv: this should be UTF-8 with a byte-order mark text, but it is not, near line 1: "
            "invalid start byte => Save it again as UTF-8: in a spreadsheet program, CSV UTF-8.",
            id="marked as UTF-8 and not",
        ),
        pytest.param(
            b"id,owner\nphn_1,\x81\x8d\x8f\n",
            "numbers.csv, line 2: the encoding cannot be told: it is not UTF-8, and as Windows-1252 it has "
            "'\ufffd\ufffd\ufffd' => Open it in the program that wrote it. "
            "Save it again as UTF-8: in a spreadsheet program, CSV UTF-8.",
            id="bytes of no encoding we know",
        ),
        pytest.param(
            b"id\nphn_1\n\xfc\x01\x02\x03\n",
            "numbers.csv: this should be Windows-1252 text, but it has control characters: "
            "it looks like binary data => Save it again as UTF-8: in a spreadsheet program, CSV UTF-8.",
            id="binary data",
        ),
    ],
)
def test_what_is_no_text_is_refused_for_what_it_is(tmp_path, content, said):
    assert text_refusal(tmp_path, content) == said


@pytest.mark.parametrize(
    ("content", "note"),
    [
        pytest.param("id,owner\nphn_1,a;b\n", "comma-separated", id="commas"),
        pytest.param("id;owner\nphn_1;a,b\n", "semicolon-separated", id="semicolons"),
        pytest.param("id\towner\nphn_1\ta,b;c\n", "tab-separated", id="tabs"),
        pytest.param("id|owner\nphn_1|a,b\n", "pipe-separated", id="pipes"),
        pytest.param("id;last, first\nphn_1;a, b\n", "semicolon-separated", id="another delimiter in a header"),
        pytest.param(
            '"last, first; both","id"\n"a, b; c","phn_1"\n', "comma-separated", id="others in a quoted header"
        ),
        pytest.param("sep=;\nid;owner\nphn_1;a\n", "semicolon-separated", id="the line that Excel reads first"),
        pytest.param("sep=\t\r\nid\towner\r\nphn_1\ta\r\n", "tab-separated", id="the same with a tab"),
        pytest.param("SEP=^\nid^owner\nphn_1^a\n", "separated by '^'", id="the same with a rare one"),
    ],
)
def test_the_delimiter_is_the_one_that_tells_the_header_apart(tmp_path, content, note):
    file = read_text(tmp_path, content)
    assert values(file) == ["phn_1"]
    assert len(file.other_columns) == 1
    assert file.notes == (note,)


def test_the_line_that_names_the_delimiter_is_no_row(tmp_path):
    file = read_text(tmp_path, "sep=;\nid;owner\nphn_1;a\n")
    assert [row.row for row in file.rows] == [2]


def test_a_column_of_ids_alone_is_not_told_apart_by_zeros(tmp_path):
    content = "id\n" + "".join(f"phn_000{n:03}\n" for n in range(50))
    assert values(read_text(tmp_path, content)) == [f"phn_000{n:03}" for n in range(50)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            "id;phone,number\nphn_1;x,y\n",
            "numbers.csv: the delimiter is ambiguous: both commas and semicolons split the header => "
            "Add a first line that names it: sep=,",
            id="two delimiters fit the header",
        ),
        pytest.param(
            "id,owner\nphn_1;Anna\nphn_2;Bob\n",
            "numbers.csv: the header is separated by commas, but the rows by semicolons => "
            "Save it again with one delimiter throughout.",
            id="header and rows differ",
        ),
        pytest.param(
            "id,cost\nphn_1,1,50\nphn_2,2,50\n",
            "numbers.csv: no row has an ID or a number in column A. "
            "row 2: this row has 3 cells, but the header has 2; row 3: this row has 3 cells, but the header has 2 => "
            "Put quotes around a cell that holds the delimiter, and save the file again.",
            id="decimal commas",
        ),
        pytest.param(
            'id,note\nphn_1,"Anna\nphn_2,Bob\nphn_3,Cara\n',
            "numbers.csv, line 2: the quote opened here is never closed => Close it on its own line.",
            id="a quote that is never closed",
        ),
        pytest.param(
            'id,note\nphn_1,"one\ntwo","three\nphn_2,x\n',
            "numbers.csv, line 3: the quote opened here is never closed => Close it on its own line.",
            id="the second quote of a row is never closed",
        ),
        pytest.param(
            'id,note\nphn_1,"Anna\nphn_2,Bob\nphn_3,"Cara"\n',
            "numbers.csv, line 4: text follows the quote that closes a cell (',' expected after '\"') => "
            "Double a quote that is part of the text; this cell's first quote is on line 2.",
            id="a quote closed by another cell's",
        ),
        pytest.param(
            'id,note\nphn_1,"Anna\nphn_2,Bob\nphn_3,"\nphn_4,x\n',
            "numbers.csv, line 2: the quote opened here is closed 2 lines further down, and the text in between "
            "looks like rows => "
            "Close the quote on its own line, or double it if it is part of the text.",
            id="a quote that swallows rows and is closed by chance",
        ),
        pytest.param(
            'id,note,more\nphn_0,,\nphn_1,"one\ntwo","three\nphn_2,x,y\nphn_3,x,"\n',
            "numbers.csv, line 4: the quote opened here is closed 2 lines further down, and the text in between "
            "looks like rows => "
            "Close the quote on its own line, or double it if it is part of the text.",
            id="the second quote of a row swallows rows",
        ),
        pytest.param(
            'id,note,more\nphn_0,,\nphn_1,"one\ntwo","three\nfour"x\n',
            "numbers.csv, line 5: text follows the quote that closes a cell (',' expected after '\"') => "
            "Double a quote that is part of the text; this cell's first quote is on line 4.",
            id="text behind the second quote of a row",
        ),
        pytest.param(
            'id,note\nphn_1,"say ""hi"" or "bye"\n',
            "numbers.csv, line 2: text follows the quote that closes a cell (',' expected after '\"') => "
            "Double a quote that is part of the text; this cell's first quote is on line 2.",
            id="text behind a quote",
        ),
        pytest.param(
            "id,note\nphn_1,x\nphn_2," + "y" * 131_073 + "\n",
            "numbers.csv, line 3: a cell that begins here has more than 131,072 characters => "
            "Is a quote missing? Close it, or shorten the cell.",
            id="a cell that is too long",
        ),
        pytest.param(
            "id\nphn_1\n" + "x" * MOST_IN_A_LINE,
            "numbers.csv, line 3: this line is longer than 4,000,000 characters => "
            "Is this the right file? Save it with one row per line.",
            id="a line without an end",
        ),
    ],
)
def test_what_would_lose_or_shift_rows_is_refused_with_its_line(tmp_path, content, said):
    assert text_refusal(tmp_path, content) == said


def test_a_sheet_cannot_be_asked_of_a_text_file(tmp_path):
    said = text_refusal(tmp_path, "id\nphn_1\n", ReadOptions(sheet="One"))
    assert said == "numbers.csv: a text file has no sheets => Leave --sheet out, or name a workbook."


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("id\nphn_1\nphn_2\n", id="LF"),
        pytest.param("id\r\nphn_1\r\nphn_2\r\n", id="CR LF"),
        pytest.param("id\rphn_1\rphn_2\r", id="CR alone"),
        pytest.param("id\r\nphn_1\rphn_2\n", id="mixed"),
        pytest.param("id\nphn_1\nphn_2", id="none at the end"),
    ],
)
def test_every_line_end_ends_a_line(tmp_path, content):
    file = read_text(tmp_path, content)
    assert [(row.row, row.number_id) for row in file.rows] == [(2, "phn_1"), (3, "phn_2")]
    assert file.blank_rows == 0


def test_a_cell_of_several_lines_is_one_cell_and_its_row_one_row(tmp_path):
    file = read_text(tmp_path, 'id,note\nphn_1,"call\nAnna, then\nphn_9"\nphn_2,x\n')
    assert [(row.row, row.number_id, row.others) for row in file.rows] == [
        (2, "phn_1", ("call\nAnna, then\nphn_9",)),
        (3, "phn_2", ("x",)),
    ]


def test_several_ids_in_one_cell_are_one_row_that_says_so(tmp_path):
    file = read_text(tmp_path, 'id\n"phn_1\nphn_2"\nphn_3\n')
    assert [row.problem for row in file.rows] == ["more than one line in this cell", None]


def test_a_short_row_has_blank_cells_and_a_long_one_cannot_be_trusted(tmp_path):
    file = read_text(tmp_path, "id,a,b\nphn_1\nphn_2,x,y,z\nphn_3,x,y,,\ncmp_4,x,y,z\n")
    assert [(row.number_id, row.problem, row.others) for row in file.rows] == [
        ("phn_1", None, ("", "")),
        (None, "this row has 4 cells, but the header has 3", ("x", "y")),
        ("phn_3", None, ("x", "y")),
        (None, "not a valid ID or phone number (IDs begin with phn_)", ("x", "y")),
    ]


def test_rows_that_are_all_short_are_no_second_delimiter(tmp_path):
    assert values(read_text(tmp_path, "id,owner\nphn_1\nphn_2\n")) == ["phn_1", "phn_2"]


def test_text_stays_text_from_the_first_byte_on(tmp_path):
    row = read_text(tmp_path, "id,a,b,c,d\nphn_1,007,1e5,NA,=1+1\n").rows[0]
    assert row.others == ("007", "1e5", "NA", "=1+1")


CELLS = st.text(alphabet="phn_1290+,;|\t\"'\n\r é\u00a0.x", max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_line_that_is_not_blank_is_one_row_in_order(tmp_path, rows, delimiter, encoding):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["id", "note"], ["phn_first", ""], *rows])
    path = written(tmp_path, text.getvalue().encode(encoding))
    try:
        file = read(path)
    except BadInput as error:
        assert "looks like rows" in error.what
        return
    expected = [("phn_first", ""), *[tuple(row) for row in rows if any(cell.strip() for cell in row)]]
    assert [(row.input_value, *row.others) for row in file.rows] == expected
    assert file.blank_rows == len(rows) + 1 - len(expected)
    assert len({row.row for row in file.rows}) == len(file.rows)


@pytest.mark.parametrize("end", [b"\x1a", b"\x1a\r\n", b"\x1a\x1a\x1a"])
def test_the_mark_by_which_dos_ends_a_file_is_no_row(tmp_path, end):
    file = read(written(tmp_path, b"id,owner\r\nphn_1,Anna\r\n" + end))
    assert values(file) == ["phn_1"] and file.blank_rows == 0
    assert values(read(written(tmp_path, b"id\r\nphn_1" + end))) == ["phn_1"]


def test_the_same_mark_elsewhere_is_a_character_that_nobody_sees(tmp_path):
    file = read(written(tmp_path, b"id\r\nphn_1\r\n\x1a\r\nphn_2\r\n"))
    assert file.rows[1].problem == "invisible character U+001A at position 1"
