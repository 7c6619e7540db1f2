"""Starts `decom` for a test: a process of its own each time, forked by a server that has done the imports.

What forking cannot give is started truly: an environment with something else in it that is read while an interpreter
starts or a module is imported, and all that a test starts by itself.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.fork_server import Request

COMMAND = (sys.executable, "-m", "decom")
ROOT = Path(__file__).parents[1]
OURS = ("DIALNEXA_", "DECOM_")
READ_WHEN_NEEDED = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"),
    *("XDG_STATE_HOME", "COLUMNS", "LINES", "TERM", "TZ", "PYTEST_CURRENT_TEST"),
    "HOME",
)
"""Variables that may differ from the server's: no import reads them, says `test_started.py`."""
_AT_FIRST = dict(os.environ)


def start(
    arguments: Sequence[object], folder: Path, environment: Mapping[str, str], **streams: Any
) -> "subprocess.Popen[bytes]":
    """`decom` at work in that folder, with this environment alone; `streams` as `Popen` has them."""
    words = list(map(str, arguments))
    if not can_be_forked(environment):
        return subprocess.Popen([*COMMAND, *words], cwd=folder, env=environment, **streams)
    return Forked(words, cwd=folder, env=environment, **streams)


def can_be_forked(environment: Mapping[str, str]) -> bool:
    """Whether it differs from the server's only in what is read when it is needed."""
    differing = {name for name, _ in environment.items() ^ _server().environment.items()}
    return all(name.startswith(OURS) or name.upper() in READ_WHEN_NEEDED for name in differing)


class Server:
    """The server: one for each process of pytest's, started when it is first wanted, gone when that process ends."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.environment = {name: value for name, value in _AT_FIRST.items() if not name.startswith(OURS)}
        self._requests = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                env=self.environment | {"OPENBLAS_NUM_THREADS": "1"},  # it starts a thread when it is imported
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end)

    def fork(self, request: Request, descriptors: Sequence[int]) -> tuple[int, socket.socket]:
        """The ID of a new process with those descriptors 0 to 2, and the socket on which its exit code will come."""
        answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self._requests, [json.dumps(request).encode()], [*descriptors, theirs.fileno()])
        return _number(answers), answers

    def _end(self) -> None:
        self._requests.close()
        self._process.wait()


_only_one = threading.Lock()


@cache
def _started_server() -> Server:
    return Server()


def _server() -> Server:
    with _only_one:
        return _started_server()


def _number(answers: socket.socket) -> int:
    said = answers.recv(32)
    if said == b"":
        raise RuntimeError("the server that forks has ended; why is on stderr")
    return int(said)


class Forked(subprocess.Popen[bytes]):
    """A process that the server forked, used as any other; the server is its parent and tells its exit code."""

    def _execute_child(
        self,
        args: list[str],
        executable: object,
        preexec_fn: object,
        close_fds: object,
        pass_fds: object,
        cwd: Path,
        env: Mapping[str, str],
        startupinfo: object,
        creationflags: object,
        shell: object,
        p2cread: int,
        p2cwrite: int,
        c2pread: int,
        c2pwrite: int,
        errread: int,
        errwrite: int,
        *others: object,
    ) -> None:
        """In place of `Popen`'s own, which has made the pipes and knows which ends to close afterwards."""
        request = Request(args, str(cwd), dict(env))
        self.pid, self._answers = _server().fork(request, (p2cread, c2pwrite, errwrite))
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._answers.settimeout(None if timeout is None else max(timeout, 0.0))
            try:
                self.returncode = _number(self._answers)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0) from None
            self._answers.close()
        return self.returncode
