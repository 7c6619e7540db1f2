"""The runs of a home, entered and read back. In: a plan, a run ID. Out: a ledger with it, a story."""

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from decom.clock import Clock, iso
from decom.errors import Altered, BadInput, DiskFull, LedgerTrouble, NotDurable, Refused
from decom.ledger.reader import Reader, RunRecord
from decom.ledger.records import Entry, Kind
from decom.ledger.writer import Writer
from decom.planning.guards import Extent, extent_of
from decom.planning.plan import Plan, PlannedRow, planned_rows
from decom.planning.same_workspace import MOST_LOOKS
from decom.planning.saved import (
    JSON_FILE,
    SavedHead,
    digest_of,
    first_difference,
    row_number,
    saved_head,
    saved_head_as_json,
)
from decom.reporting.manifest import Manifest, read_manifest
from decom.vocabulary import Decision, Outcome

_ROWS_AT_ONCE = 10_000
"""Rows a commit when a plan is entered: another workspace's run must not wait long for its turn to write."""


_STAYED = frozenset({Outcome.CONFLICTED, Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.PROTECTED})
"""The outcomes of numbers that a run leaves on the account."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run as the ledger has it."""

    story: RunRecord
    saved: SavedHead
    releases: tuple[PlannedRow, ...]
    """The rows that the plan releases."""
    extent: Extent
    """What the whole plan comes to, on the account as it was then."""
    stay: tuple[PlannedRow, ...]
    """Some of the rows whose numbers the plan leaves on the account."""

    def left_on_the_account(self) -> tuple[PlannedRow, ...]:
        """Rows whose numbers should be there still: nothing was ever sent to them, or what was sent did nothing."""
        return (*(row for row in self.releases if self._is_untouched(row)), *self.stay)

    def _is_untouched(self, row: PlannedRow) -> bool:
        story = self.story.numbers.get(row.number_id or "")
        return story is None or (
            story.open_intent is None and story.settled is not None and story.settled.outcome in _STAYED
        )


def record_plan(home: Path, plan: Plan, rows: Iterable[str], saved: SavedHead, clock: Clock) -> None:
    """Put a plan into the ledger: its rows, and last its head, so that half a plan is no plan. Raises LedgerTrouble.

    `rows` are the plan's rows as JSON.
    """
    at = iso(clock.now())
    named = zip(rows, plan.rows["number_id"], plan.rows["phone_number"], strict=True)
    entries = (Entry(Kind.ROW, at, body, number_id, phone_number) for body, number_id, phone_number in named)
    with nothing_was_sent(), Writer(home, plan.head.run_id, clock) as ledger:
        for some in _in_pieces(entries):
            ledger.write(some)
        ledger.write([Entry(Kind.PLANNED, at, saved_head_as_json(saved))])


@contextmanager
def nothing_was_sent() -> Iterator[None]:
    """What cannot be recorded in the block is trouble before any release: LedgerTrouble, exit code 2; but for a full
    disk, which no setting mends."""
    try:
        yield
    except DiskFull:
        raise
    except NotDurable as trouble:
        raise LedgerTrouble(trouble.what, where=trouble.where, remedy=trouble.remedy) from trouble


def _in_pieces(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while len(piece := list(islice(entries, _ROWS_AT_ONCE))) > 0:
        yield piece


def load_run(ledger: Reader, run_id: str) -> KnownRun:
    """A run of this home. Raises Refused where the ledger does not know it: then it cannot know what was done."""
    from decom.ledger.frames import plan_frames  # pandas: `decom runs` starts without it

    saved = saved_of(ledger, run_id)
    story = ledger.story(run_id)
    assert story is not None
    plan = Plan(saved.head, *plan_frames(ledger, run_id, len(saved.head.other_columns)))
    stay = plan.rows[plan.rows["decision"].isin((Decision.CONFLICTED, Decision.PROTECTED))].head(MOST_LOOKS)
    return KnownRun(
        story,
        saved,
        plan.releases(),
        extent_of(plan.rows, saved.head.account_size),
        tuple(planned_rows(stay, plan.others.loc[stay.index])),
    )


def saved_of(ledger: Reader, run_id: str) -> SavedHead:
    """A run's plan without its rows, which may be a million. Raises Refused as `known` does."""
    body = ledger.plan(run_id)
    if body is None:
        raise Refused(
            "this home's ledger has no record of the run, so it cannot tell whether it was already applied",
            where=run_id,
            remedy="Name the home in which it was planned with --home, or plan again.",
        )
    return saved_head(body)


def check_as_shown(ledger: Reader, this: KnownRun) -> None:
    """Refuse to carry out what is not what was shown: a record that was changed, rows that are not the plan's."""
    run_id, saved = this.story.run_id, this.saved
    trouble = altered(ledger, run_id, saved.folder)
    if trouble is not None:
        raise Refused(trouble.what, where=trouble.where, remedy=trouble.remedy)
    if digest_of(this.story.plan, ledger.plan_rows(run_id)) != saved.digest:
        row = first_difference(saved.folder / JSON_FILE, ledger.plan_rows(run_id))
        which = "the rows of the plan on record are" if row is None else f"row {row} of the plan on record is"
        raise Refused(f"{which} not what was shown when it was made", where=run_id, remedy=_PUT_BACK)


def altered(ledger: Reader, run_id: str, folder: Path) -> Altered | None:
    """What is wrong with the records of a run whose reports are in `folder`; None where nothing is.

    Every entry must be as it was written, and the ledger must know all that the run's report was made of.
    """
    manifest = _manifest_of(run_id, folder)
    found = ledger.break_in(run_id, ledger.head(run_id) if manifest is None else manifest.ledger_head)
    if found is None:
        return None
    if found.is_cut_off:
        return Altered(
            f"the ledger is older than this run's report, which was written at entries that it does not have: {folder}",
            where=run_id,
            remedy="Put back the ledger that wrote this report. If there is none, keep the report: it is the proof of"
            " what was released, and nothing was changed in it. For what is left, plan again.",
        )
    row = None if found.row is None else row_number(found.row)
    return Altered(
        found.what if row is None else f"row {row} of the plan: {found.what}", where=run_id, remedy=_PUT_BACK
    )


_PUT_BACK = "Keep a copy of this home as it is, put back a good copy of the ledger, and type: decom doctor"


def _manifest_of(run_id: str, folder: Path) -> Manifest | None:
    """What the run's report was made of; None where there is none of this run that can be read."""
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError):
        return None
    return manifest if manifest.run_id == run_id else None


def latest_interrupted(ledger: Reader, among: Set[str]) -> RunRecord:
    """The latest run of `among` that began to release and has not come to its end. Raises BadInput where none has."""
    for run_id in reversed(ledger.run_ids()):
        story = ledger.outline(run_id) if run_id in among else None
        if story is not None and is_interrupted(ledger, story):
            return story
    raise BadInput(
        "no run of this workspace was interrupted, so there is nothing to resume",
        remedy="`decom runs` lists the runs of this home.",
    )


def is_interrupted(ledger: Reader, story: RunRecord) -> bool:
    """Whether a run was begun, and something of it is left to do: it was killed or stopped, nobody could be asked what
    became of a number, or nobody looked back or reported."""
    if len(story.starts) == 0:
        return False
    if story.status != "done" or story.verified is None or not story.reported:
        return True
    return ledger.has_open_numbers(story.run_id)
