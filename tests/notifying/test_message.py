"""The message: understood in ten seconds, true, and fit for any mailbox."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.errors import BadInput, DecomError, Locked, Refused
from decom.notifying.message import message
from decom.reporting.interface import Verification
from decom.vocabulary import ExitCode, Outcome, Stopped
from tests.notifying.endings import audit_of, finished

R, C, I, F, U, N = (  # noqa: E741 - one letter an outcome keeps the table readable
    Outcome.RELEASED,
    Outcome.CONFLICTED,
    Outcome.INVALID,
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.NOT_ATTEMPTED,
)

SUBJECTS = [
    ({R: 117, Outcome.MISSING: 3}, None, "decom: Done; 117 of 120 released (exit 0)"),
    ({R: 117, C: 3}, None, "decom: Done, 3 not released; 117 of 120 released (exit 3)"),
    ({R: 119, C: 1}, None, "decom: Done, 1 not released; 119 of 120 released (exit 3)"),
    ({R: 1_199, I: 1}, None, "decom: Done, 1 not released; 1,199 of 1,200 released (exit 3)"),
    ({R: 115, C: 3, I: 2}, None, "decom: Done, 5 not released; 115 of 120 released (exit 3)"),
    ({R: 1, C: 1, I: 1}, None, "decom: Done, 2 not released; 1 of 3 released (exit 3)"),
    (
        {R: 106, F: 2, U: 1, N: 11},
        Stopped.OUTAGE,
        "decom: Incomplete: 2 failed, 1 unknown, 11 not attempted of 120 (outage); 106 of 120 released (exit 4)",
    ),
    ({R: 119, F: 1, C: 1}, None, "decom: Incomplete: 1 of 121 failed; 119 of 121 released (exit 4)"),
    ({R: 120}, Stopped.DEADLINE, "decom: Incomplete: stopped early (deadline); 120 of 120 released (exit 4)"),
    ({R: 60, N: 60}, Stopped.KEY, "decom: Stopped: the key was refused; 60 of 120 released (exit 6)"),
    ({N: 120}, Stopped.STALE_PLAN, "decom: Refused: nothing was released (exit 5)"),
    ({R: 60, N: 60}, Stopped.SIGTERM, "decom: Interrupted: SIGTERM; 60 of 120 released (exit 143)"),
    ({R: 60, N: 60}, Stopped.SIGINT, "decom: Interrupted: Ctrl-C; 60 of 120 released (exit 130)"),
    ({R: 60, N: 60}, Stopped.SIGHUP, "decom: Interrupted: SIGHUP; 60 of 120 released (exit 129)"),
    ({R: 60, N: 60}, Stopped.BUG, "decom: Failed: unexpected error; 60 of 120 released (exit 1)"),
]


@pytest.mark.parametrize(("counts", "why", "subject"), SUBJECTS, ids=[subject for _, _, subject in SUBJECTS])
def test_the_subject_alone_says_what_happened(counts: dict[Outcome, int], why: Stopped | None, subject: str) -> None:
    ending = finished(audit_of(counts, why))
    assert message(ending, None, ending.exit_code, "night-1").subject == subject


def test_a_number_that_is_not_as_reported_is_in_the_subject() -> None:
    audit = audit_of({R: 120}, verification=Verification("2026-11-23T19:12:00.000Z", ("+91980 is back",)), exit_code=4)
    told = message(finished(audit), None, ExitCode.INCOMPLETE, "night-1")
    assert told.subject == "decom: Incomplete: 1 of 120 not as reported; 120 of 120 released (exit 4)"
    assert f"`decom verify {audit.run_id}` checks again" in told.body
    assert "+91980" not in told.body


def test_a_run_that_nobody_looked_at_again_says_so_in_subject_body_and_step() -> None:
    audit = audit_of({R: 120}, verification=None, exit_code=4)
    told = message(finished(audit), None, ExitCode.INCOMPLETE, "night-1")
    assert told.subject == "decom: Incomplete: not verified; 120 of 120 released (exit 4)"
    assert told.body.startswith("Incomplete: not verified: run ")
    assert "Not verified: the account has not been checked since the run ended" in told.body
    assert f"type `decom resume {audit.run_id}`" in told.body and "No action needed" not in told.body
    stopped = message(
        finished(audit_of({R: 60, N: 60}, Stopped.SIGTERM, verification=None)), None, ExitCode.SIGTERM, "night-1"
    )
    assert "Not verified" in stopped.body


def test_the_body_has_counts_next_step_and_where_the_reports_are(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b"{}")
    audit = audit_of({R: 106, C: 3, F: 2, U: 1, N: 11, I: 1}, Stopped.OUTAGE)
    assert message(finished(audit, tmp_path), None, ExitCode.INCOMPLETE, "night-1").body.splitlines() == [
        "Incomplete: 2 failed, 1 unknown, 11 not attempted of 124 (outage):"
        " run 20261123T185757Z-1a2b3c of numbers.csv, on night-1.",
        "",
        "      106  released",
        "        3  conflicted",
        "        2  failed",
        "        1  unknown",
        "       11  not attempted",
        "        1  invalid",
        "Not checked for conflicts: workflows.",
        "Verified against the account: everything matches.",
        "",
        "To do: type `decom resume 20261123T185757Z-1a2b3c`, as the same user and in the same home.",
        "To do: see audit.csv for why 2 failed; retry.csv is ready as the next run's input.",
        "To do: see conflicts.csv for what uses the 3 conflicted. End or change it, then run the list again.",
        "To do: see audit.csv for what is wrong with 1 invalid row.",
        f"Reports: {tmp_path} on night-1",
        "         audit.csv, audit.html",
        f"sha256 of manifest.json: {hashlib.sha256(b'{}').hexdigest()}",
    ]


@pytest.mark.parametrize(
    ("counts", "why", "parts", "step"),
    [
        ({R: 9}, None, 1, "No action needed."),
        ({R: 4, N: 5}, Stopped.KEY, 1, "To do: set a key that is accepted"),
        ({R: 4, N: 5}, Stopped.KEY, 1, "type `decom resume 20261123T185757Z-1a2b3c`"),
        ({R: 4, N: 5}, Stopped.SIGTERM, 2, "type `decom resume 20261123T185757Z-1a2b3c`"),
        ({N: 9}, Stopped.OUTAGE, 0, "nothing was sent. Run the same command again"),
        ({N: 9}, Stopped.STALE_PLAN, 1, "Plan again."),
        ({N: 9}, Stopped.GUARD, 1, "type `decom resume 20261123T185757Z-1a2b3c` when workflows can be read again."),
        ({R: 8, F: 1}, None, 1, "retry.csv is ready"),
    ],
)
def test_each_ending_names_what_to_do_next(
    counts: dict[Outcome, int], why: Stopped | None, parts: int, step: str
) -> None:
    audit = audit_of(counts, why)
    ending = finished(
        audit_of(counts, why, timing=type(audit.timing)("2026-11-23T18:57:57.120Z", None, None, None, parts))
    )
    assert step in message(ending, None, ending.exit_code, "night-1").body


def test_failed_numbers_alone_are_not_to_be_resumed() -> None:
    ending = finished(audit_of({R: 8, F: 1}))
    assert "resume" not in message(ending, None, ending.exit_code, "night-1").body


@pytest.mark.parametrize("error", [BadInput("no row", where="n.csv", remedy="Name another."), Locked("taken"), None])
@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_its_message_without_a_report(code: ExitCode, error: DecomError | None) -> None:
    told = message(None, error, code, "night-1")
    assert told.subject.startswith("decom: ")
    assert told.subject.endswith(f"(exit {int(code)})")
    assert "night-1" in told.body


def test_an_error_is_told_with_its_place_and_remedy() -> None:
    error = Refused(
        "this would release 5,000 numbers", where="max_release", remedy="Plan again with: --max-release 5000"
    )
    told = message(None, error, error.exit_code, "night-1")
    assert told.subject == "decom: Refused: nothing was released (exit 5)"
    assert told.body == (
        "On night-1: max_release: this would release 5,000 numbers\n\nTo do: Plan again with: --max-release 5000"
    )
    assert told.tone == "failure"


@pytest.mark.parametrize(("code", "tone"), [(0, "success"), (3, "warning"), (4, "failure"), (75, "failure")])
def test_the_tone_is_that_of_the_exit_code(code: int, tone: str) -> None:
    assert message(None, None, ExitCode(code), "night-1").tone == tone


@given(name=st.text(), host=st.text(), what=st.text(), remedy=st.none() | st.text())
def test_no_name_can_take_the_message_over(name: str, host: str, what: str, remedy: str | None) -> None:
    about_run = message(finished(audit_of({R: 1}, input_name=name)), None, ExitCode.DONE, host)
    about_error = message(None, BadInput(what, where=name, remedy=remedy), ExitCode.BAD_INPUT, host)
    for told in (about_run, about_error):
        assert told.subject.isprintable()
        assert all(character.isprintable() or character in "\n\u200c\u200d" for character in told.body)
        told.body.encode()


def test_no_row_money_or_word_of_the_service_is_told() -> None:
    audit = audit_of({R: 117, C: 3}, rows=None, others=None)
    told = message(finished(audit), None, ExitCode.HELD_BACK, "night-1")
    assert "USD" not in told.body
    assert "+91" not in told.body
