"""Conflicted rows in, the next person's to-do out: what must be reconfigured, and which numbers that frees.

A number that two things hold stands under both, since both must let go of it.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from decom.planning.plan import Conflict
from decom.reporting.interface import AuditRow
from decom.reporting.money import cost_of
from decom.vocabulary import Outcome

MOST_HOLDERS = 5_000
"""Most holders that are kept apart; rows that only further ones hold are counted in `ToDo.beyond`."""

MOST_NAMED = 50
"""Most numbers that are listed with one holder."""

MOST_TEXT = 300
"""Characters of a holder's ID, name and status that are kept."""

ANSWER = "service-answer"
"""The source of a conflict that only the service's answer named."""

_STEPS = {
    "campaigns": "Give the campaign another number to call from, or end it.",
    "batch-calls": "Give the batch call another number to call from, cancel it, or let it finish.",
    "workflows": "Take the number out of the workflow, or switch the workflow off.",
    "default-number": "Make another number the workspace's default.",
    "number-status": "Somebody else has the number in hand (a port, a suspension): wait, or ask DialNexa about it.",
    ANSWER: "Read what the service said, and reconfigure what it names.",
}
_STEP = "Reconfigure it so that it no longer uses the number."

_KINDS = {
    "campaigns": "Campaign",
    "batch-calls": "Batch call",
    "workflows": "Workflow",
    "default-number": "Default number",
    "number-status": "Number status",
    ANSWER: "Told by the service",
}


@dataclass(frozen=True, slots=True)
class HeldNumber:
    """One number that a holder holds."""

    row: int
    number_id: str | None
    phone_number: str | None
    nickname: str | None


@dataclass(slots=True)
class Holder:
    """One thing to reconfigure."""

    conflict: Conflict
    numbers: int = 0
    """How many rows it holds."""
    rent: Decimal = Decimal(0)
    """Their rent a month in USD, as far as it is known."""
    unknown: int = 0
    """How many of them have an unknown rent."""
    first: list[HeldNumber] = field(default_factory=list)
    """The first `MOST_NAMED` of them in the input's order."""

    def add(self, row: AuditRow) -> None:
        """Count one row that it holds."""
        self.numbers += 1
        cost = cost_of(row)
        if cost is None:
            self.unknown += 1
        else:
            self.rent += cost
        if len(self.first) < MOST_NAMED:
            self.first.append(HeldNumber(row.row, row.number_id, row.phone_number, row.nickname))


@dataclass(slots=True)
class ToDo:
    """What holds the conflicted rows; filled by one pass over the rows."""

    found: dict[Conflict, Holder] = field(default_factory=dict)
    beyond: int = 0
    """Rows under holders that came after `MOST_HOLDERS` others."""

    def add(self, row: AuditRow) -> None:
        """Count one row, if it is conflicted."""
        if row.outcome is not Outcome.CONFLICTED:
            return
        for conflict in {_short(conflict): None for conflict in holders_of(row)}:
            holder = self.found.get(conflict)
            if holder is None:
                if len(self.found) == MOST_HOLDERS:
                    self.beyond += 1
                    continue
                holder = self.found.setdefault(conflict, Holder(conflict))
            holder.add(row)

    def holders(self) -> list[Holder]:
        """What to reconfigure, that which holds the most numbers first; equal ones by source, name and ID."""
        return sorted(
            self.found.values(),
            key=lambda held: (-held.numbers, held.conflict.source, held.conflict.name, held.conflict.id),
        )


def kind_of(conflict: Conflict) -> str:
    """What it is, in words: `Campaign`."""
    return _KINDS.get(conflict.source, conflict.source.replace("-", " ").capitalize())


def step_for(conflict: Conflict) -> str:
    """What to do about it, in a sentence."""
    return _STEPS.get(conflict.source, _STEP)


def holders_of(row: AuditRow) -> tuple[Conflict, ...]:
    """What holds a conflicted row; where only the service's answer says so, that answer."""
    if row.conflicts != ():
        return row.conflicts
    return (Conflict(ANSWER, "", row.api_message if row.api_message != "" else row.reason, ""),)


def _short(conflict: Conflict) -> Conflict:
    return Conflict(
        conflict.source[:MOST_TEXT],
        conflict.id[:MOST_TEXT],
        conflict.name[:MOST_TEXT],
        conflict.status[:MOST_TEXT],
    )
