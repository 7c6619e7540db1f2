"""Which column holds the IDs and which the numbers, and every way in which that cannot be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.intake.header import ID_HEADERS, NUMBER_HEADERS, OUR_COLUMNS, Columns, find, headers_shown, letters
from decom.intake.interface import BadCell, Cell, RawRow, ReadOptions
from decom.tables import in_file, normalised


def lines(*rows: str) -> list[RawRow]:
    """Lines numbered from 1, their cells told apart by `|`."""
    return [(number, list(row.split("|"))) for number, row in enumerate(rows, start=1)]


def found(head: list[RawRow], options: ReadOptions | None = None) -> Columns:
    """The columns of a head that is not refused."""
    columns = find(head, options or ReadOptions())
    assert columns is not None
    return columns


def refusal(head: list[RawRow], options: ReadOptions | None = None) -> str:
    """What is said of a head that is refused, on one line."""
    with pytest.raises(BadInput) as caught:
        find(head, options or ReadOptions())
    return f"{caught.value.what} => {caught.value.remedy}"


IDS = ["id", "ID", "Id ", "number id", "Number_ID", "phone number id", "Phone-Number-ID", "dialnexa id", "DialNexaId"]
NUMBERS = ["phone number", "Phone_Number", "number", "PHONE", "e164", "E-164", "msisdn", "MSISDN", "did", "\ufeffDID"]


def test_a_header_for_ids_or_numbers_is_known_in_any_writing():
    for header in IDS:
        columns = found(lines(f"owner|{header}", "Anna|phn_1"))
        assert (columns.id_at, columns.number_at) == (1, None), header
    for header in NUMBERS:
        columns = found(lines(f"{header}|owner", "+919876543210|Anna"))
        assert (columns.id_at, columns.number_at) == (None, 0), header


def test_a_file_with_both_is_read_with_both():
    columns = found(lines("owner|phone|id|note", "Anna|+919876543210|phn_1|x"))
    assert (columns.id_at, columns.number_at) == (2, 1)
    assert columns.others == ((0, "owner"), (3, "note"))


def test_the_column_asked_for_is_the_only_one_read():
    columns = found(lines("id|phone|Old Number", "1|+919876543210|phn_1"), ReadOptions(column="old number"))
    assert (columns.id_at, columns.number_at) == (2, None)
    assert columns.others == ((0, "id"), (1, "phone"))
    assert columns.notes == ("column 'Old Number' as requested",)


def test_the_column_asked_for_is_taken_by_its_exact_name_where_two_are_alike():
    columns = found(lines("Line ID|line_id", "phn_1|7"), ReadOptions(column="line_id"))
    assert columns.id_at == 1


def test_a_column_asked_for_that_is_not_there_fits_nothing():
    assert find(lines("id|phone", "phn_1|+919876543210"), ReadOptions(column="mobile")) is None
    assert find(lines("|phone", "phn_1|+919876543210"), ReadOptions(column="-")) is None


@pytest.mark.parametrize(
    ("head", "options", "said"),
    [
        pytest.param(
            lines("id|phone|id", "phn_1||phn_2"),
            ReadOptions(),
            "2 columns are called 'id' => Rename or remove all but one, and save the file again.",
            id="one header twice",
        ),
        pytest.param(
            lines("id|phone number id", "phn_1|phn_2"),
            ReadOptions(),
            "2 columns could hold the IDs: 'id', 'phone number id' => "
            "Say which one is meant, for example: --column 'id'",
            id="two headers for IDs",
        ),
        pytest.param(
            lines("phone|msisdn", "+919876543210|+919876543211"),
            ReadOptions(),
            "2 columns could hold the numbers: 'phone', 'msisdn' => "
            "Say which one is meant, for example: --column 'phone'",
            id="two headers for numbers",
        ),
        pytest.param(
            lines("x|x", "phn_1|phn_2"),
            ReadOptions(column="x"),
            "2 columns are called 'x' => Rename or remove all but one, and save the file again.",
            id="the column asked for twice",
        ),
        pytest.param(
            lines("phn_1|Anna", "phn_2|Bob"),
            ReadOptions(),
            "there are 2 columns and no header to tell them apart. "
            "It begins: row 1: 'phn_1', 'Anna'; row 2: 'phn_2', 'Bob'. => Add a header row above the data, with "
            "`id` or `phone number` over the right column.",
            id="two columns without a header",
        ),
        pytest.param(
            lines("phn_1|Anna", "id|owner", "phn_2|Bob"),
            ReadOptions(),
            "no header in the first row; row 2 looks like one. "
            "It begins: row 1: 'phn_1', 'Anna'; row 2: 'id', 'owner'; row 3: 'phn_2', 'Bob'. => "
            "Delete the rows above the header, and any header repeated among the data.",
            id="an ID above the header",
        ),
        pytest.param(
            lines("My list", "id|owner", "phn_1|Anna", "id|owner", "phn_2|Bob"),
            ReadOptions(),
            "no header in the first row; rows 2 and 4 both look like one. "
            "It begins: row 1: 'My list'; row 2: 'id', 'owner'; row 3: 'phn_1', 'Anna'; row 4: 'id', 'owner'. => "
            "Delete the rows above the header, and any header repeated among the data.",
            id="a title and two headers",
        ),
        pytest.param(
            lines("id" + "|x" * 16_384, "phn_1"),
            ReadOptions(),
            "the header has 16,385 columns (maximum 16,384) => Keep only the columns you need and save it again.",
            id="more columns than a spreadsheet has",
        ),
    ],
)
def test_what_cannot_be_told_is_refused_and_the_way_out_named(head, options, said):
    assert refusal(head, options) == said


def test_a_header_below_title_rows_is_taken_where_it_is_the_only_one():
    columns = found(lines("Numbers to release", "", "ID|Owner", "phn_1|Anna"))
    assert (columns.header_row, columns.id_at) == (3, 0)
    assert columns.notes == ("header in row 3 (1 row above it skipped)",)


def test_a_heading_over_several_columns_does_not_hide_the_header_below_it():
    columns = found(lines("Number||Owner", "id|phone number|", "phn_1|+919876543210|Anna"))
    assert (columns.header_row, columns.id_at, columns.number_at) == (2, 0, 1)
    assert columns.notes == ("header in row 2 (1 row above it skipped)",)


def test_the_header_that_fits_best_is_taken_wherever_it_stands_above_the_data():
    head = lines("Number", "Phone|Report", "Team|id|phone number", "Sales|phn_1|+919876543210")
    columns = found(head)
    assert (columns.header_row, columns.id_at, columns.number_at) == (3, 1, 2)


@pytest.mark.parametrize(
    ("head", "options"),
    [
        (lines("Number", "phone number|Owner", "+919876543210|Anna"), ReadOptions()),
        (lines("id|phone", "number id|did", "phn_1|+919876543210"), ReadOptions()),
        (lines("Line|", "line|Owner", "phn_1|Anna"), ReadOptions(column="line")),
    ],
)
def test_two_lines_that_could_be_the_header_are_both_shown(head, options):
    assert refusal(head, options).startswith("rows 1 and 2 both look like the header. It begins: row 1: ")


def test_a_line_with_a_number_in_it_is_no_header_whatever_its_words():
    said = refusal(lines("Phone|+14155550100", "id|phone number", "phn_1|+919876543210"))
    assert said.startswith("no header in the first row; row 2 looks like one. It begins: row 1: 'Phone'")
    columns = found(lines("id|20261123", "phn_1|x"))
    assert columns.header_row == 1, "a year's digits are no number"


@pytest.mark.parametrize("number", ["+14155550100", "14155550100", "098765 43210", "phn_1", "+49 30 123456/7"])
def test_a_headers_word_in_a_row_with_a_number_is_one_of_its_data(number):
    columns = found(lines("Phone|Type|20261123", f"{number}|DID|x", "oops|Number|y"))
    assert (columns.header_row, columns.number_at) == (1, 0)


@pytest.mark.parametrize(
    "above",
    [
        ["#TYPE Selected.System.Management.Automation.PSCustomObject"],
        ["Numbers to release, October"],
        ["Report|October", "Made by|Anna", "Rows|12"],
    ],
)
def test_lines_above_the_header_are_passed_over_and_told(above):
    columns = found(lines(*above, "Nr|phone number", "1|+919876543210"))
    assert (columns.header_row, columns.number_at) == (len(above) + 1, 1)
    rows = "row" if len(above) == 1 else "rows"
    assert columns.notes == (f"header in row {len(above) + 1} ({len(above)} {rows} above it skipped)",)


def test_a_header_that_a_formula_makes_text_is_known():
    columns = found(lines('="Phone Number"|="Owner"', '="+919876543210"|="Anna"'))
    assert (columns.number_at, columns.others) == (0, ((1, "Owner"),))


def test_a_header_below_blank_rows_is_the_first():
    columns = found(lines("", " | ", "id|owner", "phn_1|Anna", "id|owner"))
    assert columns.header_row == 3
    assert columns.notes == ()


def test_a_header_repeated_among_the_data_is_a_matter_of_its_row_alone():
    columns = found(lines("id|owner", "phn_1|Anna", "id|owner", "phn_2|Bob"))
    assert columns.header_row == 1


@pytest.mark.parametrize(
    ("head", "at"),
    [
        pytest.param(lines("phn_1", "phn_2"), 0, id="IDs"),
        pytest.param(lines("", "+91 98765 43210", "oops"), 0, id="numbers below a blank row"),
        pytest.param(lines("||919876543210", "||phn_1"), 2, id="in the third column"),
    ],
)
def test_a_single_column_without_a_header_is_taken_where_its_first_cell_names_a_number(head, at):
    columns = found(head)
    assert (columns.header_row, columns.id_at, columns.number_at, columns.others) == (None, at, None, ())
    assert columns.notes == ("no header; the only column was used",)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(lines("to release", "phn_1"), id="a title that is no header"),
        pytest.param(lines("name|mobile", "Anna|phn_1"), id="headers that nobody knows"),
        pytest.param(lines("", "  |\u00a0"), id="blank lines"),
        pytest.param([], id="nothing at all"),
    ],
)
def test_a_table_in_which_nothing_fits_gives_nothing(head):
    assert find(head, ReadOptions()) is None


@pytest.mark.parametrize(
    ("header", "names"),
    [
        pytest.param("id|note|note|note", ["note", "note.2", "note.3"], id="one header three times"),
        pytest.param("id|note|note.2|note", ["note", "note.2", "note.3"], id="one that is numbered already"),
        pytest.param("id|Outcome|reason", ["input.Outcome", "input.reason"], id="columns of our own"),
        pytest.param("id|input.outcome|outcome", ["input.outcome", "input.outcome.2"], id="one named as we rename"),
        pytest.param("id||x", ["column B", "x"], id="one without a name"),
        pytest.param("id| x ", ["x"], id="blanks around"),
        pytest.param("id|x||", ["x"], id="blank ones at the end"),
        pytest.param("\ufeffid|\ufeffx", ["x"], id="a byte-order mark"),
    ],
)
def test_other_columns_travel_under_names_of_their_own(header, names):
    columns = found(lines(header, "phn_1|a|b|c"))
    assert [name for _, name in columns.others] == names


def test_headers_in_a_message_are_shortened_and_at_most_twelve():
    cells: list[Cell] = ["x" * 40, "y" * 41, *map(str, range(11))]
    shown = headers_shown(cells)
    assert shown.startswith(f"'{'x' * 40}', '{'y' * 39}…', '0', ")
    assert shown.endswith(", '9' and 1 more")
    assert headers_shown([*cells[:11], ""]).endswith(", '8'")


def test_as_many_columns_as_a_spreadsheet_has_are_read():
    columns = found(lines("id" + "|x" * 16_383))
    assert columns.width == 16_384


def test_a_date_in_the_header_is_a_name_like_any_other():
    columns = found([(1, ["id", BadCell("this cell is a date", "2026-01-31")])])
    assert columns.others == ((1, "2026-01-31"),)


def test_columns_are_called_as_a_spreadsheet_does():
    assert [letters(at) for at in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


HEADERS = st.sampled_from(
    ["id", "phone", "Note", "note.2", "note", "outcome", "input.outcome", "", " ", "RUN ID", "x\ty"]
)


@given(names=st.lists(HEADERS, min_size=1, max_size=12))
def test_whatever_the_headers_the_other_columns_have_names_that_are_unique_and_none_of_ours(names):
    try:
        columns = find([(1, list(names))], ReadOptions())
    except BadInput:
        return
    if columns is None:
        return
    given_names = [name for _, name in columns.others]
    assert len(set(given_names)) == len(given_names)
    assert all(name != "" and normalised(name) not in OUR_COLUMNS for name in given_names)
    used = {at for at in (columns.id_at, columns.number_at) if at is not None}
    assert used | {at for at, _ in columns.others} == set(range(columns.width))


def test_the_names_that_headers_are_compared_with_are_themselves_normalised():
    names = ID_HEADERS | NUMBER_HEADERS | OUR_COLUMNS
    assert {normalised(name) for name in names} == names


def test_the_columns_that_are_ours_are_those_of_the_plan_and_the_audit():
    written = {column.name for table in "PU" for column in in_file(table)}
    assert {normalised(name) for name in written} == OUR_COLUMNS
