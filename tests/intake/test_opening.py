"""From a path to rows: what is opened, what is refused as a whole, and how the cells of a line become one row."""

import hashlib
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.intake.interface import OpenFile, ReadOptions, Sheet
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.phone_numbers.reading import Readings
from tests.intake.reading import read, read_text, refusal, text_refusal, values, written
from tests.planning.oracle.rows import Row

NAME_A_FILE = "Name a file with one ID or number per row."
NO_ID = "not a valid ID or phone number (IDs begin with phn_)"


def test_a_file_becomes_rows_with_its_name_its_digest_and_its_other_columns(tmp_path):
    content = "id,note\nphn_1,a\n\n,\nphn_2,b\n"
    file = read_text(tmp_path, content)
    assert file.name == "numbers.csv"
    assert file.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert file.rows == (
        Row(row=2, input_value="phn_1", number_id="phn_1", others=("a",)),
        Row(row=5, input_value="phn_2", number_id="phn_2", others=("b",)),
    )
    assert file.blank_rows == 2
    assert file.other_columns == ("note",)


def folder(path: Path) -> None:
    path.mkdir()


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def nowhere(path: Path) -> None:
    path.symlink_to("no-such-file")


def circle(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        pytest.param(folder, "this is a folder", id="a folder"),
        pytest.param(a_socket, "this is a socket", id="a socket"),
        pytest.param(device, "this is a device", id="a device without an end"),
        pytest.param(nowhere, "the file cannot be read: No such file or directory", id="a link to nowhere"),
        pytest.param(circle, "the file cannot be read: Too many levels of symbolic links", id="a link to itself"),
        pytest.param(lambda path: None, "the file cannot be read: No such file or directory", id="nothing"),
    ],
)
def test_what_is_no_file_is_refused_and_named(tmp_path, make, what):
    path = tmp_path / "a.csv"
    make(path)
    assert refusal(path) == f"a.csv: {what} => Name a file that exists and that you may read."


def test_a_pipe_is_refused_at_once_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert refusal(tmp_path / "a.csv") == "a.csv: this is a named pipe => Name a file, or - for standard input."


def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    """As root every file may be read, so the child gives up being root first."""
    path = written(tmp_path, "id\nphn_1\n")
    path.chmod(0)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.intake.reading import refusal\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "print(refusal(Path(sys.argv[1])))\n"
    )
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(0o711)
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "numbers.csv: the file cannot be read: Permission denied => Name a file that exists and that you may read.\n"
    )


def test_a_path_that_cannot_be_one_is_refused():
    with pytest.raises(BadInput, match="no file can have this name: embedded null byte"):
        read(Path("a\0b.csv"))


def test_the_lock_file_of_an_open_workbook_is_not_taken_for_the_workbook(tmp_path):
    path = written(tmp_path, "id\nphn_1\n", "~$numbers.xlsx")
    with pytest.raises(BadInput) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: this is a lock file left by a spreadsheet program, not the workbook\n"
        f"Close the workbook and name it: {tmp_path / 'numbers.xlsx'}"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", f"numbers.csv: the file is empty => {NAME_A_FILE}", id="no bytes"),
        pytest.param(b"\n \n\t\n", f"numbers.csv: there are no rows => {NAME_A_FILE}", id="blank lines"),
        pytest.param(b"\xef\xbb\xbf", f"numbers.csv: there are no rows => {NAME_A_FILE}", id="a byte-order mark alone"),
        pytest.param(b"sep=,\n", f"numbers.csv: there are no rows => {NAME_A_FILE}", id="a delimiter alone"),
        pytest.param(b"id,owner\n", f"numbers.csv: there are no rows => {NAME_A_FILE}", id="a header alone"),
        pytest.param(
            b"name,mobile\nAnna,1\n",
            "numbers.csv: no column is recognized as holding IDs or numbers. "
            "Found: 'name', 'mobile'; comma-separated => "
            "Name it: --column and its header.",
            id="headers that nobody knows",
        ),
        pytest.param(
            b"Numbers to release, Q3\n\nline,owner\n+14155550100,Anna\n",
            "numbers.csv: no column is recognized as holding IDs or numbers. "
            "Found: 'line', 'owner' (in row 3, below 'Numbers to release', ' Q3'); comma-separated => "
            "Name it: --column and its header.",
            id="a title above headers that nobody knows",
        ),
        pytest.param(
            b'#TYPE Selected.System.Object\n"Line";"Owner"\n"phn_1";"Anna"\n',
            "numbers.csv: no column is recognized as holding IDs or numbers. "
            "Found: 'Line', 'Owner' (in row 2, below '#TYPE Selected.System.Object'); semicolon-separated => "
            "Name it: --column and its header.",
            id="PowerShell's type above headers that nobody knows",
        ),
        pytest.param(
            b'#TYPE Selected.System.Object\n"Line"\n"phn_1"\n',
            "numbers.csv: no column is recognized as holding IDs or numbers. "
            "Found: 'Line' (in row 2, below '#TYPE Selected.System.Object') => "
            "Name it: --column and its header.",
            id="PowerShell's type above one column",
        ),
        pytest.param(
            b'#TYPE System.String\n"phn_1"\n"phn_2"\n',
            "numbers.csv: row 1 is PowerShell's type line ('#TYPE System.String'), and there is no header below it => "
            "Write a header in its place: `id` or `phone number`.",
            id="PowerShell's type and no header",
        ),
        pytest.param(
            b'phone number,owner\n=+14155550100,Anna\n"=TEXT(A2,""0"")",Bob\n',
            "numbers.csv: no row has an ID or a number in column A. "
            "row 2: this cell is a formula, not its result; row 3: this cell is a formula, not its result => "
            "Replace the formulas by their results (copy, paste the values), and save the file again.",
            id="formulas alone",
        ),
        pytest.param(
            b"id,owner\n1,Anna\n2,Bob\n3,Cy\n4,Di\n",
            "numbers.csv: no row has an ID or a number in column A. "
            "row 2: too few digits for a phone number: 1 (minimum 7); "
            "row 3: too few digits for a phone number: 1 (minimum 7); "
            "row 4: too few digits for a phone number: 1 (minimum 7) => "
            "Name the right column: --column and its header.",
            id="an id column of row numbers",
        ),
    ],
)
def test_a_file_without_rows_is_refused(tmp_path, content, said):
    assert text_refusal(tmp_path, content) == said


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        pytest.param(b"%PDF-1.7\n...", "a PDF document", id="PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n...", "a PNG picture", id="PNG"),
        pytest.param(b"\xff\xd8\xff\xe0...", "a JPEG picture", id="JPEG"),
        pytest.param(b"\x1f\x8b\x08...", "a gzip archive", id="gzip"),
        pytest.param(b"SQLite format 3\x00...", "an SQLite database", id="SQLite"),
        pytest.param(b"PAR1...", "a Parquet file", id="Parquet"),
        pytest.param(b"<!DOCTYPE html><html>", "an HTML page", id="a page"),
        pytest.param(b"\xef\xbb\xbf\r\n<HTML><table>", "an HTML page", id="a page that some call .xls"),
        pytest.param(b"<?xml version='1.0'?><Workbook>", "an XML document", id="XML"),
        pytest.param(b'[{"id": "phn_1"}]', "JSON", id="JSON"),
        pytest.param(b"-----BEGIN PRIVATE KEY-----", "a key or certificate", id="a key"),
        pytest.param(b"\x00\x01\x02\x03\x04\x05\x06\x07", "binary data", id="binary data"),
    ],
)
def test_another_kind_of_file_is_called_what_it_is(tmp_path, content, looks_like):
    assert text_refusal(tmp_path, content) == (
        f"numbers.csv: this looks like {looks_like}, not a table of numbers => "
        "Save it as .xlsx, .ods or .csv and name that file."
    )


def test_as_many_rows_as_allowed_are_read_and_one_more_is_refused(tmp_path):
    path = written(tmp_path, "id\nphn_1\n\nphn_2\nphn_3\n")
    assert len(read(path, ReadOptions(max_rows=3)).rows) == 3
    assert refusal(path, ReadOptions(max_rows=2)) == (
        "numbers.csv: there are 3 rows, and the limit is 2 => "
        "Split the file, or raise the limit with the setting DECOM_MAX_ROWS (max_rows)."
    )


def test_a_region_that_is_none_is_refused_before_the_file_is_opened(tmp_path):
    with pytest.raises(BadInput) as caught:
        read(tmp_path / "missing.csv", ReadOptions(region="India"))
    assert str(caught.value) == (
        "--region: 'India' is not a two-letter country code\n"
        "Give the two capital letters of a country, for example: --region IN"
    )


def test_a_region_reaches_every_cell(tmp_path):
    assert values(read_text(tmp_path, "phone\n09876543210\n", ReadOptions(region="IN"))) == ["+919876543210"]


def both(folder: Path, line: str) -> Row:
    """The row of a line below the headers for ID and number; a good row stands above it."""
    return read_text(folder, f"id,phone number,note\nphn_first,,\n{line}\n").rows[1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "phn_1,+919876543210,x",
            Row(3, "phn_1", number_id="phn_1", number=Readings(("+919876543210",), True), others=("x",)),
            id="both",
        ),
        pytest.param("phn_1,,x", Row(3, "phn_1", number_id="phn_1", others=("x",)), id="the ID alone"),
        pytest.param(
            ",+91 98765 43210,x",
            Row(
                3,
                "+91 98765 43210",
                number=Readings(("+919876543210",), True, parts=("+9198765",)),
                note="separators removed",
                others=("x",),
            ),
            id="the number alone",
        ),
        pytest.param(
            " phn_1,919876543210,x",
            Row(
                3,
                " phn_1",
                number_id="phn_1",
                number=Readings(("+919876543210",), national="919876543210"),
                note="surrounding blanks removed; read as if it started with +",
                others=("x",),
            ),
            id="both with notes",
        ),
        pytest.param(
            "+919876543210,phn_1,x",
            Row(3, "+919876543210", number_id="phn_1", number=Readings(("+919876543210",), True), others=("x",)),
            id="both, the other way round",
        ),
        pytest.param(
            "+919876543210,919876543210,x",
            Row(3, "+919876543210", number=Readings(("+919876543210",), True), others=("x",)),
            id="the same number twice, once for certain",
        ),
        pytest.param(
            "919876543210,+919876543210,x",
            Row(3, "919876543210", number=Readings(("+919876543210",), True), others=("x",)),
            id="the same number twice, for certain in the second",
        ),
        pytest.param("phn_1,phn_1,x", Row(3, "phn_1", number_id="phn_1", others=("x",)), id="the same ID twice"),
        pytest.param(
            "phn_1,phn_2,x", Row(3, "phn_1", problem="two different IDs in this row", others=("x",)), id="two IDs"
        ),
        pytest.param(
            "+919876543210,+919876543211,x",
            Row(3, "+919876543210", problem="two different numbers in this row", others=("x",)),
            id="two numbers",
        ),
        pytest.param(
            "phn_1,n/a,x",
            Row(3, "phn_1", problem=f"the number beside the ID cannot be read: {NO_ID}", others=("x",)),
            id="a number that cannot be read",
        ),
        pytest.param(",n/a,x", Row(3, "n/a", problem=NO_ID, others=("x",)), id="no ID, and no number either"),
        pytest.param("cmp_1,+919876543210,x", Row(3, "cmp_1", problem=NO_ID, others=("x",)), id="an ID that is none"),
        pytest.param(",,x", Row(3, "", problem="no ID or number in this row", others=("x",)), id="neither, but a note"),
        pytest.param(
            " ,\u00a0,x",
            Row(3, " ", problem="no ID or number in this row", others=("x",)),
            id="blanks and a note",
        ),
        pytest.param(
            "ID,Phone Number,Note",
            Row(3, "ID", problem="looks like a header, not an ID or a number", others=("Note",)),
            id="the header again",
        ),
        pytest.param("Total: 60,,", Row(3, "Total: 60", problem=NO_ID, others=("",)), id="a row of sums"),
    ],
)
def test_the_cells_of_a_line_become_one_row(tmp_path, line, expected):
    assert both(tmp_path, line) == expected


def test_a_column_without_a_header_travels_only_where_something_stands_in_it(tmp_path):
    file = read_text(tmp_path, "id,,owner,,last\nphn_1,x,Anna,,\nphn_2,,Bob, ,z\n")
    assert file.other_columns == ("column B", "owner", "last")
    assert [row.others for row in file.rows] == [("x", "Anna", ""), ("", "Bob", "z")]


def test_a_header_is_looked_for_in_the_first_25_lines(tmp_path):
    assert values(read_text(tmp_path, "title\n" * 24 + "id\nphn_1\n")) == ["phn_1"]
    assert "no column is recognized" in text_refusal(tmp_path, "title\n" * 25 + "id\nphn_1\n")


def test_a_second_value_far_down_a_column_without_a_header_is_told(tmp_path):
    file = read_text(tmp_path, "phn_1\n" * 25 + "phn_2,Anna\nphn_3,\n")
    assert [row.problem for row in file.rows[25:]] == [
        "more than one value in this row, and no header to tell them apart",
        None,
    ]


def test_equal_texts_are_kept_once(tmp_path):
    path = written(tmp_path, "id,owner\nphn_1,Anna Karenina\nphn_2,Anna Karenina\n")
    rows = read_input(path, ReadOptions(), readers=READERS)
    assert rows.others[0].cat.categories.tolist() == ["Anna Karenina"]
    assert rows.table["number_id"][0] is rows.table["input_value"][0]


class ChangesIt:
    """A reader in whose hands the file grows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recognises(self, head: bytes) -> bool:
        return True

    def read(self, source: OpenFile, options: ReadOptions):
        with self._path.open("ab") as stream:
            stream.write(b"phn_2\n")
        yield Sheet(iter([(1, ["id"]), (2, ["phn_1"])]))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = written(tmp_path, "id\nphn_1\n")
    with pytest.raises(BadInput) as caught:
        read_input(path, ReadOptions(), readers=[ChangesIt(path)])
    assert str(caught.value) == (
        f"{path}: the file changed while it was being read\nRun this again once nothing is writing to the file."
    )


def test_a_file_that_no_reader_knows_is_refused(tmp_path):
    with pytest.raises(BadInput, match="an unknown kind of file"):
        read_input(written(tmp_path, "id\nphn_1\n"), ReadOptions(), readers=[])


SCRIPT = (
    "import sys\n"
    "from decom.errors import BadInput\n"
    "from decom.intake.interface import ReadOptions\n"
    "from decom.intake.kinds import READERS\n"
    "from decom.intake.opening import read_input\n"
    "try:\n"
    "    file = read_input(None, ReadOptions(), readers=READERS)\n"
    "    print(file.name, file.sha256, list(file.table['number_id']))\n"
    "except BadInput as error:\n"
    "    print(error)\n"
)


def from_stdin(content: bytes) -> str:
    """What reading standard input with this content gives or says, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], input=content, capture_output=True, check=True
    ).stdout.decode()


def test_standard_input_is_read_like_a_file():
    content = b"id\nphn_1\nphn_2\n"
    assert from_stdin(content) == f"- {hashlib.sha256(content).hexdigest()} ['phn_1', 'phn_2']\n"


def test_a_workbook_may_come_through_standard_input_too(tmp_path):
    from tests.intake.workbooks import xlsx

    content = xlsx(tmp_path / "a.xlsx", [["id"], ["phn_1"]]).read_bytes()
    assert from_stdin(content) == f"- {hashlib.sha256(content).hexdigest()} ['phn_1']\n"


def test_standard_input_that_cannot_be_kept_is_refused():
    """There is room for 64 KiB in any file of the process, and more comes in."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n" + SCRIPT
    content = b"id\n" + b"phn_1\n" * 50_000
    done = subprocess.run([sys.executable, "-c", limited], input=content, capture_output=True, check=True)
    assert done.stdout.decode() == (
        "standard input: it could not be read, or not copied to a temporary file: File too large\n"
        "Is there room for temporary files? Name a file instead.\n"
    )


def test_an_empty_standard_input_is_refused():
    assert from_stdin(b"") == f"standard input: the file is empty\n{NAME_A_FILE}\n"


def test_a_terminal_as_standard_input_is_refused_at_once():
    leader, follower = pty.openpty()
    try:
        done = subprocess.run([sys.executable, "-c", SCRIPT], stdin=follower, capture_output=True, check=True)
    finally:
        os.close(leader)
        os.close(follower)
    assert done.stdout.decode() == (
        "standard input: standard input is a terminal\nName a file, or pipe one in: decom plan - < numbers.csv\n"
    )


def test_a_closed_standard_input_is_refused():
    command = f'exec "{sys.executable}" -c "$0" <&-'
    done = subprocess.run(["/bin/sh", "-c", command, SCRIPT], capture_output=True, check=True)
    assert done.stdout.decode() == (
        "standard input: standard input is closed\nName a file, or pipe one in: decom plan - < numbers.csv\n"
    )


def test_a_file_larger_than_the_most_is_refused(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as stream:
        stream.truncate(512 * 1024 * 1024 + 1)
    assert refusal(path) == (
        "large.csv: more than 512 MiB, the largest size that is read => "
        "Keep only the columns you need, or split the file."
    )


BYTES = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [b"id", b"phone", b"phn_1", b"+919876543210", b",", b";", b"\t", b"|", b'"', b"\n", b"\r", b" ", b"\x00"],
        )
        | st.sampled_from(
            [
                b"\xff\xfe",
                b"\xef\xbb\xbf",
                b"\xfc",
                b"PK\x03\x04",
                b"sep=",
                b"x" * 300,
                bytes.fromhex("D0CF11E0A1B11AE1"),
            ]
        ),
        max_size=60,
    ).map(b"".join),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BYTES, column=st.sampled_from([None, "x", ""]))
def test_any_bytes_give_rows_or_a_refusal(tmp_path, content, column):
    path = written(tmp_path, content)
    try:
        file = read(path, ReadOptions(column=column))
    except BadInput as error:
        assert error.where
        assert error.remedy
    else:
        assert len(file.rows) > 0
        assert all(len(row.others) == len(file.other_columns) for row in file.rows)
        assert [row.row for row in file.rows] == sorted({row.row for row in file.rows})


def test_reading_takes_memory_in_proportion_to_the_rows(tmp_path):
    """A hundred thousand rows of six columns in at most 80 MB: 800 bytes a row."""
    with (tmp_path / "many.csv").open("w") as stream:
        stream.write("id,phone number,owner,cost centre,note,since\n")
        for n in range(100_000):
            stream.write(f"phn_{n:016x},+9198{n:08},Anna,CC{n % 300},note {n},2026-01-01\n")
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from tests.intake.reading import read\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = read(Path(sys.argv[1])).rows\n"
        "print(len(rows), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "many.csv")]
    rows, kib = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert int(rows) == 100_000
    assert int(kib) * 1024 < 80_000_000
