"""What must hold before anything may be released. In: a plan, the clock, the account's size. Out: nothing; or Refused.

Asked when the plan is shown, when it is carried out, when a run is resumed, and in each part once the account was
looked at again: each time of the same facts, on the list as it is then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from decom.clock import iso, parse_iso
from decom.errors import Refused
from decom.planning.plan import PlanHead, PlannedRow, Source, cost_of, sum_of_costs
from decom.tables import each_text
from decom.vocabulary import Decision, Evidence, SourceState

if TYPE_CHECKING:
    import pandas as pd

CLOCK_TOLERANCE = timedelta(seconds=60)
"""How far in the future a plan may lie before its clock, or ours, must be wrong."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may do."""

    max_release: int = 100
    """Most numbers one run may release, ≥ 1."""
    max_share: float = 0.5
    """Largest share of the account's numbers one run may release, over 0 and up to 1."""
    max_missing: float = 0.5
    """Largest share of the rows that the account may not know (0 to 1): beyond it, it is another account."""
    max_cost: Decimal | None = None
    """Largest monthly cost in USD that one run may release, ≥ 0; None: any."""
    set_by: Mapping[str, str] = field(default_factory=dict)
    """Where those are set that are stricter than the plan's own, in words; by name."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a run does in all, what its earlier parts did included."""

    releases: int
    account_size: int
    """How many numbers the account has, or had before the run released any."""
    missing: int
    """Rows whose number the account does not know, and no earlier run released."""
    asked: int
    """Rows whose number was looked for on the account."""
    cost: Decimal = Decimal(0)
    """USD a month of the numbers to be released, as far as it is known."""
    unknown_costs: int = 0
    """Numbers to be released whose cost is not known."""

    def releasing(self, rows: Sequence[PlannedRow]) -> "Extent":
        """The same with these rows released, and no others."""
        costs = [cost_of(row.monthly_cost_usd) for row in rows]
        known = sum((cost for cost in costs if cost is not None), Decimal(0))
        return replace(self, releases=len(rows), cost=known, unknown_costs=costs.count(None))


def extent_of(rows: "pd.DataFrame", account_size: int) -> Extent:
    """What a plan's rows (table `P`) come to, on an account with so many numbers."""
    decision = rows["decision"]
    released = decision.eq(Decision.RELEASE)
    releases, known = int(released.sum()), int(decision.isin((Decision.CONFLICTED, Decision.PROTECTED)).sum())
    evidence = rows.loc[decision.eq(Decision.MISSING), "evidence"]
    explained = int(each_text(evidence, lambda word: str(word).startswith(Evidence.EARLIER_RUN)).sum())
    missing = len(evidence) - explained
    cost, unknown_costs = sum_of_costs(rows.loc[released, "monthly_cost_usd"])
    return Extent(releases, account_size, missing, releases + known + len(evidence), cost, unknown_costs)


def planned_limits(head: PlanHead) -> Limits:
    """The limits under which a plan was shown."""
    cost = None if head.max_cost is None else Decimal(head.max_cost)
    return Limits(head.max_release, head.max_share, head.max_missing, cost)


def stricter(planned: Limits, now: Limits, places: Mapping[str, str]) -> Limits:
    """The limits that count when a plan is carried out: of each the stricter one.

    Of `now` only those count for which `places` has a place: a default says nothing against what was approved.
    """
    found = planned
    for name, place in places.items():
        before, after = getattr(planned, name), getattr(now, name)
        if after is not None and (before is None or after < before):
            found = replace(found, set_by={**found.set_by, name: place}, **{name: after})
    return found


def check_extent(extent: Extent, limits: Limits) -> None:
    """Refuse what is beyond any limit. Raises Refused, which names the limit, what it was set to, and what is asked."""
    check_size(extent.releases, extent.account_size, limits)
    check_workspace(extent, limits)
    check_cost(extent, limits)


def check_size(releases: int, account_size: int, limits: Limits) -> None:
    """Refuse too many releases, or too large a share of the account. Nothing to release always passes."""
    if releases > limits.max_release:
        raise _refused(
            limits,
            "max_release",
            f"this would release {releases:,} numbers, and at most {limits.max_release:,} are allowed in one run",
            "If that is what you want",
            str(releases),
        )
    if releases > _exactly(limits.max_share, account_size):
        share = releases / account_size if account_size > 0 else 1.0
        raise _refused(
            limits,
            "max_share",
            f"this would release {releases:,} of the account's {account_size:,} numbers ({share:.0%}),"
            f" and at most {limits.max_share:.0%} are allowed in one run",
            "If that is what you want",
            _enough(releases, account_size),
        )


def check_workspace(extent: Extent, limits: Limits) -> None:
    """Refuse a list that the account mostly does not know, also where nothing of it would be released.

    It may be another workspace's list.
    """
    missing, asked = extent.missing, extent.asked
    if missing > _exactly(limits.max_missing, asked):
        raise _refused(
            limits,
            "max_missing",
            f"{missing:,} of the {asked:,} numbers ({missing / asked:.0%}) were not found on this account:"
            " is this the right workspace?",
            "If it is",
            _enough(missing, asked),
        )


def check_cost(extent: Extent, limits: Limits) -> None:
    """Refuse to release more rent than allowed; and where some of it is not known, since then nobody can tell."""
    if limits.max_cost is None or extent.releases == 0:
        return
    if extent.cost > limits.max_cost:
        raise _refused(
            limits,
            "max_cost",
            f"this would release numbers costing USD {extent.cost:,.2f} per month, and at most"
            f" USD {limits.max_cost:,.2f} are allowed in one run",
            "If that is what you want",
            f"{extent.cost.quantize(Decimal('0.01'), 'ROUND_CEILING')}",
        )
    if extent.unknown_costs > 0:
        raise Refused(
            f"the cost of {extent.unknown_costs:,} of the {extent.releases:,} numbers to be released is not known,"
            f" so the limit of USD {limits.max_cost:,.2f} per month cannot be checked",
            where=limits.set_by.get("max_cost", "max_cost"),
            remedy="Take these numbers off the list, or leave max_cost out.",
        )


def _refused(limits: Limits, name: str, what: str, condition: str, enough: str) -> Refused:
    """The refusal by one limit: where it is set, and what would let the list through."""
    place = limits.set_by.get(name)
    if place is not None:
        return Refused(what, where=place, remedy=f"{condition}, set it to {enough} there, or remove it.")
    return Refused(what, where=name, remedy=f"{condition}, plan again with: --{name.replace('_', '-')} {enough}")


ACCEPTABLE = ("campaigns", "batch-calls", "workflows")
"""The sources of conflicts that can be there and not be read, and that somebody may accept so."""


class SourcesNotChecked(Refused):
    """A source of conflicts was not checked, and nobody accepted that."""

    def __init__(self, sources: Sequence[Source], run_id: str, remedy: str) -> None:
        each = " and ".join(f"{source.name} ({source.why})" for source in sources)
        super().__init__(
            f"conflicts were not checked in {each}: a number in use might be released", where=run_id, remedy=remedy
        )
        self.sources = tuple(sources)


def check_sources(sources: Iterable[Source], accepted: Collection[str], run_id: str, *, started: bool = False) -> None:
    """Refuse where a source of conflicts was not checked that nobody accepted so: what it holds would be released.

    `started`: the run goes on by `resume`, and not by another plan.
    """
    unread = [each for each in sources if each.state is SourceState.NOT_CHECKED and each.name not in accepted]
    if len(unread) == 0:
        return
    again = (
        f"When this can be read again, type: decom resume {run_id}"
        if started
        else ("Run the same command again when this can be read.")
    )
    # Those that were accepted on an earlier command line are asked for again: they are on record nowhere.
    names = sorted({*accepted, *(source.name for source in unread)}) if started else [each.name for each in unread]
    flags = " ".join(f"--accept-unchecked {name}" for name in names)
    remedy = f"{again}\nIf you know that none of the listed numbers is in use there, add: {flags}"
    raise SourcesNotChecked(unread, run_id, remedy)


def check_age(head: PlanHead, now: datetime, ttl: timedelta) -> None:
    """Refuse a plan that is older than `ttl`, or from the future."""
    made_at = parse_iso(head.made_at)
    if now - made_at > ttl:
        raise Refused(
            f"this plan is too old: it was made at {head.made_at}, and a plan may be applied for {ttl}",
            where=head.run_id,
            remedy="The account may have changed since. Plan again.",
        )
    if made_at - now > CLOCK_TOLERANCE:
        raise Refused(
            f"the plan is dated in the future: it was made at {head.made_at}, and it is {iso(now)} now",
            where=head.run_id,
            remedy="Correct this machine's clock, then plan again.",
        )


def check_same_service(head: PlanHead, base_url: str) -> None:
    """Refuse a plan that was made for another service."""
    if head.base_url != base_url:
        raise Refused(
            f"this plan was made for {head.base_url}, not for {base_url}",
            where=head.run_id,
            remedy="Use the base URL of the plan, or plan again.",
        )


def _exactly(share: float, whole: int) -> Decimal:
    """So much of the whole as the share says in decimals: as binary numbers 29 is more than 0.29 of 100."""
    return Decimal(str(share)) * whole


def _enough(part: int, whole: int) -> str:
    """The smallest share of two decimals, at most 1, that lets the part through."""
    percent = -(-100 * part // whole) if whole > 0 else 100
    return f"{min(100, percent) / 100:.2f}"
