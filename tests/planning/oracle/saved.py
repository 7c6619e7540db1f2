"""A plan written row by row: what `plan.json`, `plan.csv` and the guards' figures are compared with."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from decom.planning.guards import Extent, extent_of
from decom.planning.plan import Plan, PlanHead, PlannedRow, cost_of, in_words
from decom.planning.saved import head_as_json, rows_as_json
from decom.reporting.csv_files import write_plan_csv
from decom.reporting.formula_safe import escape_formulas
from decom.vocabulary import Decision, Evidence

COLUMNS = (
    "row", "input_value", "number_id", "phone_number", "decision", "reason", "conflicts", "country_code", "type",
    "nickname", "monthly_cost_usd",
)  # fmt: skip
"""The columns of `plan.csv` before the input's own."""

_DEFAULTS = {field.name: field.default for field in fields(PlannedRow)}


def row_as_json(row: PlannedRow) -> str:
    """One row as JSON in ASCII, without what is left at its default."""
    found: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(row, name)
        if value != default:
            found[name] = value
    if len(row.conflicts) > 0:
        found["conflicts"] = [[each.source, each.id, each.name, each.status] for each in row.conflicts]
    return json.dumps(found, separators=(",", ":"))


def plan_json(head: PlanHead, rows: Sequence[PlannedRow]) -> bytes:
    """`plan.json`."""
    lines = ",".join(f"\n{row_as_json(row)}" for row in rows)
    return f'{{"plan":{head_as_json(head)},\n"rows":[{lines}\n]}}\n'.encode("ascii")


def plan_csv(head: PlanHead, rows: Sequence[PlannedRow]) -> bytes:
    """`plan.csv`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(map(escape_formulas, (*COLUMNS, *head.other_columns)))
    for row in rows:
        cells = [in_words(row.conflicts) if name == "conflicts" else getattr(row, name) or "" for name in COLUMNS[1:]]
        writer.writerow([row.row, *map(escape_formulas, (*cells, *row.others))])
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def extent(rows: Sequence[PlannedRow], account_size: int) -> Extent:
    """How much a plan's rows come to."""
    missing = [row for row in rows if row.decision is Decision.MISSING]
    unexplained = sum(not row.evidence.startswith(Evidence.EARLIER_RUN) for row in missing)
    known = sum(row.decision in (Decision.CONFLICTED, Decision.PROTECTED) for row in rows)
    costs = [cost_of(row.monthly_cost_usd) for row in rows if row.decision is Decision.RELEASE]
    money = sum((cost for cost in costs if cost is not None), Decimal(0))
    return Extent(len(costs), account_size, unexplained, len(costs) + known + len(missing), money, costs.count(None))


def differences(plan: Plan, rows: Sequence[PlannedRow]) -> list[str]:
    """What of a plan is not as these rows come to, one by one."""
    stream = io.BytesIO()
    write_plan_csv(plan, stream)
    counts = Counter(row.decision for row in rows)
    same = {
        "rows of plan.json": list(rows_as_json(plan)) == [row_as_json(row) for row in rows],
        "plan.csv": stream.getvalue() == plan_csv(plan.head, rows),
        "extent": extent_of(plan.rows, 7) == extent(rows, 7),
        "counts": plan.counts() == {decision: counts[decision] for decision in Decision},
        "releases": plan.releases() == tuple(row for row in rows if row.decision is Decision.RELEASE),
    }
    return [name for name, is_same in same.items() if not is_same]
