"""An approved plan becomes outcomes and reports. In: a planned run. Out: `Finished`; or the look back at an old one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from decom.clock import Clock
from decom.dialnexa.service import Service
from decom.errors import KeyRefused, NotDurable, NotWritten, Unreachable
from decom.guarding import InForce
from decom.ledger.reader import Reader
from decom.ledger.records import Ended, Reported, Settled, Started, Verified
from decom.ledger.writer import Writer
from decom.planning.holds.kinds import HOLDS
from decom.private_files import private_folder
from decom.releasing.events import Stopping, tell
from decom.releasing.hours import Hours, ending_in_time, parse_window
from decom.releasing.part import Part, carry_out
from decom.releasing.stopping import Stop
from decom.releasing.verification import CLAIMING, Claim, differences
from decom.reporting import table
from decom.reporting.interface import Audit
from decom.reporting.kinds import FORMATS
from decom.reporting.manifest import InputFacts, check_manifest, read_manifest, write_manifest
from decom.reporting.write import chosen, write_reports
from decom.runs import KnownRun, known, saved_of
from decom.settings import Settings
from decom.signals import stopping_on_signals
from decom.surroundings import Surroundings
from decom.vocabulary import Evidence, ExitCode, Outcome, Stopped
from decom.whose import workspace_of
from decom.workspaces import memory_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finished:
    """A run, or a part of one, that ended and was reported."""

    audit: Audit
    """Its rows cannot be read any more: the files have them."""
    folder: Path
    files: tuple[Path, ...]
    exit_code: ExitCode


async def carried_out(
    settings: Settings, around: Surroundings, service: Service, run_id: str, guards: InForce
) -> Finished:
    """One part of a run, from its start on record to its reports."""
    structlog.contextvars.bind_contextvars(run_id=run_id)
    with Reader(settings.home) as ledger:
        this = known(ledger, run_id)
        ours = memory_of(ledger, this.saved.head.workspace, this.saved.head.base_url)
        others = ledger.released_by_others(run_id, ours.run_ids)
    part = Part(
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
    stop = Stop(lambda detail: tell(around.listener, Stopping(detail)))
    async with ending_in_time(_hours(settings), stop, around.clock):
        # The reports are within: a signal while they are written must not leave them half done either.
        with stopping_on_signals(stop):
            try:
                with Writer(settings.home, run_id, around.clock) as writer:
                    writer.lay_ballast()
                    writer.record(Started(around.operator, os.getpid(), version("decom"), workspace_of(settings)))
                    await carry_out(part, service, writer, stop, around.listener)
                    if not stop.asked:
                        await stop.unless_asked(_look_back(settings, around, service, writer, stop), lambda: True)
                        _end_again(writer, stop)
            except NotDurable as trouble:
                log.error("not_durable", run_id=run_id, why=trouble.what)
                reported(settings.home, run_id, around.clock)
                raise
            return reported(settings.home, run_id, around.clock)


def _hours(settings: Settings) -> Hours:
    zone = ZoneInfo(settings.timezone) if settings.timezone is not None else None
    window = parse_window(settings.window, zone) if settings.window is not None else None
    return Hours(window, settings.deadline)


def _end_again(writer: Writer, stop: Stop) -> None:
    """Where the run was stopped while it looked back it is not done: `resume` looks, and reports."""
    if stop.asked:
        writer.record(Ended(stop.why, f"{stop.detail}, while the account was looked at again"))


async def _look_back(settings: Settings, around: Surroundings, service: Service, writer: Writer, stop: Stop) -> None:
    """Ask the account whether all is as it will be reported; where that cannot be asked, nothing is recorded.

    What was confirmed as released and stands there all the same is not released: that becomes its outcome.
    """
    with Reader(settings.home) as ledger:
        audit = table.build(ledger, writer.run_id)
        claims = claims_of(audit)
        reasons = {row.number_id: row.reason for row in audit.rows if row.outcome is Outcome.RELEASED}
    try:
        async with service.reading() as account:
            found = await differences(account, claims, around.clock, settings.quiet)
    except Unreachable as unreachable:
        log.warning("not_verified", run_id=writer.run_id, why=unreachable.what)
    except KeyRefused as refused:
        stop.ask(Stopped.KEY, refused.what)
    else:
        standing = [each.claim for each in found if each.standing and each.claim.outcome is Outcome.RELEASED]
        others = tuple(str(each) for each in found if each.claim not in standing)
        writer.record(*(_not_released(claim, reasons) for claim in standing), Verified(others))


def _not_released(claim: Claim, reasons: Mapping[str | None, str]) -> Settled:
    """The outcome of a release that was confirmed and did not happen, or did not last."""
    assert claim.number_id is not None
    reason = f"{reasons[claim.number_id]}; at the end it was seen on the account all the same, twice"
    return Settled(claim.number_id, claim.phone_number, Outcome.FAILED, Evidence.STILL_PRESENT, reason)


def claims_of(audit: Audit) -> list[Claim]:
    """What the report says of where each number is now; a number that its ID no longer means is left out."""
    return [
        Claim(row.number_id, row.phone_number, row.outcome)
        for row in audit.rows
        if row.outcome in CLAIMING
        and (row.number_id, row.phone_number) != (None, None)
        and not row.evidence.endswith(f":{Stopped.CHANGED}")
    ]


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


def reported(home: Path, run_id: str, clock: Clock) -> Finished:
    """Write the reports from the ledger. Raises NotWritten where the disk refuses; the ledger has everything."""
    with Reader(home) as ledger, Writer(home, run_id, clock) as writer:
        audit = table.build(ledger, run_id)
        folder = private_folder(saved_of(ledger, run_id).folder)
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
