"""The facts that the ledger keeps: frozen records in, entries out, and back.

A run's life is one list of entries, only ever added to: `planned`, a `row` for each row of the input, `started`,
perhaps `not_checked`, then for each number `intent`, `attempt`, `look`, `settled`, then `ended`, `verified` whenever
somebody looked, and `reported` whenever the reports were written.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from decom.dialnexa.replies import Proof
from decom.vocabulary import Outcome, Stopped


class Kind(StrEnum):
    """What an entry records."""

    PLANNED = "planned"
    ROW = "row"
    STARTED = "started"
    INTENT = "intent"
    ATTEMPT = "attempt"
    LOOK = "look"
    NOT_CHECKED = "not_checked"
    SETTLED = "settled"
    ENDED = "ended"
    VERIFIED = "verified"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    kind: Kind
    at: str
    """When it was written, ISO 8601 in UTC."""
    body: str
    """The record as JSON in ASCII: whatever characters the service sent, they can be stored."""
    number_id: str | None = None
    """The number that it speaks of; None where it speaks of the run."""
    phone_number: str | None = None
    """Its E.164 number, so that a number's life can be found under either name."""


@dataclass(frozen=True, slots=True)
class Started:
    """A part of a run began to release."""

    operator: str
    """`user@host`, the user as the system knows them; behind it ` (sudo by anna)` where SUDO_USER said so."""
    pid: int
    version: str
    """Of this program."""
    workspace: str | None = None
    """The name of the workspace under which it worked, which is not the plan's where the key was replaced; None:
    older records do not say."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A DELETE is about to leave."""

    number_id: str
    attempt: int
    """1 for the first DELETE of this number in this run."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one DELETE."""

    number_id: str
    attempt: int
    proof: Proof
    status: int | None
    """None where no status line came back."""
    message: str
    sent_at: str
    """ISO 8601 in UTC."""

    @property
    def may_have_left(self) -> bool:
        """Whether the service may have seen any byte of it."""
        return self.proof is not Proof.NOT_SENT

    @property
    def did_nothing(self) -> bool:
        """Whether the number is as good as not begun: it never left, or the service asked to come back later."""
        return self.proof in (Proof.NOT_SENT, Proof.THROTTLED)


@dataclass(frozen=True, slots=True)
class Look:
    """What asking for a number after a DELETE found."""

    number_id: str
    present: bool | None
    """None: nobody could be asked."""
    quiet: float
    """Seconds between the last DELETE's end and this look."""
    why: str = ""
    listed: bool = False
    """True where it was looked for in a fresh listing of the whole account, False where it was asked for by its ID."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A look at the account just before sending did not check some sources of conflicts."""

    sources: tuple[tuple[str, str], ...]
    """Each as its name and why."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a number."""

    number_id: str
    phone_number: str | None
    outcome: Outcome
    evidence: str
    reason: str
    conflicts: tuple[tuple[str, str, str, str], ...] = ()
    """Conflicts found since the plan, each as source, ID, name, status."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A part of a run ended by itself or was stopped."""

    why: Stopped | None
    """None: it did all it had to do."""
    detail: str = ""
    """What stopped it, for people."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Somebody looked at the account again."""

    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """The reports were written."""

    manifest: str
    """The SHA-256 of `manifest.json`, in hex: whoever changes a report must change the ledger too."""


Record = Started | Intent | Attempt | Look | NotChecked | Settled | Ended | Verified | Reported

_KINDS: Mapping[type[Any], Kind] = {
    Started: Kind.STARTED,
    Intent: Kind.INTENT,
    Attempt: Kind.ATTEMPT,
    Look: Kind.LOOK,
    NotChecked: Kind.NOT_CHECKED,
    Settled: Kind.SETTLED,
    Ended: Kind.ENDED,
    Verified: Kind.VERIFIED,
    Reported: Kind.REPORTED,
}


_FIELDS: Mapping[type[Any], tuple[str, ...]] = {kind: tuple(each.name for each in fields(kind)) for kind in _KINDS}

_to_json = json.JSONEncoder(separators=(",", ":")).encode


def entry(record: Record, at: str) -> Entry:
    """The entry that keeps a record."""
    # Not asdict: it copies every value deeply, and a release has three records.
    body = _to_json({name: getattr(record, name) for name in _FIELDS[type(record)]})
    number_id = getattr(record, "number_id", None)
    return Entry(_KINDS[type(record)], at, body, number_id, getattr(record, "phone_number", None))


def intent(body: str) -> Intent:
    """The intent in an entry's body."""
    return Intent(**json.loads(body))


def _facts(body: str) -> dict[str, Any]:
    """The fields in an entry's body. A million numbers' records share their words: IDs, reasons, messages."""
    found: dict[str, Any] = {**json.loads(body)}
    return {name: sys.intern(value) if isinstance(value, str) else value for name, value in found.items()}


def attempt(body: str) -> Attempt:
    """The attempt in an entry's body."""
    fields = _facts(body)
    return Attempt(**{**fields, "proof": Proof(fields["proof"])})


def look(body: str) -> Look:
    """The look in an entry's body."""
    return Look(**json.loads(body))


def not_checked(body: str) -> NotChecked:
    """The sources in an entry's body."""
    return NotChecked(tuple((name, why) for name, why in json.loads(body)["sources"]))


def settled(body: str) -> Settled:
    """The settlement in an entry's body."""
    fields = _facts(body)
    conflicts = tuple((source, id_, name, status) for source, id_, name, status in fields["conflicts"])
    return Settled(**{**fields, "outcome": Outcome(fields["outcome"]), "conflicts": conflicts})


def ended(body: str) -> Ended:
    """The end in an entry's body."""
    fields = json.loads(body)
    return Ended(None if fields["why"] is None else Stopped(fields["why"]), fields["detail"])


def reported(body: str) -> Reported:
    """The report in an entry's body."""
    return Reported(**json.loads(body))


def started(body: str) -> Started:
    """The start in an entry's body."""
    return Started(**json.loads(body))


def verified(body: str) -> Verified:
    """The look at the account in an entry's body."""
    return Verified(tuple(json.loads(body)["differences"]))
