"""Rows and findings in, the plan as a table out: one decision a row. Pure: the same facts always give the same plan.

The order of the questions is the rule: not selected, invalid, duplicate, missing, protected, conflicted, release. The
first that fits wins, and only a row that none of the first six fits is released, as far as the limit goes.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from decom.intake.interface import Rows
from decom.planning.matching import known_table, matched
from decom.planning.number_status import in_other_hands, means_other_hands, unusual
from decom.planning.plan import as_cell, why_conflicted
from decom.planning.removed import Removed
from decom.planning.selection import ALL_ROWS, Choice
from decom.planning.survey import Survey
from decom.tables import each_text, shaped
from decom.vocabulary import Decision, Evidence, earlier_run

if TYPE_CHECKING:
    import pandas as pd

_FACTS = ("country_code", "type", "nickname", "monthly_cost_usd", "cost_from", "created_at")
"""What the plan has of a number as the account has it, beside its ID and its E.164 number."""

_COST = ("monthly_cost_usd", "cost_from")


def plan_table(
    rows: Rows,
    findings: Survey,
    protected: AbstractSet[str],
    removed: Sequence[Removed] = (),
    choice: Choice = ALL_ROWS,
) -> "pd.DataFrame":
    """Decide every row: table `P`, in the rows' order. `protected` holds IDs and E.164 numbers; `removed` what earlier
    runs of this workspace removed, the latest first."""
    table, numbers = rows.table, known_table(findings, removed)
    at, unusable = matched(table, numbers, removed)
    gone = at - len(findings.numbers)
    is_there = (at >= 0) & (gone < 0)
    known = numbers.reindex(at).set_axis(table.index)
    planned = known[list(_FACTS)].copy()
    for place, name in enumerate(("number_id", "phone_number")):
        planned.insert(place, name, known[name].where(known[name].notna(), table[name]))
    # One number may be named by its ID in one row and by its E.164 number in another.
    key = planned["number_id"].where(planned["number_id"].notna(), planned["phone_number"]).fillna("")

    by_column = choice.left_out_by_column(rows.others)
    by_name = choice.left_out_by_name(planned["number_id"], planned["phone_number"])
    decided = _Decided(table.index)
    decided.settle(Decision.NOT_SELECTED, by_column.where(by_column.notna(), by_name))
    decided.settle(Decision.INVALID, unusable)
    decided.settle(Decision.INVALID, _of_two_minds(table, key, by_column))
    carrier = table["row"][decided.is_open].groupby(key[decided.is_open], sort=False).transform("first")
    carrier = carrier[carrier.ne(table["row"][carrier.index])]
    decided.settle(Decision.DUPLICATE, carrier.map(_carried_by))
    removal = _removal(gone[decided.is_open & ~is_there], removed)
    decided.settle(Decision.MISSING, _texts(removal, _why_missing))
    decided.settle(Decision.PROTECTED, _protection(planned[decided.is_open], protected))
    conflicts = _conflicts(known[decided.is_open], findings)
    decided.settle(Decision.CONFLICTED, _texts(conflicts, why_conflicted))
    decided.settle(Decision.RELEASE, each_text(known.loc[decided.is_open, "status"], _why_free))
    decided.cut_off(choice.limit)

    evidence = _texts(removal, lambda one: Evidence.PLAN.value if one is None else earlier_run(one.run_id))
    left_out = decided.decision.eq(Decision.NOT_SELECTED)
    return shaped(
        {
            "row": table["row"],
            "input_value": table["input_value"],
            **planned,
            # What a row costs that is left out is no affair of this run.
            **{name: planned[name].mask(left_out) for name in _COST},
            "decision": decided.decision,
            "reason": decided.reason,
            "evidence": evidence.reindex(table.index, fill_value=Evidence.PLAN.value),
            "conflicts": conflicts.map(as_cell).reindex(table.index, fill_value=""),
            "duplicate_of": carrier.astype("Int64").reindex(table.index),
        },
        "P",
    )


def undecided(rows: Rows, choice: Choice = ALL_ROWS) -> "pd.DataFrame":
    """The plan of a run whose account could not be asked: bad cells are invalid, all others have no decision, but for
    those that a column leaves out."""
    decided = _Decided(rows.table.index)
    decided.settle(Decision.NOT_SELECTED, choice.left_out_by_column(rows.others))
    decided.settle(Decision.INVALID, rows.table["problem"])
    decided.reason[decided.is_open] = "the account could not be queried"
    named = {name: rows.table[name] for name in ("row", "input_value", "number_id", "phone_number")}
    return shaped({**named, "decision": decided.decision, "reason": decided.reason}, "P")


class _Decided:
    """The rows' decisions while the questions are asked: the first one that fits a row decides it."""

    def __init__(self, index: "pd.Index[Any]") -> None:
        import pandas as pd

        self.decision = pd.Series(None, index, dtype=object)
        self.reason = pd.Series("", index, dtype=object)

    @property
    def is_open(self) -> "pd.Series[bool]":
        """Which rows nothing has decided yet."""
        return self.decision.isna()

    def settle(self, decision: Decision, reasons: "pd.Series[Any]") -> None:
        """Decide so those of the open rows for which there is a reason."""
        found = reasons[reasons.notna() & self.is_open.reindex(reasons.index)].astype(object)
        self.decision[found.index] = decision.value
        self.reason[found.index] = found

    def cut_off(self, limit: int | None) -> None:
        """Leave out the releases beyond the first so many."""
        if limit is not None:
            releases = self.decision.eq(Decision.RELEASE)
            beyond = releases & releases.cumsum().gt(limit)
            self.decision[beyond] = Decision.NOT_SELECTED.value
            self.reason[beyond] = f"beyond the first {limit:,} releases (--limit)"


def _of_two_minds(table: "pd.DataFrame", key: "pd.Series[str]", left_out: "pd.Series[Any]") -> "pd.Series[Any]":
    """Why a row is invalid whose number another row names that a column leaves out: the list says two things of one
    number, and it stays."""
    is_said = left_out.notna() & table["problem"].isna()
    first: dict[str, str] = {}
    for name, row, why in zip(key[is_said], table["row"][is_said], left_out[is_said], strict=True):
        first.setdefault(name, f"row {row} has the same number, and {why}")
    return _texts(key, first.get)


def _texts(column: "pd.Series[Any]", what: Callable[[Any], str | None]) -> "pd.Series[Any]":
    """What `what` makes of each cell. Not by `map`, which may choose a type that refuses half a surrogate pair."""
    import pandas as pd

    return pd.Series([what(cell) for cell in column], column.index, dtype=object)


def _carried_by(row: int) -> str:
    return f"the same number as row {row}, which carries the decision"


def _removal(gone: "pd.Series[int]", removed: Sequence[Removed]) -> "pd.Series[Any]":
    """For rows whose number is not there what is known of its removal, by the place in `removed`; None where it is
    below 0."""
    import pandas as pd

    return pd.Series([removed[place] if place >= 0 else None for place in gone], gone.index, dtype=object)


def _why_missing(removal: Removed | None) -> str:
    if removal is None:
        return "not on the account"
    did = "released it" if removal.is_certain else "sent a release request for it, with unknown outcome"
    return f"no longer on the account: run {removal.run_id} {did}"


def _protection(planned: "pd.DataFrame", protected: AbstractSet[str]) -> "pd.Series[Any]":
    """Why a number is protected: by its ID, or else by its E.164 number."""
    number_id, phone_number = planned["number_id"], planned["phone_number"]
    rule = number_id.where(number_id.isin(protected), phone_number.where(phone_number.isin(protected)))
    return "on the protect list: " + rule[rule.notna()]


def _conflicts(known: "pd.DataFrame", findings: Survey) -> "pd.Series[Any]":
    """What holds numbers of the account, for those rows alone whose number something holds."""
    import pandas as pd

    is_held = known["phone_number"].isin([phone for phone, by in findings.held.items() if len(by) > 0])
    is_held |= each_text(known["status"], means_other_hands).astype(bool)
    held = known[is_held]
    found = [
        (*findings.held.get(phone, ()), *in_other_hands(findings.numbers[number_id]))
        for number_id, phone in zip(held["number_id"], held["phone_number"], strict=True)
    ]
    return pd.Series(found, held.index, dtype=object)


def _why_free(status: str | None) -> str:
    reason = "no conflict found in the sources that were checked"
    return reason if unusual(status) is None else f"{reason}; the number's own status is {status!r}"
