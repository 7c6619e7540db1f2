"""A run's planned rows and its story in, how many rows came to what out: the counts of its audit, without a frame.

`decom runs` and `decom show` count so; pandas is not loaded for it. The audit counts the rows that its reports list.
"""

from collections import Counter
from collections.abc import Iterable

from decom.ledger.reader import NumberRecord, RunRecord
from decom.vocabulary import Decision, Outcome

_UNTOUCHED = NumberRecord()


def outcome_counts(
    rows: Iterable[tuple[Decision | None, str | None]], story: RunRecord, *, at_work: bool = False
) -> Counter[Outcome]:
    """How many rows of the input came to each outcome; none for a plan that was not applied.

    `rows` are the run's `Reader.decisions`. `at_work` says that the run goes on: numbers that are not settled have no
    outcome yet.
    """
    if len(story.starts) == 0 and story.ended is None:
        return Counter()
    outcomes = (_outcome(story, *row, at_work=at_work) for row in rows)
    return Counter(outcome for outcome in outcomes if outcome is not None)


def _outcome(story: RunRecord, decision: Decision | None, number_id: str | None, *, at_work: bool) -> Outcome | None:
    """What one row came to; None where that is still to come."""
    if decision is None:
        return Outcome.NOT_ATTEMPTED
    if decision is not Decision.RELEASE:
        return Outcome(decision)
    number = story.numbers.get(number_id or "", _UNTOUCHED)
    if number.settled is not None:
        return number.settled.outcome
    if at_work:
        return None
    return Outcome.UNKNOWN if number.is_open else Outcome.NOT_ATTEMPTED
