"""An XLSX, XLS or ODS workbook in, a table for each sheet out that may hold the IDs.

The file is parsed by a process of its own with limits (`decom.intake.workbooks.child`); what it says is data and
nothing else, so that a file that breaks the parser breaks no more than that process.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

from decom.errors import BadInput
from decom.intake.interface import BadCell, Cell, NotedCell, OpenFile, RawRow, ReadOptions, Sheet
from decom.intake.workbooks.limits import too_much_memory, too_much_time

_ZIP = b"PK\x03\x04"
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_LONGEST_ANSWER = 64 * 1024 * 1024
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")


class Workbook:
    """XLSX, XLS and ODS workbooks; other zip archives and Office files are told from them when they are read."""

    def recognises(self, head: bytes) -> bool:
        return head.startswith((_ZIP, _OLE))

    def read(self, source: OpenFile, options: ReadOptions) -> Generator[Sheet, None, None]:
        child = _child(source, options)
        try:
            answers = _answers(child)
            for answer in answers:
                match answer:
                    case {"sheet": str(name), "hidden": int(hidden), "notes": list(notes)}:
                        lines = _lines(answers, skip=options.hidden_rows == "skip")
                        objection = _objection(hidden, options)
                        yield Sheet(lines, name, (*map(str, notes), *_hidden_note(hidden, options)), objection)
                        for _ in lines:
                            pass
                    case {"done": "workbook"}:
                        return
                    case _:
                        raise _broken_off(child)
        finally:
            child.kill()
            with child:
                pass


def _child(source: OpenFile, options: ReadOptions) -> "subprocess.Popen[bytes]":
    """The process that reads the workbook: none of our variables, nor modules from the working directory."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    root = Path(__file__).resolve().parent.parent.parent
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module; the sheet's name is one argument
        [sys.executable, "-P", "-s", "-m", "decom.intake.workbooks.child", json.dumps(options.sheet or "")],
        stdin=source.stream.fileno(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**kept, "PYTHONPATH": str(root)},
    )


def _answers(child: "subprocess.Popen[bytes]") -> Iterator[object]:
    """What the child says, line by line. Raises BadInput where it ends without having said that it is done."""
    if child.stdout is None:
        raise ValueError("the child was started without a pipe")
    while line := child.stdout.readline(_LONGEST_ANSWER):
        try:
            answer = json.loads(line)
        except ValueError:
            break
        if isinstance(answer, dict) and "refused" in answer:
            raise _refusal(answer["refused"])
        yield answer
    raise _broken_off(child)


def _broken_off(child: "subprocess.Popen[bytes]") -> BadInput:
    """Why the child ended in the middle: what the limits do to a process is told by the signal that ended it."""
    child.kill()
    code = child.wait()
    if code == -signal.SIGABRT:
        return too_much_memory()
    if code == -signal.SIGXCPU:
        return too_much_time()
    return BadInput(
        "the workbook crashed the program that reads it",
        remedy="Open it in a spreadsheet program, save it again, or save the table as CSV UTF-8.",
    )


def _lines(answers: Iterator[object], *, skip: bool) -> Iterator[RawRow]:
    """The lines of the sheet that was just begun; a hidden one is left out where `skip` says so."""
    for answer in answers:
        match answer:
            case [int(number), bool(is_hidden), *cells]:
                if not (is_hidden and skip):
                    yield number, [cell if type(cell) is str else _cell(cell) for cell in cells]
            case _:
                return


def _cell(said: object) -> Cell:
    match said:
        case ["problem", str(why), str(raw)]:
            return BadCell(why, raw)
        case ["marked", str(text), str(note)]:
            return NotedCell(text, note)
    return BadCell("this cell cannot be read")


def _objection(hidden: int, options: ReadOptions) -> BadInput | None:
    """Why a sheet with hidden rows is not taken as it is: whoever approves the list may never have seen them."""
    if hidden == 0 or options.hidden_rows in ("include", "skip"):
        return None
    return BadInput(
        f"{hidden:,} {'row is' if hidden == 1 else 'rows are'} hidden or filtered out",
        remedy="Choose one: --hidden-rows skip reads the visible rows only, --hidden-rows include reads all rows.",
    )


def _hidden_note(hidden: int, options: ReadOptions) -> tuple[str, ...]:
    if hidden == 0:
        return ()
    done = "skipped" if options.hidden_rows == "skip" else "included"
    return (f"{hidden:,} hidden or filtered {'row' if hidden == 1 else 'rows'} {done}, as requested",)


def _refusal(said: object) -> BadInput:
    match said:
        case [str(what), str(place), str(remedy)]:
            return BadInput(what, where=place or None, remedy=remedy)
    return BadInput("the workbook cannot be read")
