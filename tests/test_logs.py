"""Log lines: one JSON object each, with the run, without a secret, a traceback or a local variable."""

import asyncio
import io
import json
import logging
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from decom import logs
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import Fixed, Pace
from decom.ledger.records import Settled
from decom.logs import LogListener, Verbosity
from decom.releasing.events import Began, Done, Paused, Stopping, WorkState
from decom.settings.secret import Secret
from decom.vocabulary import Outcome
from tests.dialnexa.virtual_time import VirtualClock, virtually

KEY = Secret("key_id:canary-7f3d9a51c0de")


@contextmanager
def listening(
    verbosity: Verbosity = Verbosity.USUAL, *, json_lines: bool = True, secrets: tuple[Secret, ...] = (KEY,)
) -> Iterator[io.StringIO]:
    """What reaches stderr while the block runs; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level, stderr = root.handlers[:], root.level, sys.stderr
    stream = io.StringIO()
    try:
        sys.stderr = stream
        logs.setup(json_lines=json_lines, verbosity=verbosity, secrets=secrets)
        yield stream
    finally:
        sys.stderr = stderr
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
        logging.captureWarnings(False)
        root.handlers[:], root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_event_and_run_first() -> None:
    with listening() as heard:
        structlog.contextvars.bind_contextvars(run_id="20261123T185757Z-1a2b3c")
        structlog.get_logger().info("run_began", numbers=3)
    [line] = lines(heard)
    assert list(line)[:4] == ["time", "level", "event", "run_id"]
    assert (line["event"], line["numbers"], line["run_id"]) == ("run_began", 3, "20261123T185757Z-1a2b3c")
    assert line["time"].endswith("Z")


@pytest.mark.parametrize(
    "value",
    [
        "key_id:canary-7f3d9a51c0de",
        "Bearer key_id:canary-7f3d9a51c0de",
        ["a", {"b": "key_id:canary-7f3d9a51c0de"}],
        "only canary-7f3d9a51c0de, the half behind the colon",
        Path("/x/key_id:canary-7f3d9a51c0de"),
        ValueError("key_id:canary-7f3d9a51c0de"),
        KEY,
    ],
)
def test_the_key_is_masked_in_whatever_value_it_occurs(value: object) -> None:
    with listening() as heard:
        structlog.get_logger().info("odd", value=value)
        logging.getLogger("somebody").warning("%s", value)
    assert "canary" not in heard.getvalue()
    assert len(lines(heard)) == 2


def test_a_secret_with_a_character_that_json_escapes_is_masked_too() -> None:
    with listening(secrets=(Secret('mailto://u:pass"word\\canary@x'),)) as heard:
        structlog.get_logger().info("odd", value='mailto://u:pass"word\\canary@x')
    assert "canary" not in heard.getvalue()


def test_no_traceback_and_no_local_variable_is_written() -> None:
    with listening(Verbosity.VERBOSE) as heard:
        hidden = "a local of some kind"
        try:
            raise ValueError(f"inner {hidden}")
        except ValueError:
            structlog.get_logger().error("failed", exc_info=True, stack_info=True)
            structlog.get_logger().exception("failed")
            logging.getLogger("somebody").exception("said by a library")
    assert "Traceback" not in heard.getvalue()
    assert "local" not in heard.getvalue()
    assert [line["event"] for line in lines(heard)] == ["failed", "failed", "library"]
    assert not any({"exc_info", "stack_info"} & set(line) for line in lines(heard))


class Talkative:
    def __repr__(self) -> str:
        return "a local of some kind"


def test_of_what_has_no_form_in_json_only_the_kind_is_written() -> None:
    with listening() as heard:
        structlog.get_logger().info("odd", value=Talkative(), path=Path("a/b"), level_of=Verbosity.QUIET)
    [line] = lines(heard)
    assert (line["value"], line["path"]) == ("<Talkative>", "a/b")


def test_what_libraries_and_warnings_say_comes_in_the_same_form() -> None:
    with listening() as heard:
        logging.getLogger("httpx").info("HTTP Request: GET https://api.dialnexa.com/v1/… 200")
        logging.getLogger("asyncio").error("Task exception was never retrieved")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("something is old", UserWarning, stacklevel=1)
    found = lines(heard)
    assert [line["logger"] for line in found] == ["asyncio", "py.warnings"]
    assert [line["level"] for line in found] == ["error", "warning"]


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [
        (Verbosity.QUIET, ["error"]),
        (Verbosity.PEOPLE, ["warning", "error"]),
        (Verbosity.USUAL, ["info", "warning", "error"]),
        (Verbosity.VERBOSE, ["debug", "info", "warning", "error"]),
    ],
)
def test_each_verbosity_lets_through_what_it_says(verbosity: Verbosity, levels: list[str]) -> None:
    with listening(verbosity) as heard:
        log = structlog.get_logger()
        for level in ("debug", "info", "warning", "error"):
            getattr(log, level)("said")
    assert [line["level"] for line in lines(heard)] == levels


def test_people_get_words_that_no_text_can_take_over() -> None:
    with listening(Verbosity.PEOPLE, json_lines=False) as heard:
        structlog.get_logger().warning("not_verified", why="a\x1b[2J\u202eb\nc", run_id="r")
    [line] = heard.getvalue().splitlines()
    assert line.endswith("warning not verified: why a[2Jb c")
    assert line.isprintable()


@given(st.dictionaries(st.text(), st.recursive(st.text() | st.binary() | st.floats(), st.lists), max_size=4))
def test_any_value_whatever_makes_one_line_of_ascii_json(values: dict[str, object]) -> None:
    with listening() as heard:
        structlog.get_logger().info("odd", **{f"x{name}": value for name, value in values.items()})
    text = heard.getvalue()
    assert text.isascii()
    assert text.count("\n") == 1
    assert json.loads(text)["event"] == "odd"


def settled(number_id: str) -> Done:
    return Done(Settled(number_id, "+14155550100", Outcome.RELEASED, "answered_2xx", "the service confirmed it"))


def test_a_run_is_told_number_by_number_and_its_progress_every_half_minute() -> None:
    async def main() -> None:
        clock = VirtualClock()
        tell = LogListener(clock)
        tell(Began(3, Pacer(Pace(Fixed(20, 60.0)), clock, random.Random(1))))
        for seconds in (1.0, 28.0, 2.0):
            await asyncio.sleep(seconds)
            tell(settled("phn_1"))
        tell(Stopping("stopped by SIGTERM"))

    with listening() as heard:
        virtually(main())
    found = lines(heard)
    assert [line["event"] for line in found] == [
        "run_began",
        "number_settled",
        "number_settled",
        "progress",
        "number_settled",
        "run_stopping",
    ]
    assert (found[0]["numbers"], found[3]["done"], found[3]["left"]) == (3, 2, 1)
    assert found[3]["pace"] == "20 per minute"
    assert {"number_id", "phone_number", "outcome", "evidence", "reason"} <= set(found[1])
    assert found[5]["detail"] == "stopped by SIGTERM"


def test_while_nothing_settles_a_line_every_half_minute_says_what_is_waited_for() -> None:
    async def main() -> None:
        clock = VirtualClock()
        tell, pacer = LogListener(clock), Pacer(Pace(Fixed(1, 100.0)), clock, random.Random(1))
        tell(Began(3, pacer, lambda: WorkState(pacer.state())))
        pacer.answered(await pacer.turn("r"), 200, {})
        waiting = asyncio.create_task(pacer.turn("r"))
        await asyncio.sleep(65.0)
        tell(Paused("a second look at 1 number", 59.2))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.sleep(0)

    with listening() as heard:
        virtually(main())
    told = [{name: value for name, value in line.items() if name not in ("time", "level")} for line in lines(heard)]
    assert told == [
        {"event": "run_began", "numbers": 3},
        {"event": "waiting", "seconds": 101, "why": "the rate limit (1 per 100 s)"},
        {
            "event": "progress",
            "done": 0,
            "left": 3,
            "pace": "1 per 100 s",
            "waiting_for": "the rate limit: 70 s (1 per 100 s)",
        },
        {
            "event": "progress",
            "done": 0,
            "left": 3,
            "pace": "1 per 100 s",
            "waiting_for": "the rate limit: 40 s (1 per 100 s)",
        },
        {"event": "waiting", "seconds": 60, "why": "a second look at 1 number"},
    ]
