"""An approved plan becomes outcomes and reports. In: a planned run. Out: `RunResult`; or the look back at an old one.

Whatever goes wrong once a DELETE may have left, no exit code says that nothing was sent, and what is known is
reported: in the run's folder, or else in the home.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from decom.dialnexa.service import Service
from decom.errors import (
    BadSettings,
    DecomError,
    DiskFull,
    KeyRefused,
    LedgerTrouble,
    NotDurable,
    Unfinished,
    Unreachable,
)
from decom.files import check_room, in_words, is_full
from decom.ledger.lock import Claimed
from decom.ledger.reader import Reader
from decom.ledger.records import Ended, Settled, Started, Verified
from decom.ledger.troubles import AGAIN
from decom.ledger.waiting import DURING_A_RUN
from decom.ledger.writer import Terms, Writer
from decom.planning.holds.kinds import HOLDS
from decom.releasing.events import Stopping, tell
from decom.releasing.hours import Hours, ending_in_time, parse_window
from decom.releasing.part import Session, carry_out
from decom.releasing.signals import stopping_on_signals
from decom.releasing.stopping import StopSignal
from decom.releasing.verification import CLAIMING, Claim, differences
from decom.reporting import audit as audits
from decom.reporting.interface import Audit
from decom.reporting.manifest import check_manifest, read_manifest
from decom.settings.load import Settings
from decom.vocabulary import Evidence, Outcome, Stopped
from decom.workflow.context import Context
from decom.workflow.guards import GuardsInForce
from decom.workflow.memory import memory_of
from decom.workflow.reports import RunResult, unfinished_code, written
from decom.workflow.runs import KnownRun, check_as_shown, load_run
from decom.workflow.workspace import workspace_of

log = structlog.get_logger()


async def apply_plan(
    settings: Settings, context: Context, service: Service, claimed: Claimed, guards: GuardsInForce
) -> RunResult:
    """One part of a run, from its start on record to its reports.

    Raises Refused where the ledger's records are not what was shown; otherwise LedgerTrouble, BadSettings before the
    first DELETE, and Unfinished or NotDurable after it.
    """
    run_id = claimed.run_id
    structlog.contextvars.bind_contextvars(run_id=run_id)
    with Reader(settings.home) as ledger, ledger.at_one_instant():
        this = load_run(ledger, run_id)
        check_as_shown(ledger, this)
        ours = memory_of(ledger, this.saved.head.workspace, this.saved.head.base_url)
        others = ledger.released_by_others(run_id, ours.run_ids)
    begun = len(this.story.starts) > 0
    then = f"type: decom resume {run_id}" if begun else AGAIN
    _check_folder(this.saved.folder, then)
    part = Session(
        head=replace(this.saved.head, accept_unchecked=guards.accept_unchecked),
        releases=this.releases,
        planned=this.extent,
        stories=this.story.numbers,
        others=others,
        holds=HOLDS,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        settle=settings.quiet,
        limits=guards.limits,
        plan_ttl=guards.plan_ttl,
        protected=guards.protected,
    )
    stop = StopSignal(lambda detail: tell(context.listener, Stopping(detail)))
    terms = Terms(then, claimed.locks, lambda: stop.asked, DURING_A_RUN)
    writer = Writer(settings.home, run_id, context.clock, terms=terms)
    started = Started(context.operator, os.getpid(), version("decom"), workspace_of(settings))
    try:
        with writer:
            async with ending_in_time(_hours(settings), stop, context.clock):
                # The reports are within: a signal while they are written must not leave them half done either.
                with stopping_on_signals(stop):
                    return await _worked(part, started, _Tools(context, service, writer, stop))
    except DecomError as trouble:
        raise _in_truth(trouble, writer, stop) from trouble


@dataclass(frozen=True, slots=True)
class _Tools:
    """What a part is carried out with."""

    context: Context
    service: Service
    writer: Writer
    stop: StopSignal


async def _worked(part: Session, started: Started, tools: _Tools) -> RunResult:
    writer, stop = tools.writer, tools.stop
    try:
        writer.lay_ballast()
        await writer.append(started)
        writer.terms = replace(writer.terms, then=f"type: decom resume {writer.run_id}")
        await carry_out(part, tools.service, writer, stop, tools.context.listener)
        if not stop.asked:
            await stop.unless_asked(_look_back(tools, part.settle), lambda: True)
            await _end_again(writer, stop)
        finished, record = written(writer)
        await writer.append(record)
    except NotDurable as trouble:
        log.error("not_durable", run_id=writer.run_id, why=trouble.what)
        return _as_far_as_known(writer, trouble, stop)
    return finished


def _as_far_as_known(writer: Writer, trouble: NotDurable, stop: StopSignal) -> RunResult:
    """The report of a run whose ledger takes no more. Raises `trouble` where there is nothing to report, since the
    run is not even on record as begun, and where the report cannot be written."""
    if not _has_begun(writer):
        raise trouble
    try:
        finished, _ = written(writer)
    except DecomError as again:
        log.error("not_reported", run_id=writer.run_id, why=again.what)
        raise trouble from again
    return replace(finished, exit_code=unfinished_code(finished.exit_code, stop.why), trouble=trouble)


def _has_begun(writer: Writer) -> bool:
    """Whether the run is on record as begun; False where the ledger cannot be asked, which then tells nothing else."""
    try:
        on_record = writer.reading().outline(writer.run_id)
    except LedgerTrouble:
        return False
    return on_record is not None and len(on_record.starts) > 0


def _in_truth(trouble: DecomError, writer: Writer, stop: StopSignal) -> DecomError:
    """The trouble under an exit code that is true: 2 and 5 say that this command sent no DELETE."""
    if not writer.sent:
        if isinstance(trouble, NotDurable) and not isinstance(trouble, DiskFull):
            return LedgerTrouble(trouble.what, where=trouble.where, remedy=trouble.remedy)
        return trouble
    remedy, resume = trouble.remedy or "", f"decom resume {writer.run_id}"
    if resume not in remedy:
        remedy = f"{remedy} Then type: {resume}".strip()
    code = unfinished_code(trouble.exit_code, stop.why)
    return Unfinished(trouble.what, code, where=trouble.where, remedy=remedy)


def _check_folder(folder: Path, then: str) -> None:
    """Raise BadSettings where the reports could not be written: that must be known before anything is released."""
    try:
        check_room(folder)
    except OSError as error:
        what = f"the run's folder is not writable: {in_words(error, folder)}"
        if is_full(error):
            raise DiskFull(what, where=str(folder), remedy=f"Free the disk, then {then}.") from error
        remedy = f"Fix the permissions of this folder, then {then}."
        raise BadSettings(what, where=str(folder), remedy=remedy) from error


def _hours(settings: Settings) -> Hours:
    zone = ZoneInfo(settings.timezone) if settings.timezone is not None else None
    window = parse_window(settings.window, zone) if settings.window is not None else None
    return Hours(window, settings.deadline)


async def _end_again(writer: Writer, stop: StopSignal) -> None:
    """Where the run was stopped while it looked back it is not done: `resume` looks, and reports."""
    if stop.asked:
        await writer.append(Ended(stop.why, f"{stop.detail}, while verifying against the account"))


async def _look_back(tools: _Tools, quiet: float) -> None:
    """Ask the account whether all is as it will be reported; where that cannot be asked, nothing is recorded.

    What was confirmed as released and stands there all the same is not released: that becomes its outcome.
    """
    writer = tools.writer
    audit = audits.build(writer.reading(), writer.run_id)
    claims = claims_of(audit)
    released = audit.rows[audit.rows["outcome"].eq(Outcome.RELEASED)]
    reasons = dict(zip(released["number_id"], released["reason"], strict=True))
    try:
        async with tools.service.reading() as account:
            found = await differences(account, claims, tools.context.clock, quiet, tools.context.listener)
    except Unreachable as unreachable:
        log.warning("not_verified", run_id=writer.run_id, why=unreachable.what)
    except KeyRefused as refused:
        tools.stop.ask(Stopped.KEY, refused.what)
    else:
        standing = [each.claim for each in found if each.standing and each.claim.outcome is Outcome.RELEASED]
        others = tuple(str(each) for each in found if each.claim not in standing)
        await writer.append(*(_not_released(claim, reasons) for claim in standing), Verified(others))


def _not_released(claim: Claim, reasons: Mapping[str | None, str]) -> Settled:
    """The outcome of a release that was confirmed and did not happen, or did not last."""
    assert claim.number_id is not None
    reason = f"{reasons[claim.number_id]}; but verification found it on the account twice"
    return Settled(claim.number_id, claim.phone_number, Outcome.FAILED, Evidence.STILL_PRESENT, reason)


def claims_of(audit: Audit) -> list[Claim]:
    """What the report says of where each number is now; a number that its ID no longer means is left out."""
    rows = audit.rows
    named = rows["number_id"].notna() | rows["phone_number"].notna()
    changed = rows["evidence"].astype(object).str.endswith(f":{Stopped.CHANGED}")
    claiming = rows[named & rows["outcome"].isin(CLAIMING) & ~changed]
    columns = (claiming[name] for name in ("number_id", "phone_number", "outcome"))
    return [Claim(number_id, phone, Outcome(outcome)) for number_id, phone, outcome in zip(*columns, strict=True)]


def changed_since(ledger: Reader, this: KnownRun) -> tuple[str, ...]:
    """The files and records of a run that are not as they were written."""
    folder = this.saved.folder
    found = check_manifest(folder, digest=this.story.manifest)
    try:
        head = read_manifest(folder).ledger_head
    except (OSError, ValueError):
        return found
    broken = ledger.broken_link(this.story.run_id, head)
    return found if broken is None else (*found, broken)
