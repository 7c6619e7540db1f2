"""The audit in, `audit.json` out: every fact raw, for machines; and the same without rows, for `--json`.

Only ASCII bytes are written: any other character stands as its JSON escape, so that the file is valid whatever
the service or the input said (lone surrogates too), and a terminal that shows it obeys nothing in it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from decom.vocabulary import Outcome
from tests.reporting.oracle.as_conflicts_csv import ConflictsCsv
from tests.reporting.oracle.as_retry_csv import RetryCsv
from tests.reporting.oracle.interface import Audit, AuditRow
from tests.reporting.oracle.money import Breakdown, Sums, breakdown_for, dollars

_MANY = 500
"""Rows that are written at once."""


class AsJson:
    """`audit.json`"""

    name = "json"
    file_name = "audit.json"

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write the summary, then `rows`, one a line, then `money_by_group` and `money_by_month`."""
        head = json.dumps(summary(audit, files_of(audit)), indent=2)
        stream.write(f'{head.removesuffix("}").rstrip()},\n  "rows": ['.encode("ascii"))
        breakdown = breakdown_for(audit)
        encode = json.JSONEncoder(separators=(", ", ": ")).encode
        waiting: list[str] = []
        separator = "\n"
        for row in audit.rows:
            breakdown.add(row)
            waiting.append(encode(_row(row, audit.other_columns)))
            if len(waiting) == _MANY:
                stream.write((separator + ",\n".join(waiting)).encode("ascii"))
                waiting, separator = [], ",\n"
        if waiting != []:
            stream.write((separator + ",\n".join(waiting)).encode("ascii"))
        tail = json.dumps(_money_apart(breakdown), indent=2)
        stream.write(f"\n  ],\n{tail.removeprefix('{').lstrip(chr(10))}\n".encode("ascii"))


def summary(audit: Audit, files: Mapping[str, str]) -> dict[str, Any]:
    """The audit without its rows, as `--json` prints it; JSON's own types only.

    `files` is what was written: the word of a format and the file's name or path.
    """
    money = audit.money
    return {
        "run_id": audit.run_id,
        "status": audit.status,
        "stopped_by": None if audit.why is None else audit.why.value,
        "exit_code": audit.exit_code,
        "workspace": audit.workspace,
        "base_url": audit.base_url,
        "operator": audit.operator,
        "input": {
            "name": audit.input_name,
            "sha256": audit.input_sha256,
            "rows": audit.input_rows,
            "blank_rows": audit.input_blank_rows,
            "other_columns": list(audit.other_columns),
        },
        "counts": {outcome.value: audit.counts.get(outcome, 0) for outcome in Outcome},
        "gone_before_us": audit.gone_before_us,
        "sources": [source.facts() for source in audit.sources],
        "money": {
            "currency": "USD",
            "per": "month",
            "stopping": dollars(money.stopping),
            "continuing": dollars(money.continuing),
            "in_doubt": dollars(money.in_doubt),
            "unknown_stopping": money.unknown_stopping,
            "unknown_continuing": money.unknown_continuing,
            "unknown_in_doubt": money.unknown_in_doubt,
            "from_price_list": money.from_price_list,
        },
        "timing": asdict(audit.timing),
        "verification": None if audit.verification is None else asdict(audit.verification),
        "notes": list(audit.notes),
        "ledger_head": audit.ledger_head,
        "files": dict(files),
    }


def files_of(audit: Audit) -> dict[str, str]:
    """The reports that a run of these facts has in its folder: the word of each, and its name."""
    reports = {word: f"audit.{word}" for word in audit.options.formats}
    return reports | {one.name: one.file_name for one in (ConflictsCsv(), RetryCsv()) if one.is_for(audit)}


def _row(row: AuditRow, other_columns: tuple[str, ...]) -> dict[str, Any]:
    return {
        "row": row.row,
        "input_value": row.input_value,
        "number_id": row.number_id,
        "phone_number": row.phone_number,
        "outcome": row.outcome.value,
        "evidence": row.evidence,
        "reason": row.reason,
        "http_status": row.http_status,
        "api_message": row.api_message,
        "attempts": row.attempts,
        "first_attempt_at": row.first_attempt_at,
        "decided_at": row.decided_at,
        "conflicts": [
            {"source": held.source, "id": held.id, "name": held.name, "status": held.status} for held in row.conflicts
        ],
        "country_code": row.country_code,
        "type": row.type,
        "nickname": row.nickname,
        "monthly_cost_usd": row.monthly_cost_usd,
        "cost_from": row.cost_from,
        "billing_stops_on": row.billing_stops_on,
        "others": dict(zip(other_columns, row.others, strict=True)),
    }


def _money_apart(breakdown: Breakdown) -> dict[str, Any]:
    return {
        "money_by_group": {
            "column": breakdown.column,
            "groups": [{"group": name, **_sums(sums)} for name, sums in breakdown.groups_by_money()],
        },
        "money_by_month": [
            {"month": month if month != "" else None, **_sums(sums)} for month, sums in breakdown.months_in_order()
        ],
    }


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "rows": sums.rows(),
        "stopping": dollars(sums.stopping),
        "continuing": dollars(sums.continuing),
        "in_doubt": dollars(sums.in_doubt),
        "unknown_stopping": sums.unknown_stopping,
        "unknown_continuing": sums.unknown_continuing,
        "unknown_in_doubt": sums.unknown_in_doubt,
        "from_price_list": sums.from_price_list,
    }
