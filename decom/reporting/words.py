"""The words that the reports for people share: outcomes in words, and a run in one sentence."""

from decimal import Decimal

from decom.reporting.interface import Audit
from decom.vocabulary import Outcome, SourceState

MEANINGS = {
    Outcome.RELEASED: "This run released it.",
    Outcome.MISSING: "Not on the account; as far as we can tell, not removed by this run.",
    Outcome.CONFLICTED: "In use by a campaign, batch call, workflow or default-number rule; not released.",
    Outcome.FAILED: "The API refused it permanently, or it was still there after every attempt.",
    Outcome.UNKNOWN: "A request was sent and its outcome could not be found out; resume asks again.",
    Outcome.NOT_ATTEMPTED: "The run stopped before it; nothing was sent.",
    Outcome.PROTECTED: "On the protect list; nothing was sent.",
    Outcome.INVALID: "Not a valid ID or phone number, or the two do not match; nothing was sent.",
    Outcome.DUPLICATE: "The same number as another row, which carries the outcome.",
    Outcome.NOT_SELECTED: "Left out by --only or --exclude or --limit; nothing was sent.",
}

NOT_VERIFIED = "nobody has looked at the account again since the run ended, so what is reported may not be so."
"""What is said where there is no verification."""

SOURCE_STATES = {
    SourceState.CHECKED: "checked",
    SourceState.NOT_APPLICABLE: "not applicable",
    SourceState.REFUSED_BY_SERVICE: "refused by service",
    SourceState.NOT_CHECKED: "not checked",
}
"""The state of a source of conflicts, as reports and the terminal show it."""

_STATUS = {
    "planned": "Planned; nothing has been released",
    "done": "Done",
    "stopped": "Stopped early",
    "interrupted": "Interrupted; resume continues it",
}


def outcome_in_words(outcome: Outcome) -> str:
    """`Not attempted`"""
    return outcome.value.replace("_", " ").capitalize()


def status_in_words(audit: Audit) -> str:
    """`Stopped early (sigterm)`"""
    if audit.unverified and audit.status == "done":
        return "Incomplete: not verified"
    status = _STATUS.get(audit.status, audit.status)
    return status if audit.why is None else f"{status} ({audit.why.value.replace('_', ' ')})"


_STEPS = {
    "campaigns": "Give the campaign another number to call from, or end it.",
    "batch-calls": "Give the batch call another number to call from, cancel it, or let it finish.",
    "workflows": "Take the number out of the workflow, or switch the workflow off.",
    "default-number": "Make another number the workspace's default.",
    "number-status": "Somebody else has the number in hand (a port, a suspension): wait, or ask DialNexa about it.",
    "service-answer": "Read what the API answered, and reconfigure what it names.",
}
_STEP = "Reconfigure it so that it no longer uses the number."

_KINDS = {
    "campaigns": "Campaign",
    "batch-calls": "Batch call",
    "workflows": "Workflow",
    "default-number": "Default number",
    "number-status": "Number status",
    "service-answer": "Reported by the API",
}


def kind_of(source: str) -> str:
    """What a source of conflicts finds, in words: `Campaign`."""
    return _KINDS.get(source, source.replace("-", " ").capitalize())


def step_for(source: str) -> str:
    """What to do about it, in a sentence."""
    return _STEPS.get(source, _STEP)


def dollars(amount: Decimal) -> str:
    """An exact decimal string with at least two places: `312.50`, `0.00`, `1.005`."""
    places = -int(amount.as_tuple().exponent)
    return str(amount.quantize(Decimal("0.01"))) if places < 2 else f"{amount:f}"


def usd(amount: Decimal) -> str:
    """`$1,234.50`, with every place that is not zero."""
    exact = dollars(amount)
    whole, _, places = exact.partition(".")
    return f"${int(whole):,}.{places}"


def headline(audit: Audit) -> str:
    """The run in one line: `Done: 300 of 400 rows released, monthly cost ending USD 412.50, continuing USD 61.00`."""
    released = audit.counts.get(Outcome.RELEASED, 0)
    return (
        f"{status_in_words(audit)}: {released:,} of {audit.input_rows:,} rows released, "
        f"monthly cost ending USD {dollars(audit.money.stopping)}, continuing USD {dollars(audit.money.continuing)}"
    )
