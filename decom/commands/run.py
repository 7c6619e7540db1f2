"""`decom run`: the whole job, from the list to the reports."""

from typing import TYPE_CHECKING

import typer

from decom.commands.flags import EXECUTE, YES, Flags, Input, command
from decom.commands.plan import plan

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen
    from decom.workflow.plan import PlanResult


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, run, EXECUTE, YES)


def run(input: Input, flags: Flags, screen: "Screen") -> "CommandResult":
    """Plan; with --execute also release, verify and report.

    Without --execute it is a dry run, the same as plan.
    """
    if "execute" not in flags.switches:
        return plan(input, flags, screen)
    from decom.commands.command import CommandResult
    from decom.commands.results import apply, plan_facts, show_plan
    from decom.commands.setup import set_up
    from decom.errors import DecomError
    from decom.workflow import job

    made: list[PlanResult] = []
    try:
        with set_up(flags, screen, input) as setup:

            def show(planned: "PlanResult") -> None:
                made.append(planned)
                show_plan(setup, planned)

            setup.progress.waiting(f"reading {input.name} and querying the account")
            return apply(setup, job.run(setup.settings, setup.context, show))
    except DecomError as error:
        return CommandResult(error.exit_code, plan_facts(made[0]) if len(made) > 0 else {}, error)
