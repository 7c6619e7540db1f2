"""What guards a run that is carried out: what its plan was shown with, and what is in force now; the stricter counts.

In: settings and a plan's head. Out: `InForce`, with what is to be said about it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from decom.planning.guards import Limits, planned_limits, stricter
from decom.planning.plan import PlanHead, PlannedRow
from decom.planning.protect import read_protected
from decom.settings import Settings

LIMITS = ("max_release", "max_share", "max_missing", "max_cost")


@dataclass(frozen=True, slots=True)
class GuardsInForce:
    """The guards of one command."""

    limits: Limits
    plan_ttl: timedelta
    """How long after it was made the plan may be carried out."""
    accept_unchecked: tuple[str, ...]
    """The sources of conflicts, by name, that may stay unread: those of the plan, and those that are accepted now."""
    protected: frozenset[str]
    """IDs and E.164 numbers that the protect file in force now names; empty where there is none."""
    protect_file: str
    """Its name; empty where there is none."""
    words: tuple[str, ...]
    """Which of then and now counts, a sentence for each limit that was set to something else now."""

    def unprotected(self, releases: Iterable[PlannedRow]) -> tuple[PlannedRow, ...]:
        """Those whose numbers the protect file in force now does not name."""
        return tuple(row for row in releases if not self._names(row))

    def _names(self, row: PlannedRow) -> bool:
        return row.number_id in self.protected or row.phone_number in self.protected

    def said_of(self, releases: Iterable[PlannedRow]) -> Iterator[str]:
        """What a person should know before these rows are released."""
        yield from self.words
        named = sum(1 for row in releases if self._names(row))
        if named > 0:
            numbers = "number" if named == 1 else "numbers"
            yield f"{self.protect_file} protects {named:,} {numbers} of this plan now: not released."


def protected_by(settings: Settings) -> frozenset[str]:
    """What the protect file in force names; nothing where there is none. Raises BadInput where it cannot be read."""
    if settings.protect is None:
        return frozenset()
    return read_protected(settings.protect, settings.input.wanted.region)


def in_force(settings: Settings, head: PlanHead) -> GuardsInForce:
    """The guards in force now, for a plan that was made earlier. Raises BadInput for a bad protect file."""
    places = {name: settings.origins[name] for name in LIMITS if name in settings.origins}
    planned = planned_limits(head)
    limits = stricter(planned, settings.limits, places)
    now = settings.plan_ttl
    then = now if head.plan_ttl is None else timedelta(seconds=head.plan_ttl)
    ttl = min(then, now) if "plan_ttl" in settings.origins else then
    words = [_which(name, planned, settings.limits, places[name]) for name in places]
    if "plan_ttl" in settings.origins:
        words.append(_compared("plan_ttl", then, now, settings.origins["plan_ttl"], now <= then))
    return GuardsInForce(
        limits,
        ttl,
        tuple(sorted({*head.accept_unchecked, *settings.accept_unchecked})),
        protected_by(settings),
        "" if settings.protect is None else settings.protect.name,
        tuple(word for word in words if word != ""),
    )


def _which(name: str, planned: Limits, now: Limits, place: str) -> str:
    before, after = getattr(planned, name), getattr(now, name)
    return _compared(name, before, after, place, before is None or after <= before)


def _compared(name: str, then: object, now: object, place: str, now_is_stricter: bool) -> str:
    """Which of two values counts, in words; empty where they are the same."""
    if then == now:
        return ""
    allowed = "any" if then is None else str(then)
    if now_is_stricter:
        return f"{name}: {now} counts ({place}); the plan was made with {allowed}."
    return f"{name}: the plan's {allowed} counts; {place} says {now}, which is less strict."
