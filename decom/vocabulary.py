"""The words that people and scripts rely on: decisions, outcomes, evidence, exit codes. Imports nothing of ours.

In: nothing. Out: enums whose values are the very words in the plan and the audit, and the one rule that
turns counts into an exit code.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class Decision(StrEnum):
    """What the plan wants done with a row, in the order in which the planner asks (first that fits wins)."""

    NOT_SELECTED = "not_selected"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    PROTECTED = "protected"
    CONFLICTED = "conflicted"
    RELEASE = "release"


class SourceState(StrEnum):
    """What is known of one source of conflicts."""

    CHECKED = "checked"
    """Read to its last page and understood: "no conflict" may be said of it."""
    NOT_APPLICABLE = "not_applicable"
    """This account has no such thing."""
    REFUSED_BY_SERVICE = "refused_by_service"
    """It cannot be matched beforehand; the service refuses the release of what it holds (409)."""
    NOT_CHECKED = "not_checked"
    """It is there and was not read, not to its end, or not understood; or no source at all answered: a guard."""


class Outcome(StrEnum):
    """The outcome of a row, in the order in which summaries list them."""

    RELEASED = "released"
    MISSING = "missing"
    CONFLICTED = "conflicted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not_attempted"
    PROTECTED = "protected"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    NOT_SELECTED = "not_selected"


_NEVER_SENT = {
    "protected": "On the protect list; not released.",
    "invalid": "Not a valid ID or phone number, or the two do not match.",
    "duplicate": "The same number as an earlier row.",
    "not_selected": "Left out by --only or --exclude, or beyond --limit.",
}
"""Decisions that are outcomes as they stand: nothing is sent for these rows."""

DECISION_MEANINGS: Mapping[Decision, str] = {
    Decision(word): meaning
    for word, meaning in {
        **_NEVER_SENT,
        "missing": "Not on the account.",
        "conflicted": "In use; will not be released.",
        "release": "Will be released.",
    }.items()
}
"""Each decision in a sentence, as every screen and report prints it."""

OUTCOME_MEANINGS: Mapping[Outcome, str] = {
    Outcome(word): meaning
    for word, meaning in {
        **_NEVER_SENT,
        "released": "Released by this run.",
        "missing": "Not on the account; as far as we can tell, not removed by this run.",
        "conflicted": "In use by a campaign, batch call, workflow or default-number rule; not released.",
        "failed": "Permanently refused by the API, or still on the account after every attempt.",
        "unknown": "A release was sent, and its outcome could not be checked; `decom resume` checks again.",
        "not_attempted": "The run stopped before it; nothing was sent.",
    }.items()
}
"""Each outcome in a sentence, as every screen and report prints it."""


class Evidence(StrEnum):
    """Why an outcome may be believed. Two of them carry a word after a colon: see `earlier_run`, `stopped`."""

    PLAN = "plan"
    ANSWERED_2XX = "answered_2xx"
    ABSENT_AFTER_UNCONFIRMED_DELETE = "absent_after_unconfirmed_delete"
    ANSWERED_404_AFTER_SEEN = "answered_404_after_seen"
    ANSWERED_409 = "answered_409"
    ANSWERED_4XX = "answered_4xx"
    STILL_PRESENT = "still_present"
    UNCONFIRMED = "unconfirmed"
    EARLIER_RUN = "earlier_run"
    """Written as `earlier_run:<run_id>`."""
    STOPPED = "stopped"
    """Written as `stopped:<why>`, with a word of `Stopped`."""


class Stopped(StrEnum):
    """Why a run, or one number of it, was not taken further."""

    SIGINT = "sigint"
    SIGTERM = "sigterm"
    SIGHUP = "sighup"
    KEY = "key"
    """The service refused the key."""
    OUTAGE = "outage"
    """Too many numbers in a row had no usable answer."""
    BASE_URL = "base_url"
    """Something answers there that is not the API."""
    TLS = "tls"
    """The server's certificate could not be verified."""
    RATE = "rate"
    """The service went on saying 429 past the deadline."""
    DEADLINE = "deadline"
    """The time given to the run was used up."""
    WINDOW = "window"
    """The working hours given to the run ended."""
    DISK = "disk"
    """An intent could not be made durable."""
    HOME = "home"
    """The lock or the ledger was removed, moved or replaced while the run worked."""
    GUARD = "guard"
    """A guard refused after the run had begun."""
    STALE_PLAN = "stale_plan"
    """The plan became too old before this row was reached."""
    CHANGED = "changed"
    """This row's number is not what it was when planned."""
    INTERRUPTED = "interrupted"
    """The process ended without a word (killed, power lost); `resume` goes on."""
    BUG = "bug"
    """An unexpected error of ours."""


class ExitCode(IntEnum):
    """What the process says when it ends."""

    DONE = 0
    BUG = 1
    BAD_INPUT = 2
    HELD_BACK = 3
    INCOMPLETE = 4
    GUARD = 5
    KEY_REFUSED = 6
    LOCKED = 75
    SIGHUP = 129
    SIGINT = 130
    SIGTERM = 143


def earlier_run(run_id: str) -> str:
    """The evidence of a number that an earlier run is known to have released."""
    return f"{Evidence.EARLIER_RUN}:{run_id}"


def stopped(why: Stopped) -> str:
    """The evidence of a row that the run did not get to."""
    return f"{Evidence.STOPPED}:{why}"


SIGNALS = {
    Stopped.SIGINT: ExitCode.SIGINT,
    Stopped.SIGTERM: ExitCode.SIGTERM,
    Stopped.SIGHUP: ExitCode.SIGHUP,
}
"""The reasons to stop that come from outside, and the exit code that each becomes."""


def exit_code(counts: Mapping[Outcome, int], why: Stopped | None = None, *, sent: bool = False) -> ExitCode:
    """The exit code of a run that ended by itself or was stopped.

    `counts` has rows per outcome (absent means 0); `why` is the reason the run stopped early, None if it did
    not; `sent` says whether any release of the run may have left: then no guard kept it from that. The most serious
    wins: a signal, a refused key, numbers left undone, numbers held back, done.
    """
    if why in SIGNALS:
        return SIGNALS[why]
    if why is Stopped.KEY:
        return ExitCode.KEY_REFUSED
    if why is Stopped.BUG:
        return ExitCode.BUG
    if why in (Stopped.GUARD, Stopped.STALE_PLAN) and counts.get(Outcome.RELEASED, 0) == 0 and not sent:
        return ExitCode.GUARD
    left_undone = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)
    if why is not None or any(counts.get(outcome, 0) > 0 for outcome in left_undone):
        return ExitCode.INCOMPLETE
    held_back = (Outcome.CONFLICTED, Outcome.INVALID)
    if any(counts.get(outcome, 0) > 0 for outcome in held_back):
        return ExitCode.HELD_BACK
    return ExitCode.DONE


def plan_exit_code(counts: Mapping[Decision, int]) -> ExitCode:
    """The exit code of a plan: 3 where a row is conflicted or invalid, else 0."""
    held_back = counts.get(Decision.CONFLICTED, 0) + counts.get(Decision.INVALID, 0)
    return ExitCode.HELD_BACK if held_back > 0 else ExitCode.DONE
