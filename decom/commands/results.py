"""What several commands show at their end: a plan that was made, a run that was carried out or reported again."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog

from decom.commands.command import CommandResult
from decom.commands.setup import Setup
from decom.errors import DecomError
from decom.notifying import notify
from decom.output.plan_view import plan_lines, short_plan
from decom.output.run_view import next_after_run, short_summary, summary_lines
from decom.output.sources import not_checked_lines
from decom.releasing.signals import run_interruptibly
from decom.reporting.as_json import summary
from decom.vocabulary import ExitCode, plan_exit_code
from decom.workflow.plan import PlanResult
from decom.workflow.reports import RunResult

log = structlog.get_logger()


def show_plan(setup: Setup, planned: PlanResult) -> None:
    """Show a plan, or as much of it as must be seen where little was asked for."""
    setup.progress.end()
    screen = setup.screen
    head = planned.plan.head
    if not screen.showing.quiet:
        screen.show(plan_lines(planned.plan, screen.out.width))
    elif plan_code(planned) is not ExitCode.DONE and "execute" not in setup.flags.switches:
        screen.show(short_plan(planned.plan, near(planned.folder)), even_if_quiet=True)
    else:  # whatever else is quiet: somebody may have accepted it long ago, for another reason
        screen.show(not_checked_lines(head.sources, head.accept_unchecked), even_if_quiet=True)


def plan_facts(planned: PlanResult) -> dict[str, Any]:
    """A plan for `--json`."""
    head = planned.plan.head
    return {
        "run_id": head.run_id,
        "status": "planned",
        "workspace": head.workspace,
        "base_url": head.base_url,
        "input": {"name": head.input_name, "sha256": head.input_sha256, "rows": head.input_rows},
        "counts": {decision.value: count for decision, count in planned.plan.counts().items()},
        "sources": [source.facts() for source in head.sources],
        "timing": {"planned_at": head.made_at, "forecast_seconds": head.forecast_seconds},
        "files": {name: str(planned.folder / name) for name in ("plan.json", "plan.csv")},
    }


def plan_code(planned: PlanResult) -> ExitCode:
    """The exit code of a plan that nobody carries out."""
    return planned.refusal.exit_code if planned.refusal is not None else plan_exit_code(planned.plan.counts())


def apply(setup: Setup, work: Coroutine[Any, Any, RunResult]) -> CommandResult:
    """Do what may release, show its outcome, and notify whoever asked for it, however it ends."""
    options = setup.settings.notify
    finished, error, code = None, None, ExitCode.BUG
    try:
        notify.tell_begun(options)
        finished = run_interruptibly(work)
        code = finished.exit_code
        return show_run(setup, finished)
    except DecomError as trouble:
        error, code = trouble, trouble.exit_code
        raise
    except KeyboardInterrupt:
        code = ExitCode.SIGINT
        raise
    except SystemExit as leaving:
        code = ExitCode(leaving.code) if isinstance(leaving.code, int) else ExitCode.BUG
        raise
    finally:
        work.close()  # it was never begun where Ctrl-C came first
        notify.tell_ended(options, finished, error, code)


def show_run(setup: Setup, finished: RunResult) -> CommandResult:
    """Show the outcome of a run."""
    setup.progress.end()
    audit, folder, screen = finished.audit, near(finished.folder), setup.screen
    counts = {outcome.value: count for outcome, count in audit.counts.items() if count > 0}
    log.info("run_ended", run_id=audit.run_id, status=audit.status, exit_code=int(finished.exit_code), counts=counts)
    # Where nothing was begun, what kept it from beginning says what to do.
    is_said = audit.timing.parts == 0 and finished.trouble is not None
    next_lines = (
        () if is_said else tuple(next_after_run(audit, finished.files, setup.place_flags(), setup.accept_flags()))
    )
    if not screen.showing.quiet:
        screen.show(summary_lines(audit, folder, finished.files, screen.out.width))
        screen.show(next_lines)
    elif finished.exit_code is not ExitCode.DONE:
        screen.show(short_summary(audit, folder), even_if_quiet=True)
        screen.show(next_lines, even_if_quiet=True)
    else:
        screen.show(not_checked_lines(audit.sources), even_if_quiet=True)
    files = {path.name: str(path) for path in finished.files}
    trouble = finished.trouble
    if trouble is not None and trouble.remedy is not None:
        trouble.remedy = setup.with_flags(trouble.remedy)
    return CommandResult(finished.exit_code, summary(audit, files), trouble)


def near(path: Path) -> Path:
    """A path as one would type it here."""
    try:
        here = Path.cwd()
    except OSError:  # somebody removed it meanwhile; what was done must be told all the same
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path
