"""What can be known of a run from outside, in words that fit every server. In: logs and files. Out: plain values.

The checker reads nothing else; the simulation's service writes these values itself.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.reporting.oracle.interface import AuditRow
from tests.simulation.cells import Row

if TYPE_CHECKING:
    from tests.simulation.world import Call, Hold

NUMBERS = "/organization-phone-numbers"


@dataclass(slots=True)
class Request:
    """One request that reached the server."""

    seq: int
    """In the order of arrival, from 1."""
    method: str
    target: str
    """Path and query, byte for byte."""
    arrived: float
    """Seconds on the server's clock."""
    ended: float | None = None
    """When the client had its answer or gave up; None: never, it died meanwhile."""
    status: int | None = None
    """What the client was told; None where it was told nothing."""
    page: bool = False
    """A web page came instead of data."""
    about_number: bool = False
    """The answer is a 404 that speaks of the number."""
    retry_after: float | None = None
    """Seconds that the answer asked to wait."""
    fault: str | None = None
    holds: Sequence["Hold"] = ()
    """The campaigns and batch calls of which the answer showed a row, whole."""
    calls: Sequence["Call"] = ()
    """The places in which the answer named the number of one of them."""
    ids: frozenset[str] = frozenset()
    """The IDs of the numbers that stood in the answer."""
    beside: bool = False
    """Another command sent it, which was started while this one was at work."""
    intents: int | None = None
    """Intents for this number that were on the disk at its arrival; None where nobody looked."""

    @property
    def number_id(self) -> str | None:
        """The ID in the path; None where the path is not that of one number."""
        _, found, rest = urlsplit(self.target).path.partition(NUMBERS + "/")
        return rest if found != "" else None

    @property
    def told(self) -> bool:
        """Whether a status came back to a client that was alive."""
        return self.status is not None and self.ended is not None


@dataclass(frozen=True, slots=True)
class Removal:
    """A number left the account."""

    number_id: str
    phone_number: str
    at: float
    by: int | None
    """The `seq` of the request that did it; None: somebody else."""


@dataclass(frozen=True, slots=True)
class Change:
    """A number on the account is not what it was."""

    number_id: str
    kind: str
    """`held`: a campaign or batch call calls from it now. `reassigned`: its ID means another number now. `arrived`: it
    is on the account now. `ported`: its own status says that somebody else has it in hand."""
    at: float
    phone_number: str
    """Its E.164 number from then on."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the ledger, read without the product's reader."""

    run_id: str
    kind: str
    number_id: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """What one command of ours did."""

    command: str
    run_id: str | None
    """The run that it worked on; None where it came to none."""
    first: int
    """The `seq` of its first request; that of the next command's where it sent none."""
    leave: int | None
    """The `seq` of the first request after leave was given to release; None: it never was."""
    last: int
    """The `seq` of its last request; `first - 1` where it sent none."""
    stopped_at: float | None = None
    """When a signal asked it to stop; None: none did."""
    killed: bool = False
    exit_code: int | None = None
    """None: it was killed."""
    robbed_at: float | None = None
    """When its lock or its home was taken from it; None: never."""
    ended_at: float = 0.0
    """Seconds on the server's clock."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody but the one who made the night can know."""

    rows: Sequence[Row] = ()
    """The rows of the list, and what each was meant to say."""
    operations: str = ""
    """As `Scenario.operations`."""
    protected: frozenset[str] = frozenset()
    """IDs and E.164 numbers that must never go."""
    holds: Sequence["Hold"] = ()
    """Every campaign and batch call that there ever was."""
    sources: frozenset[str] = frozenset()
    """The sources that this account has at all."""
    accepted: frozenset[str] = frozenset()
    """The sources that may stay unread."""
    ills: Mapping[str, str] = field(default_factory=dict)
    """Sources whose lists say less than the truth, and how."""
    pending: frozenset[str] = frozenset()
    """IDs whose release was accepted, and will be carried out."""
    workflows: bool = False
    """Whether a workflow is active."""
    elsewhere: frozenset[str] = frozenset()
    """The runs of this home that worked on another workspace."""
    foreign: bool = False
    """Whether most of the list is another workspace's."""
    plan_ttl: float = 86_400.0
    """Seconds for which a plan may be carried out."""
    jumps: Sequence[tuple[float, float]] = ()
    """When, and by how many seconds, the wall clock jumps."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run, and everything that is needed to judge it."""

    run_id: str
    base_path: str
    """Such as `/v1`."""
    requests: Sequence[Request]
    """Of every command of this home, in the order of arrival."""
    removals: Sequence[Removal]
    changes: Sequence[Change]
    parts: Sequence[Part]
    """Every command of this home, in order."""
    lines: Sequence[Line]
    """The home's ledger, in order."""
    cells: Sequence[str]
    """The first filled cell of each row of the input that is not blank."""
    rows: Sequence[AuditRow]
    """The audit's rows."""
    exit_code: int
    """The audit's."""
    concurrency: int
    settle: float
    """Seconds."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The account when all began: E.164 by ID; empty where nobody kept it."""
    truth: Truth = field(default_factory=Truth)
    final: bool = False
    """True where the run was taken to its end with a service that can be reached."""

    def ours(self) -> Sequence[Part]:
        """The commands that worked on this run."""
        return [part for part in self.parts if part.run_id == self.run_id]

    def sent(self) -> Sequence[Request]:
        """The requests of the commands that worked on this run."""
        return [request for part in self.ours() for request in self.of(part)]

    def of(self, part: Part) -> Sequence[Request]:
        """The requests of one command."""
        return [request for request in self.requests[part.first - 1 : part.last] if not request.beside]

    def deletes(self, part: Part) -> Sequence[Request]:
        """The DELETEs of one command."""
        return [request for request in self.of(part) if request.method == "DELETE"]

    def planning(self) -> tuple[Part, Sequence[Request], float, float] | None:
        """The command that planned this run, its requests until then, and when they began and ended; None: none did."""
        part = next((each for each in self.ours() if each.command in ("plan", "run")), None)
        if part is None:
            return None
        last = part.last if part.leave is None else min(part.last, part.leave - 1)
        requests = [each for each in self.requests[part.first - 1 : last] if not each.beside]
        if len(requests) == 0:
            return None
        end = max(each.ended or each.arrived for each in requests)
        return part, requests, requests[0].arrived, end

    def account(self, at: float) -> dict[str, str]:
        """E.164 by ID as they were on the account at an instant."""
        found = dict(self.known)
        steps: list[tuple[float, int, Removal | Change]] = [(each.at, 1, each) for each in self.removals]
        steps += [(each.at, 0, each) for each in self.changes]
        for when, gone, step in sorted(steps, key=lambda step: step[:2]):
            if when > at:
                break
            if gone:
                found.pop(step.number_id, None)
            elif isinstance(step, Change) and step.kind in ("arrived", "reassigned"):
                found[step.number_id] = step.phone_number
        return found

    def states(self) -> Mapping[str, str]:
        """The state of each source of conflicts, as the plan has it."""
        return {source["name"]: state_of(source) for source in self.head()["sources"]}

    def lag(self) -> float:
        """How many seconds old what a client was shown of the account may have been."""
        return self.settle if any(request.fault == "stale_read" for request in self.requests) else 0.0

    def plan(self) -> Sequence[Mapping[str, Any]]:
        """The run's planned rows."""
        return [line.body for line in self.lines if line.run_id == self.run_id and line.kind == "row"]

    def head(self) -> Mapping[str, Any]:
        """The plan's head."""
        heads = (line.body["head"] for line in self.lines if line.run_id == self.run_id and line.kind == "planned")
        found: Mapping[str, Any] = next(heads)
        return found


def state_of(source: Mapping[str, Any]) -> str:
    """One of the four words for a source. A plan that knows only `checked` is read as what it says of the rest."""
    if "state" in source:
        return str(source["state"])
    if source["checked"]:
        return "checked"
    if source["name"] in ("default-number", "workflows"):
        return "refused_by_service"
    return "not_applicable" if "has none" in source["why"] else "not_checked"


def read_lines(home: Path) -> list[Line]:
    """The whole ledger of a home."""
    with sqlite3.connect(home / "ledger.sqlite3") as connection:
        found = connection.execute("SELECT run_id, kind, number_id, body FROM entries ORDER BY seq").fetchall()
    connection.close()
    return [Line(run_id, kind, number_id, json.loads(body)) for run_id, kind, number_id, body in found]
