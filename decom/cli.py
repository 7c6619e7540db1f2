"""The program: its commands put together, what is wrong with a command line in words, a bug told, an exit code.

What a command needs is loaded when it runs: `--help` and a mistyped flag load nothing that takes time.
"""

import difflib
import json
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

import typer

from decom.commands import doctor, plan, release, report, resume, run, runs, sandbox, show, verify
from decom.commands.flags import HELP, Version
from decom.output.streams import make_lasting
from decom.vocabulary import ExitCode

app = typer.Typer(
    name="decom",
    help="Release DialNexa phone numbers in bulk: plan, release, audit. Nothing is released unless you ask for it.",
    context_settings={"help_option_names": HELP},
    # A pretty traceback shows local variables, and one of them may be the key.
    pretty_exceptions_enable=False,
    # Rich's help loads a Markdown parser and a highlighter: three times the start-up.
    rich_markup_mode=None,
)
for each in (plan, release, run, resume, verify, report, runs, show, doctor, sandbox):
    each.register(app)


@app.callback()
def common(version: Version = False) -> None:
    """Options for all commands."""


def main() -> None:
    """The whole program: ends with the exit code."""
    make_lasting()
    for number, code in ((signal.SIGTERM, ExitCode.SIGTERM), (signal.SIGHUP, ExitCode.SIGHUP)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup a hang-up is ignored on purpose
            signal.signal(number, _leaving_with(code))
    sys.exit(_run(sys.argv[1:] or ["--help"]))


def _leaving_with(code: ExitCode) -> "signal._HANDLER":
    """For signals outside a release, which has its own way to end: files are closed, the lock is freed."""

    def leave(_: int, __: FrameType | None) -> None:
        raise SystemExit(int(code))

    return leave


def _run(arguments: list[str]) -> int:
    try:
        ended = typer.main.get_command(app).main(arguments, prog_name="decom", standalone_mode=False)
        return int(ended or 0)
    except typer.TyperException as error:
        _print_usage(error, arguments)
        return int(ExitCode.BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person must be told that nothing is lost
        _print_bug(error, arguments)
        return int(ExitCode.BUG)


def _print_usage(error: typer.TyperException, arguments: list[str]) -> None:
    """What is wrong with the command line, the nearest that would be right, and where to read on."""
    message = error.format_message()
    near = difflib.get_close_matches(getattr(error, "option_name", ""), getattr(error, "possibilities", None) or (), 1)
    if len(near) > 0:
        message = f"{error.message.rstrip('.')}. Did you mean {near[0]}?"
    context = getattr(error, "ctx", None)
    path = "decom" if context is None else context.command_path
    typer.echo(f"Error: {message}\nTry: {path} --help", err=True)
    _print_json(
        arguments, {"kind": "Usage", "what": message, "where": None, "remedy": f"{path} --help"}, ExitCode.BAD_INPUT
    )


def _print_bug(error: Exception, arguments: list[str]) -> None:
    """What kind of error, and where; neither its text nor a variable, since either may hold what is secret."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    what = f"a bug: {type(error).__name__} at {' > '.join(places[-4:])}"
    remedy = (
        "`decom doctor` checks the ledger, and `decom resume` continues a run that was in progress."
        " Please report the line above."
    )
    typer.echo(f"Error: {what}\n{remedy}", err=True)
    _print_json(arguments, {"kind": "Bug", "what": what, "where": None, "remedy": remedy}, ExitCode.BUG)


def _print_json(arguments: list[str], error: dict[str, str | None], code: ExitCode) -> None:
    if "--json" in arguments:
        typer.echo(json.dumps({"error": error, "exit_code": int(code)}))
