"""The first bytes of a file in, what kind of file that is in words out, for kinds that hold no table of ours."""

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
