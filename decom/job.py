"""The way of the data, from a file of numbers to the audit report. In: settings and surroundings. Out: what was done.

    intake → planning → (approval) → refresh → releasing → verification → reporting

The only file that knows the order of the stages. A plan is carried out once, and only by the home that made it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from decom.clock import Clock, iso
from decom.dialnexa.service import Service
from decom.errors import KeyRefused, NotDurable, NotWritten, Refused, Unreachable
from decom.intake.interface import InputFile
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.ledger.lock import workspace_locked
from decom.ledger.reader import Reader
from decom.ledger.records import Ended, Reported, Started, Verified
from decom.ledger.writer import Writer
from decom.planning.build import build, undecided
from decom.planning.guards import Limits, check_age, check_same_workspace, check_size, check_workspace
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Plan, PlanHead, PlannedRow, Source
from decom.planning.protect import read_protected
from decom.planning.saved import JSON_FILE, SavedHead, check_untouched, saved_head, write_plan
from decom.planning.survey import survey
from decom.private_files import private_folder
from decom.releasing.events import Stopping, tell
from decom.releasing.hours import Hours, ending_in_time, parse_window
from decom.releasing.part import Part, carry_out
from decom.releasing.refresh import unfinished
from decom.releasing.stopping import Stop
from decom.releasing.verification import CLAIMING, Claim, differences
from decom.reporting import table
from decom.reporting.interface import Audit
from decom.reporting.kinds import FORMATS
from decom.reporting.manifest import InputFacts, check_manifest, read_manifest, write_manifest
from decom.reporting.neutral import neutral
from decom.reporting.write import chosen, write_reports
from decom.runs import KnownRun, enter_plan, known, latest_started, named, new_run_id
from decom.settings import Settings
from decom.signals import stopping_on_signals
from decom.surroundings import Surroundings, service_for, workspace_of
from decom.vocabulary import Decision, Evidence, ExitCode, Stopped

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that was made and saved."""

    plan: Plan
    folder: Path
    refusal: Refused | None
    """The guard that would refuse to carry it out, to be shown after the plan; None where none would."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run, or a part of one, that ended and was reported."""

    audit: Audit
    """Its rows cannot be read any more: the files have them."""
    folder: Path
    files: tuple[Path, ...]
    exit_code: ExitCode


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
    source = _read(settings)
    return await _plan(settings, around, service_for(settings, around), source, new_run_id(around.clock))


async def run(settings: Settings, around: Surroundings, shown: Callable[[Planned], None]) -> Finished:
    """The whole job: plan, show it, ask for leave, release, verify, report.

    Where the account cannot be asked there is a report all the same: every usable row is `not_attempted`. Raises as
    `plan` does but for that, and Locked, Refused (a guard, or no leave: nothing was released), NotWritten.
    """
    source = _read(settings)
    service, run_id = service_for(settings, around), new_run_id(around.clock)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock):
        try:
            planned = await _plan(settings, around, service, source, run_id)
        except Unreachable as unreachable:
            log.error("not_planned", run_id=run_id, why=unreachable.what)
            return _never_planned(settings, around, source, run_id, unreachable)
        shown(planned)
        if planned.refusal is not None:
            raise planned.refusal
        _ask_for_leave(planned.plan, around)
        return await _carry_out(settings, around, service, run_id)


async def release(settings: Settings, around: Surroundings, target: str) -> Finished:
    """Carry out an approved plan, named by its folder, its `plan.json` or its run ID.

    Raises Refused where the plan was changed, used, made elsewhere or is too old; otherwise as `run`.
    """
    run_id, path = named(target)
    service = service_for(settings, around)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock):
        with Reader(settings.home) as ledger:
            this = known(ledger, run_id)
        if len(this.story.starts) > 0 or this.story.ended is not None:
            raise Refused(
                "this plan was carried out before, and a plan may be used once",
                where=run_id,
                remedy=f"If that run was interrupted, type: decom resume {run_id}. Otherwise plan again.",
            )
        head = this.saved.head
        check_same_workspace(head, workspace_of(settings), settings.base_url)
        check_untouched(path or this.saved.folder / JSON_FILE, this.saved.digest)
        check_age(head, around.clock.now(), settings.plan_ttl)
        check_size(len(this.releases), head.account_size, Limits(head.max_release, head.max_share))
        _ask_for_leave(Plan(head, this.releases), around)
        return await _carry_out(settings, around, service, run_id)


async def resume(settings: Settings, around: Surroundings, target: str | None) -> Finished:
    """Go on with a run where its ledger stopped; None: the latest that was begun. Raises as `release`."""
    with Reader(settings.home) as ledger:
        run_id = named(target)[0] if target is not None else latest_started(ledger)
    service = service_for(settings, around)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock):
        with Reader(settings.home) as ledger:
            this = known(ledger, run_id)
        if len(this.story.starts) == 0:
            raise Refused(
                "this run was never begun, so there is nothing to go on with",
                where=run_id,
                remedy=f"Carry the plan out with: decom release {run_id}",
            )
        check_same_workspace(this.saved.head, workspace_of(settings), settings.base_url)
        left = {task.number_id for task in unfinished(this.releases, this.story.numbers, 0.0)}
        rows = tuple(row for row in this.releases if row.number_id in left)
        _ask_for_leave(Plan(this.saved.head, rows), around)
        return await _carry_out(settings, around, service, run_id)


async def verify(settings: Settings, around: Surroundings, target: str) -> Seen:
    """Ask the account again, and compare every file and record of the run with what was written. Sends only GET."""
    run_id, _ = named(target)
    service = service_for(settings, around)
    with workspace_locked(settings.home, workspace_of(settings), run_id, around.clock):
        with Reader(settings.home) as ledger:
            this = known(ledger, run_id)
            check_same_workspace(this.saved.head, workspace_of(settings), settings.base_url)
            claims = _claims(table.build(ledger, run_id))
            changed = _changed(ledger, this)
        async with service.reading() as account:
            found = await differences(account, claims, around.clock, settings.settle)
        with Writer(settings.home, run_id, around.clock) as writer:
            writer.record(Verified(found))
    code = ExitCode.DONE if len(found) + len(changed) == 0 else ExitCode.INCOMPLETE
    return Seen(run_id, len(claims), found, changed, code)


def report(settings: Settings, target: str, clock: Clock) -> Finished:
    """Write a run's reports again, from the ledger alone. Sends nothing. Raises BadInput, Locked, NotWritten."""
    run_id, _ = named(target)
    with Reader(settings.home) as ledger:
        workspace = known(ledger, run_id).saved.head.workspace
    with workspace_locked(settings.home, workspace, run_id, clock):
        return _reported(settings.home, run_id, clock)


def _read(settings: Settings) -> InputFile:
    """The input, once it is sure that its reports can be written as they are asked for."""
    chosen(settings.report.formats, FORMATS)
    return read_input(settings.input.path, settings.input.wanted, readers=READERS)


async def _plan(settings: Settings, around: Surroundings, service: Service, source: InputFile, run_id: str) -> Planned:
    protected = frozenset[str]() if settings.protect is None else read_protected(settings.protect)
    async with service.reading() as account:
        findings = await survey(account, source.rows, HOLDS)
    with Reader(settings.home) as ledger:
        rows = tuple(build(source.rows, findings, protected, ledger.removed_by))
    releases = sum(1 for row in rows if row.decision is Decision.RELEASE)
    head = _head(settings, around, source, run_id)
    sources = findings.sources
    if settings.protect is not None:
        sources = (*sources, Source("protect-file", True, f"{len(protected)} numbers named in {settings.protect.name}"))
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
    folder = _save(settings, made, around.clock)
    return Planned(made, folder, _refusal(made, settings))


def _head(settings: Settings, around: Surroundings, source: InputFile, run_id: str) -> PlanHead:
    """Everything that is known before the account is asked."""
    return PlanHead(
        run_id=run_id,
        made_at=iso(around.clock.now()),
        workspace=workspace_of(settings),
        base_url=settings.base_url,
        input_name=source.name,
        input_sha256=source.sha256,
        input_rows=len(source.rows),
        input_blank_rows=source.blank_rows,
        other_columns=source.other_columns,
        account_size=0,
        max_release=settings.limits.max_release,
        max_share=settings.limits.max_share,
        sources=(),
        notes=source.notes,
        report=settings.report,
    )


def _save(settings: Settings, made: Plan, clock: Clock) -> Path:
    """Write the plan into its folder, then into the ledger: what the ledger knows can be read by a person."""
    private_folder(settings.output)
    folder = private_folder(settings.output / made.head.run_id)
    digest = write_plan(made, folder, neutral)
    enter_plan(settings.home, made, SavedHead(made.head, folder.resolve(), digest), clock)
    log.info("planned", run_id=made.head.run_id, rows=len(made.rows), releases=len(made.releases()))
    return folder


def _refusal(made: Plan, settings: Settings) -> Refused | None:
    """What a guard would say to carrying out this plan; None where none objects."""
    explained = sum(1 for row in made.rows if row.evidence.startswith(Evidence.EARLIER_RUN))
    counts = made.counts()
    try:
        check_size(counts[Decision.RELEASE], made.head.account_size, settings.limits)
        check_workspace(counts, explained, settings.limits)
    except Refused as refused:
        return refused
    return None


def _forecast(releases: int, seconds: float | None, pace: str) -> str:
    """`1,240 releases, about 9 min at 135 a minute`; empty where nothing is to be released."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{releases:,} releases, at once ({pace})"
    length = (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
    return f"{releases:,} releases, about {length} at {pace}"


def _ask_for_leave(approved: Plan, around: Surroundings) -> None:
    """Nothing is sent without leave; where nothing is to be sent, nobody is asked."""
    if len(approved.releases()) > 0 and not around.confirm(approved):
        run_id = approved.head.run_id
        remedy = f"The plan stays. When you are sure, type: decom release {run_id}"
        raise Refused("not confirmed: nothing was released", where=run_id, remedy=remedy)


async def _carry_out(settings: Settings, around: Surroundings, service: Service, run_id: str) -> Finished:
    """One part of a run, from its start on record to its reports."""
    structlog.contextvars.bind_contextvars(run_id=run_id)
    with Reader(settings.home) as ledger:
        this = known(ledger, run_id)
    part = Part(
        head=this.saved.head,
        releases=this.releases,
        stories=this.story.numbers,
        holds=HOLDS,
        concurrency=settings.concurrency,
        settle=settings.settle,
        plan_ttl=settings.plan_ttl,
    )
    stop = Stop(lambda detail: tell(around.listener, Stopping(detail)))
    async with ending_in_time(_hours(settings), stop, around.clock):
        # The reports are within: a signal while they are written must not leave them half done either.
        with stopping_on_signals(stop):
            try:
                with Writer(settings.home, run_id, around.clock) as writer:
                    writer.lay_ballast()
                    writer.record(Started(around.operator, os.getpid(), version("decom")))
                    await carry_out(part, service, writer, stop, around.listener)
                    if not stop.asked:
                        await stop.unless_asked(_look_back(settings, around, service, writer), lambda: True)
            except NotDurable as trouble:
                log.error("not_durable", run_id=run_id, why=trouble.what)
                _reported(settings.home, run_id, around.clock)
                raise
            return _reported(settings.home, run_id, around.clock)


def _hours(settings: Settings) -> Hours:
    zone = ZoneInfo(settings.timezone) if settings.timezone is not None else None
    window = parse_window(settings.window, zone) if settings.window is not None else None
    return Hours(window, settings.deadline)


async def _look_back(settings: Settings, around: Surroundings, service: Service, writer: Writer) -> None:
    """Ask the account whether all is as it will be reported; where that cannot be asked, nothing is recorded."""
    with Reader(settings.home) as ledger:
        claims = _claims(table.build(ledger, writer.run_id))
    try:
        async with service.reading() as account:
            writer.record(Verified(await differences(account, claims, around.clock, settings.settle)))
    except (Unreachable, KeyRefused) as trouble:
        log.warning("not_verified", run_id=writer.run_id, why=trouble.what)


def _claims(audit: Audit) -> list[Claim]:
    return [
        Claim(row.number_id, row.phone_number, row.outcome)
        for row in audit.rows
        if row.number_id is not None and row.outcome in CLAIMING and not row.evidence.endswith(f":{Stopped.CHANGED}")
    ]


def _changed(ledger: Reader, this: KnownRun) -> tuple[str, ...]:
    """The files and records of a run that are not as they were written."""
    folder = this.saved.folder
    found = check_manifest(folder, digest=this.story.manifest)
    try:
        head = read_manifest(folder).ledger_head
    except (OSError, ValueError):
        return found
    broken = ledger.broken_link(this.story.run_id, head)
    return found if broken is None else (*found, broken)


def _reported(home: Path, run_id: str, clock: Clock) -> Finished:
    """Write the reports from the ledger. Raises NotWritten where the disk refuses; the ledger has everything."""
    with Reader(home) as ledger, Writer(home, run_id, clock) as writer:
        audit = table.build(ledger, run_id)
        story = ledger.story(run_id)
        assert story is not None
        folder = private_folder(saved_head(story.plan).folder)
        try:
            files = write_reports(audit, folder, chosen(audit.options.formats, FORMATS))
            facts = InputFacts(audit.input_name, audit.input_sha256)
            digest = write_manifest(folder, run_id=run_id, ledger_head=audit.ledger_head, input_file=facts)
        except OSError as error:
            raise NotWritten(
                f"the reports could not be written: {error.strerror or error}",
                where=str(folder),
                remedy=f"Nothing is lost. Free the disk, then type: decom report {run_id}",
            ) from error
        writer.record(Reported(digest))
    return Finished(audit, folder, files, ExitCode(audit.exit_code))


def _never_planned(
    settings: Settings, around: Surroundings, source: InputFile, run_id: str, unreachable: Unreachable
) -> Finished:
    """The report of a run whose account could not be asked: nothing was sent, and every row says so."""
    private_folder(settings.output)
    folder = private_folder(settings.output / run_id)
    rows: tuple[PlannedRow, ...] = tuple(undecided(source.rows))
    made = Plan(_head(settings, around, source, run_id), rows)
    enter_plan(settings.home, made, SavedHead(made.head, folder.resolve(), ""), around.clock)
    with Writer(settings.home, run_id, around.clock) as writer:
        writer.record(Ended(Stopped.OUTAGE, unreachable.what))
    return _reported(settings.home, run_id, around.clock)
