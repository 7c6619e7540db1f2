"""Records in, entries out, and back: nothing of them is lost."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from decom.dialnexa.replies import Proof
from decom.ledger import records
from decom.ledger.records import (
    Attempt,
    Ended,
    Intent,
    Kind,
    Look,
    NotChecked,
    Reported,
    Settled,
    Started,
    Verified,
    entry,
)
from decom.vocabulary import Outcome, Stopped
from tests.ledger import entries
from tests.ledger.entries import AT

BACK: dict[Kind, Callable[[str], Any]] = {
    Kind.STARTED: records.started,
    Kind.INTENT: records.intent,
    Kind.ATTEMPT: records.attempt,
    Kind.LOOK: records.look,
    Kind.NOT_CHECKED: records.not_checked,
    Kind.SETTLED: records.settled,
    Kind.ENDED: records.ended,
    Kind.VERIFIED: records.verified,
    Kind.REPORTED: records.reported,
}

CONFLICTS = (("campaigns", "cmp_1", "Spring", "active"),)


@pytest.mark.parametrize(
    ("record", "kind", "body", "number_id", "phone_number"),
    [
        (
            Started("ops@host", 7, "0.1.0", "ws-1"),
            Kind.STARTED,
            {"operator": "ops@host", "pid": 7, "version": "0.1.0", "workspace": "ws-1"},
            None,
            None,
        ),
        (Intent("phn_1", 1), Kind.INTENT, {"number_id": "phn_1", "attempt": 1}, "phn_1", None),
        (
            Attempt("phn_1", 1, Proof.IN_DOUBT, None, "cut off", AT),
            Kind.ATTEMPT,
            {
                "number_id": "phn_1",
                "attempt": 1,
                "proof": "in_doubt",
                "status": None,
                "message": "cut off",
                "sent_at": AT,
            },
            "phn_1",
            None,
        ),
        (
            Look("phn_1", True, 0.5, "why"),
            Kind.LOOK,
            {"number_id": "phn_1", "present": True, "quiet": 0.5, "why": "why", "listed": False},
            "phn_1",
            None,
        ),
        (
            Settled("phn_1", "+14155550101", Outcome.CONFLICTED, "plan", "held", CONFLICTS),
            Kind.SETTLED,
            {
                "number_id": "phn_1",
                "phone_number": "+14155550101",
                "outcome": "conflicted",
                "evidence": "plan",
                "reason": "held",
                "conflicts": [["campaigns", "cmp_1", "Spring", "active"]],
            },
            "phn_1",
            "+14155550101",
        ),
        (
            NotChecked((("campaigns", "503"),)),
            Kind.NOT_CHECKED,
            {"sources": [["campaigns", "503"]]},
            None,
            None,
        ),
        (Ended(Stopped.SIGTERM, "stopped"), Kind.ENDED, {"why": "sigterm", "detail": "stopped"}, None, None),
        (Ended(None), Kind.ENDED, {"why": None, "detail": ""}, None, None),
        (Verified(("one", "two")), Kind.VERIFIED, {"differences": ["one", "two"]}, None, None),
        (Reported("ab12"), Kind.REPORTED, {"manifest": "ab12"}, None, None),
    ],
)
def test_the_entry_that_keeps_a_record(record, kind, body, number_id, phone_number):
    kept = entry(record, AT)
    assert (kept.kind, kept.at, kept.number_id, kept.phone_number) == (kind, AT, number_id, phone_number)
    assert json.loads(kept.body) == body
    assert BACK[kind](kept.body) == record


def test_a_look_of_an_older_ledger_was_one_by_its_id():
    assert records.look('{"number_id":"phn_1","present":false,"quiet":0.5,"why":""}') == Look("phn_1", False, 0.5)


@given(record=entries.records)
def test_any_record_comes_back_as_it_was_and_its_body_is_ascii(record):
    kept = entry(record, AT)
    assert kept.body.isascii()
    assert BACK[kept.kind](kept.body) == record


def test_every_kind_of_record_can_be_read_back():
    assert set(BACK) == set(Kind) - {Kind.PLANNED, Kind.ROW}
