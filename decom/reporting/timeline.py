"""The times of a run in, the steps of its story out, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decom.reporting.interface import Audit


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: str
    """ISO 8601, for machines."""
    when: str
    """`23 Nov 2026, 19:00:00 UTC`, for people."""
    what: str
    """What happened, in a sentence."""


def steps_of(audit: Audit) -> Sequence[Step]:
    """What is known of when the run happened; what did not happen is no step."""
    timing = audit.timing
    parts = f" in {timing.parts} sessions" if timing.parts > 1 else ""
    verification = audit.verification
    story: list[tuple[str | None, str]] = [
        (timing.planned_at, f"Planned: every row was checked against the account of {audit.workspace}."),
        (timing.released_from, f"Releasing began{parts}."),
        (timing.released_to, _ending(audit)),
    ]
    if verification is not None:
        differences = len(verification.differences)
        found = "everything matched this report" if differences == 0 else f"{differences:,} differences were found"
        story.append((verification.at, f"Verified against the account: {found}."))
    return [Step(at, in_words(at), what) for at, what in story if at is not None]


def in_words(text: str) -> str:
    """`23 Nov 2026, 19:00:00 UTC` of an ISO 8601 time in UTC; the text itself where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M:%S} UTC"


def _ending(audit: Audit) -> str:
    if audit.why is None:
        return "Releasing ended: every row has an outcome."
    return f"Releasing stopped early ({audit.why.value.replace('_', ' ')})."


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
