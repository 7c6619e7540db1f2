"""The plan as a value: one decision a row, with its reason, and what was and was not checked.

In: nothing. Out: `Conflict`, `Source`, `Plan` with its rows as a table, and `PlannedRow` for those that are needed one
by one. No behaviour beyond counting.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from itertools import repeat
from typing import TYPE_CHECKING

from decom.tables import each_text
from decom.vocabulary import Decision, Evidence, SourceState

if TYPE_CHECKING:
    import pandas as pd

_PLAIN_COST = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that holds a number back."""

    source: str
    """The source that named it: `campaigns`, `batch-calls`, `workflows`, …"""
    id: str
    """Its ID at the service, empty where the service gave none."""
    name: str
    """What people call it, empty where it has no name."""
    status: str
    """Its status in the service's own word, such as `active`."""

    def __str__(self) -> str:
        singular = self.source if self.source.endswith("us") else self.source.removesuffix("s")
        kind = singular.replace("-", " ")
        name = f' "{self.name}"' if self.name != "" else ""
        identity = f" {self.id}" if self.id != "" else ""
        status = f" ({self.status})" if self.status != "" else ""
        return f"{kind}{name}{identity}{status}"


def as_cell(conflicts: Sequence[Conflict]) -> str:
    """Conflicts as a table's column holds them: a JSON list of source, ID, name and status of each; empty for none."""
    listed = [[each.source, each.id, each.name, each.status] for each in conflicts]
    return "" if len(listed) == 0 else json.dumps(listed, separators=(",", ":"))


def from_cell(cell: str | None) -> tuple[Conflict, ...]:
    """The conflicts in a cell that `as_cell` made; none in one that is empty, or not there."""
    return () if cell is None or cell == "" else tuple(Conflict(*each) for each in json.loads(cell))


MOST_NAMED = 3
"""Things that hold a number which are named in a text; `plan.json`, `audit.json` and `conflicts.csv` have all."""


def in_words(conflicts: Sequence[Conflict]) -> str:
    """`campaign "Diwali" cmp_1 (active); batch call bat_2 (running)`, and how many more where there are many.

    Empty where nothing holds the number.
    """
    named = "; ".join(map(str, conflicts[:MOST_NAMED]))
    more = len(conflicts) - MOST_NAMED
    return f"{named}; and {more:,} more" if more > 0 else named


NUMBER_STATUS = "number-status"
"""The source of a conflict that is the number's own status."""


def why_conflicted(conflicts: Sequence[Conflict]) -> str:
    """`in use by campaign "Diwali" cmp_1 (active)`, `in use by 1,000 campaigns: …; and 997 more`, `its own status is
    'port_out_pending'`; several joined by a semicolon."""
    users = [conflict for conflict in conflicts if conflict.source != NUMBER_STATUS]
    statuses = [f"its own status is {each.status!r}" for each in conflicts if each.source == NUMBER_STATUS]
    return "; ".join([*([_in_use_by(users)] if len(users) > 0 else []), *statuses])


def _in_use_by(users: Sequence[Conflict]) -> str:
    if len(users) <= MOST_NAMED:
        return f"in use by {in_words(users)}"
    kinds = {user.source for user in users}
    what = kinds.pop().replace("-", " ") if len(kinds) == 1 else "things"
    return f"in use by {len(users):,} {what}: {in_words(users)}"


@dataclass(frozen=True, slots=True)
class Source:
    """One place that may know of a conflict, and how far it was read."""

    name: str
    """`campaigns`, `batch-calls`, `workflows`, `default-number`."""
    state: SourceState
    why: str
    """What was read (`14 campaigns, 5 of them open`) or why it could not be (`the key may not read it (403)`)."""

    @property
    def checked(self) -> bool:
        """Whether every page was read and understood: "no conflict" is said of nothing else."""
        return self.state is SourceState.CHECKED

    def facts(self) -> dict[str, str | bool]:
        """As it stands in `plan.json`, `audit.json` and `--json`."""
        return {"name": self.name, "state": self.state.value, "checked": self.checked, "why": self.why}


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """What is to be done with one row of the input."""

    row: int
    """As `Row.row`."""
    input_value: str
    """The raw cell."""
    decision: Decision | None
    """None only where the account could not be asked; such a row is never sent."""
    reason: str
    """Why, as a sentence for the row's owner."""
    number_id: str | None = None
    """The ID as the account returned it (or as the cell says, where not on the account)."""
    phone_number: str | None = None
    """E.164 as the account returned it (or as the cell says)."""
    evidence: str = Evidence.PLAN
    """For rows that are never sent: `plan`, or `earlier_run:<run_id>`."""
    conflicts: tuple[Conflict, ...] = ()
    duplicate_of: int | None = None
    """For a duplicate, the row that carries the decision."""
    country_code: str | None = None
    type: str | None = None
    nickname: str | None = None
    monthly_cost_usd: str | None = None
    """A decimal string; None where neither the number nor the price list says."""
    cost_from: str | None = None
    """`number` (its own record) or `price_list`; None with no cost."""
    created_at: str | None = None
    """As the service gave it, for billing cycles that follow the anniversary."""
    others: tuple[str, ...] = ()
    """The input's other cells, one for each of `Plan.other_columns`."""


_FIELDS = tuple(field.name for field in fields(PlannedRow))[:-1]
"""Those of a row that are columns of table `P`; `others` come last."""


@dataclass(frozen=True, slots=True)
class Billing:
    """When the account's billing cycles end, as far as the user said so; the API does not."""

    cycle: str | None = None
    """`calendar` (the same day every month), `anniversary` (of `created_at`), `column`; None: not known."""
    day: int | None = None
    """For `calendar`: the day of the month on which a cycle begins, 1 to 31 (a short month's last day)."""
    column: str | None = None
    """For `column`: the input's column that holds the next renewal date (ISO)."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How the audit report is to look; decided with the plan, so that `decom report` needs no settings."""

    formats: tuple[str, ...] = ("csv", "xlsx", "json", "html")
    group_by: str | None = None
    """The input column to subtotal by; None: cost centre, department, team or owner, if there is one."""
    billing: Billing = field(default=Billing())


@dataclass(frozen=True, slots=True)
class PlanHead:
    """Everything of a plan but its rows; small, while the rows may be a million."""

    run_id: str
    made_at: str
    """ISO 8601 in UTC."""
    workspace: str
    """A name made from the base URL and the public half of the key; tells workspaces apart, not a secret."""
    base_url: str
    input_name: str
    input_sha256: str
    input_rows: int
    input_blank_rows: int
    other_columns: tuple[str, ...]
    account_size: int
    """How many numbers the account had."""
    max_release: int
    max_share: float
    """The guards in force when the plan was made; carrying it out asks them again."""
    sources: tuple[Source, ...]
    accept_unchecked: tuple[str, ...] = ()
    """The sources, by name, that may stay unread: whoever approves the plan approves of that too."""
    notes: tuple[str, ...] = ()
    """What the reader of the plan should know: how the file was read, who made it, clock differences."""
    forecast_seconds: float | None = None
    """How long the releases will take under the limit seen; None where nothing is to be released."""
    forecast_words: str = ""
    """`1,240 numbers to release, about 9 min at 135 per minute`."""
    report: ReportOptions = field(default=ReportOptions())
    max_missing: float = 0.5
    max_cost: str | None = None
    """As `max_release`: the guards in force when the plan was made. USD a month as a decimal string; None: any."""
    plan_ttl: float | None = None
    """Seconds for which the plan may be carried out; None: older plans do not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The head and the rows, in the input's order."""

    head: PlanHead
    rows: "pd.DataFrame" = field(repr=False)
    """Table `P`. Not in the repr: asyncio writes out the repr of what a program's main coroutine returns."""
    others: "pd.DataFrame" = field(repr=False)
    """The input's other cells: a column for each of `PlanHead.other_columns`, numbered from 0."""

    def counts(self) -> Mapping[Decision, int]:
        """Rows per decision; every decision is there, zero included."""
        found = self.rows["decision"].value_counts()
        return {decision: int(found.get(decision.value, 0)) for decision in Decision}

    def releases(self) -> tuple[PlannedRow, ...]:
        """The rows to be released; each has a `number_id` that the account returned."""
        is_released = self.rows["decision"].eq(Decision.RELEASE)
        return tuple(planned_rows(self.rows[is_released], self.others[is_released]))

    def to_confirm(self) -> "ToConfirm":
        """What a person is asked to confirm before the plan is carried out."""
        places = self.rows.index[self.rows["decision"].eq(Decision.RELEASE)]
        shown = [places[at] for at in _spread(len(places))]
        return ToConfirm(self.head, len(places), tuple(planned_rows(self.rows.loc[shown], self.others.loc[shown])))


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What a person is asked to confirm before anything is sent."""

    head: PlanHead
    releases: int
    """How many numbers are to be released."""
    samples: tuple[PlannedRow, ...]
    """The first of them, the one in the middle and the last, each once."""


def to_confirm(head: PlanHead, releases: Sequence[PlannedRow]) -> ToConfirm:
    """What a person is asked to confirm of a plan of which these rows are to be released."""
    return ToConfirm(head, len(releases), tuple(releases[at] for at in _spread(len(releases))))


def _spread(number: int) -> list[int]:
    """The first of so many places, the one in the middle and the last, each once."""
    return sorted({0, number // 2, number - 1}) if number > 0 else []


def planned_rows(rows: "pd.DataFrame", others: "pd.DataFrame") -> Iterator[PlannedRow]:
    """Rows of a plan (table `P`), with the input's other columns, as objects."""
    columns = {
        **rows,
        "decision": each_text(rows["decision"], lambda word: None if word is None else Decision(word)),
        "conflicts": each_text(rows["conflicts"], from_cell),
    }
    named = (columns[name] for name in _FIELDS)
    cells = [column.astype(object).where(column.notna(), None) for column in named]
    beside = others.astype(object).itertuples(index=False, name=None) if len(others.columns) > 0 else repeat(())
    return map(PlannedRow, *cells, beside)


def cost_of(text: str | None) -> Decimal | None:
    """A monthly cost in USD; None where it is unknown or not written as a plain decimal."""
    return Decimal(text) if text is not None and _PLAIN_COST.fullmatch(text) is not None else None


def sum_of_costs(costs: "pd.Series[str]") -> tuple[Decimal, int]:
    """What a column of monthly costs comes to, in USD; and how many of them are not known.

    Each distinct text is multiplied and not added row by row: that is exact, and takes no time.
    """
    known, unknown = Decimal(0), 0
    for text, count in costs.value_counts(dropna=False).items():
        cost = cost_of(text if isinstance(text, str) else None)
        known += (cost or Decimal(0)) * int(count)
        unknown += int(count) if cost is None else 0
    return known, unknown
