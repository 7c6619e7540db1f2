"""What the ledger knows. In: a home. Out: past runs, one run's story, one number's life, what was released before.

Reading never changes the ledger. Bodies of plans and rows are given as the JSON they were written as: what they
mean is the planning stage's knowledge.
"""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from decom.dialnexa.replies import Proof
from decom.errors import LedgerTrouble
from decom.ledger import records, schema
from decom.ledger.records import Attempt, Ended, Entry, Kind, Look, Settled, Started, Verified
from decom.ledger.troubles import trouble
from decom.ledger.waiting import Waiting
from decom.vocabulary import Decision, Outcome

T = TypeVar("T")


@dataclass(slots=True)
class NumberRecord:
    """Everything that one run did about one number, in the order in which it happened."""

    events: list[Attempt | Look] = field(default_factory=list)
    """An intent without an attempt that another intent followed is among them, as an attempt that was cut off."""
    open_intent: str | None = None
    """When a DELETE was about to leave that has no attempt on record (ISO 8601); None where there is none."""
    open_attempt: int = 0
    """That DELETE's number among this number's attempts."""
    settled: Settled | None = None
    settled_at: str | None = None

    @property
    def was_sent(self) -> bool:
        """Whether the service may have seen a DELETE of it."""
        left = any(isinstance(event, Attempt) and event.may_have_left for event in self.events)
        return left or self.open_intent is not None

    @property
    def is_open(self) -> bool:
        """Whether something was sent of which nobody knows what became."""
        sent = any(isinstance(event, Attempt) and not event.did_nothing for event in self.events)
        return self.settled is None and (sent or self.open_intent is not None)


@dataclass(slots=True)
class RunRecord:
    """A run from its plan to its end, without its rows."""

    run_id: str
    planned_at: str
    plan: str
    """The plan's head as JSON, with `folder` and `digest` beside it."""
    starts: list[tuple[str, Started]] = field(default_factory=list)
    """When each part began, and by whom; empty for a plan that was not carried out."""
    not_checked: dict[str, str] = field(default_factory=dict)
    """The sources of conflicts that some look just before sending did not check, each with why the last did not."""
    ended: tuple[str, Ended] | None = None
    """How the last part ended; None where it has not, or was killed."""
    verified: tuple[str, Verified] | None = None
    """The last look at the account since the last part's end; None where nobody has looked since."""
    manifest: str | None = None
    """The SHA-256 of the manifest of the reports written last, in hex; None where none were."""
    reported: bool = False
    """Whether the reports were written since the last part's end."""
    numbers: dict[str, NumberRecord] = field(default_factory=dict, repr=False)
    """By number ID; only numbers that something was recorded of. Not in the repr, as they may be a million."""

    @property
    def status(self) -> str:
        """`planned`, `done`, `stopped` or `interrupted`."""
        if self.ended is not None:
            return "done" if self.ended[1].why is None else "stopped"
        return "interrupted" if len(self.starts) > 0 else "planned"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a run's entries are not what was written."""

    what: str
    """In words."""
    row: str | None = None
    """The body of a planned row, where it is one; None where it is not."""
    is_cut_off: bool = False
    """Whether every entry is right, and the last ones are not there."""


class Reader:
    """One home's ledger, read only. Use as a context manager."""

    def __init__(self, home: Path, opened: sqlite3.Connection | None = None) -> None:
        """`opened` is a connection that somebody else will close; None: one of its own.

        Raises LedgerTrouble where there is a ledger that cannot be read; none at all reads as empty.
        """
        self._path = home / schema.FILE
        self._wait = Waiting()
        self._is_ours = opened is None
        self._connection = schema.open_for_reading(home, self._wait) if opened is None else opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, raised: BaseException | None, __: object) -> None:
        if self._connection is None or not self._is_ours:
            return
        try:
            self._connection.close()
        except sqlite3.Error as error:
            if raised is None:
                raise trouble(error, self._path, "closed") from error

    @contextmanager
    def at_one_instant(self) -> Iterator[None]:
        """All that is read in the block is as it was when it began, whatever others write meanwhile."""
        for _ in self._rows("BEGIN"):
            """There are no rows."""
        try:
            yield
        finally:
            for _ in self._rows("ROLLBACK"):
                """There are no rows."""

    def run_ids(self) -> list[str]:
        """Every run, oldest first: by the second in its ID, and within a second by when its plan was entered."""
        query = "SELECT run_id FROM entries WHERE kind = 'planned' ORDER BY substr(run_id, 1, 16), seq"
        return [str(run_id) for (run_id,) in self._rows(query)]

    def plan(self, run_id: str) -> str | None:
        """The body of a run's `planned` entry alone, as `RunRecord.plan`; None where this ledger does not know it."""
        query = "SELECT body FROM entries WHERE run_id = ? AND kind = 'planned'"
        return next((str(body) for (body,) in self._rows(query, run_id)), None)

    def plans(self) -> Iterator[tuple[str, str]]:
        """Every run, and the body of its `planned` entry as `RunRecord.plan`."""
        return ((str(run_id), str(body)) for run_id, _, body in self._rows(_OF_EVERY_RUN, Kind.PLANNED))

    def starts(self) -> Iterator[tuple[str, Started]]:
        """Every part that began, with its run."""
        for run_id, at, body in self._rows(_OF_EVERY_RUN, Kind.STARTED):
            yield str(run_id), _understood(_entry(Kind.STARTED, at, body), records.started)

    def story(self, run_id: str) -> RunRecord | None:
        """One run; None where this ledger does not know it."""
        story: RunRecord | None = None
        for entry in self._entries("run_id = ? AND kind <> 'row' ORDER BY seq", run_id):
            if entry.kind is Kind.PLANNED:
                story = RunRecord(run_id, entry.at, entry.body)
            elif story is not None:
                _tell(story, entry)
        return story

    def outline(self, run_id: str) -> RunRecord | None:
        """One run without its numbers, which may be a million; None where this ledger does not know it."""
        story: RunRecord | None = None
        for entry in self._entries(
            "run_id = ? AND kind NOT IN ('row', 'intent', 'attempt', 'look', 'settled') ORDER BY seq", run_id
        ):
            if entry.kind is Kind.PLANNED:
                story = RunRecord(run_id, entry.at, entry.body)
            elif story is not None:
                _tell(story, entry)
        return story

    def has_open_numbers(self, run_id: str) -> bool:
        """Whether something was sent to a number of a run of which nobody knows what became."""
        query = (
            "SELECT 1 FROM entries AS told WHERE run_id = ? AND (kind = 'intent' OR"
            " (kind = 'settled' AND json_extract(body, '$.outcome') = 'unknown')) AND NOT EXISTS"
            " (SELECT 1 FROM entries AS later WHERE later.number_id = told.number_id AND later.run_id = told.run_id"
            " AND later.kind = 'settled' AND later.seq > told.seq) LIMIT 1"
        )
        return any(True for _ in self._rows(query, run_id))

    def plan_rows(self, run_id: str) -> Iterator[str]:
        """The bodies of a run's planned rows, in the input's order."""
        query = "SELECT body FROM entries WHERE run_id = ? AND kind = 'row' ORDER BY seq"
        return (str(body) for (body,) in self._rows(query, run_id))

    def decisions(self, run_id: str) -> Iterator[tuple[Decision | None, str | None]]:
        """The decision and the number's ID of each of a run's planned rows; None where there is none.

        Raises LedgerTrouble where somebody has made something else of a row.
        """
        query = "SELECT json_extract(body, '$.decision'), number_id, at FROM entries WHERE run_id = ? AND kind = 'row'"
        for decision, number_id, at in self._rows(query, run_id):
            try:
                yield None if decision is None else Decision(decision), number_id
            except ValueError as error:
                raise _not_ours(Kind.ROW, at) from error

    def entries_of(self, run_id: str, kind: Kind) -> Iterator[tuple[Any, ...]]:
        """A run's entries of one kind in their order: place in the ledger, when written, number, body."""
        query = "SELECT seq, at, number_id, body FROM entries WHERE run_id = ? AND kind = ? ORDER BY seq"
        return self._rows(query, run_id, kind)

    def life(self, name: str, among: Set[str] | None = None) -> list[tuple[str, Entry]]:
        """All entries about a number, named by its ID or its E.164 number, oldest first, each with its run.

        Of the runs in `among` alone; None: of every run of the home.
        """
        query = (
            "SELECT run_id, kind, at, body, number_id, phone_number FROM entries WHERE"
            " number_id IN (SELECT value FROM json_each(?)) OR phone_number = ? ORDER BY seq"
        )
        found = self._rows(query, self._ids(name, among), name)
        return [(str(run_id), _entry(*rest)) for run_id, *rest in found if among is None or run_id in among]

    def removals(self, among: Set[str]) -> dict[str, tuple[str, bool]]:
        """Every number, by its ID, that a run of `among` released or may have, the latest first: the latest such run,
        and whether that is certain.

        False where the run never learnt what became of its DELETE. `among` holds the runs of one workspace: what
        another one released is no news here.
        """
        found: dict[str, tuple[str, bool]] = {}
        for number_id, run_id, kind, at, outcome, _ in self._rows(_LAST_WORDS, json.dumps(sorted(among))):
            try:
                became = Outcome.UNKNOWN if kind == Kind.INTENT else Outcome(outcome)
            except ValueError as error:
                raise _not_ours(kind, at) from error
            if became in (Outcome.RELEASED, Outcome.UNKNOWN):
                found.setdefault(str(number_id), (str(run_id), became is Outcome.RELEASED))
        return found

    def _ids(self, name: str, among: Set[str] | None) -> str:
        """The IDs under which a number is on record in these runs, the name itself included, as a list in JSON."""
        query = "SELECT DISTINCT run_id, number_id FROM entries WHERE phone_number = ? AND number_id IS NOT NULL"
        found = (number_id for run_id, number_id in self._rows(query, name) if among is None or run_id in among)
        return json.dumps(sorted({_whole(name), *found}), ensure_ascii=False)

    def released_by_others(self, run_id: str, among: Set[str]) -> dict[str, str]:
        """What other runs of `among` released after this one was planned: the run by number ID.

        A release belongs to one run: where another has it on record, a lost answer of this one claims nothing.
        `among` holds the runs of one workspace: the same ID may be another number in another one.
        """
        query = (
            "SELECT number_id, kind, at, body FROM entries WHERE run_id = ? AND kind = 'settled'"
            " AND seq > (SELECT min(seq) FROM entries WHERE run_id = ? AND kind = 'planned') ORDER BY seq"
        )
        released: dict[str, str] = {}
        for other in sorted(among - {run_id}):
            for number_id, kind, at, body in self._rows(query, other, run_id):
                if _understood(_entry(kind, at, body), records.settled).outcome is Outcome.RELEASED:
                    released[number_id] = other
                elif released.get(number_id) == other:  # it stood there all the same when that run looked back
                    del released[number_id]
        return released

    def head(self, run_id: str) -> str:
        """The hash over all of a run's entries so far, in hex."""
        query = "SELECT chain FROM entries WHERE seq = (SELECT max(seq) FROM entries WHERE run_id = ?)"
        return next((str(chain) for (chain,) in self._rows(query, run_id)), schema.START)

    def broken_link(self, run_id: str, head: str) -> str | None:
        """Where a run's entries are not what was written, in words; None where all are. `head` as for `break_in`."""
        found = self.break_in(run_id, head)
        return None if found is None else found.what

    def break_in(self, run_id: str, head: str) -> Break | None:
        """The first of a run's entries that is not what was written; None where all are.

        `head` is the hash that the run's manifest recorded: it must occur, so that a cut-off end shows too.
        """
        chain = schema.START
        found = head == chain
        query = "SELECT kind, at, body, number_id, phone_number, chain FROM entries WHERE run_id = ? ORDER BY seq"
        for position, (kind, at, body, number_id, phone, recorded) in enumerate(self._rows(query, run_id), 1):
            if kind not in _KINDS:
                return Break(f"entry {position} of the ledger is of no known kind: {kind!r}")
            try:
                chain = schema.link(chain, run_id, Entry(Kind(kind), at, body, number_id, phone))
            except TypeError:  # bytes in a column of text: nothing of ours
                chain = ""
            if chain != recorded:
                words = f"entry {position} of the ledger ({kind} at {at}) was changed, added or taken out"
                return Break(words, str(body) if kind == Kind.ROW else None)
            found = found or chain == head
        return None if found else Break("the ledger's last entries of this run are gone", is_cut_off=True)

    def _entries(self, condition: str, *values: str) -> Iterator[Entry]:
        query = f"SELECT kind, at, body, number_id, phone_number FROM entries WHERE {condition}"  # noqa: S608 - the condition is ours
        for row in self._rows(query, *values):
            yield _entry(*row)

    def _rows(self, query: str, *values: str) -> Iterator[tuple[str, ...]]:
        if self._connection is None:
            return
        connection = self._connection
        try:
            found = self._wait.out(lambda: connection.execute(query, [_whole(value) for value in values]))
            for row in found:  # noqa: UP028 - `yield from` would close the cursor of a ledger that is closed by then
                yield row
        except sqlite3.Error as error:
            raise trouble(error, self._path, "read") from error


_KINDS = frozenset(Kind)

_OF_EVERY_RUN = (
    "WITH RECURSIVE runs (run_id) AS (SELECT min(run_id) FROM entries UNION ALL"
    " SELECT (SELECT min(run_id) FROM entries WHERE entries.run_id > runs.run_id) FROM runs WHERE run_id IS NOT NULL)"
    " SELECT run_id, at, body FROM runs JOIN entries USING (run_id) WHERE kind = ?"
)
"""The entries of one kind, found from one run to the next: a home's runs are few, and its entries may be millions."""

_LAST_WORDS = (
    "SELECT number_id, run_id, kind, at, json_extract(body, '$.outcome'), max(seq) FROM entries"
    " WHERE run_id IN (SELECT value FROM json_each(?)) AND kind IN ('settled', 'intent') AND number_id IS NOT NULL"
    " GROUP BY run_id, number_id ORDER BY max(seq) DESC"
)
"""The last that each run says of each number to which it sent something."""


def _whole(name: str) -> str:
    """A name as a database can be asked for it: what was typed may hold half a character."""
    return name.encode("utf-8", "backslashreplace").decode()


def _entry(kind: str, at: str, body: str, number_id: str | None = None, phone_number: str | None = None) -> Entry:
    if kind not in _KINDS:
        raise _not_ours(kind, at)
    return Entry(Kind(kind), at, body, number_id, phone_number)


def _understood(entry: Entry, understand: Callable[[str], T]) -> T:
    """The record in an entry's body. Raises LedgerTrouble where somebody has made something else of it."""
    try:
        return understand(entry.body)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _not_ours(entry.kind, entry.at) from error


def _not_ours(kind: str, at: str) -> LedgerTrouble:
    return LedgerTrouble(
        f"an entry of {at} cannot be understood ({kind}): it was changed, or something else wrote it",
        where=schema.FILE,
        remedy="Put back a good copy, or name another home with --home.",
    )


def _tell(story: RunRecord, entry: Entry) -> None:
    """Add one entry to a run's story."""
    if entry.kind is Kind.STARTED:
        story.starts.append((entry.at, _understood(entry, records.started)))
        story.ended, story.verified, story.reported = None, None, False
    elif entry.kind is Kind.ENDED:
        story.ended = (entry.at, _understood(entry, records.ended))
        story.verified, story.reported = None, False
    elif entry.kind is Kind.NOT_CHECKED:
        story.not_checked.update(_understood(entry, records.not_checked).sources)
    elif entry.kind is Kind.VERIFIED:
        story.verified = (entry.at, _understood(entry, records.verified))
    elif entry.kind is Kind.REPORTED:
        story.manifest = _understood(entry, records.reported).manifest
        story.reported = True
    elif entry.number_id is not None:
        number_id = sys.intern(entry.number_id)
        number = story.numbers.get(number_id)
        if number is None:
            number = story.numbers[number_id] = NumberRecord()
        _tell_of_number(number, number_id, entry)


def _tell_of_number(number: NumberRecord, number_id: str, entry: Entry) -> None:
    if entry.kind is Kind.INTENT:
        if number.open_intent is not None:
            number.events.append(_cut_off(number_id, number.open_attempt, number.open_intent))
        number.open_intent, number.open_attempt = entry.at, _understood(entry, records.intent).attempt
        number.settled = number.settled_at = None
    elif entry.kind is Kind.ATTEMPT:
        number.events.append(_understood(entry, records.attempt))
        number.open_intent = None
    elif entry.kind is Kind.LOOK:
        number.events.append(_understood(entry, records.look))
    elif entry.kind is Kind.SETTLED:
        number.settled, number.settled_at = _understood(entry, records.settled), entry.at


def _cut_off(number_id: str, attempt: int, intended_at: str) -> Attempt:
    """What became of an intent that another one followed: nobody knows, and that must not be forgotten."""
    interrupted = "the run was interrupted while this release was in flight"
    return Attempt(number_id, attempt, Proof.CUT_OFF, None, interrupted, intended_at)
