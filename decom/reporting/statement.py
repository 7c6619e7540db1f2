"""The audit's rows added up, exactly: monthly cost ending, continuing and in doubt, by group and month; and holders.

A number's cost counts once, with the row that carries its outcome. A cost that is absent, or is not a plain decimal,
is in no sum and is counted as unknown.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from decom.planning.plan import Conflict, ReportOptions, cost_of, from_cell
from decom.reporting.interface import Audit, Money
from decom.tables import lines_of, normalised, shaped
from decom.vocabulary import Outcome

if TYPE_CHECKING:
    import pandas as pd

STAYING = (Outcome.CONFLICTED, Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.PROTECTED)
"""Outcomes of numbers that are still on the account and so go on costing."""

COSTING = (Outcome.RELEASED, *STAYING, Outcome.UNKNOWN)
"""Outcomes whose rows carry a cost: one row a number, so that the column adds up to the sums. Of `UNKNOWN` nobody can
tell whether the cost ends or continues; the other outcomes are of numbers that were not there, that another row
carries, or that are no affair of the run."""

GROUP_HEADERS = ("costcentre", "costcenter", "department", "team", "owner")
"""The columns to subtotal by where the user names none, in the order in which they are preferred."""

MOST_OF_A_NAME = 200
"""Characters of a group's cell that are looked at and kept."""

MOST_OF_A_HOLDER = 300
"""Characters of a holder's ID, name and status that tell holders apart in the to-do list."""

ANSWER = "service-answer"
"""The source of a conflict that only the service's answer named."""


def total(rows: "pd.DataFrame") -> Money:
    """The money of a run."""
    (line,) = lines_of(_summed(rows, [0] * len(rows), 1))
    return Money(
        stopping=line.ending_usd,
        continuing=line.continuing_usd,
        in_doubt=line.in_doubt_usd,
        unknown_stopping=line.unknown_ending,
        unknown_continuing=line.unknown_continuing,
        unknown_in_doubt=line.unknown_in_doubt,
        from_price_list=line.from_price_list,
    )


def by_outcome(audit: Audit) -> "pd.DataFrame":
    """A line an outcome, in their order, those without rows too (table `S`)."""
    outcomes = audit.rows["outcome"]
    lines = _summed(audit.rows, outcomes.cat.codes, len(Outcome))
    return lines.assign(name=list(outcomes.cat.categories))


def by_group(audit: Audit) -> "pd.DataFrame":
    """A line a group, those with the most money first and equal ones by name; none without a group column."""
    at = group_column(audit.options, audit.other_columns)
    if at is None:
        return shaped({}, "S")
    names = audit.others[at].map(lambda cell: cell.strip()[:MOST_OF_A_NAME])
    lines = _by_name(audit.rows, names)
    money = lines["ending_usd"] + lines["continuing_usd"] + lines["in_doubt_usd"]
    order = sorted(lines.index, key=lambda place: (-money[place], lines["name"][place]))
    return lines.take(order)


def by_month(audit: Audit) -> "pd.DataFrame":
    """Released rows by the month in which billing stops (`2026-12`), in order; empty and last where it is unknown."""
    released = audit.rows[audit.rows["outcome"].eq(Outcome.RELEASED)]
    lines = _by_name(released, released["billing_stops_on"].astype(object).fillna("").str[:7])
    return lines.take(sorted(lines.index, key=lambda place: (lines["name"][place] == "", lines["name"][place])))


def holds(audit: Audit) -> "pd.DataFrame":
    """What holds the conflicted rows back: a line a row and holder, in the input's order (table `H`).

    Where only the service's answer says so, the holder is that answer.
    """
    rows = audit.rows[audit.rows["outcome"].eq(Outcome.CONFLICTED)]
    known = {text: from_cell(text) for text in rows["conflicts"].unique()}
    told = zip(rows.index, rows["conflicts"], rows["api_message"], rows["reason"], strict=True)
    found = [
        (place, conflict)
        for place, text, message, reason in told
        for conflict in known[text] or (Conflict(ANSWER, "", message or reason, ""),)
    ]
    return shaped(
        {
            "place": [place for place, _ in found],
            "source": [conflict.source for _, conflict in found],
            "conflict_id": [conflict.id for _, conflict in found],
            "name": [conflict.name for _, conflict in found],
            "status": [conflict.status for _, conflict in found],
        },
        "H",
    )


def holders(audit: Audit) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """What to reconfigure, that which holds the most numbers first; and every row under its holder.

    A number that two things hold stands under both, since both must let go of it. The first frame has a line a
    holder (table `S` and the holder's own columns), the second one a row and holder: `holder` is the index in the
    first, `place` the one in `audit.rows`.
    """
    kept = ["source", "conflict_id", "name", "status"]
    held = holds(audit)
    held = held.assign(**{name: held[name].astype(object).str[:MOST_OF_A_HOLDER] for name in kept}).drop_duplicates()
    by_holder = held.groupby(kept, sort=False)
    held = held.assign(holder=by_holder.ngroup())
    things = held.drop_duplicates("holder")[kept].reset_index(drop=True)
    sums = _summed(audit.rows.take(held["place"].to_numpy()), held["holder"], len(things)).drop(columns="name")
    found = things.join(sums)
    order = found.assign(fewer=-found["rows"]).sort_values(["fewer", "source", "name", "conflict_id"]).index
    return found.loc[order], held[["holder", "place"]]


def group_column(options: ReportOptions, other_columns: Sequence[str]) -> int | None:
    """Which of the other columns to subtotal by; None where the column asked for, or any of the usual, is absent.

    Headers match without regard to case, blanks, `_` and `-`; of several the leftmost is taken.
    """
    wanted = GROUP_HEADERS if options.group_by is None else (normalised(options.group_by),)
    headers = [normalised(header) for header in other_columns]
    return next((headers.index(name) for name in wanted if name in headers), None)


def _by_name(rows: "pd.DataFrame", names: "pd.Series[Any]") -> "pd.DataFrame":
    places, distinct = names.astype(object).factorize()
    return _summed(rows, places, len(distinct)).assign(name=list(distinct))


def _summed(rows: "pd.DataFrame", places: Any, lines: int) -> "pd.DataFrame":
    """Rows added up into `lines` lines; `places` says into which one each goes.

    Rows of one place, outcome and cost are counted first, so that each cost is multiplied and not added row by row.
    """
    import pandas as pd

    facts = {
        "place": places,
        "outcome": rows["outcome"].cat.codes.array,
        "cost": rows["monthly_cost_usd"].cat.codes.array,
        "listed": rows["cost_from"].eq("price_list").array,
    }
    counted = pd.DataFrame(facts).groupby([*facts], sort=False).size().rename("rows").reset_index()
    costs = [*map(cost_of, rows["monthly_cost_usd"].cat.categories), None]
    known = pd.Series([costs[cost] is not None for cost in counted["cost"]], dtype=bool)
    products = [
        (costs[cost] or Decimal(0)) * count for cost, count in zip(counted["cost"], counted["rows"], strict=True)
    ]
    counted["usd"] = pd.Series(products, dtype=object)
    is_ = {outcome: counted["outcome"].eq(place) for place, outcome in enumerate(rows["outcome"].cat.categories)}
    ending = is_[Outcome.RELEASED]
    continuing = counted["outcome"].isin([place for place, each in enumerate(is_) if each in STAYING])
    in_doubt = is_[Outcome.UNKNOWN]

    def sums(which: "pd.Series[bool]", column: str = "rows", nothing: Any = 0) -> "pd.Series[Any]":
        return counted[which].groupby("place")[column].sum().reindex(range(lines), fill_value=nothing)

    return shaped(
        {
            "rows": sums(counted["rows"].gt(0)),
            "released": sums(ending),
            "conflicted": sums(is_[Outcome.CONFLICTED]),
            "ending_usd": sums(ending & known, "usd", Decimal(0)),
            "continuing_usd": sums(continuing & known, "usd", Decimal(0)),
            "in_doubt_usd": sums(in_doubt & known, "usd", Decimal(0)),
            "unknown_ending": sums(ending & ~known),
            "unknown_continuing": sums(continuing & ~known),
            "unknown_in_doubt": sums(in_doubt & ~known),
            "from_price_list": sums((ending | continuing | in_doubt) & known & counted["listed"]),
        },
        "S",
    )
