"""The way of the data, from a file of numbers to the audit report. In: settings and surroundings. Out: what was done.

    intake → planning → (approval) → refresh → releasing → verification → reporting

The only file that knows the order of the stages. A plan is carried out once, and only by the home that made it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from decom.carrying_out import Finished, carried_out, changed_since, claims_of, reported
from decom.clock import Clock
from decom.drawing_up import Planned, draw_up, never_planned, read
from decom.errors import Refused, Unreachable
from decom.ledger.lock import workspace_locked
from decom.ledger.reader import Reader
from decom.ledger.records import Verified
from decom.ledger.writer import Terms, Writer
from decom.planning.guards import Limits, check_age, check_same_workspace, check_size
from decom.planning.plan import Plan
from decom.planning.saved import JSON_FILE, check_untouched
from decom.releasing.refresh import unfinished
from decom.releasing.verification import differences
from decom.reporting import table
from decom.runs import check_as_shown, known, latest_started, named, new_run_id, saved_of
from decom.settings import Settings
from decom.surroundings import Surroundings, service_for, workspace_of
from decom.vocabulary import ExitCode

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


async def plan(settings: Settings, around: Surroundings) -> Planned:
    """Read the file, look at the account, decide, save. Sends only GET.

    Raises BadInput, BadSettings, KeyRefused, Unreachable, LedgerTrouble.
    """
    source = read(settings)
    return await draw_up(settings, around, service_for(settings, around), source, new_run_id(around.clock))


async def run(settings: Settings, around: Surroundings, shown: Callable[[Planned], None]) -> Finished:
    """The whole job: plan, show it, ask for leave, release, verify, report.

    Where the account cannot be asked there is a report all the same: every usable row is `not_attempted`. Raises as
    `plan` does but for that, and Locked, Refused (a guard, or no leave: nothing was released), NotWritten.
    """
    source = read(settings)
    service, run_id = service_for(settings, around), new_run_id(around.clock)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock) as lock:
        try:
            planned = await draw_up(settings, around, service, source, run_id)
        except Unreachable as unreachable:
            log.error("not_planned", run_id=run_id, why=unreachable.what)
            return never_planned(settings, around, source, run_id, unreachable)
        shown(planned)
        if planned.refusal is not None:
            raise planned.refusal
        _ask_for_leave(planned.plan, around)
        return await carried_out(settings, around, service, run_id, lock)


async def release(settings: Settings, around: Surroundings, target: str) -> Finished:
    """Carry out an approved plan, named by its folder, its `plan.json` or its run ID.

    Raises Refused where the plan was changed, used, made elsewhere or is too old; otherwise as `run`.
    """
    run_id, path = named(target)
    service = service_for(settings, around)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock) as lock:
        with Reader(settings.home) as ledger:
            this = known(ledger, run_id)
            if len(this.story.starts) > 0 or this.story.ended is not None:
                raise Refused(
                    "this plan was carried out before, and a plan may be used once",
                    where=run_id,
                    remedy=f"If that run was interrupted, type: decom resume {run_id}. Otherwise plan again.",
                )
            check_as_shown(ledger, this)
        head = this.saved.head
        check_same_workspace(head, workspace_of(settings), settings.base_url)
        check_untouched(path or this.saved.folder / JSON_FILE, this.saved.digest)
        check_age(head, around.clock.now(), settings.plan_ttl)
        check_size(len(this.releases), head.account_size, Limits(head.max_release, head.max_share))
        _ask_for_leave(Plan(head, this.releases), around)
        return await carried_out(settings, around, service, run_id, lock)


async def resume(settings: Settings, around: Surroundings, target: str | None) -> Finished:
    """Go on with a run where its ledger stopped; None: the latest that was begun. Raises as `release`."""
    with Reader(settings.home) as ledger:
        run_id = named(target)[0] if target is not None else latest_started(ledger)
    service = service_for(settings, around)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock) as lock:
        with Reader(settings.home) as ledger:
            this = known(ledger, run_id)
            if len(this.story.starts) == 0:
                raise Refused(
                    "this run was never begun, so there is nothing to go on with",
                    where=run_id,
                    remedy=f"Carry the plan out with: decom release {run_id}",
                )
            check_as_shown(ledger, this)
        check_same_workspace(this.saved.head, workspace_of(settings), settings.base_url)
        left = {task.number_id for task in unfinished(this.releases, this.story.numbers, 0.0)}
        rows = tuple(row for row in this.releases if row.number_id in left)
        _ask_for_leave(Plan(this.saved.head, rows), around)
        return await carried_out(settings, around, service, run_id, lock)


async def verify(settings: Settings, around: Surroundings, target: str) -> Seen:
    """Ask the account again, and compare every file and record of the run with what was written. Sends only GET."""
    run_id, _ = named(target)
    service = service_for(settings, around)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock):
        with Reader(settings.home) as ledger:
            this = known(ledger, run_id)
            check_same_workspace(this.saved.head, workspace_of(settings), settings.base_url)
            claims = claims_of(table.build(ledger, run_id))
            changed = changed_since(ledger, this)
        async with service.reading() as account:
            found = await differences(account, claims, around.clock, settings.settle)
        terms = Terms(then=f"type: decom verify {run_id}")
        with Writer(settings.home, run_id, around.clock, terms=terms) as writer:
            writer.record(Verified(found))
    code = ExitCode.DONE if len(found) + len(changed) == 0 else ExitCode.INCOMPLETE
    return Seen(run_id, len(claims), found, changed, code)


def report(settings: Settings, target: str, clock: Clock) -> Finished:
    """Write a run's reports again, from the ledger alone. Sends nothing.

    Raises BadInput, Locked, NotWritten, Altered where its records are not those that were written.
    """
    run_id, _ = named(target)
    with Reader(settings.home) as ledger:
        workspace = saved_of(ledger, run_id).head.workspace
    with (
        workspace_locked(settings.home, workspace, run_id, clock),
        Writer(settings.home, run_id, clock, terms=Terms(then=f"type: decom report {run_id}")) as writer,
    ):
        return reported(writer)


def _ask_for_leave(approved: Plan, around: Surroundings) -> None:
    """Nothing is sent without leave; where nothing is to be sent, nobody is asked."""
    if len(approved.releases()) > 0 and not around.confirm(approved):
        run_id = approved.head.run_id
        remedy = f"The plan stays. When you are sure, type: decom release {run_id}"
        raise Refused("not confirmed: nothing was released", where=run_id, remedy=remedy)
