"""`decom verify`: a finished run compared with the account and with its own files."""

from typing import TYPE_CHECKING

import typer

from decom.commands.flags import Flags, Run, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, verify, ignored=("concurrency",))


def verify(run: Run, flags: Flags, screen: "Screen") -> "CommandResult":
    """Check that the account still matches a run's audit.

    Compares every number with the account, and every file of the run with its recorded digest. Sends only GET requests.
    """
    from dataclasses import asdict

    from decom.commands.command import CommandResult
    from decom.commands.setup import set_up
    from decom.output.run_view import verify_lines
    from decom.releasing.signals import run_interruptibly
    from decom.vocabulary import ExitCode
    from decom.workflow import job

    with set_up(flags, screen) as setup:
        setup.progress.waiting("querying the account")
        seen = run_interruptibly(job.verify(setup.settings, setup.context, setup.run_named(run)))
        setup.progress.end()
        lines = verify_lines(seen.run_id, seen.checked, seen.differences, seen.changed_files)
        screen.show(lines, even_if_quiet=seen.exit_code is not ExitCode.DONE)
        facts = {name: value for name, value in asdict(seen).items() if name != "exit_code"}
        return CommandResult(seen.exit_code, facts)
