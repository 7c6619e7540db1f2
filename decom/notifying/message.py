"""How a run ended in, the message about it out: a subject that says it all, and a body for the next ten seconds.

It goes to mailboxes and chat rooms of other companies. So a run is told by its counts, its folder and what to type,
without a phone number, an ID, money or the service's own words; an error is told as it is on a terminal.
"""

import hashlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from decom.errors import DecomError
from decom.output.screen import harmless
from decom.reporting.interface import Audit
from decom.reporting.manifest import MANIFEST
from decom.reporting.words import ENDINGS, NOT_VERIFIED, heading
from decom.vocabulary import SIGNALS, ExitCode, Outcome, SourceState, Stopped
from decom.workflow.reports import RunResult

_LONGEST_LINE = 400
Tone = Literal["success", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Message:
    """What is told."""

    subject: str
    """One line."""
    body: str
    """Plain text, some ten lines."""
    tone: Tone


def message(finished: RunResult | None, error: DecomError | None, exit_code: ExitCode, host: str) -> Message:
    """The message about a command that ended with `exit_code` on `host`.

    `finished` is None where no report of a run was written, `error` None where none stopped it.
    """
    if finished is not None:
        headline, lines = _headline(finished.audit, exit_code), _about_run(finished, exit_code, host)
    else:
        headline, lines = ENDINGS[exit_code], _about_error(error, exit_code, host)
    body = "\n".join(harmless(line, _LONGEST_LINE).rstrip() for line in lines).rstrip()
    tones: dict[ExitCode, Tone] = {ExitCode.DONE: "success", ExitCode.HELD_BACK: "warning"}
    tone = tones.get(exit_code, "failure")
    return Message(f"decom: {headline} (exit {int(exit_code)})", body, tone)


def _headline(audit: Audit, exit_code: ExitCode) -> str:
    """`Done, 3 not released; 117 of 120 released`"""
    ended = heading(audit, exit_code)
    if exit_code is ExitCode.GUARD:
        return ended
    return f"{ended}; {audit.counts.get(Outcome.RELEASED, 0):,} of {audit.input_rows:,} released"


def _differences(audit: Audit) -> int:
    return 0 if audit.verification is None else len(audit.verification.differences)


def _about_run(finished: RunResult, exit_code: ExitCode, host: str) -> Iterator[str]:
    audit = finished.audit
    yield f"{heading(audit, exit_code)}: run {audit.run_id} of {audit.input_name}, on {host}."
    yield ""
    for outcome, count in audit.counts.items():
        if count > 0:
            yield f"{count:>9,}  {outcome.value.replace('_', ' ')}"
    if len(unchecked := _not_checked(audit)) > 0:
        yield f"Not checked for conflicts: {', '.join(unchecked)}."
    if audit.verification is not None and _differences(audit) == 0:
        yield "Verified against the account: everything matches."
    if audit.unverified:
        yield f"Not verified: {NOT_VERIFIED}"
    yield ""
    if finished.trouble is not None:
        yield from _trouble(finished.trouble)
    if finished.trouble is None or audit.timing.parts > 0:  # else it has said what to do
        yield from (f"To do: {step}" for step in _steps(audit, exit_code))
    if exit_code is ExitCode.DONE:
        yield "No action needed."
    yield f"Reports: {finished.folder} on {host}"
    yield f"         {', '.join(path.name for path in finished.files)}"
    yield from _witness(finished)


def _steps(audit: Audit, exit_code: ExitCode) -> Iterator[str]:
    """What to do next, the most urgent first."""
    counts = audit.counts
    begun = audit.timing.parts > 0
    if exit_code is ExitCode.KEY_REFUSED:
        yield "set a key that is accepted; `decom doctor` checks it."
        yield f"type `decom resume {audit.run_id}`; with a key of another ID, run the same list again instead."
    elif audit.why in (Stopped.STALE_PLAN, Stopped.GUARD):
        yield _after_a_guard(audit)
    elif _is_unfinished(audit) and begun:
        yield f"type `decom resume {audit.run_id}`, as the same user and in the same home."
    elif _is_unfinished(audit):
        yield "nothing was sent. Run the same command again once the service can be reached; `decom doctor` checks."
    if (failed := counts.get(Outcome.FAILED, 0)) > 0:
        yield f"see audit.csv for why {failed:,} failed; retry.csv is ready as the next run's input."
    if (wrong := _differences(audit)) > 0:
        yield f"see audit.html for what is not as reported ({wrong:,}); `decom verify {audit.run_id}` checks again."
    if (held := counts.get(Outcome.CONFLICTED, 0)) > 0:
        yield f"see conflicts.csv for what uses the {held:,} conflicted. End or change it, then run the list again."
    if (invalid := counts.get(Outcome.INVALID, 0)) > 0:
        yield f"see audit.csv for what is wrong with {invalid:,} invalid {'row' if invalid == 1 else 'rows'}."


def _after_a_guard(audit: Audit) -> str:
    unread = _not_checked(audit)
    if audit.why is Stopped.GUARD and len(unread) > 0:
        return f"type `decom resume {audit.run_id}` when {' and '.join(unread)} can be read again."
    if audit.why is Stopped.GUARD:
        return (
            f"`decom show {audit.run_id}` says which guard stopped the run; `decom resume {audit.run_id}` continues it."
        )
    return "the plan is out of date. Plan again."


def _not_checked(audit: Audit) -> list[str]:
    """The sources of conflicts that were there and were not read."""
    return [source.name for source in audit.sources if source.state is SourceState.NOT_CHECKED]


def _is_unfinished(audit: Audit) -> bool:
    left = audit.counts.get(Outcome.UNKNOWN, 0) + audit.counts.get(Outcome.NOT_ATTEMPTED, 0)
    return audit.status != "done" or audit.unverified or left > 0 or audit.why in SIGNALS


def _witness(finished: RunResult) -> Iterator[str]:
    """The manifest's digest: kept outside the machine, it shows later whether the report is still the same."""
    try:
        digest = hashlib.sha256((finished.folder / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return  # the message is sent all the same
    yield f"sha256 of {MANIFEST}: {digest}"


def _about_error(error: DecomError | None, exit_code: ExitCode, host: str) -> Iterator[str]:
    if error is None:
        yield f"On {host}: {ENDINGS[exit_code]}."
        if exit_code not in (ExitCode.DONE, ExitCode.HELD_BACK):
            yield ""
            yield "To do: read the log. `decom doctor` checks the ledger, `decom runs` lists the runs, and"
            yield "`decom resume` continues one that was interrupted."
        return
    yield from _trouble(error, f"On {host}: ")


def _trouble(error: DecomError, before: str = "") -> Iterator[str]:
    """An error as it is told on a terminal, with its place and what to do."""
    place = "" if error.where is None else f"{error.where}: "
    yield from textwrap.wrap(f"{before}{place}{error.what}", _LONGEST_LINE)
    yield ""
    for number, line in enumerate((error.remedy or "").splitlines()):
        yield f"To do: {line}" if number == 0 else line
