"""A file and an account become a saved plan. In: settings, context. Out: `PlanResult`, on disk and in the ledger."""

from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from decom.clock import Clock, iso
from decom.dialnexa.service import Service
from decom.errors import BadSettings, DiskFull, LedgerTrouble, Refused, Unreachable
from decom.files import in_words, is_full, private_dir
from decom.intake.interface import Rows
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.ledger.reader import Reader
from decom.ledger.records import Ended
from decom.ledger.writer import Writer
from decom.planning.decide import plan_table, planned_rows, undecided
from decom.planning.guards import Meter, check_extent, check_sources
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Plan, PlanHead, PlannedRow, Source
from decom.planning.protect import rules_in_words
from decom.planning.saved import CSV_FILE, JSON_FILE, SavedHead, write_plan
from decom.planning.selection import Choice, choose
from decom.planning.survey import Survey, survey
from decom.releasing.events import Asking, tell
from decom.reporting.formula_safe import escape_formulas
from decom.reporting.kinds import FORMATS
from decom.reporting.write import chosen
from decom.settings.load import Settings
from decom.vocabulary import Decision, SourceState, Stopped
from decom.workflow.context import Context
from decom.workflow.guards import protected_by
from decom.workflow.memory import memory_of, removed_numbers
from decom.workflow.reports import RunResult, write_reports_again
from decom.workflow.runs import nothing_was_sent, record_plan
from decom.workflow.workspace import workspace_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan that was made and saved."""

    plan: Plan
    folder: Path
    refusal: Refused | None
    """The guard that would refuse to carry it out, to be shown after the plan; None where none would."""


def read(settings: Settings) -> Rows:
    """The input, once it is sure that its reports can be written as they are asked for."""
    chosen(settings.report.formats, FORMATS)
    source = read_input(settings.input.path, settings.input.wanted, readers=READERS)
    _choice(settings, source)
    return source


def _choice(settings: Settings, source: Rows) -> Choice:
    """Which rows are meant. Raises BadInput where that cannot be told."""
    return choose(settings.input.selection, source, settings.input.wanted.region)


async def make_plan(settings: Settings, context: Context, service: Service, source: Rows, run_id: str) -> PlanResult:
    """Look at the account, decide every row, save the plan. Sends only GET. Raises KeyRefused, Unreachable."""
    protected = protected_by(settings)
    choice = _choice(settings, source)
    tell(context.listener, Asking("reading the account", service.pacer))
    async with service.reading() as account:
        meant = source.table[choice.left_out_by_column(source.others).isna()]
        findings = await survey(account, meant, HOLDS)
    rows = _decide(settings, source, findings, protected, choice)
    releases = sum(1 for row in rows if row.decision is Decision.RELEASE)
    head = _head(settings, context, source, run_id, choice)
    sources = findings.sources
    if settings.protect is not None:
        why = rules_in_words(protected, findings.numbers, findings.account_size, settings.protect.name)
        sources = (*sources, Source("protect-file", SourceState.CHECKED, why))
    seconds = service.pacer.forecast(releases) if releases > 0 else None
    made = Plan(
        replace(
            head,
            account_size=findings.account_size,
            sources=sources,
            forecast_seconds=seconds,
            forecast_words=_forecast(releases, seconds, service.pacer.state().words()),
        ),
        rows,
    )
    folder = _save(settings, made, context.clock)
    return PlanResult(made, folder, _refusal(made, settings))


def _decide(
    settings: Settings, source: Rows, findings: Survey, protected: AbstractSet[str], choice: Choice
) -> tuple[PlannedRow, ...]:
    """Every row with its decision. Raises BadInput where a flag names a number that the list does not."""
    with Reader(settings.home) as ledger:
        ours = memory_of(ledger, workspace_of(settings), settings.base_url).run_ids
        table = plan_table(source, findings, protected, removed_numbers(ledger, ours), choice)
    choice.check_names(table)
    return tuple(planned_rows(table, source.others))


def _head(settings: Settings, context: Context, source: Rows, run_id: str, choice: Choice) -> PlanHead:
    """Everything that is known before the account is asked."""
    return PlanHead(
        run_id=run_id,
        made_at=iso(context.clock.now()),
        workspace=workspace_of(settings),
        base_url=settings.base_url,
        input_name=source.name,
        input_sha256=source.sha256,
        input_rows=len(source.table),
        input_blank_rows=source.blank_rows,
        other_columns=source.other_columns,
        account_size=0,
        max_release=settings.limits.max_release,
        max_share=settings.limits.max_share,
        max_missing=settings.limits.max_missing,
        max_cost=None if settings.limits.max_cost is None else str(settings.limits.max_cost),
        plan_ttl=settings.plan_ttl.total_seconds(),
        sources=(),
        accept_unchecked=settings.accept_unchecked,
        notes=(*source.notes, *choice.notes),
        report=settings.report,
    )


def _save(settings: Settings, made: Plan, clock: Clock) -> Path:
    """Write the plan into its folder, then into the ledger: what the ledger knows can be read by a person."""
    private_dir(settings.output)
    folder = private_dir(settings.output / made.head.run_id)
    try:
        digest = write_plan(made, folder, escape_formulas)
        record_plan(settings.home, made, SavedHead(made.head, folder.resolve(), digest), clock)
    except OSError as error:
        kind = DiskFull if is_full(error) else BadSettings
        what = f"the plan could not be written: {in_words(error, folder)}"
        _leave_nothing(folder)
        raise kind(
            what,
            where=str(settings.output),
            remedy="Nothing was planned. Free the disk, or name another folder with --output, then run the same"
            " command again.",
        ) from error
    except LedgerTrouble:
        _leave_nothing(folder)
        raise
    log.info("planned", run_id=made.head.run_id, rows=len(made.rows), releases=len(made.releases()))
    return folder


def _leave_nothing(folder: Path) -> None:
    """Remove a plan that the ledger does not know: there is no such run."""
    with suppress(OSError):
        for name in (JSON_FILE, CSV_FILE):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _refusal(made: Plan, settings: Settings) -> Refused | None:
    """What a guard would say to carrying out this plan; None where none objects."""
    meter = Meter()
    for row in made.rows:
        meter.add(row)
    try:
        check_extent(meter.extent(made.head.account_size), settings.limits)
        if made.counts()[Decision.RELEASE] > 0:
            check_sources(made.head.sources, made.head.accept_unchecked, made.head.run_id)
    except Refused as refused:
        return refused
    return None


def _forecast(releases: int, seconds: float | None, pace: str) -> str:
    """`1,240 numbers to release, about 9 min at 135 per minute`; empty where nothing is to be released."""
    if seconds is None:
        return ""
    numbers = f"{releases:,} {'number' if releases == 1 else 'numbers'} to release"
    if seconds < 1:
        return f"{numbers}, a few seconds (limit: {pace})"
    length = (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
    return f"{numbers}, about {length} at {pace}"


def report_unreachable(
    settings: Settings, context: Context, source: Rows, run_id: str, unreachable: Unreachable
) -> RunResult:
    """The report of a run whose account could not be asked: nothing was sent, every row says so, and `unreachable`
    what to do."""
    private_dir(settings.output)
    folder = private_dir(settings.output / run_id)
    choice = _choice(settings, source)
    rows = tuple(planned_rows(undecided(source, choice), source.others))
    made = Plan(_head(settings, context, source, run_id, choice), rows)
    try:
        record_plan(settings.home, made, SavedHead(made.head, folder.resolve(), ""), context.clock)
    except LedgerTrouble:
        _leave_nothing(folder)
        raise
    with nothing_was_sent(), Writer(settings.home, run_id, context.clock) as writer:
        writer.record(Ended(Stopped.OUTAGE, unreachable.what))
        remedy = f"Nothing was sent. {unreachable.remedy or ''}".strip()
        return replace(write_reports_again(writer), trouble=Unreachable(unreachable.what, remedy=remedy))
