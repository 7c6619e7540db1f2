"""What is seen while numbers are released: on a terminal the view moves, elsewhere a pause has a line in the log."""

import json
import os
from collections.abc import Callable

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import ids, input_of
from tests.on_a_terminal import on_a_terminal
from tests.service.faults import Fault, Rule
from tests.service.server import Sandbox
from tests.service.world import World

Start = Callable[..., Sandbox]
DecomFor = Callable[[Sandbox], Command]
EXECUTE = ("--execute", "--yes", "--max-share", "1")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_pause_for_the_rate_limit_counts_down_and_a_stop_during_it_is_prompt(
    start_sandbox: Start, decom_for: DecomFor, columns: int
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=120))
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:60])
    command = decom.arguments("run", numbers, *EXECUTE, "--rate", "50/60")
    with on_a_terminal(command, {**os.environ, **decom.environment}, columns, decom.folder) as terminal:
        first = terminal.until(
            r"of 60 numbers done, \d+ left, .* waiting for the rate limit: (\d+) s \(50 per minute\)"
        )
        terminal.until(rf"waiting for the rate limit: {int(first[1]) - 2} s")
        terminal.until(r"[3-9] s elapsed, \d+ in the last minute")
        terminal.type(b"\x03")
        assert terminal.ended() == 130
        assert "Ctrl-C again quits now" in terminal.words()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_after_ctrl_c_it_says_how_many_requests_are_awaited_and_a_second_one_quits(
    start_sandbox: Start, decom_for: DecomFor, columns: int
) -> None:
    hang = Rule.of(Fault("hang_before", 60.0))
    sandbox = start_sandbox(World.made_up(numbers=60), faults=[hang])
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:9])
    command = decom.arguments("run", numbers, *EXECUTE, "--concurrency", "3")
    with on_a_terminal(command, {**os.environ, **decom.environment}, columns, decom.folder) as terminal:
        terminal.until(r"0 of 9 numbers done, 9 left .* waiting for 3 responses")
        terminal.type(b"\x03")
        terminal.until(r"waiting for 3 requests already sent; Ctrl-C again quits now")
        terminal.type(b"\x03")
        assert terminal.ended() == 130


def test_without_a_terminal_one_line_says_that_a_pause_for_the_rate_limit_begins_and_how_long_it_is(
    start_sandbox: Start, decom_for: DecomFor
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=120))
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:60])
    ran = decom("run", numbers, *EXECUTE, "--rate", "50/600", "--deadline", "3s")
    assert ran.code == 4, ran.err
    (waiting,) = [line for line in map(json.loads, ran.err.splitlines()) if line["event"] == "waiting"]
    assert waiting["why"] == "the rate limit (50 per 600 s)"
    assert waiting["level"] == "info" and 500 < waiting["seconds"] <= 601
