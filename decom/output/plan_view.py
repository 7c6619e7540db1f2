"""A plan in, what a person sees of it out: the table, and the question before anything is released.

Everything that comes from the file or the service is made harmless on the way.
"""

import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from rich import box
from rich.table import Table
from rich.text import Text

from decom.errors import Refused
from decom.output.screen import BAD, COLOURS, HELD, QUIET, Line, Renderable, Screen, counted, harmless
from decom.output.sources import not_checked_lines, source_line
from decom.planning.plan import Conflict, Plan, PlannedRow
from decom.reporting.words import dollars
from decom.vocabulary import DECISION_MEANINGS, Decision

STAYING = (Decision.CONFLICTED, Decision.PROTECTED)
MOST_HOLDERS = 12
MOST_ROWS = 8
MOST_NAMED = 3
_PLAIN_COST = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)
_NARROW = 60
"""Columns of a terminal under which the meanings are left out."""


@dataclass(slots=True)
class MonthlyCost:
    """What the numbers of one decision cost a month."""

    known: Decimal = Decimal(0)
    unknown: int = 0
    """How many have no known cost."""

    def words(self) -> str:
        """`57.00`, `57.00 + 3 unknown`, `unknown`"""
        if self.unknown == 0:
            return dollars(self.known)
        return "unknown" if self.known == 0 else f"{dollars(self.known)} + {self.unknown:,} unknown"


@dataclass(slots=True)
class Digest:
    """What one pass over the rows finds."""

    counts: Counter[Decision] = field(default_factory=Counter)
    costs: dict[Decision, MonthlyCost] = field(default_factory=dict)
    holders: dict[Conflict, list[PlannedRow]] = field(default_factory=dict)
    """What holds numbers back, each with the first few of them."""
    held: Counter[Conflict] = field(default_factory=Counter)
    invalid: list[PlannedRow] = field(default_factory=list)
    """The first few."""
    by_earlier_runs: int = 0


def digest(plan: Plan) -> Digest:
    """One pass over the plan's rows."""
    found = Digest()
    for row in plan.rows:
        if row.decision is None:
            continue
        found.counts[row.decision] += 1
        if row.decision is Decision.RELEASE or row.decision in STAYING:
            monthly = found.costs.setdefault(row.decision, MonthlyCost())
            cost = _cost(row)
            monthly.known += cost or 0
            monthly.unknown += cost is None
        for conflict in row.conflicts:
            found.held[conflict] += 1
            first = found.holders.setdefault(conflict, [])
            if len(first) < MOST_NAMED:
                first.append(row)
        if row.decision is Decision.INVALID and len(found.invalid) < MOST_ROWS:
            found.invalid.append(row)
        found.by_earlier_runs += row.decision is Decision.MISSING and row.evidence.startswith("earlier_run")
    return found


def plan_lines(plan: Plan, width: int) -> Iterator[Renderable]:
    """The plan in so many columns: counts, what holds numbers back, what was not checked, the forecast."""
    head = plan.head
    found = digest(plan)
    blank = f" ({counted(head.input_blank_rows, 'blank row')} skipped)" if head.input_blank_rows > 0 else ""
    rows = f"{counted(head.input_rows, 'row')}{blank}"
    yield Line(Text.assemble("Plan ", (head.run_id, "bold"), f" of {harmless(head.input_name)}: {rows}"))
    yield Line(Text(f"Account at {host_of(head.base_url)}: {counted(head.account_size, 'number')}"))
    yield ""
    yield _table(found, width)
    yield ""
    yield from _holders(found)
    yield from _invalid(found)
    if found.by_earlier_runs > 0:
        were = "number was" if found.by_earlier_runs == 1 else "numbers were"
        yield Line(Text(f"{found.by_earlier_runs:,} missing {were} released by earlier runs (see plan.csv)."))
    for source in head.sources:
        yield source_line(source, head.accept_unchecked)
    for note in head.notes:
        yield Line(Text(f"Note: {harmless(note)}", style=QUIET))
    if head.forecast_words != "":
        yield Line(Text(f"{harmless(head.forecast_words)}."))


def _cost(row: PlannedRow) -> Decimal | None:
    text = row.monthly_cost_usd
    return Decimal(text) if text is not None and _PLAIN_COST.fullmatch(text) is not None else None


def _table(found: Digest, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("decision")
    table.add_column("rows", justify="right")
    table.add_column("USD per month", justify="right")
    if width >= _NARROW:
        table.add_column("means", overflow="fold")
    for decision in reversed(Decision):
        if found.counts[decision] == 0 and decision is not Decision.RELEASE:
            continue
        colour = COLOURS.get(decision, QUIET)
        monthly = found.costs.get(decision)
        cells: list[Text | str] = [Text(decision.value, style=colour), f"{found.counts[decision]:,}"]
        cells.append("" if monthly is None else monthly.words())
        if width >= _NARROW:
            cells.append(Text(DECISION_MEANINGS[decision], style=QUIET))
        table.add_row(*cells)
    return table


def _holders(found: Digest) -> Iterator[Renderable]:
    """What must be reconfigured before the held numbers can go, that which holds the most first."""
    if len(found.held) == 0:
        return
    yield Line(Text("In use by:", style=HELD))
    for conflict, count in found.held.most_common(MOST_HOLDERS):
        names = [harmless(row.phone_number or row.number_id or "", 60) for row in found.holders[conflict]]
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        yield Line(Text(f"{harmless(str(conflict), 200)}: {', '.join(names)}{more}"), indent=2)
    if len(found.held) > MOST_HOLDERS:
        yield Line(Text(f"and {len(found.held) - MOST_HOLDERS:,} more, in plan.csv"), indent=2)


def _invalid(found: Digest) -> Iterator[Renderable]:
    if len(found.invalid) == 0:
        return
    yield Line(Text("Invalid rows:", style=HELD))
    for row in found.invalid:
        yield Line(Text(f"row {row.row}: {harmless(row.reason, 300)}"), indent=2)
    left = found.counts[Decision.INVALID] - len(found.invalid)
    if left > 0:
        yield Line(Text(f"and {left:,} more, in plan.csv"), indent=2)


def short_plan(plan: Plan, folder: Path) -> Iterator[Renderable]:
    """The same for a mail that is read in ten seconds."""
    counts = ", ".join(f"{decision} {count:,}" for decision, count in plan.counts().items() if count > 0)
    yield Line(Text(f"decom plan {plan.head.run_id} of {harmless(plan.head.input_name)}: {counts}"))
    yield from not_checked_lines(plan.head.sources, plan.head.accept_unchecked)
    yield Line(Text(f"Plan in {harmless(str(folder))}"), whole=True)


def next_after_plan(plan: Plan, folder: Path, refusal: Refused | None, place_flags: str) -> Iterator[Renderable]:
    """Where the plan is, and what to type."""
    yield Line(Text(f"Plan in {harmless(str(folder))}"), whole=True)
    if refusal is not None:
        yield Line(Text("This plan exceeds a safety limit and cannot be applied.", style=f"bold {BAD}"))
    elif plan.counts()[Decision.RELEASE] == 0:
        yield Line(Text("There is nothing to release."))
    else:
        command = f"decom release {plan.head.run_id}{place_flags}"
        yield Line(Text.assemble("Nothing has been released. To apply this plan: ", (command, "bold")), whole=True)


def host_of(base_url: str) -> str:
    """The host, with its port where it is not the usual one."""
    return harmless(urlsplit(base_url).netloc)


def asked_for_leave(plan: Plan, screen: Screen) -> bool:
    """Show what is about to happen and have the number of releases typed. Raises Refused where nobody can be asked."""
    releases = plan.releases()
    if not screen.asks:
        raise Refused(
            "confirmation is required, and there is no terminal to ask on",
            where=plan.head.run_id,
            remedy="If it is approved, run the same command with --yes.",
        )
    with _interruptible():
        screen.say(_question(plan, releases))
        screen.err.print(Text("> "), end="")
        answer = sys.stdin.readline()
    return answer.strip() == str(len(releases))


@contextmanager
def _interruptible() -> Iterator[None]:
    """While a person is asked, Ctrl-C ends it at once: the event loop, which would handle it, waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _question(plan: Plan, releases: tuple[PlannedRow, ...]) -> Iterator[Renderable]:
    number = len(releases)
    yield ""
    yield Line(Text(f"About to permanently release {counted(number, 'number')}:", style=f"bold {BAD}"))
    facts: Mapping[str, str] = {
        "service": host_of(plan.head.base_url),
        "workspace": f"{plan.head.workspace}, with {counted(plan.head.account_size, 'number')}",
        "for example": "",
    }
    for name, value in facts.items():
        yield Line(Text(f"{name:<11} {value}".rstrip()), indent=2)
    for row in _samples(releases):
        nickname = f'  "{harmless(row.nickname, 60)}"' if row.nickname else ""
        yield Line(Text(f"{harmless(row.phone_number or row.number_id or '', 60)}{nickname}"), indent=4)
    yield Line(Text("A release cannot be undone: the number goes back to the carrier."))
    yield Line(Text.assemble("Type ", (str(number), "bold"), " to confirm; anything else cancels."))


def _samples(releases: tuple[PlannedRow, ...]) -> list[PlannedRow]:
    """The first, the middle and the last, each once."""
    places = sorted({0, len(releases) // 2, len(releases) - 1})
    return [releases[place] for place in places]
