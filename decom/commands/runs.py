"""`decom runs`: the past runs of a home."""

from typing import TYPE_CHECKING

import typer

from decom.commands.flags import Flags, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, runs, ignored=("output", "base_url", "rate", "concurrency", "verbose"))


def runs(flags: Flags, screen: "Screen") -> "CommandResult":
    """List past runs. Sends nothing."""
    import os
    from dataclasses import asdict

    from decom.commands.command import CommandResult
    from decom.output.run_view import runs_lines
    from decom.settings.home import home_in_force
    from decom.vocabulary import ExitCode
    from decom.workflow import history

    found = history.runs(home_in_force(flags.settings, os.environ))
    screen.show(runs_lines(found, screen.out.width))
    return CommandResult(ExitCode.DONE, {"runs": [asdict(line) for line in found]})
