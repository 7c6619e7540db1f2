"""One check of `decom doctor`, and the exit code of many. In: nothing. Out: `Check`."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from decom.vocabulary import ExitCode


class CheckState(Enum):
    """How a check came out."""

    WELL = "ok"
    STRANGE = "look"
    """Worth a look; nothing fails because of it."""
    BAD = "bad"
    """A run would fail, or should not be begun."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check in one line."""

    name: str
    """What was looked at: `key`, `clock`, `ledger`…"""
    state: CheckState
    what: str
    """What was found, as a sentence."""
    remedy: str | None = None
    """What to type or do; None where all is well."""
    exit_code: ExitCode = ExitCode.DONE
    """For BAD: the code with which a run would end."""


_WORST_FIRST = (ExitCode.KEY_REFUSED, ExitCode.BAD_INPUT, ExitCode.INCOMPLETE)


def worst(findings: Iterable[Check]) -> ExitCode:
    """The exit code of the worst finding: 6 the key, 2 settings, 4 the service; 0 where none is bad."""
    codes = {finding.exit_code for finding in findings if finding.state is CheckState.BAD}
    return next((code for code in _WORST_FIRST if code in codes), ExitCode.DONE)
