"""The check-up, by the installed command and a real server: each trouble is named, with its remedy and exit code."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from decom.clock import SystemClock
from decom.ledger.lock import workspace_locked
from decom.vocabulary import ExitCode
from decom.workflow.checks import Check, CheckState, worst
from tests.conftest import Command
from tests.service.server import Sandbox
from tests.service.world import World

Findings = Mapping[str, Mapping[str, Any]]


def examined(decom: Command, *flags: str, **environment: str) -> tuple[int, Findings]:
    """The exit code, and the findings by name (of several of one name the last)."""
    ran = decom("doctor", "--json", *flags, **environment)
    answer = json.loads(ran.out)
    assert answer["exit_code"] == ran.code
    return ran.code, {finding["name"]: finding for finding in answer["findings"]}


@pytest.fixture
def small(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(World.made_up(numbers=60))


@pytest.fixture
def decom(decom_for: Callable[[Sandbox], Command], small: Sandbox) -> Command:
    return decom_for(small)


def test_where_all_is_well_every_check_has_its_line_and_only_get_was_sent(decom: Command, small: Sandbox) -> None:
    code, found = examined(decom)
    assert code == 0
    assert list(found) == [
        "settings",
        "home",
        "output",
        "ledger",
        "lock",
        "key",
        "campaigns",
        "batch calls",
        "workflows",
        "price list",
        "right to release",
        "clock",
    ]
    assert {name for name, finding in found.items() if finding["state"] != "ok"} == {"right to release"}
    assert "60" in found["key"]["what"]
    assert "not there" in found["batch calls"]["what"]
    assert "without a release" in found["right to release"]["what"]
    assert "key created for this job" in found["right to release"]["remedy"]
    assert "base_url from DIALNEXA_BASE_URL" in found["settings"]["what"]
    assert {record.method for record in small.log} == {"GET"}
    assert not decom.home.exists() and not decom.output.exists()


def test_people_get_a_line_a_check(decom: Command) -> None:
    ran = decom("doctor")
    assert ran.code == 0, ran.err
    assert "ok   key: accepted by 127.0.0.1" in ran.out
    assert "warn right to release" in ran.out


def test_the_second_generation_has_other_sources(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    _, found = examined(decom_for(start_sandbox(World.made_up(numbers=60, generation="second"))))
    assert "not there" in found["campaigns"]["what"]
    assert [found[name]["what"] for name in ("batch calls", "workflows", "price list")] == ["can be read"] * 3


def test_6_where_the_key_is_refused(decom: Command) -> None:
    code, found = examined(decom, DIALNEXA_API_KEY="wrong:canary-key")
    assert (code, found["key"]["state"]) == (6, "bad")
    assert "401" in found["key"]["what"]
    assert "canary" not in json.dumps(found)
    assert "campaigns" not in found


def test_2_where_there_is_no_key(decom: Command) -> None:
    del_key = {"DIALNEXA_API_KEY_FILE": "none"}
    code, found = examined(decom, DIALNEXA_API_KEY="", **del_key)
    assert code == 2
    folder = Command(decom.folder, {name: value for name, value in decom.environment.items() if "KEY" not in name})
    code, found = examined(folder)
    assert (code, found["key"]["state"]) == (2, "bad")
    assert "DIALNEXA_API_KEY" in found["key"]["remedy"]


def test_2_where_a_setting_is_wrong(decom: Command) -> None:
    code, found = examined(decom, DECOM_MAX_SHARE="2")
    assert (code, found["settings"]["state"]) == (2, "bad")
    assert "DECOM_MAX_SHARE" in found["settings"]["what"]


def test_a_strange_variable_is_told(decom: Command) -> None:
    code, found = examined(decom, DECOM_MAX_SHRE="0.1")
    assert (code, found["settings"]["state"]) == (0, "look")


def test_4_where_nobody_answers(decom: Command) -> None:
    code, found = examined(decom, "--base-url", "http://127.0.0.1:9/v1")
    assert (code, found["service"]["state"]) == (4, "bad")
    assert "base URL" in found["service"]["remedy"]


def test_a_source_that_the_key_may_not_read_is_told_and_so_it_is_where_none_is_left(
    decom: Command, small: Sandbox
) -> None:
    small.world.refuse("campaigns", 403)
    code, found = examined(decom)
    assert (code, found["campaigns"]["state"], found["conflicts"]["state"]) == (0, "look", "look")
    assert "403" in found["campaigns"]["what"]


@pytest.mark.parametrize(
    ("skew", "state", "words"), [(-3_600.0, "look", "ahead"), (3_600.0, "look", "behind"), (20.0, "ok", "")]
)
def test_a_clock_that_differs_from_the_services_is_told(
    skew: float, state: str, words: str, decom: Command, small: Sandbox
) -> None:
    small.world.clock_skew = skew
    code, found = examined(decom)
    assert (code, found["clock"]["state"]) == (0, state)
    assert words in found["clock"]["what"]


def test_2_where_the_home_can_be_written_by_others_or_is_a_link(decom: Command) -> None:
    decom.home.mkdir()
    decom.home.chmod(0o777)
    code, found = examined(decom)
    assert (code, found["home"]["state"]) == (2, "bad")
    assert "chmod 700" in found["home"]["remedy"]
    (decom.folder / "link").symlink_to(decom.folder)
    code, found = examined(decom, "--home", "link")
    assert (code, found["home"]["state"]) == (2, "bad")


def test_2_where_a_record_of_the_ledger_was_changed(decom: Command, small: Sandbox) -> None:
    (decom.folder / "numbers.csv").write_text("id\n" + small.world.releasable[0]["id"] + "\n")
    assert decom("plan", "numbers.csv").code == 0
    code, found = examined(decom)
    assert (code, found["ledger"]["state"]) == (0, "ok")
    assert "1 run," in found["ledger"]["what"]
    with sqlite3.connect(decom.home / "ledger.sqlite3") as ledger:
        ledger.execute("UPDATE entries SET at = '2020-01-01T00:00:00.000Z' WHERE kind = 'row'")
    ledger.close()
    code, found = examined(decom)
    assert (code, found["ledger"]["state"]) == (2, "bad")
    assert "was changed" in found["ledger"]["what"]


def test_a_run_at_work_is_named(decom: Command) -> None:
    with workspace_locked(decom.home, "ws-1", "20261123T185757Z-1a2b3c", SystemClock()):
        code, found = examined(decom)
    assert (code, found["lock"]["state"]) == (0, "look")
    assert "20261123T185757Z-1a2b3c" in found["lock"]["what"]


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([ExitCode.INCOMPLETE], 4),
        ([ExitCode.INCOMPLETE, ExitCode.BAD_INPUT], 2),
        ([ExitCode.BAD_INPUT, ExitCode.KEY_REFUSED, ExitCode.INCOMPLETE], 6),
    ],
)
def test_the_worst_finding_gives_the_exit_code(codes: list[ExitCode], code: int) -> None:
    findings = [Check("x", CheckState.BAD, "why", "how", each) for each in codes]
    strange = Check("y", CheckState.STRANGE, "why", None, ExitCode.KEY_REFUSED)
    assert worst([strange, *findings]) == code
