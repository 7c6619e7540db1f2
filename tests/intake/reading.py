"""For the tests beside it: a file's bytes in, what reading it gives or says out."""

from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import pytest

from decom.errors import BadInput
from decom.intake.interface import ReadOptions, Rows
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.phone_numbers.reading import Readings
from tests.planning.oracle.rows import Row


@dataclass(frozen=True, slots=True)
class ReadFile:
    """`Rows`, line by line."""

    name: str
    sha256: str
    rows: tuple[Row, ...]
    blank_rows: int
    other_columns: tuple[str, ...]
    notes: tuple[str, ...]


def line_by_line(rows: Rows) -> ReadFile:
    """The frames as people look at them."""
    table = rows.table.astype(object).where(rows.table.notna(), None)
    others = rows.others.astype(object).itertuples(index=False, name=None) if rows.other_columns else repeat(())
    found = tuple(
        Row(number, value, number_id, readings or _plain(phone_number), problem, note, beside)
        for (number, value, number_id, phone_number, readings, problem, note), beside in zip(
            table.itertuples(index=False, name=None), others, strict=False
        )
    )
    for row, phone_number in zip(found, table["phone_number"], strict=True):
        assert row.phone_number == phone_number
    return ReadFile(rows.name, rows.sha256, found, rows.blank_rows, rows.other_columns, rows.notes)


def _plain(phone_number: str | None) -> Readings | None:
    return None if phone_number is None else Readings((phone_number,), certain=True)


def read(path: Path, options: ReadOptions | None = None) -> ReadFile:
    """The file as the product reads it."""
    return line_by_line(read_input(path, options or ReadOptions(), readers=READERS))


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    """What is said of a file that is refused: `where: what => remedy`, with the path as the file's name alone."""
    with pytest.raises(BadInput) as caught:
        read(path, options)
    error = caught.value
    assert error.remedy, "a refusal says what to do next"
    assert error.where is not None
    return f"{error.where.replace(str(path), path.name)}: {error.what} => {error.remedy}"


def read_text(folder: Path, content: str | bytes, options: ReadOptions | None = None) -> ReadFile:
    """A file with this content, read; text is written as UTF-8."""
    return read(written(folder, content), options)


def text_refusal(folder: Path, content: str | bytes, options: ReadOptions | None = None) -> str:
    """What is said of a file with this content."""
    return refusal(written(folder, content), options)


def written(folder: Path, content: str | bytes, name: str = "numbers.csv") -> Path:
    """A file with this content in `folder`."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def values(file: ReadFile) -> list[str | None]:
    """What each row names: its ID, else its number; None where it has a problem."""
    return [row.number_id or row.phone_number for row in file.rows]
