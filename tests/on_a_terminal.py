"""A command on a real terminal: what it shows as it goes on, and keys typed meanwhile."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_LONGEST = 90.0
"""Seconds until words that do not come are given up."""


class Terminal:
    """Ours is the screen and the keyboard, the command has the other end."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self._descriptor, self._process = descriptor, process
        self.seen = b""
        """All that was shown, with what moves the cursor."""

    def type(self, keys: bytes) -> None:
        """Type."""
        self.seen = b""
        os.write(self._descriptor, keys)

    def until(self, pattern: str) -> re.Match[str]:
        """Read until `pattern` was shown since the last key; blanks and line ends are one blank each."""
        end = time.monotonic() + _LONGEST
        while (found := re.search(pattern, self.words())) is None:
            assert self._read(end - time.monotonic()), f"{pattern!r} did not come: {self.words()[-2_000:]!r}"
        return found

    def ended(self) -> int:
        """Read to the end; the exit code."""
        while self._read(_LONGEST):
            pass
        return self._process.wait(timeout=30)

    def words(self) -> str:
        """What was shown since the last key, without what moves the cursor."""
        return " ".join(_ESCAPES.sub(" ", self.seen.decode(errors="replace")).split())

    def _read(self, within: float) -> bool:
        """Read some more; False at the end, or where nothing comes."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, within))
        try:
            piece = os.read(self._descriptor, 65_536) if len(ready) > 0 else b""
        except OSError:  # the other end is closed
            piece = b""
        self.seen += piece
        return piece != b""


@contextmanager
def on_a_terminal(
    command: Sequence[str | Path], variables: Mapping[str, str], columns: int, cwd: Path = ROOT
) -> Iterator[Terminal]:
    """Run a command on a terminal so wide (0: one that does not know its size); it does not outlive the block."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns > 0 else 0, columns, 0, 0))
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**variables, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def take_terminal() -> None:
    """Make stdin the terminal of the new session, so that Ctrl-C there is a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
