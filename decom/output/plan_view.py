"""A plan in, what a person sees of it out: the table, and the question before anything is released.

Everything that comes from the file or the service is made harmless on the way.
"""

import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from rich import box
from rich.table import Table
from rich.text import Text

from decom.errors import Refused
from decom.output.screen import BAD, COLOURS, HELD, QUIET, Line, Renderable, Screen, counted, harmless
from decom.output.sources import not_checked_lines, source_line
from decom.planning.plan import Conflict, Plan, PlannedRow, ToConfirm, from_cell, planned_rows, sum_of_costs
from decom.reporting.words import dollars
from decom.tables import each_text
from decom.vocabulary import DECISION_MEANINGS, Decision

STAYING = (Decision.CONFLICTED, Decision.PROTECTED)
MOST_HOLDERS = 12
MOST_ROWS = 8
MOST_NAMED = 3
_NARROW = 60
"""Columns of a terminal under which the meanings are left out."""


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """What the numbers of one decision cost a month."""

    known: Decimal
    unknown: int
    """How many have no known cost."""

    def words(self) -> str:
        """`57.00`, `57.00 + 3 unknown`, `unknown`"""
        if self.unknown == 0:
            return dollars(self.known)
        return "unknown" if self.known == 0 else f"{dollars(self.known)} + {self.unknown:,} unknown"


@dataclass(frozen=True, slots=True)
class Digest:
    """What is shown of the rows."""

    counts: Mapping[Decision, int]
    costs: Mapping[Decision, MonthlyCost]
    held: Counter[Conflict]
    """What holds numbers back, each with how many; what comes first in the list is first of those with as many."""
    holders: Mapping[Conflict, Sequence[str]]
    """The first few numbers of each of those that hold the most."""
    invalid: Sequence[PlannedRow]
    """The first few."""
    by_earlier_runs: int


def digest(plan: Plan) -> Digest:
    """What a plan's rows come to."""
    rows, counts = plan.rows, plan.counts()
    decision = rows["decision"]
    shown = (each for each in (Decision.RELEASE, *STAYING) if counts[each] > 0)
    costs = {each: MonthlyCost(*sum_of_costs(rows.loc[decision.eq(each), "monthly_cost_usd"])) for each in shown}
    held, holders = _held(plan)
    invalid = rows[decision.eq(Decision.INVALID)].head(MOST_ROWS)
    earlier = each_text(
        rows.loc[decision.eq(Decision.MISSING), "evidence"], lambda word: word.startswith("earlier_run")
    )
    return Digest(
        counts, costs, held, holders, tuple(planned_rows(invalid, plan.others.loc[invalid.index])), int(earlier.sum())
    )


def _held(plan: Plan) -> tuple[Counter[Conflict], dict[Conflict, list[str]]]:
    """As `Digest.held` and `Digest.holders`."""
    rows = plan.rows[plan.rows["conflicts"].ne("")]
    places, cells = rows["conflicts"].astype(object).factorize()
    conflicts = [from_cell(cell) for cell in cells]
    held: Counter[Conflict] = Counter()
    for several, count in zip(conflicts, rows.groupby(places).size(), strict=True):
        for conflict in several:
            held[conflict] += int(count)
    holders: dict[Conflict, list[str]] = {conflict: [] for conflict, _ in held.most_common(MOST_HOLDERS)}
    # Of those that are held by the same things the first few are enough.
    first = rows.assign(place=places).groupby(places).head(MOST_NAMED)
    for place, phone_number, number_id in zip(first["place"], first["phone_number"], first["number_id"], strict=True):
        for conflict in conflicts[place]:
            if conflict in holders and len(holders[conflict]) < MOST_NAMED:
                holders[conflict].append(phone_number or number_id or "")
    return held, holders


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
        names = [harmless(name, 60) for name in found.holders[conflict]]
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


def asked_for_leave(wanted: ToConfirm, screen: Screen) -> bool:
    """Show what is about to happen and have the number of releases typed. Raises Refused where nobody can be asked."""
    if not screen.asks:
        raise Refused(
            "confirmation is required, and there is no terminal to ask on",
            where=wanted.head.run_id,
            remedy="If it is approved, run the same command with --yes.",
        )
    with _interruptible():
        screen.say(_question(wanted))
        screen.err.print(Text("> "), end="")
        answer = sys.stdin.readline()
    return answer.strip() == str(wanted.releases)


@contextmanager
def _interruptible() -> Iterator[None]:
    """While a person is asked, Ctrl-C ends it at once: the event loop, which would handle it, waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _question(wanted: ToConfirm) -> Iterator[Renderable]:
    head, number = wanted.head, wanted.releases
    yield ""
    yield Line(Text(f"About to permanently release {counted(number, 'number')}:", style=f"bold {BAD}"))
    facts: Mapping[str, str] = {
        "service": host_of(head.base_url),
        "workspace": f"{head.workspace}, with {counted(head.account_size, 'number')}",
        "for example": "",
    }
    for name, value in facts.items():
        yield Line(Text(f"{name:<11} {value}".rstrip()), indent=2)
    for row in wanted.samples:
        nickname = f'  "{harmless(row.nickname, 60)}"' if row.nickname else ""
        yield Line(Text(f"{harmless(row.phone_number or row.number_id or '', 60)}{nickname}"), indent=4)
    yield Line(Text("A release cannot be undone: the number goes back to the carrier."))
    yield Line(Text.assemble("Type ", (str(number), "bold"), " to confirm; anything else cancels."))
