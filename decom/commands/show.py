"""`decom show`: everything that the ledger knows of one run or one number."""

from typing import TYPE_CHECKING, Annotated

import typer

from decom.commands.flags import A_RUN, Flags, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, show, ignored=("output", "rate", "concurrency", "verbose"))


def show(
    target: Annotated[str, typer.Argument(metavar="RUN-or-NUMBER", help=f"{A_RUN}; a number's ID, or +919876543210.")],
    flags: Flags,
    screen: "Screen",
) -> "CommandResult":
    """Show everything recorded about a run or a number.

    For a number: its history across all runs. Sends nothing.
    """
    import os
    from dataclasses import asdict

    from decom.commands.command import CommandResult
    from decom.output.run_view import number_lines, run_lines
    from decom.settings.home import home_in_force
    from decom.vocabulary import ExitCode
    from decom.workflow import history

    picture = history.show(home_in_force(flags.settings, os.environ), target, _workspace(flags))
    if isinstance(picture, history.NumberDetails):
        screen.show(number_lines(picture))
        return CommandResult(ExitCode.DONE, asdict(picture))
    screen.show(run_lines(picture))
    return CommandResult(ExitCode.DONE, {**asdict(picture), "folder": str(picture.folder)})


def _workspace(flags: Flags) -> tuple[str, str] | None:
    """The workspace that the settings name, with its base URL; None where there is no key, or it cannot be used."""
    import os
    from pathlib import Path

    from decom.errors import BadSettings
    from decom.settings.load import load
    from decom.workflow.workspace import workspace_of

    try:
        settings = load(flags.settings, None, os.environ, Path.cwd())
        return workspace_of(settings), settings.base_url
    except BadSettings:
        return None  # a key is not needed to look back, and so no reason to refuse
