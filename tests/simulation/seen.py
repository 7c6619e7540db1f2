"""What can be known of a run from outside, in words that fit every server. In: logs and files. Out: plain values.

The checker reads nothing else. The simulation's service writes these values itself; the sandbox's memory is turned
into them by `from_sandbox`.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from decom.sandbox.memory import Record
from tests.reporting.oracle.interface import AuditRow

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
    """`held`: a campaign calls from it now. `reassigned`: its ID means another number now."""
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
    held: frozenset[str] = frozenset()
    """E.164 numbers that a campaign or batch call held then, for everybody with the right to see."""
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
        return self.requests[part.first - 1 : part.last]

    def deletes(self, part: Part) -> Sequence[Request]:
        """The DELETEs of one command."""
        return [request for request in self.of(part) if request.method == "DELETE"]

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


def read_lines(home: Path) -> list[Line]:
    """The whole ledger of a home."""
    with sqlite3.connect(home / "ledger.sqlite3") as connection:
        found = connection.execute("SELECT run_id, kind, number_id, body FROM entries ORDER BY seq").fetchall()
    connection.close()
    return [Line(run_id, kind, number_id, json.loads(body)) for run_id, kind, number_id, body in found]


def from_sandbox(log: Iterable[Record]) -> tuple[list[Request], list[Removal]]:
    """The sandbox's memory in the checker's words; who removed a number is known, its E.164 number is not."""
    requests, removals = [], []
    for record in log:
        requests.append(
            Request(
                seq=record.seq,
                method=record.method,
                target=record.target,
                arrived=record.arrived,
                ended=record.answered,
                status=record.status,
                about_number=record.status == 404 and record.fault not in ("html_404", "route_404"),
                page=record.fault in ("html_200", "html_200_after", "html_404"),
                fault=record.fault,
            )
        )
        if record.applied and record.method == "DELETE" and record.number_id is not None:
            removals.append(Removal(record.number_id, "", record.answered or record.arrived, record.seq))
    return requests, removals
