"""`decom doctor`: everything that a run needs, checked."""

from typing import TYPE_CHECKING

import typer

from decom.commands.flags import Flags, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, doctor, ignored=("concurrency",))


def doctor(flags: Flags, screen: "Screen") -> "CommandResult":
    """Check settings, key, permissions, clock, disk and ledger.

    Reports what to fix and which conflict sources the account offers. Sends only GET requests.
    """
    from decom.commands.command import CommandResult
    from decom.commands.setup import set_up
    from decom.errors import BadSettings
    from decom.output.run_view import findings_lines
    from decom.releasing.signals import run_interruptibly
    from decom.vocabulary import ExitCode
    from decom.workflow.checks import Check, CheckState, worst
    from decom.workflow.health import examine

    try:
        with set_up(flags, screen) as setup:
            setup.progress.waiting("querying the account")
            findings = run_interruptibly(examine(setup.settings, setup.context))
    except BadSettings as error:
        what = error.what if error.where is None else f"{error.where}: {error.what}"
        findings = [Check("settings", CheckState.BAD, what, error.remedy, error.exit_code)]
    code = worst(findings)
    screen.show(findings_lines(findings), even_if_quiet=code is not ExitCode.DONE)
    facts = [
        {"name": each.name, "state": each.state.value, "what": each.what, "remedy": each.remedy} for each in findings
    ]
    return CommandResult(code, {"findings": facts})
