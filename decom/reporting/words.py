"""The words that the reports for people share: outcomes in words, and a run in one sentence."""

from collections.abc import Mapping
from decimal import Decimal

from decom.reporting.interface import Audit, Money
from decom.vocabulary import ExitCode, Outcome, SourceState

NOT_VERIFIED = "the account has not been checked since the run ended, so this report may be wrong."
"""What is said where there is no verification."""

SOURCE_STATES = {
    SourceState.CHECKED: "checked",
    SourceState.NOT_APPLICABLE: "not applicable",
    SourceState.REFUSED_BY_SERVICE: "refused by service",
    SourceState.NOT_CHECKED: "not checked",
}
"""The state of a source of conflicts, as reports and the terminal show it."""


def outcome_in_words(outcome: Outcome) -> str:
    """`Not attempted`"""
    return outcome.value.replace("_", " ").capitalize()


ENDINGS: Mapping[ExitCode, str] = {
    ExitCode.DONE: "Done",
    ExitCode.BUG: "Failed: unexpected error",
    ExitCode.BAD_INPUT: "Failed: the input, a setting or the ledger cannot be used",
    ExitCode.HELD_BACK: "Done, some rows not released",
    ExitCode.INCOMPLETE: "Incomplete: no report",
    ExitCode.GUARD: "Refused: nothing was released",
    ExitCode.KEY_REFUSED: "Stopped: the key was refused",
    ExitCode.LOCKED: "Locked: another run is using this workspace",
    ExitCode.SIGHUP: "Interrupted: SIGHUP",
    ExitCode.SIGINT: "Interrupted: Ctrl-C",
    ExitCode.SIGTERM: "Interrupted: SIGTERM",
}
"""How a command ended, by its exit code alone."""

_NOT_RELEASED = (Outcome.CONFLICTED, Outcome.INVALID)
_UNDONE = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)


def heading(audit: Audit, exit_code: ExitCode | None = None) -> str:
    """How a run ended, everywhere in the same words, by the exit code: `Done, 3 not released`.

    `exit_code` is the command's, where that may be another than the run's own.
    """
    code = ExitCode(audit.exit_code) if exit_code is None else exit_code
    if audit.status == "planned":
        return "Planned; nothing has been released"
    if audit.unverified and code in (ExitCode.DONE, ExitCode.HELD_BACK):
        return "Incomplete: not verified"
    if code is ExitCode.HELD_BACK:
        return f"Done, {sum(audit.counts.get(outcome, 0) for outcome in _NOT_RELEASED):,} not released"
    return f"Incomplete: {_left(audit)}" if code is ExitCode.INCOMPLETE else ENDINGS[code]


def _left(audit: Audit) -> str:
    """What keeps a run from being done: `2 failed, 11 not attempted of 120 (outage)`."""
    stopped = "" if audit.why is None else f" ({audit.why.value.replace('_', ' ')})"
    parts = [
        f"{count:,} {outcome.value.replace('_', ' ')}" for outcome in _UNDONE if (count := audit.counts.get(outcome, 0))
    ]
    if len(parts) == 1:
        return f"{parts[0].replace(' ', f' of {audit.input_rows:,} ', 1)}{stopped}"
    if len(parts) > 1:
        return f"{', '.join(parts)} of {audit.input_rows:,}{stopped}"
    if audit.verification is not None and len(audit.verification.differences) > 0:
        return f"{len(audit.verification.differences):,} of {audit.input_rows:,} not as reported"
    if audit.why is not None:
        return f"stopped early{stopped}"
    return "not verified" if audit.unverified else "not finished"


_STEPS = {
    "campaigns": "Give the campaign another number to call from, or end it.",
    "batch-calls": "Give the batch call another number to call from, cancel it, or let it finish.",
    "workflows": "Take the number out of the workflow, or switch the workflow off.",
    "default-number": "Make another number the workspace's default.",
    "number-status": "The number is being ported, suspended or otherwise in process: wait, or ask DialNexa.",
    "service-answer": "Read what the API answered, and reconfigure what it names.",
}
_STEP = "Reconfigure it so that it no longer uses the number."

_KINDS = {
    "campaigns": "Campaign",
    "batch-calls": "Batch call",
    "workflows": "Workflow",
    "default-number": "Default number",
    "number-status": "Number status",
    "service-answer": "Refused by DialNexa (409)",
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


def is_known(amount: Decimal, unknown: int) -> bool:
    """Whether a sum says anything: one of nothing but `unknown` costs is shown as blank or as unknown, never as 0."""
    return amount != 0 or unknown == 0


def parts_of(money: Money) -> tuple[tuple[str, Decimal, int], ...]:
    """The sums of a run: what becomes of the cost, the sum, and of how many numbers the cost is unknown.

    The third, of numbers of which nobody can tell whether they were released, is only there where there are any.
    """
    parts = (
        ("ending", money.stopping, money.unknown_stopping),
        ("continuing", money.continuing, money.unknown_continuing),
    )
    in_doubt = ("not known which", money.in_doubt, money.unknown_in_doubt)
    return (*parts, in_doubt) if money.in_doubt > 0 or money.unknown_in_doubt > 0 else parts


def headline(audit: Audit) -> str:
    """The run in one line: `Done: 300 of 400 rows released, monthly cost ending USD 412.50, continuing USD 61.00`."""
    released = audit.counts.get(Outcome.RELEASED, 0)
    sums = ", ".join(
        f"{words} USD {dollars(amount)}" if is_known(amount, unknown) else f"{words} unknown"
        for words, amount, unknown in parts_of(audit.money)
    )
    return f"{heading(audit)}: {released:,} of {audit.input_rows:,} rows released, monthly cost {sums}"
