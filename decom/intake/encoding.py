"""A text file in, the name of its encoding out: by its byte-order mark, else UTF-8, else Windows-1252.

The whole file is decoded once before it is read, so that the encoding is a fact and not a guess from its
beginning.
"""

import codecs
import re
from collections.abc import Iterator

from decom.errors import BadInput
from decom.intake.interface import Source

_CHUNK = 1 << 20
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x19\x1b-\x1f]")


def encoding_of(source: Source) -> tuple[str, str]:
    """The encoding's name for Python, and a note for `InputFile.notes` (empty for plain UTF-8).

    Raises BadInput where the bytes are text in none of these encodings, or hold a NUL.
    """
    source.stream.seek(0)
    mark = source.stream.read(3)
    if mark == codecs.BOM_UTF8:
        return _checked(source, "utf-8-sig", "UTF-8 with a byte-order mark")
    if mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _checked(source, "utf-16", "UTF-16")
    if _trouble(source, "utf-8") is None:
        return "utf-8", ""
    return _checked(source, "cp1252", "Windows-1252")


def _checked(source: Source, encoding: str, name: str) -> tuple[str, str]:
    trouble = _trouble(source, encoding)
    if trouble is not None:
        raise BadInput(
            f"this should be {name} text, and {trouble}",
            where=source.name,
            remedy="Save it again as UTF-8: in a spreadsheet program, CSV UTF-8.",
        )
    return encoding, f"read as {name}"


def _trouble(source: Source, encoding: str) -> str | None:
    """Why the file is no text in `encoding`, None where it is. Raises BadInput for a NUL."""
    line = 1
    try:
        for text in _decoded(source, encoding):
            if "\0" in text:
                line += text[: text.index("\0")].count("\n")
                raise BadInput(
                    "there is a NUL character, so this is no text",
                    where=f"{source.name}, line {line}",
                    remedy="Is this the right file? Save it again as UTF-8.",
                )
            if encoding == "cp1252" and _CONTROL.search(text) is not None:
                return "it has control characters: it looks like binary data"
            line += text.count("\n")
    except UnicodeDecodeError as error:
        return f"it is not, near line {line}: {error.reason}"
    return None


def _decoded(source: Source, encoding: str) -> Iterator[str]:
    source.stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    while chunk := source.stream.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
