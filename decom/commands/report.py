"""`decom report`: a run's reports written again."""

from typing import TYPE_CHECKING

import typer

from decom.commands.flags import Flags, Run, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, report, ignored=("base_url", "rate", "concurrency"))


def report(run: Run, flags: Flags, screen: "Screen") -> "CommandResult":
    """Rebuild a run's reports from the ledger.

    Sends nothing, and needs no key.
    """
    from decom.commands.results import show_run
    from decom.commands.setup import set_up
    from decom.workflow import job

    with set_up(flags, screen, with_key=False) as setup:
        return show_run(setup, job.report(setup.settings, setup.run_named(run), setup.context.clock))
