"""Input files written, audit reports read back, and the sandbox's own memory: for the end-to-end tests."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.service.server import Sandbox


def input_of(folder: Path, ids: Iterable[str], name: str = "numbers.csv") -> Path:
    """A CSV with one column of IDs."""
    path = folder / name
    path.write_text("\n".join(["number id", *ids]) + "\n")
    return path


def ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def audit_rows(run_folder: Path) -> list[dict[str, str]]:
    """The rows of `audit.csv`."""
    with (run_folder / "audit.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def outcomes(run_folder: Path) -> Counter[str]:
    """Rows per outcome, those that are not 0."""
    return Counter(row["outcome"] for row in audit_rows(run_folder))


def audit(run_folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run_folder / "audit.json").read_bytes())
    return found


def released(run_folder: Path) -> set[str]:
    """The IDs that the report calls released."""
    return {row["number_id"] for row in audit_rows(run_folder) if row["outcome"] == "released"}


def deletes(sandbox: Sandbox) -> list[str]:
    """The targets of every DELETE that arrived, in order."""
    return [record.target for record in sandbox.log if record.method == "DELETE"]
