"""The words that the reports for people share: outcomes in words, and a run in one sentence."""

from decimal import Decimal

from decom.reporting.interface import Audit
from decom.reporting.money import dollars
from decom.vocabulary import Outcome, SourceState

MEANINGS = {
    Outcome.RELEASED: "This run released it.",
    Outcome.MISSING: "It was not on the account, and as far as can be known this run did not remove it.",
    Outcome.CONFLICTED: "A campaign, batch call, workflow or default-number rule holds it; it was not released.",
    Outcome.FAILED: "The service refused it for good, or it was seen still there after every try.",
    Outcome.UNKNOWN: "A request was sent and nobody could be asked what became of it; resume asks again.",
    Outcome.NOT_ATTEMPTED: "The run stopped before it; nothing was sent.",
    Outcome.PROTECTED: "A protect rule names it; nothing was sent.",
    Outcome.INVALID: "The cell is no ID and no number; nothing was sent.",
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
    "planned": "Planned; nothing was released yet",
    "done": "Done",
    "stopped": "Stopped early",
    "interrupted": "Interrupted; resume goes on with it",
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


def usd(amount: Decimal) -> str:
    """`$1,234.50`, with every place that is not zero."""
    exact = dollars(amount)
    whole, _, places = exact.partition(".")
    return f"${int(whole):,}.{places}"


def headline(audit: Audit) -> str:
    """The run in one line: `Done: 300 of 400 rows released, USD 412.50 a month stops, USD 61.00 goes on`."""
    released = audit.counts.get(Outcome.RELEASED, 0)
    return (
        f"{status_in_words(audit)}: {released:,} of {audit.input_rows:,} rows released, "
        f"USD {dollars(audit.money.stopping)} a month stops, USD {dollars(audit.money.continuing)} goes on"
    )
