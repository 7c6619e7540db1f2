"""The first bytes of a file: what it is, where it holds no table of ours; and the encoding of a text file.

An encoding is told by its byte-order mark, else it is UTF-8, else Windows-1252, unless that gives words that hardly
anybody writes. The whole file is decoded once before it is read, so that the encoding is a fact and not a guess from
its beginning.
"""

import codecs
import re
from collections.abc import Iterator

from decom.errors import BadInput
from decom.intake.garbled import unlikely_word
from decom.intake.interface import OpenFile

_CHUNK = 1 << 20
_MOST_SHOWN = 40
_SAVE_AS_UTF8 = "Save it again as UTF-8: in a spreadsheet program, CSV UTF-8."
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x19\x1b-\x1f]")

_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"\xff\xfe\x00\x00", "UTF-32 text"),
    (b"\x00\x00\xfe\xff", "UTF-32 text"),
    (b"-----BEGIN ", "a key or certificate"),
)

_MARKUP = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<table", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<", "an HTML or XML document"),
    (b'{"', "JSON"),
    (b"[{", "JSON"),
    (b'["', "JSON"),
    (b"[]", "JSON"),
    (b"{}", "JSON"),
)


def encoding_of(source: OpenFile) -> tuple[str, str]:
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
    _refuse_unclear(source)
    return _checked(source, "cp1252", "Windows-1252")


def _refuse_unclear(source: OpenFile) -> None:
    """Raise BadInput where a text that is not UTF-8 is not likely to be Windows-1252 either: nothing is guessed."""
    has_utf8, stray = False, ""
    for number, line in enumerate(_lines(source), start=1):
        if line.isascii():
            continue
        western = line.decode("cp1252", "replace")
        if _CONTROL.search(western) is not None:
            return  # no text at all, which is told elsewhere
        signs = {sign for sign in line.decode("utf-8", "surrogateescape") if sign > "\x7f"}
        odd = {sign for sign in signs if "\udc80" <= sign <= "\udcff"}
        has_utf8 |= len(signs) > len(odd)
        if len(odd) > 0 and stray == "":
            stray, place = line.decode("utf-8", "replace").strip()[:_MOST_SHOWN], f"line {number}"
        word = unlikely_word(western)
        if word is not None and not has_utf8:
            what = f"it is not UTF-8, and as Windows-1252 it has {word[:_MOST_SHOWN]!r}"
            raise _unclear(what, f"line {number}")
    if has_utf8 and stray != "":
        raise _unclear(f"some of it is UTF-8, and this is not: {stray!r}", place)


def _unclear(why: str, where: str) -> BadInput:
    return BadInput(
        f"the encoding cannot be told: {why}",
        where=where,
        remedy=f"Open it in the program that wrote it. {_SAVE_AS_UTF8}",
    )


def _lines(source: OpenFile) -> Iterator[bytes]:
    """The file's lines as they are; one that is very long comes in pieces."""
    source.stream.seek(0)
    while line := source.stream.readline(_CHUNK):
        yield line


def _checked(source: OpenFile, encoding: str, name: str) -> tuple[str, str]:
    trouble = _trouble(source, encoding)
    if trouble is not None:
        raise BadInput(
            f"this should be {name} text, but {trouble}",
            remedy=_SAVE_AS_UTF8,
        )
    return encoding, f"read as {name}"


def _trouble(source: OpenFile, encoding: str) -> str | None:
    """Why the file is no text in `encoding`, None where it is. Raises BadInput for a NUL."""
    line = 1
    try:
        for text in _decoded(source, encoding):
            if "\0" in text:
                line += text[: text.index("\0")].count("\n")
                raise BadInput(
                    "there is a NUL character, so this is not text",
                    where=f"line {line}",
                    remedy="Is this the right file? Save it again as UTF-8.",
                )
            if encoding == "cp1252" and _CONTROL.search(text) is not None:
                return "it has control characters: it looks like binary data"
            line += text.count("\n")
    except UnicodeDecodeError as error:
        return f"it is not, near line {line}: {error.reason}"
    return None


def _decoded(source: OpenFile, encoding: str) -> Iterator[str]:
    source.stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    while chunk := source.stream.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def named(head: bytes) -> str | None:
    """What a file with these first bytes is (`a PDF document`); None where it may be text with a table in it."""
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return words
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for opening, words in _MARKUP:
        if text.startswith(opening):
            return words
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    return _without_mark(head)


def _without_mark(head: bytes) -> str | None:
    """What bytes with NULs among them look like: in Latin text as UTF-16 or UTF-32 every second is one, or more."""
    if b"\x00" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if (even + odd) * 10 >= len(head) * 7:
        return "UTF-32 text without a byte-order mark"
    if max(even, odd) * 10 >= len(head) * 4 and min(even, odd) * 20 < len(head):
        return "UTF-16 text without a byte-order mark"
    return "binary data"
