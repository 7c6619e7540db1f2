"""The ledger becomes a run's reports, in its own folder or else in the home. In: an open ledger. Out: `RunResult`.

No report is made of a record that was changed, and none of an older ledger overwrites a newer one.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from decom.errors import BadSettings, DecomError, DiskFull, NotWritten
from decom.files import in_words, private_dir
from decom.ledger.records import Reported
from decom.ledger.writer import Writer
from decom.reporting import audit as audits
from decom.reporting.interface import Audit, ReportFormat
from decom.reporting.kinds import FORMATS
from decom.reporting.manifest import InputFacts, write_manifest
from decom.reporting.write import chosen, write_reports
from decom.vocabulary import SIGNALS, ExitCode, Stopped
from decom.workflow.runs import altered, saved_of

log = structlog.get_logger()

REPORTS = "reports"
"""The folder of the home that takes the reports of a run whose own folder cannot be used."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run, or a part of one, that ended and was reported."""

    audit: Audit
    folder: Path
    files: tuple[Path, ...]
    exit_code: ExitCode
    trouble: DecomError | None = None
    """What went wrong though there is a report; None where nothing did."""


def unfinished_code(code: ExitCode, why: Stopped | None = None) -> ExitCode:
    """The exit code of a run of which something is left to be done, and of which a DELETE may have left."""
    if why in SIGNALS:
        return SIGNALS[why]
    harmless = (ExitCode.DONE, ExitCode.HELD_BACK, ExitCode.BAD_INPUT, ExitCode.GUARD)
    return ExitCode.INCOMPLETE if code in harmless else code


def write_reports_again(writer: Writer) -> RunResult:
    """Write a run's reports from the ledger, and record that they were written. Raises as `written`, and NotDurable."""
    finished, record = written(writer)
    writer.record(record)
    return finished


def written(writer: Writer) -> tuple[RunResult, Reported]:
    """Write a run's reports from the ledger, into its folder or else into the home; with the record of that.

    Raises Altered where a record is not what was written (no report is made of it), NotWritten where neither folder
    takes the files: the ledger has everything.
    """
    ledger, run_id = writer.reading(), writer.run_id
    own = saved_of(ledger, run_id).folder
    wrong = altered(ledger, run_id, own)
    if wrong is not None:
        raise wrong
    audit = audits.build(ledger, run_id)
    formats = chosen(audit.options.formats, FORMATS)
    try:
        files, digest = _written_in(own, audit, formats)
        return RunResult(audit, own, files, ExitCode(audit.exit_code)), Reported(digest)
    except (OSError, BadSettings, DiskFull) as error:
        why = _why(error, own)
    log.error("folder_unusable", run_id=run_id, folder=str(own), why=why)
    code = unfinished_code(ExitCode(audit.exit_code))
    elsewhere = writer.home / REPORTS / run_id
    try:
        files, digest = _written_in(elsewhere, replace(audit, exit_code=code), formats)
    except (OSError, BadSettings, DiskFull) as error:
        raise NotWritten(
            f"the reports could not be written: {why}",
            where=str(own),
            remedy=f"The home does not take them either ({_why(error, elsewhere)}). Free the disk or fix the folder,"
            f" then {writer.terms.then}.",
        ) from error
    trouble = NotWritten(
        f"the reports could not be written into the run's folder: {why}",
        where=str(own),
        remedy=f"They are in {elsewhere}. Free the disk or fix the run's folder, then type: decom report {run_id}",
    )
    return RunResult(replace(audit, exit_code=code), elsewhere, files, code, trouble), Reported(digest)


def _written_in(folder: Path, audit: Audit, formats: tuple[ReportFormat, ...]) -> tuple[tuple[Path, ...], str]:
    """The report's files, and their manifest's digest."""
    private_dir(folder)
    files = write_reports(audit, folder, formats)
    facts = InputFacts(audit.input_name, audit.input_sha256)
    return files, write_manifest(folder, run_id=audit.run_id, ledger_head=audit.ledger_head, input_file=facts)


def _why(error: OSError | BadSettings | DiskFull, folder: Path) -> str:
    return in_words(error, folder) if isinstance(error, OSError) else error.what
