"""The commands that work on an account: flags in, one call of `job`, its result shown, an answer out.

No decision is made here, but what is printed where.
"""

import getpass
import os
import random
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
from rich.text import Text

from decom import logs
from decom.answering import Answer
from decom.clock import SystemClock
from decom.dialnexa.connection import network_transport_maker
from decom.errors import BadSettings, DecomError
from decom.flags import Given
from decom.notifying import notify
from decom.output.plan_view import asked_for_leave, next_after_plan, plan_lines, short_plan
from decom.output.progress import Progress
from decom.output.run_view import findings_lines, next_after_run, short_summary, summary_lines, verify_lines
from decom.output.screen import Line, Screen, harmless
from decom.output.sources import not_checked_lines
from decom.planning.plan import Plan
from decom.releasing.events import Event, tell
from decom.releasing.signals import run_interruptibly
from decom.reporting.as_json import summary
from decom.secret import Secret
from decom.settings import Settings, load
from decom.settings_places import working_folder
from decom.settings_sources import JOB_SUFFIX
from decom.vocabulary import ExitCode, plan_exit_code
from decom.workflow import health as doctor
from decom.workflow import job
from decom.workflow.checks import Check, CheckState, worst
from decom.workflow.context import Context
from decom.workflow.plan import PlanResult
from decom.workflow.reports import RunResult

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Session:
    """What every such command has."""

    given: Given
    screen: Screen
    settings: Settings
    context: Context
    progress: Progress


def plan(given: Given, screen: Screen, source: Path) -> Answer:
    """Plan and show it; a guard that would refuse is the answer's error."""
    with _session(given, screen, source) as session:
        session.progress.waiting(f"reading {source.name} and asking the account")
        planned = run_interruptibly(job.plan(session.settings, session.context))
        _show_plan(session, planned)
        next_lines = next_after_plan(planned.plan, _near(planned.folder), planned.refusal, given.place_flags())
        screen.show(next_lines)
        return _plan_answer(planned)


def run(given: Given, screen: Screen, source: Path) -> Answer:
    """The whole job; without `--execute` the same as `plan`."""
    if "execute" not in given.switches:
        return plan(given, screen, source)
    planned: list[PlanResult] = []
    with _session(given, screen, source) as session:

        def show(made: PlanResult) -> None:
            planned.append(made)
            _show_plan(session, made)

        session.progress.waiting(f"reading {source.name} and asking the account")
        try:
            return _carried_out(session, job.run(session.settings, session.context, show))
        except DecomError as error:
            facts = _plan_answer(planned[0]).facts if len(planned) > 0 else {}
            return Answer(error.exit_code, facts, error)


def release(given: Given, screen: Screen, target: str) -> Answer:
    """Carry out an approved plan."""
    with _session(given, screen) as session:
        return _carried_out(session, job.release(session.settings, session.context, _run_of(session, target)))


def resume(given: Given, screen: Screen, target: str | None) -> Answer:
    """Go on with an interrupted run."""
    with _session(given, screen) as session:
        named = None if target is None else _run_of(session, target)
        return _carried_out(session, job.resume(session.settings, session.context, named))


def verify(given: Given, screen: Screen, target: str) -> Answer:
    """Ask the account again whether all is as reported."""
    with _session(given, screen) as session:
        session.progress.waiting("asking the account")
        seen = run_interruptibly(job.verify(session.settings, session.context, _run_of(session, target)))
        session.progress.end()
        lines = verify_lines(seen.run_id, seen.checked, seen.differences, seen.changed_files)
        screen.show(lines, even_if_quiet=seen.exit_code is not ExitCode.DONE)
        facts = {name: value for name, value in asdict(seen).items() if name != "exit_code"}
        return Answer(seen.exit_code, facts)


def report(given: Given, screen: Screen, target: str) -> Answer:
    """Write the reports again; no key is needed."""
    with _session(given, screen, with_key=False) as session:
        return _finished(session, job.report(session.settings, _run_of(session, target), session.context.clock))


def examine(given: Given, screen: Screen) -> Answer:
    """Check everything that a run needs."""
    try:
        with _session(given, screen) as session:
            session.progress.waiting("asking the account")
            findings = run_interruptibly(doctor.examine(session.settings, session.context))
    except BadSettings as error:
        findings = [Check("settings", CheckState.BAD, _in_a_sentence(error), error.remedy, error.exit_code)]
    code = worst(findings)
    screen.show(findings_lines(findings), even_if_quiet=code is not ExitCode.DONE)
    return Answer(code, {"findings": [_as_facts(finding) for finding in findings]})


@contextmanager
def _session(given: Given, screen: Screen, source: Path | None = None, *, with_key: bool = True) -> Iterator[Session]:
    """Settings, log and context of one command. An input that ends in `.toml` is a job file."""
    _set_up_logs(screen, ())
    flags: dict[str, object] = dict(given.settings)
    job_file = source if source is not None and source.suffix.lower() == JOB_SUFFIX else None
    if source is not None and job_file is None:
        flags["input"] = source
    settings = load(flags, job_file, os.environ, working_folder(), with_key=with_key)
    if job_file is not None and "input" not in settings.origins:
        raise BadSettings(
            "this job file names no input", where=str(job_file), remedy='Add: [input] and under it path = "numbers.csv"'
        )
    notify.warn_about_missing_extras(settings.notify)
    _set_up_logs(screen, _secrets(settings))
    for warning in settings.warnings:
        log.warning("settings", warning=warning)
    clock = SystemClock()
    with Progress(screen.err, clock, live=screen.live) as progress:
        listener = _Listeners(progress, logs.LogListener(clock))
        context = Context(
            clock=clock,
            random=random.Random(),  # noqa: S311 - it spreads waits, and guards nothing
            make_transport=network_transport_maker(),
            listener=listener,
            confirm=lambda approved: _leave(given, screen, progress, approved),
            operator=_operator(),
            say=lambda line: _said(screen, progress, line),
        )
        yield Session(given, screen, settings, context, progress)


class _Listeners:
    """Tells the terminal and the log; neither can keep the other from hearing."""

    def __init__(self, progress: Progress, log_listener: logs.LogListener) -> None:
        self._each = (progress, log_listener)

    def __call__(self, event: Event) -> None:
        for listener in self._each:
            tell(listener, event)


def _leave(given: Given, screen: Screen, progress: Progress, approved: Plan) -> bool:
    progress.end()
    return "yes" in given.switches or asked_for_leave(approved, screen)


def _said(screen: Screen, progress: Progress, line: str) -> None:
    progress.end()
    screen.show([Line(Text(harmless(line)))])


def _show_plan(session: Session, planned: PlanResult) -> None:
    session.progress.end()
    screen = session.screen
    head = planned.plan.head
    if screen.showing.quiet:
        if _plan_code(planned) is not ExitCode.DONE and "execute" not in session.given.switches:
            screen.show(short_plan(planned.plan, _near(planned.folder)), even_if_quiet=True)
        else:  # whatever else is quiet: somebody may have accepted it long ago, for another reason
            screen.show(not_checked_lines(head.sources, head.accept_unchecked), even_if_quiet=True)
    else:
        screen.show(plan_lines(planned.plan, screen.out.width))


def _carried_out(session: Session, work: Coroutine[Any, Any, RunResult]) -> Answer:
    """Do what may release, show what became of it, and tell whoever asked to be told, however it ends."""
    options = session.settings.notify
    finished, error, code = None, None, ExitCode.BUG
    try:
        notify.tell_begun(options)
        finished = run_interruptibly(work)
        code = finished.exit_code
        return _finished(session, finished)
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
        notify.tell_ended(options, finished, error, code)


def _finished(session: Session, finished: RunResult) -> Answer:
    """Show what became of a run."""
    session.progress.end()
    audit, folder, screen = finished.audit, _near(finished.folder), session.screen
    counts = {outcome.value: count for outcome, count in audit.counts.items() if count > 0}
    log.info("run_ended", run_id=audit.run_id, status=audit.status, exit_code=int(finished.exit_code), counts=counts)
    if screen.showing.quiet:
        if finished.exit_code is not ExitCode.DONE:
            screen.show(short_summary(audit, folder), even_if_quiet=True)
            screen.show(next_after_run(audit, finished.files, session.given.place_flags()), even_if_quiet=True)
        else:
            screen.show(not_checked_lines(audit.sources), even_if_quiet=True)
    else:
        screen.show(summary_lines(audit, folder, finished.files, screen.out.width))
        screen.show(next_after_run(audit, finished.files, session.given.place_flags()))
    files = {path.name: str(path) for path in finished.files}
    return Answer(finished.exit_code, summary(audit, files), finished.trouble)


def _plan_answer(planned: PlanResult) -> Answer:
    head = planned.plan.head
    facts: dict[str, Any] = {
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
    return Answer(_plan_code(planned), facts, planned.refusal)


def _plan_code(planned: PlanResult) -> ExitCode:
    return planned.refusal.exit_code if planned.refusal is not None else plan_exit_code(planned.plan.counts())


def _run_of(session: Session, target: str) -> str:
    """What names a run: as it is, or a folder that lies in the output folder."""
    folder = session.settings.output / target
    return str(folder) if not Path(target).exists() and Path(target).name == target and folder.is_dir() else target


def _near(path: Path) -> Path:
    """A path as one would type it here."""
    try:
        here = Path.cwd()
    except OSError:  # somebody removed it meanwhile; what was done must be told all the same
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path


def _secrets(settings: Settings) -> tuple[Secret, ...]:
    some = (settings.api_key, settings.notify.heartbeat, *settings.notify.urls)
    return tuple(secret for secret in some if secret is not None)


def _set_up_logs(screen: Screen, secrets: tuple[Secret, ...]) -> None:
    if screen.showing.quiet:
        verbosity = logs.Verbosity.QUIET
    elif screen.showing.verbose:
        verbosity = logs.Verbosity.VERBOSE
    else:
        verbosity = logs.Verbosity.PEOPLE if screen.err.is_terminal else logs.Verbosity.USUAL
    logs.setup(json_lines=not screen.err.is_terminal, verbosity=verbosity, secrets=secrets)


def _operator() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _in_a_sentence(error: DecomError) -> str:
    return error.what if error.where is None else f"{error.where}: {error.what}"


def _as_facts(finding: Check) -> dict[str, Any]:
    return {"name": finding.name, "state": finding.state.value, "what": finding.what, "remedy": finding.remedy}
