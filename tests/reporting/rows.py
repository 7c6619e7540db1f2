"""Rows of an audit as objects, for tests that say what a row is: into the frames of the reports, and back."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any

import pandas as pd

from decom.ledger.frames import _listed
from decom.planning.plan import from_cell
from decom.reporting.interface import Audit
from decom.tables import shaped, shared
from decom.vocabulary import Outcome
from tests.reporting.oracle.interface import AuditRow

NAMES = [field.name for field in fields(AuditRow) if field.name != "others"]


def frames_of(rows: Sequence[AuditRow], run_id: str, others: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frames that have these rows."""
    found: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in NAMES}
    found["conflicts"] = [_listed([astuple(conflict) for conflict in row.conflicts]) for row in rows]
    frame = shaped(found | {"run_id": [run_id] * len(rows)}, "U")
    beside = {at: shared([row.others[at] for row in rows]) for at in range(others)}
    return frame, pd.DataFrame(beside, index=frame.index)


def rows_of(audit: Audit) -> tuple[AuditRow, ...]:
    """The audit's rows, one by one."""
    frame = audit.rows.astype(object).where(audit.rows.notna(), None)
    frame["outcome"] = frame["outcome"].map(Outcome)
    frame["conflicts"] = frame["conflicts"].map(from_cell)
    others = audit.others.itertuples(index=False, name=None) if len(audit.other_columns) > 0 else [()] * len(frame)
    cells = frame[NAMES].itertuples(index=False, name=None)
    return tuple(
        AuditRow(**dict(zip(NAMES, ours, strict=True)), others=beside)
        for ours, beside in zip(cells, others, strict=True)
    )
