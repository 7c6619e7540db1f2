"""Forks a `decom` process for each command that a test starts: the imports are done once, all else is its own.

Run by `tests/started.py` as `python -m tests.fork_server FD`. In: on that socket, a message for each command with what
`Request` has, its descriptors 0 to 2 and a socket for answers. Out, there: the process's ID, then its exit status.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

import decom

MOST = 128 * 1024
"""Bytes of a message."""
PROCESSES_OF_THEIR_OWN = ("decom.__main__", "decom.intake.workbooks.child", "decom.notifying.errand")
LAZILY_IMPORTED = (
    "httpx._transports.default",
    "jinja2.ext",
    "pandas",
    "rich.progress",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "xlsxwriter.workbook",
)
"""What commands and their libraries import only when they need it."""


class Request(NamedTuple):
    """A command to be started."""

    arguments: list[str]
    """After the program's name."""
    folder: str
    """The working directory."""
    environment: dict[str, str]
    """All of it."""


@dataclass(frozen=True)
class Child:
    """A process that was forked and has not ended."""

    pid: int
    answers: int
    """The descriptor of the socket on which its end is told."""


def load_everything() -> None:
    """Import what any command may import."""
    for module in pkgutil.walk_packages(decom.__path__, "decom."):
        if module.name not in PROCESSES_OF_THEIR_OWN:
            importlib.import_module(module.name)
    for name in LAZILY_IMPORTED:
        importlib.import_module(name)


def serve(requests: socket.socket) -> Request | None:
    """Fork for each request until nobody can ask any more. None: that is so. A Request: this is the child for it."""
    waiting = selectors.DefaultSelector()
    waiting.register(requests, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.data is not None:
                waiting.unregister(key.fileobj)
                _tell_end(key.fd, key.data)
                continue
            message, descriptors, _, _ = socket.recv_fds(requests, MOST, 4)
            if message == b"":
                return None
            *streams, answers = descriptors
            pid = os.fork()
            if pid == 0:
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                _close_all(waiting, requests, descriptors)
                return Request(*json.loads(message))
            for stream in streams:
                os.close(stream)
            _say(answers, pid)
            waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, Child(pid, answers))


def _tell_end(watched: int, child: Child) -> None:
    os.close(watched)
    _, status = os.waitpid(child.pid, 0)
    _say(child.answers, os.waitstatus_to_exitcode(status))
    os.close(child.answers)


def _say(answers: int, number: int) -> None:
    with suppress(OSError):  # whoever asked is gone
        os.write(answers, str(number).encode())


def _close_all(waiting: selectors.BaseSelector, requests: socket.socket, descriptors: list[int]) -> None:
    """In a child: leave it the descriptors 0 to 2 alone, as a process has them that was just started."""
    others = [key for key in waiting.get_map().values() if key.data is not None]
    waiting.close()
    requests.close()
    for number in (*descriptors, *(key.fd for key in others), *(key.data.answers for key in others)):
        os.close(number)


def become(request: Request) -> None:
    """Make of this child what an interpreter is that was just started for the command."""
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    os.chdir(request.folder)
    sys.path[0] = str(Path.cwd())
    sys.argv = ["decom", *request.arguments]
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = _stream(number, mode, getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _stream(number: int, mode: str, like: TextIO) -> TextIO:
    """A standard stream as the interpreter makes it; stderr is written line by line, whatever it is."""
    buffering = 1 if number == 2 else -1
    return open(number, mode, buffering, like.encoding, like.errors, newline="\n", closefd=False)  # type: ignore[return-value]


def main() -> None:
    """Serve; a child leaves by the interpreter's own end, as if it had been started for its command alone."""
    load_everything()
    gc.freeze()  # children share these pages for as long as nobody writes to them
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, "a thread that is not forked may hold a lock"
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        become(request)
        runpy.run_module("decom", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
