"""The reports of a run written from frames and row by row, compared byte by byte."""

import io
from typing import Any

from decom.ledger.reader import Reader
from decom.reporting.as_json import AsJson
from decom.reporting.csv_files import AuditCsv, ConflictsCsv, RetryCsv
from decom.reporting.interface import Audit
from tests.reporting.oracle import as_conflicts_csv, as_csv, as_json, as_retry_csv, table

_PAIRS = (
    (AuditCsv(), as_csv.AsCsv()),
    (AsJson(), as_json.AsJson()),
    (ConflictsCsv(), as_conflicts_csv.ConflictsCsv()),
    (RetryCsv(), as_retry_csv.RetryCsv()),
)


def differences(new: Audit, ledger: Reader, run_id: str) -> list[tuple[bytes, bytes]]:
    """The lines in which the reports differ: those of this audit, and those made row by row."""
    old = table.build(ledger, run_id)
    found = []
    for now, before in _PAIRS:
        ours, theirs = (lines_of(form, audit) for form, audit in ((now, new), (before, old)))
        if ours != theirs:
            found += [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]] or [(b"", b"cut off")]
    return found


def lines_of(form: Any, audit: Any) -> list[bytes]:
    """A report, line by line."""
    stream = io.BytesIO()
    form.write(audit, stream)
    return stream.getvalue().split(b"\n")
