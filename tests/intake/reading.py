"""For the tests beside it: a file's bytes in, what reading it gives or says out."""

from pathlib import Path

import pytest

from decom.errors import BadInput
from decom.intake.interface import InputFile, ReadOptions
from decom.intake.kinds import READERS
from decom.intake.opening import read_input


def read(path: Path, options: ReadOptions | None = None) -> InputFile:
    """The file as the product reads it."""
    return read_input(path, options or ReadOptions(), readers=READERS)


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    """What is said of a file that is refused: `where: what => remedy`, with the path as the file's name alone."""
    with pytest.raises(BadInput) as caught:
        read(path, options)
    error = caught.value
    assert error.remedy, "a refusal says what to do next"
    assert error.where is not None
    return f"{error.where.replace(str(path), path.name)}: {error.what} => {error.remedy}"


def read_text(folder: Path, content: str | bytes, options: ReadOptions | None = None) -> InputFile:
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


def values(file: InputFile) -> list[str | None]:
    """What each row names: its ID, else its number; None where it has a problem."""
    return [row.number_id or row.phone_number for row in file.rows]
