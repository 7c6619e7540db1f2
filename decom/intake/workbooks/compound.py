"""An OLE compound file's bytes in, its streams out: the container of old Excel files and of encrypted new ones.

Raises BadInput where the container is damaged. Every chain of sectors is followed at most as far as the file is
long, so that a loop ends.
"""

import struct
from collections.abc import Sequence

from decom.errors import BadInput

MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")

_HEADER = 512
_ENTRY = 128
_FREE_OR_END = 0xFFFFFFFA
_ROOT, _STREAM = 5, 2


class CompoundFile:
    """The streams of a compound file, by name. Folders inside it are not told apart: ours lie in the root."""

    def __init__(self, content: bytes) -> None:
        """`content` is the whole file."""
        self._content = content
        self._mini: tuple[bytes, Sequence[int]] | None = None
        self._entries: dict[str, tuple[int, int]] = {}
        self._root = (_FREE_OR_END, 0)
        try:
            self._read_header()
        except struct.error:
            raise self._damaged("it ends too early") from None

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def stream(self, name: str) -> bytes:
        """The bytes of the stream `name`, which must be there."""
        start, size = self._entries[name]
        if size >= self._cutoff:
            return self._chain(start, self._table)[:size]
        if self._mini is None:
            table = self._chain(self._mini_table_at, self._table)
            self._mini = (self._chain(self._root[0], self._table), _words(table))
        content, minis = self._mini
        pieces = [content[at << self._mini_shift : (at + 1) << self._mini_shift] for at in self._walk(start, minis)]
        return b"".join(pieces)[:size]

    def _read_header(self) -> None:
        content = self._content
        self._shift, self._mini_shift = struct.unpack_from("<HH", content, 30)
        directory_at, self._cutoff, self._mini_table_at = struct.unpack_from("<I4xII", content, 48)
        more_at, _ = struct.unpack_from("<II", content, 68)
        if self._shift not in (9, 12) or self._mini_shift != 6:
            raise self._damaged("its header makes no sense")
        at_tables = [at for at in struct.unpack_from("<109I", content, 76) if at < _FREE_OR_END]
        seen: set[int] = set()
        while more_at < _FREE_OR_END and more_at not in seen:
            seen.add(more_at)
            *more, more_at = _words(self._sector(more_at))
            at_tables.extend(at for at in more if at < _FREE_OR_END)
        self._table = _words(b"".join(self._sector(at) for at in at_tables))
        directory = self._chain(directory_at, self._table)
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            self._read_entry(directory[at : at + _ENTRY])

    def _read_entry(self, entry: bytes) -> None:
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, size = struct.unpack_from("<II", entry, 116)
        if kind == _ROOT:
            self._root = (start, size)
        elif kind == _STREAM:
            self._entries[entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")] = (start, size)

    def _sector(self, at: int) -> bytes:
        begin = (at + 1) << self._shift
        if begin >= len(self._content):
            raise self._damaged("it ends too early")
        return self._content[begin : begin + (1 << self._shift)]

    def _chain(self, start: int, table: Sequence[int]) -> bytes:
        return b"".join(map(self._sector, self._walk(start, table)))

    def _walk(self, start: int, table: Sequence[int]) -> list[int]:
        """The sectors of a chain. Raises BadInput where it loops or leaves the table."""
        found: list[int] = []
        while start < _FREE_OR_END:
            if start >= len(table) or len(found) > len(table):
                raise self._damaged("its sectors do not hang together")
            found.append(start)
            start = table[start]
        return found

    def _damaged(self, how: str) -> BadInput:
        return BadInput(
            f"the workbook is damaged: {how}",
            remedy="Open it in a spreadsheet program, save it as .xlsx, and name that file.",
        )


def _words(content: bytes) -> Sequence[int]:
    count = len(content) // 4
    return struct.unpack(f"<{count}I", content[: 4 * count])
