"""The audit in, `audit.json` out: every fact raw, for machines; and the same without rows, for `--json`.

Only ASCII bytes are written: any other character stands as its JSON escape, so that the file is valid whatever
the service or the input said (lone surrogates too), and a terminal that shows it obeys nothing in it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import repeat
from typing import Any, BinaryIO

from decom.pieces import Form, in_pieces
from decom.planning.plan import from_cell
from decom.reporting.csv_files import LISTS
from decom.reporting.interface import Audit
from decom.reporting.statement import by_group, by_month, group_column
from decom.reporting.words import dollars
from decom.tables import lines_of, of
from decom.vocabulary import Outcome


class AsJson:
    """`audit.json`"""

    name = "json"
    file_name = "audit.json"

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write the summary, then `rows`, one a line, then `money_by_group` and `money_by_month`."""
        head = json.dumps(summary(audit, files_of(audit)), indent=2)
        stream.write(f'{head.removesuffix("}").rstrip()},\n  "rows": ['.encode("ascii"))
        separator = "\n"
        for lines in _rows(audit):
            stream.write((separator + ",\n".join(lines)).encode("ascii"))
            separator = ",\n"
        tail = json.dumps(_money_apart(audit), indent=2)
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
    return reports | {one.name: one.file_name for one in LISTS if one.is_for(audit)}


def _rows(audit: Audit) -> Iterator[Iterator[str]]:
    ours = [(audit.rows[column.name], _pair(column.name)) for column in of("U") if column.name != "run_id"]
    places = {name: at for at, name in enumerate(audit.other_columns)}
    others = [(audit.others[at], _pair(name)) for name, at in places.items()]
    for rows in in_pieces([*ours, *others], range(len(audit.rows))):
        cells = map(", ".join, zip(*rows[: len(ours)], strict=True))
        beside = map(", ".join, zip(*rows[len(ours) :], strict=True)) if len(others) > 0 else repeat("")
        yield (f'{{{some}, "others": {{{more}}}}}' for some, more in zip(cells, beside, strict=len(others) > 0))


def _pair(name: str) -> Form:
    """A cell with its name before it, as it stands in an object."""
    encode = json.JSONEncoder(separators=(", ", ": ")).encode
    key = f"{encode(name)}: "
    if name == "conflicts":
        return lambda cell: key + encode([asdict(conflict) for conflict in from_cell(cell)])
    return lambda cell: key + encode(cell)


def _money_apart(audit: Audit) -> dict[str, Any]:
    at = group_column(audit.options, audit.other_columns)
    return {
        "money_by_group": {
            "column": None if at is None else audit.other_columns[at],
            "groups": [{"group": line.name, **_sums(line)} for line in lines_of(by_group(audit))],
        },
        "money_by_month": [
            {"month": line.name if line.name != "" else None, **_sums(line)} for line in lines_of(by_month(audit))
        ],
    }


def _sums(line: Any) -> dict[str, Any]:
    return {
        "rows": line.rows,
        "stopping": dollars(line.ending_usd),
        "continuing": dollars(line.continuing_usd),
        "in_doubt": dollars(line.in_doubt_usd),
        "unknown_stopping": line.unknown_ending,
        "unknown_continuing": line.unknown_continuing,
        "unknown_in_doubt": line.unknown_in_doubt,
        "from_price_list": line.from_price_list,
    }
