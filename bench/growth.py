"""How time and memory grow with the rows. In: amounts of rows. Out: tables of every stage and every report format."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.children import Cost, Measure, cost_of
from bench.tables import Table, verdict

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST_RELEASED = 100_000
"""Releasing more takes long and shows nothing new: a number knows nothing of the others."""
PER = 100_000
"""Rows of the table of formats."""
REPEATED = 10_000
"""Up to so many rows a stage is measured three times, and the cheapest counts."""
MOST_MEMORY = 1_500.0
"""MB, with a million rows."""

STAGES = {
    "read": "reading CSV",
    "plan": "planning",
    "release": "releasing, simulated",
    "report": "reporting",
}
FORMATS = ("csv", "xlsx", "json", "html")

Costs = Mapping[tuple[str, int], Cost]
"""By stage and rows."""


def measure(sizes: Sequence[int], cost_of: Measure = cost_of) -> list[Table]:
    """Both tables."""
    costs: dict[tuple[str, int], Cost] = {}
    formats: list[Cost] = []
    written = min(PER, max(sizes))
    for rows in sizes:
        with _folder() as folder:
            for stage in ("make", "read", "plan", "release", "outcomes", "report"):
                if stage != "release" or rows <= MOST_RELEASED:
                    costs[stage, rows] = _cheapest(cost_of, stage, folder, rows)
            if rows == written:
                formats = [cost_of("bench.stages", word, folder, rows) for word in FORMATS]
    return [_growth(costs, sizes), _formats(formats, written)]


def _cheapest(cost_of: Measure, stage: str, folder: Path, rows: int) -> Cost:
    """The least of three where that takes no time; what is entered into the ledger is entered once."""
    again = rows <= REPEATED and stage in ("read", "release", "report")
    tries = []
    for _ in range(3 if again else 1):
        shutil.rmtree(folder / "released", ignore_errors=True)
        tries.append(cost_of("bench.stages", stage, folder, rows))
    return min(tries, key=lambda cost: cost.cpu)


def _growth(costs: Costs, sizes: Sequence[int]) -> Table:
    lines = []
    for stage, name in STAGES.items():
        for rows in sizes:
            cost = costs.get((stage, rows))
            if cost is not None:
                grown = (cost.peak - cost.before) * 1e6 / rows
                micros = cost.cpu / rows * 1e6
                lines.append(
                    (name, f"{rows:,}", f"{cost.cpu:,.2f}", f"{micros:,.0f}", f"{cost.peak:,.0f}", f"{grown:,.0f}")
                )
    notes = [
        "Each stage and amount in a process of its own. CPU and not the clock, because others use the machine too."
        " Memory is the most that the process held; bytes a row are what it grew by since its imports. Planning and"
        " reporting are the commands: `plan` reads the file, lists an account as large as the file, and saves the plan"
        " in files and ledger (making up the listing is in its time); `report` reads a ledger in which every row was"
        " released, and writes every format. Releasing has the plan, lists the account again, and writes a ledger.",
        _judged(costs, max(sizes)),
    ]
    return Table("Growth", ("stage", "rows", "CPU s", "µs/row", "peak MB", "bytes/row"), lines, notes)


def _judged(costs: Costs, largest: int) -> str:
    words = []
    for stage in ("plan", "report"):
        peak = costs[stage, largest].peak
        words.append(f"{stage} {peak:,.0f} MB, {verdict(reached=peak <= MOST_MEMORY)}")
    return f"Peak memory with {largest:,} rows ≤ {MOST_MEMORY:,.0f} MB: {'; '.join(words)}."


def _formats(costs: Sequence[Cost], rows: int) -> Table:
    lines = [
        (word, f"{cost.seconds:.1f}", f"{cost.cpu:.1f}", f"{cost.cpu / rows * 1e6:,.0f}", f"{cost.peak:,.0f}")
        for word, cost in zip(FORMATS, costs, strict=True)
    ]
    note = "One format alone, the reading of the ledger and the sums included, which all formats of a run share."
    return Table(f"Writing {rows:,} rows", ("format", "s", "CPU s", "µs/row", "peak MB"), lines, [note])


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="decom-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
