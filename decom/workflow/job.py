"""The way of the data, from a file of numbers to the audit report. In: settings and context. Out: what was done.

    intake → planning → (approval) → refresh → releasing → verification → reporting

The only file that knows the order of the stages. A plan is carried out once, and only by the home that made it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from decom.clock import Clock
from decom.dialnexa.service import Service
from decom.errors import Refused, Unreachable
from decom.ledger.lock import Claimed, workspace_locked
from decom.ledger.reader import Reader
from decom.ledger.records import Verified
from decom.ledger.writer import Terms, Writer
from decom.planning.guards import check_age, check_extent, check_same_service, check_sources
from decom.planning.plan import ToConfirm, to_confirm
from decom.planning.same_workspace import prove_same_workspace
from decom.planning.saved import JSON_FILE, check_untouched, saved_head
from decom.releasing.events import Asking, tell
from decom.releasing.refresh import pending_tasks
from decom.releasing.verification import differences
from decom.reporting import audit as audits
from decom.settings.load import Settings
from decom.vocabulary import ExitCode
from decom.workflow.apply import apply_plan, changed_since, claims_of
from decom.workflow.context import Context, service_for
from decom.workflow.guards import GuardsInForce, in_force
from decom.workflow.memory import memory_of
from decom.workflow.naming import find_run, new_run_id
from decom.workflow.plan import PlanResult, make_plan, read, report_unreachable
from decom.workflow.reports import RunResult, write_reports_again
from decom.workflow.runs import (
    KnownRun,
    check_as_shown,
    is_interrupted,
    latest_interrupted,
    load_run,
    saved_of,
)
from decom.workflow.workspace import workspace_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """What `verify` found."""

    run_id: str
    checked: int
    """Numbers compared with the account."""
    differences: tuple[str, ...]
    """One sentence a number whose state is not as reported."""
    changed_files: tuple[str, ...]
    """One sentence a file, or record of the ledger, that is not as it was written."""
    exit_code: ExitCode


async def plan(settings: Settings, context: Context) -> PlanResult:
    """Read the file, look at the account, decide, save. Sends only GET.

    Raises BadInput, BadSettings, KeyRefused, Unreachable, LedgerTrouble.
    """
    source = read(settings)
    return await make_plan(settings, context, service_for(settings, context), source, new_run_id(context.clock))


async def run(settings: Settings, context: Context, shown: Callable[[PlanResult], None]) -> RunResult:
    """The whole job: plan, show it, ask for leave, release, verify, report.

    Where the account cannot be asked there is a report all the same: every usable row is `not_attempted`. Raises as
    `plan` does but for that, and Locked, Refused (a guard, or no leave: nothing was released), NotWritten.
    """
    source = read(settings)
    service, run_id = service_for(settings, context), new_run_id(context.clock)
    with _locked(settings, context, run_id, workspace_of(settings)) as claimed:
        try:
            planned = await make_plan(settings, context, service, source, run_id)
        except Unreachable as unreachable:
            log.error("not_planned", run_id=run_id, why=unreachable.what)
            return report_unreachable(settings, context, source, run_id, unreachable)
        shown(planned)
        if planned.refusal is not None:
            raise planned.refusal
        _ask_for_leave(planned.plan.to_confirm(), context)
        return await apply_plan(settings, context, service, claimed, in_force(settings, planned.plan.head))


async def release(settings: Settings, context: Context, target: str) -> RunResult:
    """Carry out an approved plan, named by its folder, its `plan.json` or its run ID.

    Raises Refused where the plan was changed, used, made elsewhere, is too old or beyond a limit; otherwise as `run`.
    """
    run_id, path = _named(settings, target)
    service = service_for(settings, context)
    with _run_locked(settings, context, run_id) as claimed:
        this = _known(settings, run_id)
        guards = _applicable(settings, context, this, path)
        await _check_workspace(settings, service, this)
        wanted = to_confirm(this.saved.head, guards.unprotected(this.releases))
        _ask_for_leave(wanted, context, guards.said_of(this.releases))
        return await apply_plan(settings, context, service, claimed, guards)


def _applicable(settings: Settings, context: Context, this: KnownRun, path: Path | None = None) -> GuardsInForce:
    """The guards under which a plan can be applied; `path` is its file, where another one was named.

    Raises Refused where it cannot, BadInput for a bad protect file.
    """
    run_id, head = this.story.run_id, this.saved.head
    if len(this.story.starts) > 0 or this.story.ended is not None:
        with Reader(settings.home) as ledger:
            goes_on = is_interrupted(ledger, this.story)
        raise Refused(
            "this plan was already applied, and a plan can be applied once",
            where=run_id,
            remedy=f"That run is not finished. To continue it, type: decom resume {run_id}"
            if goes_on
            else "Plan again.",
        )
    _check_as_shown(settings, this)
    guards = in_force(settings, head)
    check_same_service(head, settings.base_url)
    check_untouched(path or this.saved.folder / JSON_FILE, this.saved.digest)
    check_age(head, context.clock.now(), guards.plan_ttl)
    rows = guards.unprotected(this.releases)
    check_extent(this.extent.releasing(rows), guards.limits)
    if len(rows) > 0:
        check_sources(head.sources, guards.accept_unchecked, run_id)
    return guards


async def resume(settings: Settings, context: Context, target: str | None) -> RunResult:
    """Go on with a run where its ledger stopped; None: the latest interrupted one of this workspace.

    A guard that refuses now is the run's stop, not an error: what was sent is asked about all the same. Raises as
    `release`.
    """
    run_id = _named(settings, target)[0] if target is not None else _interrupted(settings, context)
    service = service_for(settings, context)
    with _run_locked(settings, context, run_id) as claimed:
        this = _known(settings, run_id)
        if len(this.story.starts) == 0:
            _applicable(settings, context, this)  # what `release` would refuse is not advised
            raise Refused(
                "this run was never started, so there is nothing to continue",
                where=run_id,
                remedy=f"To apply the plan: decom release {run_id}",
            )
        _check_as_shown(settings, this)
        head, guards = this.saved.head, in_force(settings, this.saved.head)
        await _check_workspace(settings, service, this)
        left = {task.number_id for task in pending_tasks(this.releases, this.story.numbers, 0.0)}
        rows = tuple(row for row in this.releases if row.number_id in left)
        wanted = to_confirm(head, guards.unprotected(rows))
        _ask_for_leave(wanted, context, guards.said_of(rows), again="resume")
        return await apply_plan(settings, context, service, claimed, guards)


async def verify(settings: Settings, context: Context, target: str) -> Seen:
    """Ask the account again, and compare every file and record of the run with what was written. Sends only GET."""
    run_id, _ = _named(settings, target)
    service = service_for(settings, context)
    with _run_locked(settings, context, run_id):
        this = _known(settings, run_id)
        await _check_workspace(settings, service, this)
        with Reader(settings.home) as ledger:
            claims = claims_of(audits.build(ledger, run_id))
            changed = changed_since(ledger, this)
        tell(context.listener, Asking("verifying against the account", service.pacer))
        async with service.reading() as account:
            differing = await differences(account, claims, context.clock, settings.quiet, context.listener)
        found = tuple(map(str, differing))
        terms = Terms(then=f"type: decom verify {run_id}")
        with Writer(settings.home, run_id, context.clock, terms=terms) as writer:
            writer.record(Verified(found))
    code = ExitCode.DONE if len(found) + len(changed) == 0 else ExitCode.INCOMPLETE
    return Seen(run_id, len(claims), found, changed, code)


def report(settings: Settings, target: str, clock: Clock) -> RunResult:
    """Write a run's reports again, from the ledger alone. Sends nothing.

    Raises BadInput, Locked, NotWritten, Altered where its records are not those that were written.
    """
    run_id, _ = _named(settings, target)
    with Reader(settings.home) as ledger:
        workspace = saved_of(ledger, run_id).head.workspace
    with (
        workspace_locked(settings.home, workspace, run_id, clock),
        Writer(settings.home, run_id, clock, terms=Terms(then=f"type: decom report {run_id}")) as writer,
    ):
        return write_reports_again(writer)


@contextmanager
def _locked(settings: Settings, context: Context, run_id: str, *names: str) -> Iterator[Claimed]:
    """Hold the locks of a workspace under all of its names: two keys of one workspace must not work at once."""
    with Reader(settings.home) as ledger:
        all_names = {name for each in names for name in memory_of(ledger, each, settings.base_url).names}
    with ExitStack() as stack:
        locks = [
            stack.enter_context(workspace_locked(settings.home, name, run_id, context.clock))
            for name in sorted(all_names)
        ]
        yield Claimed(run_id, tuple(locks))


@contextmanager
def _run_locked(settings: Settings, context: Context, run_id: str) -> Iterator[Claimed]:
    """Hold the locks of the workspace that the settings name, and of the one that the run was planned for."""
    with Reader(settings.home) as ledger:
        planned_for = saved_of(ledger, run_id).head.workspace
    with _locked(settings, context, run_id, workspace_of(settings), planned_for) as claimed:
        yield claimed


def _named(settings: Settings, target: str) -> tuple[str, Path | None]:
    """The run of this home that a person named, as `find_run` has it."""
    with Reader(settings.home) as ledger:
        return find_run(target, ledger.run_ids())


def _known(settings: Settings, run_id: str) -> KnownRun:
    with Reader(settings.home) as ledger:
        return load_run(ledger, run_id)


def _check_as_shown(settings: Settings, this: KnownRun) -> None:
    with Reader(settings.home) as ledger:
        check_as_shown(ledger, this)


async def _check_workspace(settings: Settings, service: Service, this: KnownRun) -> None:
    """Refuse a run of another workspace. A key of another name must prove that it is of the same one."""
    head = this.saved.head
    check_same_service(head, settings.base_url)
    with Reader(settings.home) as ledger:
        ours = memory_of(ledger, workspace_of(settings), settings.base_url)
    if head.workspace not in ours.names:
        async with service.reading() as account:
            await prove_same_workspace(account, head, this.left_on_the_account())
        log.info("key_proved", run_id=head.run_id, workspace=head.workspace, now_named=workspace_of(settings))


def _interrupted(settings: Settings, context: Context) -> str:
    """The latest run of this workspace that was interrupted; it is said which. Raises BadInput where there is none."""
    with Reader(settings.home) as ledger:
        ours = memory_of(ledger, workspace_of(settings), settings.base_url)
        story = latest_interrupted(ledger, ours.run_ids)
    head = saved_head(story.plan).head
    context.say(f"Continuing run {story.run_id} of {head.input_name}, planned at {story.planned_at}.")
    return story.run_id


def _ask_for_leave(wanted: ToConfirm, context: Context, said: Iterable[str] = (), again: str = "release") -> None:
    """Nothing is sent without leave; where nothing is to be sent, nobody is asked.

    `said` is to be known before; `again` is the command that asks again, once it was declined.
    """
    for line in said:
        context.say(line)
    if wanted.releases > 0 and not context.confirm(wanted):
        run_id = wanted.head.run_id
        remedy = f"The plan is kept. When you are sure, type: decom {again} {run_id}"
        raise Refused("not confirmed: nothing was released", where=run_id, remedy=remedy)
