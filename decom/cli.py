"""The commands. In: a command line. Out: one function called, what it says printed, an exit code. No decision.

What a command needs is loaded inside it: `--help` and a mistyped flag load nothing that takes time.
"""

import difflib
import json
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from decom.flags import (
    COMMON,
    EXECUTE,
    GUARDS,
    HOURS,
    LEAVE,
    READING,
    SANDBOX,
    SELECTING,
    SHOWING,
    Given,
    command,
    print_version,
)
from decom.output.streams import make_lasting
from decom.vocabulary import ExitCode

app = typer.Typer(
    name="decom",
    help="Takes DialNexa phone numbers out of service, in bulk: plan, release, audit. Everything is a dry run until"
    " you say otherwise.",
    # A pretty traceback shows local variables, and one of them may be the key.
    pretty_exceptions_enable=False,
    # Rich's help loads a Markdown parser and a highlighter: three times the start-up.
    rich_markup_mode=None,
)

Input = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A CSV or spreadsheet, - for CSV on stdin, or a job file (.toml).")
]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run ID, or a run's folder.")]


@command(app, *COMMON, *READING, *SELECTING, *GUARDS)
def plan(input: Input, given: Given) -> int:
    """Check every row against the account, save a plan.

    Reads the file, decides each row with its reason, and shows the plan. Sends only GET: nothing is changed.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.plan(given, screen, input))


@command(app, *COMMON, *GUARDS, *HOURS, *LEAVE)
def release(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A run ID, a run's folder, or its plan.json.")],
    given: Given,
) -> int:
    """Carry out an approved plan, once.

    Shows what is about to happen and asks; looks at every number again just before. Then verifies and reports.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.release(given, screen, plan))


@command(app, *COMMON, *READING, *SELECTING, *GUARDS, *HOURS, *EXECUTE, *LEAVE)
def run(input: Input, given: Given) -> int:
    """Plan; with --execute release, verify and report too.

    Without --execute it is a dry run and the same as plan.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.run(given, screen, input))


@command(app, *COMMON, *GUARDS, *HOURS, *LEAVE)
def resume(
    given: Given,
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run ID; the latest interrupted run unless named.")
    ] = None,
) -> int:
    """Go on with an interrupted run.

    What became of a release that was under way is asked first; then the rest is done.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.resume(given, screen, run))


@command(app, *COMMON)
def verify(run: Run, given: Given) -> int:
    """Ask again whether all is as a run's audit says.

    Compares every number with the account, and every file of the run with what was written. Sends only GET.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.verify(given, screen, run))


@command(app, *COMMON)
def report(run: Run, given: Given) -> int:
    """Write a run's reports again from the ledger.

    Sends nothing, and needs no key.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.report(given, screen, run))


@command(app, *COMMON)
def runs(given: Given) -> int:
    """List past runs. Sends nothing."""
    from decom import answering, looking_back

    return answering.answered(given, lambda screen: looking_back.runs(given, screen))


@command(app, *COMMON)
def show(
    target: Annotated[str, typer.Argument(metavar="RUN-or-NUMBER", help="A run ID, a number's ID, or +919876543210.")],
    given: Given,
) -> int:
    """Show all that is known of a run or a number.

    Of a number, its whole life across runs. Sends nothing.
    """
    from decom import answering, looking_back

    return answering.answered(given, lambda screen: looking_back.show(given, screen, target))


@command(app, *COMMON)
def doctor(given: Given) -> int:
    """Check settings, key, rights, clock, disk, ledger.

    Says what to mend, and which sources of conflicts this account has. Sends only GET.
    """
    from decom import answering, session

    return answering.answered(given, lambda screen: session.examine(given, screen))


@command(app, *SANDBOX, *SHOWING)
def sandbox(given: Given) -> int:
    """Serve a made-up account on this machine.

    It behaves as the service does. Prints the two lines to export, and serves until it is stopped.
    """
    from decom import answering, sandbox_command

    return answering.answered(given, lambda screen: sandbox_command.serve(given, screen))


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Takes no part in the work."""


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
        _say_usage(error, arguments)
        return int(ExitCode.BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person must be told that nothing is lost
        _say_bug(error, arguments)
        return int(ExitCode.BUG)


def _say_usage(error: typer.TyperException, arguments: list[str]) -> None:
    """What is wrong with the command line, the nearest that would be right, and where to read on."""
    message = error.format_message()
    near = difflib.get_close_matches(getattr(error, "option_name", ""), getattr(error, "possibilities", None) or (), 1)
    if len(near) > 0:
        message = f"{error.message.rstrip('.')}. Did you mean {near[0]}?"
    context = getattr(error, "ctx", None)
    path = "decom" if context is None else context.command_path
    typer.echo(f"Error: {message}\nTry: {path} --help", err=True)
    _answer_json(
        arguments, {"kind": "Usage", "what": message, "where": None, "remedy": f"{path} --help"}, ExitCode.BAD_INPUT
    )


def _say_bug(error: Exception, arguments: list[str]) -> None:
    """What kind of error, and where; neither its text nor a variable, since either may hold what is secret."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    what = f"a bug: {type(error).__name__} at {' > '.join(places[-4:])}"
    remedy = (
        "`decom doctor` checks the ledger, and `decom resume` goes on with a run that was under way."
        " Please report the line above."
    )
    typer.echo(f"Error: {what}\n{remedy}", err=True)
    _answer_json(arguments, {"kind": "Bug", "what": what, "where": None, "remedy": remedy}, ExitCode.BUG)


def _answer_json(arguments: list[str], error: dict[str, str | None], code: ExitCode) -> None:
    if "--json" in arguments:
        typer.echo(json.dumps({"error": error, "exit_code": int(code)}))
