"""`decom release`: an approved plan applied, once."""

from typing import TYPE_CHECKING, Annotated

import typer

from decom.commands.flags import A_RUN, YES, Flags, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, release, YES)


def release(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help=f"{A_RUN} or its plan.json.")],
    flags: Flags,
    screen: "Screen",
) -> "CommandResult":
    """Apply an approved plan. A plan can be applied once.

    Asks for confirmation, rechecks every number just before releasing it, then verifies and writes the reports.
    """
    from decom.commands.results import apply
    from decom.commands.setup import set_up
    from decom.workflow import job

    with set_up(flags, screen) as setup:
        return apply(setup, job.release(setup.settings, setup.context, setup.run_named(plan)))
