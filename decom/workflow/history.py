"""The ledger of a home in, what people ask of the past out: its runs, one run, one number's life across all runs.

Light: neither pandas nor httpx is loaded for it, and nothing is asked of the service.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from decom.errors import BadInput
from decom.ledger import records
from decom.ledger.counting import outcome_counts
from decom.ledger.lock import holder_of
from decom.ledger.reader import Reader, RunRecord
from decom.ledger.records import Entry, Kind
from decom.phone_numbers.reading import read_number
from decom.planning.plan import PlanHead
from decom.planning.saved import row_from_json, saved_head
from decom.vocabulary import Decision, Outcome
from decom.workflow.memory import memory_of
from decom.workflow.naming import LATEST, RUN_ID, find_run, names_a_run


@dataclass(frozen=True, slots=True)
class RunLine:
    """One past run in a line."""

    run_id: str
    planned_at: str
    """ISO 8601 in UTC."""
    status: str
    """`planned`, `releasing` (now), `done`, `stopped`, `interrupted`."""
    input_name: str
    rows: int
    """Rows of the input."""
    outcomes: Mapping[Outcome, int]
    """Rows of the input by what they came to, as in the audit's summary; outcomes without a row are left out. None for
    a plan that was not applied; of a run that goes on those without an outcome so far are left out."""
    open: int
    """Numbers of which something was sent, and whose fate is not known; `unknown`, once the run does not go on."""
    unverified: bool = False
    """True where it is done, and nobody could look afterwards whether all is as reported."""


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One thing that happened."""

    at: str
    """ISO 8601 in UTC."""
    run_id: str
    event: str
    """In words."""
    outcome: Outcome | None = None
    """Where it settled a number."""
    workspace: str = ""
    """The name of the workspace that the run was planned for; empty in the picture of one run, whose head has it."""


@dataclass(frozen=True, slots=True)
class RunDetails:
    """Everything of one run but its single numbers."""

    line: RunLine
    head: PlanHead
    folder: Path
    decisions: Mapping[Decision, int]
    """Rows per decision, every decision named."""
    moments: tuple[PastEvent, ...]
    """Planned, started, ended, verified; in order."""
    differences: tuple[str, ...]
    """What the last look at the account found different."""


@dataclass(frozen=True, slots=True)
class NumberDetails:
    """One number's whole life, as far as this ledger knows it."""

    asked_for: str
    number_ids: tuple[str, ...]
    phone_numbers: tuple[str, ...]
    moments: tuple[PastEvent, ...]
    """Across all runs of one workspace, oldest first; where none was asked for, one workspace after the other."""


def runs(home: Path) -> list[RunLine]:
    """Every run of the home, oldest first. Raises LedgerTrouble."""
    with Reader(home) as ledger:
        stories = (ledger.story(run_id) for run_id in ledger.run_ids())
        working = _working_now(home)
        return [_line(story, ledger.decisions(story.run_id), working) for story in stories if story is not None]


def show(home: Path, run_or_number: str, ours: tuple[str, str] | None = None) -> RunDetails | NumberDetails:
    """One run as `find_run` takes it, or one number by its ID or its E.164 number as people write it.

    What is a number on record is that, not part of a run's ID.

    `ours` is the workspace, by name and base URL, whose runs a number's life is told of: the same name may be another
    number elsewhere. None: every workspace that knows it is told of, one after the other. Raises BadInput where the
    ledger knows no such thing, LedgerTrouble.
    """
    wanted = run_or_number.strip()
    remedy = "`decom runs` lists the runs; a number is written +919876543210, or as its ID. Another home: --home."
    with Reader(home) as ledger:
        if wanted == LATEST or RUN_ID.fullmatch(wanted) is not None:
            return _run(home, ledger, find_run(wanted, ledger.run_ids())[0])
        among = None if ours is None else memory_of(ledger, *ours).run_ids
        for name in _names(wanted):
            life = ledger.life(name, among)
            if len(life) > 0:
                return _number(wanted, life, _workspaces(ledger))
        if among is not None and any(len(ledger.life(name)) > 0 for name in _names(wanted)):
            raise BadInput(
                "no run of this workspace has such a number; only another workspace of this home does",
                where=wanted[:80],
                remedy="Is it the right key? Without a key, decom show covers all workspaces.",
            )
        if names_a_run(wanted, run_ids := ledger.run_ids()):
            return _run(home, ledger, find_run(wanted, run_ids)[0])
    raise BadInput("no such run or number in this home's ledger", where=wanted[:80], remedy=remedy)


def _workspaces(ledger: Reader) -> Mapping[str, str]:
    """The workspace that each run was planned for, by run ID."""
    return {run_id: saved_head(body).head.workspace for run_id, body in ledger.plans()}


def working_now(home: Path) -> Mapping[str, str]:
    """The runs that work in this home now, by run ID, each with its process in words."""
    holders = (holder_of(path) for path in sorted(home.glob("*.holder.json")))
    return {holder.run_id: str(holder) for holder in holders if holder is not None}


def _working_now(home: Path) -> frozenset[str]:
    return frozenset(working_now(home))


def _line(story: RunRecord, rows: Iterable[tuple[Decision | None, str | None]], working: frozenset[str]) -> RunLine:
    head = saved_head(story.plan).head
    status = _status(story, working)
    outcomes = outcome_counts(rows, story, at_work=status == "releasing")
    unknown = sum(1 for number in story.numbers.values() if number.is_open)
    return RunLine(
        run_id=story.run_id,
        planned_at=story.planned_at,
        status=status,
        input_name=head.input_name,
        rows=head.input_rows,
        outcomes={outcome: outcomes[outcome] for outcome in Outcome if outcomes[outcome] > 0},
        open=unknown,
        unverified=status == "done" and story.verified is None,
    )


def _status(story: RunRecord, working: frozenset[str]) -> str:
    """A run is over once it is reported: killed between its end and its reports, it was interrupted."""
    if len(story.starts) == 0 or story.reported:
        return story.status
    return "releasing" if story.run_id in working else "interrupted"


def _run(home: Path, ledger: Reader, run_id: str) -> RunDetails:
    story = ledger.story(run_id)
    if story is None:
        raise BadInput(
            "this home's ledger has no record of this run", where=run_id, remedy="`decom runs` lists the runs."
        )
    saved = saved_head(story.plan)
    rows = list(ledger.decisions(run_id))
    decisions = Counter(decision for decision, _ in rows)
    return RunDetails(
        line=_line(story, rows, _working_now(home)),
        head=saved.head,
        folder=saved.folder,
        decisions={decision: decisions[decision] for decision in Decision},
        moments=tuple(_of_run(story)),
        differences=() if story.verified is None else story.verified[1].differences,
    )


def _of_run(story: RunRecord) -> Iterator[PastEvent]:
    yield PastEvent(story.planned_at, story.run_id, "planned")
    for at, start in story.starts:
        yield PastEvent(
            at, story.run_id, f"releasing began, by {start.operator} (process {start.pid}, decom {start.version})"
        )
    if story.ended is not None:
        at, end = story.ended
        detail = f": {end.detail}" if end.detail != "" else ""
        yield PastEvent(at, story.run_id, "ended" if end.why is None else f"stopped ({end.why}){detail}")
    if story.verified is not None:
        at, seen = story.verified
        found = "all as reported" if len(seen.differences) == 0 else f"{len(seen.differences):,} not as reported"
        yield PastEvent(at, story.run_id, f"verified: {found}")


def _names(wanted: str) -> Iterator[str]:
    """What somebody may mean: the text itself, then each number that it can mean, likeliest first."""
    yield wanted
    yield from read_number(wanted).numbers


def _number(asked_for: str, life: list[tuple[str, Entry]], workspaces: Mapping[str, str]) -> NumberDetails:
    order = {name: place for place, name in enumerate(dict.fromkeys(workspaces.get(run_id, "") for run_id, _ in life))}
    life = sorted(life, key=lambda told: order[workspaces.get(told[0], "")])
    ids = dict.fromkeys(entry.number_id for _, entry in life if entry.number_id is not None)
    phones = dict.fromkeys(entry.phone_number for _, entry in life if entry.phone_number is not None)
    moments = (_moment(run_id, entry, workspaces.get(run_id, "")) for run_id, entry in life)
    return NumberDetails(asked_for, tuple(ids), tuple(phones), tuple(moments))


def _moment(run_id: str, entry: Entry, workspace: str) -> PastEvent:
    """One entry about a number, in words."""
    if entry.kind is Kind.SETTLED:
        settled = records.settled(entry.body)
        words = f"{settled.outcome}: {settled.reason} ({settled.evidence})"
        return PastEvent(entry.at, run_id, words, settled.outcome, workspace)
    return PastEvent(entry.at, run_id, _words(entry), workspace=workspace)


def _words(entry: Entry) -> str:
    if entry.kind is Kind.ROW:
        row = row_from_json(entry.body)
        decided = "not decided" if row.decision is None else f"planned as {row.decision}"
        return f"row {row.row}: {decided}: {row.reason}"
    if entry.kind is Kind.INTENT:
        return f"about to send release {records.intent(entry.body).attempt}"
    if entry.kind is Kind.ATTEMPT:
        attempt = records.attempt(entry.body)
        answer = "no answer" if attempt.status is None else f"answered {attempt.status}"
        message = f": {attempt.message}" if attempt.message != "" else ""
        return f"release {attempt.attempt} {answer}{message}"
    if entry.kind is Kind.LOOK:
        look = records.look(entry.body)
        present = {True: "still there", False: "gone", None: f"could not be checked: {look.why}"}
        where = "looked through the whole listing" if look.listed else "looked"
        return f"{where}: {present[look.present]}"
    return str(entry.kind)
