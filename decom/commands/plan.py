"""`decom plan`: every row of a list checked against the account, and a plan saved."""

from typing import TYPE_CHECKING

import typer

from decom.commands.flags import Flags, Input, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, plan, ignored=("concurrency",))


def plan(input: Input, flags: Flags, screen: "Screen") -> "CommandResult":
    """Check every row against the account and save a plan.

    Decides each row with its reason and shows the plan. Sends only GET requests: nothing is changed.
    """
    from decom.commands.command import CommandResult
    from decom.commands.results import near, plan_code, plan_facts, show_plan
    from decom.commands.setup import set_up
    from decom.output.plan_view import next_after_plan
    from decom.releasing.signals import run_interruptibly
    from decom.workflow import job

    with set_up(flags, screen, input) as setup:
        setup.progress.waiting(f"reading {input.name} and querying the account")
        planned = run_interruptibly(job.plan(setup.settings, setup.context))
        show_plan(setup, planned)
        screen.show(next_after_plan(planned.plan, near(planned.folder), planned.refusal, setup.place_flags()))
        return CommandResult(plan_code(planned), plan_facts(planned), planned.refusal)
