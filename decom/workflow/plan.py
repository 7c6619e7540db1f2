"""A file and an account become a saved plan. In: settings, context. Out: `PlanResult`, on disk and in the ledger."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from decom.clock import Clock, iso
from decom.dialnexa.service import Service
from decom.errors import BadSettings, DiskFull, LedgerTrouble, Refused, Unreachable
from decom.files import atomic_write, in_words, is_full, private_dir
from decom.intake.interface import Rows
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.ledger.reader import Reader
from decom.ledger.records import Ended
from decom.ledger.writer import Writer
from decom.planning.decide import plan_table, undecided
from decom.planning.guards import check_extent, check_sources, extent_of
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Plan, PlanHead, Source
from decom.planning.protect import rules_in_words
from decom.planning.saved import CSV_FILE, JSON_FILE, SavedHead, rows_as_json, write_plan, written_rows
from decom.planning.selection import Choice, choose
from decom.planning.survey import survey
from decom.releasing.events import Asking, tell
from decom.reporting.csv_files import write_plan_csv
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


@dataclass(frozen=True, slots=True)
class PlanInput:
    """What is to be planned."""

    rows: Rows
    """All rows of the list."""
    choice: Choice
    """Which of them are meant."""


def read(settings: Settings) -> PlanInput:
    """The input, once it is sure that its reports can be written as they are asked for. Raises BadInput."""
    chosen(settings.report.formats, FORMATS)
    rows = read_input(settings.input.path, settings.input.wanted, readers=READERS)
    return PlanInput(rows, choose(settings.input.selection, rows, settings.input.wanted.region))


async def make_plan(
    settings: Settings, context: Context, service: Service, source: PlanInput, run_id: str
) -> PlanResult:
    """Look at the account, decide every row, save the plan. Sends only GET. Raises KeyRefused, Unreachable."""
    with _few_full_collections():
        decided = await _decided(settings, context, service, source, run_id)
        releases = decided.counts()[Decision.RELEASE]
        seconds = service.pacer.forecast(releases) if releases > 0 else None
        words = _forecast(releases, seconds, service.pacer.state().words())
        made = replace(decided, head=replace(decided.head, forecast_seconds=seconds, forecast_words=words))
        folder = _save(settings, made, context.clock)
        return PlanResult(made, folder, _refusal(made, settings))


@contextmanager
def _few_full_collections() -> Iterator[None]:
    """While a million objects gather that all stay, they are hardly ever gone through for garbage: a tenth of the time.

    What is young is collected as usual: each request leaves a little behind.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)


async def _decided(settings: Settings, context: Context, service: Service, source: PlanInput, run_id: str) -> Plan:
    """Every row with its decision. What else the account said, of a million numbers perhaps, is forgotten.

    Raises BadInput where a flag names a number that the list does not.
    """
    protected, choice, rows = protected_by(settings), source.choice, source.rows
    tell(context.listener, Asking("reading the account", service.pacer))
    async with service.reading() as account:
        meant = rows.table[choice.left_out_by_column(rows.others).isna()]
        findings = await survey(account, meant, HOLDS)
    with Reader(settings.home) as ledger:
        ours = memory_of(ledger, workspace_of(settings), settings.base_url).run_ids
        table = plan_table(rows, findings, protected, removed_numbers(ledger, ours), choice)
    choice.check_names(table)
    sources = findings.sources
    if settings.protect is not None:
        why = rules_in_words(protected, findings.numbers, findings.account_size, settings.protect.name)
        sources = (*sources, Source("protect-file", SourceState.CHECKED, why))
    head = _head(settings, context, source, run_id)
    return Plan(replace(head, account_size=findings.account_size, sources=sources), table, rows.others)


def _head(settings: Settings, context: Context, source: PlanInput, run_id: str) -> PlanHead:
    """Everything that is known before the account is asked."""
    rows = source.rows
    return PlanHead(
        run_id=run_id,
        made_at=iso(context.clock.now()),
        workspace=workspace_of(settings),
        base_url=settings.base_url,
        input_name=rows.name,
        input_sha256=rows.sha256,
        input_rows=len(rows.table),
        input_blank_rows=rows.blank_rows,
        other_columns=rows.other_columns,
        account_size=0,
        max_release=settings.limits.max_release,
        max_share=settings.limits.max_share,
        max_missing=settings.limits.max_missing,
        max_cost=None if settings.limits.max_cost is None else str(settings.limits.max_cost),
        plan_ttl=settings.plan_ttl.total_seconds(),
        sources=(),
        accept_unchecked=settings.accept_unchecked,
        notes=(*rows.notes, *source.choice.notes),
        report=settings.report,
    )


def _save(settings: Settings, made: Plan, clock: Clock) -> Path:
    """Write the plan into its folder, then into the ledger: what the ledger knows can be read by a person."""
    private_dir(settings.output)
    folder = private_dir(settings.output / made.head.run_id)
    try:
        with atomic_write(folder / CSV_FILE) as stream:
            write_plan_csv(made, stream)
        digest = write_plan(made, folder / JSON_FILE)
        saved = SavedHead(made.head, folder.resolve(), digest)
        record_plan(settings.home, made, written_rows(folder / JSON_FILE), saved, clock)
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
    log.info("planned", run_id=made.head.run_id, rows=len(made.rows), releases=made.counts()[Decision.RELEASE])
    return folder


def _leave_nothing(folder: Path) -> None:
    """Remove a plan that the ledger does not know: there is no such run."""
    with suppress(OSError):
        for name in (JSON_FILE, CSV_FILE):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _refusal(made: Plan, settings: Settings) -> Refused | None:
    """What a guard would say to carrying out this plan; None where none objects."""
    try:
        check_extent(extent_of(made.rows, made.head.account_size), settings.limits)
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
    settings: Settings, context: Context, source: PlanInput, run_id: str, unreachable: Unreachable
) -> RunResult:
    """The report of a run whose account could not be asked: nothing was sent, every row says so, and `unreachable`
    what to do."""
    private_dir(settings.output)
    folder = private_dir(settings.output / run_id)
    rows = undecided(source.rows, source.choice)
    made = Plan(_head(settings, context, source, run_id), rows, source.rows.others)
    try:
        record_plan(settings.home, made, rows_as_json(made), SavedHead(made.head, folder.resolve(), ""), context.clock)
    except LedgerTrouble:
        _leave_nothing(folder)
        raise
    with nothing_was_sent(), Writer(settings.home, run_id, context.clock) as writer:
        writer.record(Ended(Stopped.OUTAGE, unreachable.what))
        remedy = f"Nothing was sent. {unreachable.remedy or ''}".strip()
        return replace(write_reports_again(writer), trouble=Unreachable(unreachable.what, remedy=remedy))
