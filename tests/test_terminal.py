"""What a person sees: no text takes over the terminal, everything fits, and what matters is said."""

import asyncio
import io
import os
import random
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import UNLIMITED, Fixed, Pace
from decom.errors import BadInput, Refused
from decom.ledger.records import Settled
from decom.output.plan_view import MonthlyCost, asked_for_leave, digest, next_after_plan, plan_lines
from decom.output.progress import Progress
from decom.output.run_view import next_after_run, short_summary, summary_lines
from decom.output.screen import Renderable, Screen, Showing, error_lines, harmless
from decom.output.streams import Lasting
from decom.planning.plan import Conflict, PlannedRow, Source, cost_of
from decom.releasing.events import Asking, Began, Done, Paused, Stopping, WorkState, seconds_in_words
from decom.reporting.interface import Audit, Money, Timing, Verification
from decom.vocabulary import Decision, Outcome, SourceState, Stopped
from tests.made_up_plan import EVIL, HEAD, HELD_BY, PLAN, RUN_ID, evil_plan, row
from tests.on_a_terminal import on_a_terminal
from tests.planning.plans import plan_of
from tests.quick_clock import QuickClock


def printed(parts: Iterable[Renderable], *, width: int = 80, terminal: bool = True) -> str:
    """What stands on a screen of that width."""
    stream = io.StringIO()
    screen = Screen(Showing())
    screen.out = Console(file=stream, width=width, force_terminal=terminal, color_system=None, highlight=False)
    screen.show(parts)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def is_harmless(text: str) -> bool:
    return all(unicodedata.category(letter) not in ("Cc", "Cs") or letter == "\n" for letter in text) and not re.search(
        "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", text
    )


@given(st.text())
def test_no_text_whatever_reaches_the_terminal_as_a_command(text: str) -> None:
    found = harmless(text)
    assert is_harmless(found)
    assert "\n" not in found
    assert harmless(found) == found
    found.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Surat collections", "Surat collections"),
        ("ग्राहक सेवा", "ग्राहक सेवा"),
        ("نام\u200cها", "نام\u200cها"),
        ("a\tb\r\nc", "a b  c"),
        ("a\u00a0b", "a b"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x9b31mred", "31mred"),
        ("half \ud83d", "half "),
        ("x" * 1_001, "x" * 999 + "…"),
    ],
)
def test_text_is_shown_without_what_is_not_text(text: str, seen: str) -> None:
    assert harmless(text) == seen


def test_nothing_in_a_plan_can_take_over_the_terminal_or_be_read_as_markup() -> None:
    found = printed([*plan_lines(evil_plan(), 80), *next_after_plan(evil_plan(), Path(EVIL), None, "")])
    assert is_harmless(found)
    assert "[bold red]x[/]" in found


def test_a_plan_says_what_is_held_by_what_what_was_not_checked_and_how_long_it_takes() -> None:
    found = printed(plan_lines(PLAN, 80))
    for words in (
        RUN_ID,
        "numbers.csv: 6 rows (2 blank",
        "api.dialnexa.com: 400 numbers",
        'campaign "Spring sale" cmp_1 (active): +14155550004',
        "row 6: more than one value in this cell",
        "1 missing number was released by earlier runs",
        "Not checked workflows: the key may not read it (403)",
        "Checked campaigns",
        "2 numbers to release, about 9 min at 135 per minute.",
        "read as UTF-8",
    ):
        assert words in found, words
    assert re.search(r"release +2 +1\.50 \+ 1 unknown", found)
    assert re.search(r"conflicted +1 +1\.50", found)


@pytest.mark.parametrize("width", [20, 32, 40, 59, 60, 80, 200])
def test_a_plan_and_a_summary_fit_any_width(width: int) -> None:
    parts = [*plan_lines(PLAN, width), *summary_lines(AUDIT, Path("runs"), (), width)]
    for line in printed(parts, width=width).splitlines():
        if "decom " not in line and RUN_ID not in line and "Reports in" not in line:  # what is typed is never folded
            assert len(line) <= width, line


def test_what_is_piped_is_plain_and_its_lines_are_whole() -> None:
    long = replace(HEAD, sources=(Source("campaigns", SourceState.NOT_CHECKED, "because " + "x" * 200),))
    found = printed(plan_lines(replace(PLAN, head=long), 80), terminal=False)
    assert found.isascii()
    assert "because " + "x" * 200 in found


def test_many_conflicts_and_bad_rows_are_counted_where_they_are_not_listed() -> None:
    held = [
        row(n, Decision.CONFLICTED, conflicts=(Conflict("campaigns", f"cmp_{n}", "", "active"),)) for n in range(30)
    ]
    bad = [row(n, Decision.INVALID, reason=f"bad {n}") for n in range(30, 60)]
    same = [row(n, Decision.CONFLICTED, conflicts=(HELD_BY,)) for n in range(60, 70)]
    found = printed(plan_lines(plan_of(HEAD, (*held, *bad, *same)), 100), width=100)
    assert "and 19 more, in plan.csv" in found
    assert "and 22 more, in plan.csv" in found
    assert "and 7 more" in found
    assert found.index("Spring sale") < found.index("cmp_0")


things = st.builds(
    Conflict, st.just("campaigns"), st.sampled_from(["cmp_1", "cmp_2", "cmp_3"]), st.just(""), st.just("")
)


@given(
    st.lists(
        st.builds(
            row,
            st.integers(2, 99),
            st.sampled_from(Decision),
            conflicts=st.lists(things, max_size=3).map(tuple),
            monthly_cost_usd=st.sampled_from([None, "free", "1.50", "0.333"]),
            phone_number=st.sampled_from([None, "+14155550101"]),
            evidence=st.sampled_from(["plan", "earlier_run:20261101T000000Z-000000"]),
        ),
        max_size=20,
    )
)
def test_what_a_plan_is_shown_to_come_to_is_what_its_rows_come_to_one_by_one(rows: list[PlannedRow]) -> None:
    found = digest(plan_of(HEAD, rows))
    held = Counter(conflict for each in rows for conflict in each.conflicts)
    names = {
        thing: [each.phone_number or each.number_id for each in rows for _ in range(each.conflicts.count(thing))]
        for thing in held
    }
    assert list(found.held.items()) == list(held.items())
    assert found.holders == {thing: shown[:3] for thing, shown in names.items()}
    assert list(found.invalid) == [each for each in rows if each.decision is Decision.INVALID][:8]
    missing = [each for each in rows if each.decision is Decision.MISSING]
    assert found.by_earlier_runs == sum(each.evidence.startswith("earlier_run") for each in missing)
    for decision in (Decision.RELEASE, Decision.CONFLICTED, Decision.PROTECTED):
        costs = [cost_of(each.monthly_cost_usd) for each in rows if each.decision is decision]
        known = sum((cost for cost in costs if cost is not None), Decimal(0))
        assert found.costs.get(decision, MonthlyCost(Decimal(0), 0)) == MonthlyCost(known, costs.count(None))


def test_the_next_command_names_the_home_that_was_named() -> None:
    found = printed(next_after_plan(PLAN, Path("runs") / RUN_ID, None, " --home h"))
    assert f"decom release {RUN_ID} --home h" in found
    nothing = plan_of(HEAD, [row(2, Decision.MISSING)])
    assert "nothing to release" in printed(next_after_plan(nothing, Path("runs"), None, ""))
    refused = printed(next_after_plan(PLAN, Path("runs"), Refused("too many"), ""))
    assert "safety limit" in refused and "decom release" not in refused


AUDIT = Audit(
    run_id=RUN_ID,
    status="done",
    why=None,
    exit_code=3,
    workspace="ws-0123456789ab",
    base_url="https://api.dialnexa.com/v1",
    input_name="numbers.csv",
    input_sha256="0" * 64,
    input_rows=6,
    input_blank_rows=0,
    other_columns=(),
    operator="ops@host",
    counts=dict.fromkeys(Outcome, 0) | {Outcome.RELEASED: 4, Outcome.CONFLICTED: 2},
    gone_before_us=1,
    sources=HEAD.sources,
    money=Money(Decimal("6.00"), Decimal("3.00"), Decimal("1.50"), 1, 0, 2, 0),
    timing=Timing("2026-11-23T18:57:57Z", "2026-11-23T18:58:57Z", "2026-11-23T18:59:57Z", None, 1),
    verification=Verification("2026-11-23T19:00:57Z", ()),
    notes=(),
    options=HEAD.report,
    ledger_head="0" * 64,
    rows=pd.DataFrame(),
    others=pd.DataFrame(),
)


def test_a_summary_says_what_became_of_the_rows_the_money_and_what_to_do() -> None:
    files = (Path("runs/audit.csv"), Path("runs/conflicts.csv"))
    found = printed([*summary_lines(AUDIT, Path("runs"), files, 80), *next_after_run(AUDIT, files, "")])
    for words in (
        "Done, 2 not released: run",
        "Released by this run.",
        "Monthly cost ending: USD 6.00, plus 1 number of unknown cost.",
        "Monthly cost continuing: USD 3.00.",
        "Monthly cost not known which: USD 1.50, plus 2 numbers of unknown cost.",
        "1 of the missing was on the account when planned",
        "Not checked workflows",
        "Verified against the account: everything matches.",
        "Reports in runs",
        "audit.csv, conflicts.csv",
        "conflicts.csv lists what uses the conflicted numbers and must be changed first.",
        f"decom verify {RUN_ID}",
    ):
        assert words in " ".join(found.split()), words
    assert re.search(r"released +4", found) and re.search(r"conflicted +2", found)
    assert "not attempted" not in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "stopped", "why": Stopped.SIGTERM}, f"decom resume {RUN_ID} --home h"),
        ({"status": "interrupted"}, f"decom resume {RUN_ID} --home h"),
        ({"counts": {Outcome.UNKNOWN: 1}}, f"decom resume {RUN_ID} --home h"),
        ({"counts": {Outcome.NOT_ATTEMPTED: 1}}, f"decom resume {RUN_ID} --home h"),
        ({"status": "stopped", "timing": replace(AUDIT.timing, parts=0)}, "Nothing was sent"),
        ({"counts": {Outcome.RELEASED: 1}}, f"decom verify {RUN_ID} --home h"),
    ],
)
def test_the_next_command_fits_how_the_run_ended(changes: dict[str, object], words: str) -> None:
    audit = replace(AUDIT, **changes)  # type: ignore[arg-type]  # by name
    assert words in printed(next_after_run(audit, (), " --home h"))


def test_a_difference_found_afterwards_is_told_and_so_it_is_in_the_short_form() -> None:
    audit = replace(AUDIT, verification=Verification("now", ("phn_1 is still there",)))
    assert "phn_1 is still there" in printed(summary_lines(audit, Path("runs"), (), 80))
    short = printed(short_summary(audit, Path("runs")))
    assert "released\n4, conflicted 2" in short and "phn_1 is still there" in short


def test_a_run_that_nobody_looked_at_again_says_so_and_what_to_type() -> None:
    audit = replace(AUDIT, status="done", why=None, verification=None)
    for lines in (summary_lines(audit, Path("runs"), (), 80), short_summary(audit, Path("runs"))):
        text = printed(lines)
        assert "Incomplete: not verified" in text and "Not verified: the account has not been checked" in text
    assert f"decom resume {RUN_ID}" in printed(next_after_run(audit, (), ""))


def test_an_error_is_said_with_its_place_and_remedy_and_is_harmless() -> None:
    error = BadInput(f"it is wrong {EVIL}", where=f"numbers.csv {EVIL}", remedy="Type: decom plan x\nor nothing")
    found = printed(error_lines(error))
    assert is_harmless(found)
    assert found.startswith("Error: numbers.csv")
    assert "Type: decom plan x\nor nothing" in found


def test_where_nobody_can_be_asked_nothing_is_released() -> None:
    with pytest.raises(Refused, match="confirmation is required") as caught:
        asked_for_leave(PLAN.to_confirm(), Screen(Showing()))
    assert "--yes" in (caught.value.remedy or "")


ASK = """
import asyncio, sys
from tests.made_up_plan import PLAN, evil_plan
from decom.output.screen import Screen, Showing
from decom.output.plan_view import asked_for_leave
async def ask():
    return asked_for_leave({plan}.to_confirm(), Screen(Showing()))
given = asyncio.run(ask())  # as in a run: the loop handles Ctrl-C, but it is the loop that waits
sys.stderr.write(f"<{{given}}>")
"""


def at_a_terminal(plan: str, answer: bytes, columns: str = "80", lines: str = "25", real: int = 80) -> tuple[str, int]:
    """Ask on a real terminal of `real` columns, and type the answer once the question is there. What was seen, and
    the exit code."""
    variables = {**os.environ, "COLUMNS": columns, "LINES": lines}
    with on_a_terminal([sys.executable, "-c", ASK.format(plan=plan)], variables, real) as terminal:
        terminal.until(">$")
        shown = terminal.seen
        terminal.type(answer)
        code = terminal.ended()
        return (shown + terminal.seen).decode(), code


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (b"2\n", True),
        (b" 2 \n", True),
        (b"yes\n", False),
        (b"3\n", False),
        (b"\n", False),
        (b"22\n", False),
        (b"\x04", False),
    ],
)
def test_only_the_very_number_of_releases_gives_leave(answer: bytes, given: bool) -> None:
    seen, code = at_a_terminal("PLAN", answer)
    assert f"<{given}>" in seen
    assert code == 0
    for words in ("api.dialnexa.com", "ws-0123456789ab", "+14155550002", '"Front desk"', "+14155550003", "2 numbers"):
        assert words in seen, words


@pytest.mark.parametrize("size", ["0", "²"])
def test_a_terminal_that_is_said_to_have_no_columns_still_shows_the_question(size: str) -> None:
    seen, code = at_a_terminal("PLAN", b"2\n", columns=size, lines=size)
    assert code == 0 and "<True>" in seen
    assert "About to permanently release 2 numbers" in seen and "+14155550002" in seen


@pytest.mark.parametrize("width", [0, 1, 4, 19])
def test_a_terminal_too_narrow_for_a_word_still_shows_all_of_the_question(width: int) -> None:
    seen, code = at_a_terminal("PLAN", b"2\n", columns="", lines="", real=width)
    assert code == 0 and "<True>" in seen
    for words in ("About to permanently release 2 numbers", "api.dialnexa.com", "ws-0123456789ab", "+14155550002"):
        assert words in seen, words


@pytest.mark.parametrize("size", ["0", "1", "-1", "", "²", "99999999999"])
def test_a_size_that_no_terminal_has_is_not_believed(size: str, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    with monkeypatch.context() as environment:  # for no longer than that: pytest's own reporter believes it too
        environment.setenv("COLUMNS", size)
        environment.setenv("LINES", size)
        screen = Screen(Showing())
        assert 20 <= screen.out.width <= 10_000 and 5 <= screen.err.height <= 10_000
    screen.show(plan_lines(PLAN, screen.out.width))
    assert "release" in capsys.readouterr().out


def test_ctrl_c_at_the_question_ends_it_at_once() -> None:
    seen, code = at_a_terminal("PLAN", b"\x03")
    assert "KeyboardInterrupt" in seen
    assert code != 0


def test_a_nickname_cannot_take_over_the_question() -> None:
    seen, _ = at_a_terminal("evil_plan()", b"\x04")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen).replace("\r\n", "\n")
    assert is_harmless(plain)
    assert "[bold red]x[/]" in plain


class Gone(io.StringIO):
    """A stream whose reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise ValueError("I/O operation on closed file")


def test_a_stream_whose_reader_went_away_takes_everything_in_silence() -> None:
    stream = Lasting(Gone())
    assert stream.write("three") == 5
    stream.flush()
    screen = Screen(Showing())
    screen.out = Console(file=stream)  # type: ignore[arg-type]  # it is a text stream in all but name
    screen.show(plan_lines(PLAN, 80))


def test_descriptors_that_were_closed_at_the_start_are_not_given_to_files(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from decom.output.streams import make_lasting\n"
        "make_lasting()\n"
        "print('into nothing')\n"
        "with open('report', 'w') as report: report.write(str(report.fileno()))\n"
    )
    line = ["bash", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, code]
    assert subprocess.run(line, cwd=tmp_path, timeout=30, check=False).returncode == 0
    assert int((tmp_path / "report").read_text()) > 2


def test_a_character_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    code = "from decom.output.streams import make_lasting; make_lasting(); print('número')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=30, check=True)
    assert ran.stdout == b"n\\xfamero\n"


def test_the_consoles_themselves_interpret_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(Showing()).show(["[bold]x[/] :smile:"])
    assert capsys.readouterr().out == "[bold]x[/] :smile:\n"


def progress_on(width: int) -> tuple[Progress, QuickClock, io.StringIO]:
    stream, clock = io.StringIO(), QuickClock()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None, highlight=False)
    return Progress(console, clock, live=True), clock, stream


def settled(outcome: Outcome) -> Done:
    return Done(Settled("phn_1", "+14155550100", outcome, "answered_2xx", ""))


@pytest.mark.parametrize("width", [30, 80])
def test_progress_shows_done_left_rate_time_to_go_outcomes_and_the_pace(width: int) -> None:
    asyncio.run(watch_a_release(width))


def paced(clock: QuickClock, pace: Pace, changes: Mapping[str, Any], **others: Any) -> Began:
    """300 numbers under such a pace; the work stands as `changes` of the pacer's state and `others` say."""
    pacer = Pacer(pace, clock, random.Random(1))
    return Began(300, pacer, lambda: WorkState(replace(pacer.state(), **changes), **others))


async def watch_a_release(width: int) -> None:
    progress, clock, stream = progress_on(width)
    with progress:
        progress(paced(clock, Pace(Fixed(2, 60.0)), {"paused": 12.0, "paused_by": 429, "throttled": 5}, retries=3))
        clock.pass_by(60.0)
        for outcome in (Outcome.RELEASED, Outcome.RELEASED, Outcome.CONFLICTED, Outcome.FAILED):
            progress(settled(outcome))
        progress.draw()
        seen = words_of(stream)
        for words in (
            "4 of 300 numbers done, 296 left, about 2.5 h to go",
            "60 s elapsed, 4 in the last minute, 3 retries, 5 × 429",
            "released 2 · conflicted 1",
            "waiting for the service, which returned 429: 12 s",
        ):
            assert words in seen
        clock.pass_by(60.0)
        progress.draw()
        assert "2 min elapsed, 0 in the last minute" in words_of(stream)
        progress(Stopping("stopped by SIGTERM"))
        progress(settled(Outcome.NOT_ATTEMPTED))
        stream.truncate(0)
        progress.draw()
        assert "4 of 300 numbers done, 296 left 2 min elapsed" in words_of(stream)
        assert "stopping (stopped by SIGTERM): Ctrl-C again quits now" in words_of(stream)
    assert "failed 1 · not attempted 1" in words_of(stream)


def test_where_nothing_limits_the_time_to_go_comes_from_the_answers() -> None:
    asyncio.run(watch_a_release_without_a_limit())


async def watch_a_release_without_a_limit() -> None:
    progress, clock, stream = progress_on(80)
    with progress:
        progress(paced(clock, Pace(UNLIMITED), {}))
        clock.pass_by(10.0)
        for _ in range(100):
            progress(settled(Outcome.RELEASED))
        progress.draw()
        assert "200 left, about 20 s to go 10 s elapsed, 100 in the last minute" in words_of(stream)
        assert "rate limit: no limit" in words_of(stream)


@pytest.mark.parametrize(
    ("changes", "others", "words"),
    [
        ({"opens_in": 37.6, "waiting": 3, "in_flight": 0}, {}, "waiting for the rate limit: 38 s (20 per minute)"),
        ({"opens_in": 0.4, "waiting": 3, "in_flight": 1}, {}, "waiting for 1 response"),
        ({"in_flight": 16}, {}, "waiting for 16 responses"),
        ({"in_flight": 1}, {"is_silent": True}, "waiting for the service, which does not respond"),
        ({}, {"later": 2, "later_in": 45.0}, "waiting for a second look at 2 numbers: 45 s"),
        ({}, {}, "rate limit: 20 per minute"),
    ],
)
def test_what_is_waited_for_and_until_when_is_said(
    changes: Mapping[str, Any], others: Mapping[str, Any], words: str
) -> None:
    async def main() -> str:
        progress, clock, stream = progress_on(80)
        with progress:
            progress(paced(clock, Pace(Fixed(20, 60.0)), changes, **others))
            clock.pass_by(1.0)
            progress.draw()
            return words_of(stream)

    assert asyncio.run(main()).endswith(words)


def test_while_the_account_is_read_a_pause_is_said_too() -> None:
    async def main() -> str:
        progress, clock, stream = progress_on(80)
        with progress:
            progress.waiting("reading list.csv")
            progress(Asking("reading the account", Pacer(Pace(Fixed(20, 60.0)), clock, random.Random(1))))
            progress(Paused("a second look at 1 number", 30.0))
            clock.pass_by(4.0)
            progress.draw()
            return words_of(stream)

    assert "reading the account, 4 s so far waiting for a second look at 1 number: 26 s" in asyncio.run(main())


def test_where_nothing_may_move_nothing_is_drawn_and_nothing_fails() -> None:
    stream = io.StringIO()
    with Progress(Console(file=stream), QuickClock(), live=False) as progress:
        progress.waiting("reading")
        progress(Began(3))
        progress(settled(Outcome.RELEASED))
        progress(Stopping("why"))
    assert stream.getvalue() == ""


def test_a_file_name_beside_what_moves_cannot_take_over_the_terminal() -> None:
    progress, _, stream = progress_on(80)
    with progress:
        progress.waiting("reading \x1b]0;owned\x07\u202egpj.csv\n and asking")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue()).replace("\r", "")
    assert is_harmless(plain) and "gpj.csv" in plain


def words_of(stream: io.StringIO) -> str:
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", " ", stream.getvalue()).split())


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, "1 s"), (89.4, "89 s"), (90, "2 min"), (5_399, "90 min"), (5_400, "1.5 h")]
)
def test_a_length_of_time_is_said_in_the_unit_that_people_would_use(seconds: float, words: str) -> None:
    assert seconds_in_words(seconds) == words
