"""The screens about past work: the summary of a run, its verification, the history, the check-up."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from decom.output.screen import BAD, COLOURS, DONE, HELD, QUIET, Line, Renderable, counted, harmless
from decom.output.sources import not_checked_lines
from decom.reporting.interface import Audit
from decom.reporting.words import NOT_VERIFIED, dollars, heading, is_known, parts_of
from decom.vocabulary import OUTCOME_MEANINGS, Outcome, SourceState, Stopped
from decom.workflow.checks import Check, CheckState
from decom.workflow.history import NumberDetails, PastEvent, RunDetails, RunLine

_NARROW = 72
"""Columns of a terminal under which what can be left out is."""
_LEFT_UNDONE = (Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED, Outcome.FAILED)
_STATUS_COLOURS = {"done": DONE, "planned": QUIET, "releasing": HELD, "stopped": BAD, "interrupted": BAD}


def summary_lines(audit: Audit, folder: Path, files: Sequence[Path], width: int) -> Iterator[Renderable]:
    """The outcome of a run: counts with their meaning, money, what was not checked, where the reports are."""
    colour = DONE if audit.status == "done" and audit.exit_code == 0 else HELD if audit.exit_code == 3 else BAD
    yield ""
    head = Text.assemble((heading(audit), f"bold {colour}"), ": run ", (audit.run_id, "bold"))
    yield Line(head.append(f" of {harmless(audit.input_name)}, {counted(audit.input_rows, 'row')}"))
    yield ""
    yield _counts(audit, width)
    yield ""
    yield from _money(audit)
    if audit.gone_before_us > 0:
        were = "was" if audit.gone_before_us == 1 else "were"
        yield Line(
            Text(f"{audit.gone_before_us:,} of the missing {were} on the account when planned but gone at release.")
        )
    yield from not_checked_lines(audit.sources)
    yield from _verification(audit)
    yield Line(Text.assemble("Reports in ", (harmless(str(folder)), "bold")), whole=True)
    yield Line(Text(", ".join(path.name for path in files)), indent=2)


def short_summary(audit: Audit, folder: Path) -> Iterator[Renderable]:
    """The same for a mail that is read in ten seconds."""
    counts = ", ".join(
        f"{outcome.value.replace('_', ' ')} {count:,}" for outcome, count in audit.counts.items() if count > 0
    )
    yield Line(Text(f"{heading(audit)}: decom run {audit.run_id} of {harmless(audit.input_name)}: {counts}"))
    yield from not_checked_lines(audit.sources)
    yield from _verification(audit)
    yield Line(Text(f"Reports in {harmless(str(folder))}"), whole=True)


def _counts(audit: Audit, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("outcome")
    table.add_column("rows", justify="right")
    if width >= _NARROW:
        table.add_column("means", overflow="fold")
    for outcome in Outcome:
        count = audit.counts.get(outcome, 0)
        if count == 0 and outcome is not Outcome.RELEASED:
            continue
        cells: list[Text | str] = [Text(outcome.value.replace("_", " "), style=COLOURS[outcome]), f"{count:,}"]
        if width >= _NARROW:
            cells.append(Text(OUTCOME_MEANINGS[outcome], style=QUIET))
        table.add_row(*cells)
    return table


def _money(audit: Audit) -> Iterator[Renderable]:
    for words, amount, unknown in parts_of(audit.money):
        if not is_known(amount, unknown):
            yield Line(Text(f"Monthly cost {words}: {counted(unknown, 'number')} of unknown cost."))
        elif amount > 0:
            besides = f", plus {counted(unknown, 'number')} of unknown cost" if unknown > 0 else ""
            yield Line(Text(f"Monthly cost {words}: USD {dollars(amount)}{besides}."))


def _verification(audit: Audit) -> Iterator[Renderable]:
    if audit.verification is not None:
        yield from differences_lines(audit.verification.differences)
    elif audit.unverified:
        yield Line(Text.assemble(("Not verified", BAD), f": {NOT_VERIFIED}"))


def differences_lines(differences: Sequence[str]) -> Iterator[Renderable]:
    """What is not as reported."""
    if len(differences) == 0:
        yield Line(Text.assemble("Verified against the account: ", ("everything matches.", DONE)))
        return
    yield Line(Text(f"Verified against the account: {len(differences):,} not as reported:", style=BAD))
    for difference in differences[:20]:
        yield Line(Text(harmless(difference, 300)), indent=2)
    if len(differences) > 20:
        yield Line(Text(f"and {len(differences) - 20:,} more"), indent=2)


def next_after_run(
    audit: Audit, files: Sequence[Path], place_flags: str, accept_flags: str = ""
) -> Iterator[Renderable]:
    """The next command to type: with flags that it needs, and those with which it may release."""
    names = {path.name for path in files}
    if _is_out_of_date(audit):
        yield Line(Text("The plan is out of date and cannot be continued. Plan the same list again."))
        return
    if (
        audit.status != "done"
        or audit.unverified
        or any(audit.counts.get(outcome, 0) > 0 for outcome in _LEFT_UNDONE[:2])
    ):
        if audit.timing.parts > 0:
            command = f"decom resume {audit.run_id}{place_flags}{accept_flags}"
            yield Line(Text.assemble("To continue this run: ", (command, "bold")), whole=True)
        else:
            yield Line(Text("Nothing was sent. Run the same command again when the service can be reached."))
        return
    if audit.counts.get(Outcome.CONFLICTED, 0) > 0:
        where = "conflicts.csv" if "conflicts.csv" in names else "The report"
        yield Line(Text(f"{where} lists what uses the conflicted numbers and must be changed first."))
    if audit.timing.parts > 0:
        command = f"decom verify {audit.run_id}{place_flags}"
        yield Line(Text.assemble("To verify again later: ", (command, "bold")), whole=True)


def _is_out_of_date(audit: Audit) -> bool:
    """Whether `resume` would stop where this run did: the account is not what the plan was made on, or it is too old.

    Not where a source could not be read, which may change; nor where `resume` still finds out what became of a number.
    """
    can_be_read_later = any(source.state is SourceState.NOT_CHECKED for source in audit.sources)
    stale = audit.why is Stopped.STALE_PLAN or (audit.why is Stopped.GUARD and not can_be_read_later)
    return stale and audit.counts.get(Outcome.UNKNOWN, 0) == 0


def verify_lines(run_id: str, checked: int, differences: Sequence[str], changed: Sequence[str]) -> Iterator[Renderable]:
    """What a verification found."""
    yield Line(Text.assemble("Run ", (run_id, "bold"), f": {counted(checked, 'number')} compared with the account"))
    yield from differences_lines(differences)
    if len(changed) == 0:
        yield Line(Text.assemble("Report files and ledger records are ", ("unchanged.", DONE)))
    for change in changed:
        yield Line(Text(harmless(change, 300), style=BAD))


def runs_lines(runs: Sequence[RunLine], width: int) -> Iterator[Renderable]:
    """Past runs, the latest last, where one looks first."""
    if len(runs) == 0:
        yield Line(Text("No runs in this home yet. Start with: decom plan numbers.csv"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("run", no_wrap=True)
    table.add_column("status")
    if width >= _NARROW:
        table.add_column("input", overflow="fold")
        table.add_column("rows", justify="right")
    table.add_column("outcomes", overflow="fold")
    for run in runs:
        cells: list[Text | str] = [run.run_id, _status(run)]
        if width >= _NARROW:
            cells += [Text(harmless(run.input_name, 80)), f"{run.rows:,}"]
        table.add_row(*cells, _outcomes(run))
    yield table


def _status(run: RunLine) -> Text:
    if run.unverified:
        return Text(f"{run.status}, not verified", style=BAD)
    return Text(run.status, style=_STATUS_COLOURS.get(run.status, ""))


def _outcomes(run: RunLine) -> Text:
    parts = [
        (f"{outcome.value.replace('_', ' ')} {count:,}", COLOURS[outcome]) for outcome, count in run.outcomes.items()
    ]
    if run.open > 0 and run.status == "releasing":
        parts.append((f"open {run.open:,}", BAD))
    words = Text()
    for number, (part, colour) in enumerate(parts):
        words.append(", " if number > 0 else "").append(part, style=colour)
    return words


def run_lines(picture: RunDetails) -> Iterator[Renderable]:
    """Everything of one run but its single numbers."""
    line, head = picture.line, picture.head
    yield Line(Text.assemble("Run ", (line.run_id, "bold"), ": ", _status(line)))
    yield Line(Text(f"input      {harmless(head.input_name)}, {counted(head.input_rows, 'row')}"), indent=2)
    yield Line(Text(f"sha256     {harmless(head.input_sha256)}"), indent=2, whole=True)
    yield Line(
        Text(f"service    {harmless(head.base_url)}, workspace {harmless(head.workspace)}"), indent=2, whole=True
    )
    yield Line(Text(f"folder     {harmless(str(picture.folder))}"), indent=2, whole=True)
    decided = ", ".join(f"{decision} {count:,}" for decision, count in picture.decisions.items() if count > 0)
    yield Line(Text(f"planned    {decided}"), indent=2)
    if len(line.outcomes) > 0 or line.open > 0:
        yield Line(Text.assemble("outcomes   ", _outcomes(line)), indent=2)
    yield from _moments(picture.moments, with_run=False)
    for difference in picture.differences:
        yield Line(Text(harmless(difference, 300), style=BAD), indent=2)


def number_lines(picture: NumberDetails) -> Iterator[Renderable]:
    """One number's whole life."""
    names = " = ".join(harmless(name, 160) for name in (*picture.phone_numbers, *picture.number_ids))
    yield Line(Text.assemble((names, "bold")))
    several = len({moment.workspace for moment in picture.moments}) > 1
    for workspace, moments in groupby(picture.moments, key=lambda moment: moment.workspace):
        if several:
            yield Line(Text(f"in workspace {harmless(workspace)}"), indent=2)
        yield from _moments(moments, with_run=True)


def _moments(moments: Iterable[PastEvent], *, with_run: bool) -> Iterator[Renderable]:
    before = None
    for moment in moments:
        if with_run and moment.run_id != before:
            yield Line(Text.assemble("in run ", (moment.run_id, "bold")), indent=2)
            before = moment.run_id
        style = "" if moment.outcome is None else COLOURS[moment.outcome]
        yield Line(
            Text.assemble((f"{moment.at}  ", QUIET), (harmless(moment.event, 400), style)), indent=4 if with_run else 2
        )


def findings_lines(findings: Iterable[Check]) -> Iterator[Renderable]:
    """A check-up, a line a check, with the remedy under what is not well."""
    looks = {CheckState.WELL: ("ok", DONE), CheckState.STRANGE: ("warn", HELD), CheckState.BAD: ("fail", BAD)}
    for finding in findings:
        word, colour = looks[finding.state]
        yield Line(Text.assemble((f"{word:<5}", f"bold {colour}"), f"{finding.name}: {harmless(finding.what, 400)}"))
        if finding.remedy is not None:
            yield Line(Text(harmless(finding.remedy, 400)), indent=5, whole=True)
