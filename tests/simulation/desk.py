"""What lies on the desk of whoever runs a night. In: a scenario, a folder. Out: files, and settings that name them."""

import csv
import json
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

from decom.intake.interface import ReadOptions
from decom.ledger.schema import FILE
from decom.planning.plan import ReportOptions
from decom.planning.selection import Selection
from decom.secret import Secret
from decom.settings import InputChoice, NotifyOptions, Settings
from tests.simulation.cells import Row
from tests.simulation.scenario import KEY, Scenario

SELECTIONS = {
    "": Selection(),
    "column": Selection(),
    "only": Selection(only=("operation=Delete",)),
    "ignored": Selection(ignore_columns=("operation",)),
}
"""What is said about the column of operations, by `Scenario.operations`."""

BASE_PATH = "/v1"
BASE_URL = f"https://api.example{BASE_PATH}"


def settings_for(night: Scenario, folder: Path) -> Settings:
    """The settings of a night's first command."""
    said: dict[str, Any] = {"accept_unchecked": night.accepted}
    known = {field.name for field in fields(Settings)}
    return Settings(
        api_key=Secret(KEY),
        base_url=BASE_URL,
        home=folder / "home",
        output=folder / "runs",
        pace=night.pace,
        concurrency=night.concurrency,
        timeout=night.timeout,
        settle=night.settle,
        plan_ttl=night.plan_ttl,
        limits=night.limits,
        protect=_protect(night, folder),
        input=InputChoice(
            write_list(night, night.rows, folder / "numbers.csv"),
            ReadOptions(region=night.region),
            SELECTIONS[night.operations],
        ),
        report=ReportOptions(formats=()),
        window=night.window,
        timezone="UTC",
        deadline=night.deadline,
        notify=NotifyOptions(),
        **{name: value for name, value in said.items() if name in known},
    )


def write_list(night: Scenario, rows: list[Row], path: Path) -> Path:
    """The list as a file."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        more = ["operation"] if night.operations != "" else []
        if night.headed:
            writer.writerow(["Number", "", *more])
        writer.writerow(["id", "phone number", *more])
        writer.writerows([row.number_id, row.number, *([row.operation] if more else [])] for row in rows)
    return path


def _protect(night: Scenario, folder: Path) -> Path | None:
    if len(night.protect_lines) == 0:
        return None
    path = folder / "protected.txt"
    path.write_text("\n".join(("# never to be released", *night.protect_lines)))
    return path


def change_one_byte(path: Path) -> None:
    """Change one byte of a plan after it was shown."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def approve_in_secret(home: Path, run_id: str) -> bool:
    """Turn a row of the plan in the ledger that is not to be released into one that is; whether there was one."""
    with closing(sqlite3.connect(home / FILE)) as connection:
        query = "SELECT seq, body FROM entries WHERE run_id = ? AND kind = 'row' ORDER BY seq"
        for seq, body in connection.execute(query, (run_id,)).fetchall():
            row = json.loads(body)
            if row.get("decision") in ("conflicted", "protected") and row.get("number_id") is not None:
                other = body.replace(f'"{row["decision"]}"', '"release"')
                connection.execute("UPDATE entries SET body = ? WHERE seq = ?", (other, seq))
                connection.commit()
                return True
    return False
