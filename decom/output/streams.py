"""The process's standard streams in, streams that never fail out: what cannot be shown must not stop a release.

A reader that went away (`| head`), a full disk behind `>`, a closed descriptor: all are given up in silence, and the
exit code stays what the work made it.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast


class Lasting:
    """A text stream that swallows every failure to write; otherwise it is the stream it wraps."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        try:
            return self._stream.isatty()
        except ValueError:
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def make_lasting() -> None:
    """Make this process's stdout and stderr such streams, and see that descriptors 0 to 2 are taken.

    A descriptor that was closed at the start would be given to the next file that is opened: a report, say, into
    which a library then prints its complaints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = cast(TextIO, Lasting(_never_refusing(sys.stdout)))
    sys.stderr = cast(TextIO, Lasting(_never_refusing(sys.stderr)))


def _never_refusing(stream: TextIO | None) -> TextIO:
    """A stream that writes any character, escaped where the terminal's encoding has none for it."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream
