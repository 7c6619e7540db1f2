"""`decom resume`: an interrupted run continued."""

from typing import TYPE_CHECKING, Annotated

import typer

from decom.commands.flags import A_RUN, YES, Flags, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, resume, YES)


def resume(
    flags: Flags,
    screen: "Screen",
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help=f"{A_RUN}. Default: the most recent interrupted run.")
    ] = None,
) -> "CommandResult":
    """Continue an interrupted run.

    Requests that were in flight are checked first; the remaining numbers are then released.
    """
    from decom.commands.results import apply
    from decom.commands.setup import set_up
    from decom.workflow import job

    with set_up(flags, screen) as setup:
        named = None if run is None else setup.run_named(run)
        return apply(setup, job.resume(setup.settings, setup.context, named))
