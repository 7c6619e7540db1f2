"""Made-up endings of runs, for the tests."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from decom.reporting.interface import Audit, Verification
from decom.vocabulary import ExitCode, Outcome, Stopped, exit_code
from decom.workflow.reports import RunResult
from tests.reporting.made_up import made_up_audit

ALL_AS_REPORTED = Verification("2026-11-23T19:12:00.000Z", ())


def audit_of(counts: Mapping[Outcome, int], why: Stopped | None = None, **facts: Any) -> Audit:
    """The audit of a run that came to these counts; done unless `why` says otherwise."""
    made = replace(
        made_up_audit(()),
        status="done" if why is None else "stopped",
        why=why,
        exit_code=int(exit_code(counts, why)),
        input_name="numbers.csv",
        input_rows=sum(counts.values()),
        counts={outcome: counts.get(outcome, 0) for outcome in Outcome},
        verification=ALL_AS_REPORTED,
    )
    return replace(made, **facts)


def finished(audit: Audit, folder: Path = Path("/srv/runs/20261123T185757Z-1a2b3c")) -> RunResult:
    """A run with this audit, reported into `folder`."""
    files = (folder / "audit.csv", folder / "audit.html")
    return RunResult(audit, folder, files, ExitCode(audit.exit_code))
