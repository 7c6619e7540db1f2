"""The words that scripts rely on, and the one rule that makes an exit code of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.vocabulary import (
    SIGNALS,
    Decision,
    Evidence,
    ExitCode,
    Outcome,
    Stopped,
    earlier_run,
    exit_code,
    plan_exit_code,
    stopped,
)


def test_the_words_are_those_that_scripts_know():
    assert [*Decision] == [
        "not_selected",
        "invalid",
        "duplicate",
        "missing",
        "protected",
        "conflicted",
        "release",
    ]
    assert [*Outcome] == [
        "released",
        "missing",
        "conflicted",
        "failed",
        "unknown",
        "not_attempted",
        "protected",
        "invalid",
        "duplicate",
        "not_selected",
    ]
    assert [*Evidence] == [
        "plan",
        "answered_2xx",
        "absent_after_unconfirmed_delete",
        "answered_404_after_seen",
        "answered_409",
        "answered_4xx",
        "still_present",
        "unconfirmed",
        "earlier_run",
        "stopped",
    ]


def test_every_decision_but_release_is_an_outcome_of_the_same_name():
    assert {*Decision} - {*Outcome} == {"release"}


def test_the_exit_codes_are_those_that_scripts_know():
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "BUG": 1,
        "BAD_INPUT": 2,
        "HELD_BACK": 3,
        "INCOMPLETE": 4,
        "GUARD": 5,
        "KEY_REFUSED": 6,
        "LOCKED": 75,
        "SIGHUP": 129,
        "SIGINT": 130,
        "SIGTERM": 143,
    }


def test_two_pieces_of_evidence_carry_a_word():
    assert earlier_run("20261123T185757Z-0a1b2c") == "earlier_run:20261123T185757Z-0a1b2c"
    assert stopped(Stopped.KEY) == "stopped:key"


FINE = {Outcome.RELEASED: 3, Outcome.MISSING: 2, Outcome.PROTECTED: 1, Outcome.DUPLICATE: 1, Outcome.NOT_SELECTED: 1}
SERIOUS = [ExitCode.INCOMPLETE, ExitCode.HELD_BACK, ExitCode.DONE]
"""What counts alone can come to, the most serious first."""


@pytest.mark.parametrize(
    ("counts", "why", "code"),
    [
        ({}, None, 0),
        (FINE, None, 0),
        (dict.fromkeys(Outcome, 0), None, 0),
        ({**FINE, Outcome.CONFLICTED: 1}, None, 3),
        ({**FINE, Outcome.INVALID: 1}, None, 3),
        ({**FINE, Outcome.FAILED: 1}, None, 4),
        ({**FINE, Outcome.UNKNOWN: 1}, None, 4),
        ({**FINE, Outcome.NOT_ATTEMPTED: 1}, None, 4),
        ({**FINE, Outcome.CONFLICTED: 5, Outcome.FAILED: 1}, None, 4),
        (FINE, Stopped.SIGINT, 130),
        (FINE, Stopped.SIGTERM, 143),
        (FINE, Stopped.SIGHUP, 129),
        ({Outcome.UNKNOWN: 1}, Stopped.SIGTERM, 143),
        (FINE, Stopped.KEY, 6),
        ({Outcome.FAILED: 1}, Stopped.KEY, 6),
        (FINE, Stopped.BUG, 1),
        ({Outcome.NOT_ATTEMPTED: 3}, Stopped.GUARD, 5),
        ({Outcome.NOT_ATTEMPTED: 3, Outcome.RELEASED: 0}, Stopped.STALE_PLAN, 5),
        ({Outcome.NOT_ATTEMPTED: 3, Outcome.RELEASED: 1}, Stopped.GUARD, 4),
        ({Outcome.NOT_ATTEMPTED: 3, Outcome.RELEASED: 1}, Stopped.STALE_PLAN, 4),
        *[
            (FINE, why, 4)
            for why in Stopped
            if why not in SIGNALS and why not in (Stopped.KEY, Stopped.BUG, Stopped.GUARD, Stopped.STALE_PLAN)
        ],
        (FINE, Stopped.GUARD, 4),
    ],
)
def test_of_what_applies_the_most_serious_wins(counts, why, code):
    assert exit_code(counts, why) == code


@pytest.mark.parametrize("why", [Stopped.GUARD, Stopped.STALE_PLAN])
def test_a_guard_that_refused_once_something_was_sent_is_no_refusal_of_the_whole(why):
    assert exit_code({Outcome.FAILED: 1, Outcome.NOT_ATTEMPTED: 3}, why, sent=True) == 4
    assert exit_code({Outcome.NOT_ATTEMPTED: 3}, why, sent=False) == 5


@given(
    one=st.dictionaries(st.sampled_from(Outcome), st.integers(0, 3)),
    other=st.dictionaries(st.sampled_from(Outcome), st.integers(0, 3)),
)
def test_more_rows_never_make_it_better(one, other):
    together = {outcome: one.get(outcome, 0) + other.get(outcome, 0) for outcome in Outcome}
    assert SERIOUS.index(exit_code(together)) == min(SERIOUS.index(exit_code(one)), SERIOUS.index(exit_code(other)))


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({}, 0),
        ({Decision.RELEASE: 3, Decision.MISSING: 1, Decision.PROTECTED: 1, Decision.DUPLICATE: 1}, 0),
        ({Decision.RELEASE: 3, Decision.CONFLICTED: 1}, 3),
        ({Decision.RELEASE: 3, Decision.INVALID: 1}, 3),
    ],
)
def test_a_plan_with_nothing_held_back_is_done(counts, code):
    assert plan_exit_code(counts) == code
