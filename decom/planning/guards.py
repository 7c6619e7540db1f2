"""What must hold before anything may be released. In: a plan, the clock, the account's size. Out: nothing; or Refused.

Asked when the plan is shown, when it is carried out, and when a run is resumed: each time on the list as it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from decom.clock import iso, parse_iso
from decom.errors import Refused
from decom.planning.plan import PlanHead, Source
from decom.vocabulary import Decision, SourceState

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


def check_size(releases: int, account_size: int, limits: Limits) -> None:
    """Refuse too many releases, or too large a share of the account. Nothing to release always passes."""
    if releases > limits.max_release:
        raise Refused(
            f"this would release {releases:,} numbers, and at most {limits.max_release:,} are allowed in one run",
            where="max_release",
            remedy=f"If that is what you want, plan again with: --max-release {releases}",
        )
    if releases > _exactly(limits.max_share, account_size):
        share = releases / account_size if account_size > 0 else 1.0
        raise Refused(
            f"this would release {releases:,} of the account's {account_size:,} numbers ({share:.0%}),"
            f" and at most {limits.max_share:.0%} are allowed in one run",
            where="max_share",
            remedy=f"If that is what you want, plan again with: --max-share {_enough(releases, account_size)}",
        )


def check_workspace(counts: Mapping[Decision, int], explained: int, limits: Limits) -> None:
    """Refuse a plan whose rows the account mostly does not know: it may be another workspace's list.

    `explained` is how many of the missing are missing because an earlier run released them.
    """
    unknown = counts.get(Decision.MISSING, 0) - explained
    known = sum(counts.get(decision, 0) for decision in (Decision.RELEASE, Decision.CONFLICTED, Decision.PROTECTED))
    asked = known + explained + unknown
    if counts.get(Decision.RELEASE, 0) > 0 and unknown > _exactly(limits.max_missing, asked):
        raise Refused(
            f"the account does not know {unknown:,} of the {asked:,} numbers asked for ({unknown / asked:.0%}):"
            " is this the right workspace?",
            where="max_missing",
            remedy=f"If it is, plan again with: --max-missing {_enough(unknown, asked)}",
        )


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
    flags = " ".join(f"--accept-unchecked {source.name}" for source in unread)
    names = ",".join(sorted({*accepted, *(source.name for source in unread)}))
    remedy = (
        "Run the same command again when this can be read."
        f" If you know that none of the listed numbers is used there, plan again with: {flags}"
    )
    if started:
        remedy = (
            f"When this can be read again, type: decom resume {run_id}\nIf you know that none of the listed numbers is"
            f" used there: DECOM_ACCEPT_UNCHECKED={names} decom resume {run_id}"
        )
    raise SourcesNotChecked(unread, run_id, remedy)


def check_age(head: PlanHead, now: datetime, ttl: timedelta) -> None:
    """Refuse a plan that is older than `ttl`, or from the future."""
    made_at = parse_iso(head.made_at)
    if now - made_at > ttl:
        raise Refused(
            f"this plan is too old: it was made at {head.made_at}, and a plan may be carried out for {ttl}",
            where=head.run_id,
            remedy="The account may have changed since. Plan again.",
        )
    if made_at - now > CLOCK_TOLERANCE:
        raise Refused(
            f"this plan is from the future: it was made at {head.made_at}, and it is {iso(now)} now",
            where=head.run_id,
            remedy="Set this machine's clock right, then plan again.",
        )


def check_same_workspace(head: PlanHead, workspace: str, base_url: str) -> None:
    """Refuse a plan that was made for another workspace or another service."""
    if head.base_url != base_url:
        raise Refused(
            f"this plan was made for {head.base_url}, not for {base_url}",
            where=head.run_id,
            remedy="Use the base URL of the plan, or plan again.",
        )
    if head.workspace != workspace:
        raise Refused(
            "this plan was made with another workspace's key",
            where=head.run_id,
            remedy="Use the key that the plan was made with, or plan again.",
        )


def _exactly(share: float, whole: int) -> Decimal:
    """So much of the whole as the share says in decimals: as binary numbers 29 is more than 0.29 of 100."""
    return Decimal(str(share)) * whole


def _enough(part: int, whole: int) -> str:
    """The smallest share of two decimals, at most 1, that lets the part through."""
    percent = -(-100 * part // whole) if whole > 0 else 100
    return f"{min(100, percent) / 100:.2f}"
