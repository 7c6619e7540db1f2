"""The face: what cron's night sends to whom, and that trouble with it stays a warning."""

import importlib.util
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from decom.errors import BadSettings, Locked
from decom.notifying.notify import tell_begun, tell_ended, warn_about_missing_extras
from decom.settings.load import NotifyOptions
from decom.settings.secret import Secret
from decom.vocabulary import ExitCode, Outcome, Stopped
from tests.notifying.endings import audit_of, finished
from tests.notifying.receiver import Receiver, dead, receiving, silent

CANARY = "tok-CANARY-77"
DONE = finished(audit_of({Outcome.RELEASED: 120}))
HELD = finished(audit_of({Outcome.RELEASED: 117, Outcome.CONFLICTED: 3}))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def webhook(receiver: Receiver) -> Secret:
    return Secret(f"json://127.0.0.1:{receiver.port}/{CANARY}")


def heartbeat(receiver: Receiver) -> Secret:
    return Secret(f"{receiver.url}/{CANARY}")


def test_nothing_is_told_unless_it_was_asked_for() -> None:
    with capture_logs() as logs:
        warn_about_missing_extras(NotifyOptions())
        tell_begun(NotifyOptions())
        tell_ended(NotifyOptions(), HELD, None, ExitCode.HELD_BACK)
    assert logs == []


def test_a_good_night_is_a_heartbeat_and_no_message(receiver: Receiver) -> None:
    options = NotifyOptions(urls=(webhook(receiver),), heartbeat=heartbeat(receiver))
    tell_begun(options)
    tell_ended(options, DONE, None, ExitCode.DONE)
    assert receiver.requests == [("GET", f"/{CANARY}/start", ""), ("GET", f"/{CANARY}", "")]


def test_whoever_asks_for_every_message_gets_the_good_one_too(receiver: Receiver) -> None:
    tell_ended(NotifyOptions(urls=(webhook(receiver),), on="always"), DONE, None, ExitCode.DONE)
    (told,) = receiver.messages()
    assert told["title"] == "decom: Done; 120 of 120 released (exit 0)"
    assert told["type"] == "success"


def test_trouble_is_a_message_and_a_failed_heartbeat(receiver: Receiver) -> None:
    tell_ended(NotifyOptions(urls=(webhook(receiver),)), HELD, None, ExitCode.HELD_BACK)
    tell_ended(NotifyOptions(heartbeat=heartbeat(receiver)), HELD, None, ExitCode.HELD_BACK)
    assert receiver.targets() == [f"/{CANARY}", f"/{CANARY}/fail"]
    assert '"decom: Done, 3 not released; 117 of 120 released (exit 3)"' in receiver.requests[0][2]


def test_an_overlapping_run_says_who_is_at_work(receiver: Receiver) -> None:
    error = Locked(
        "another run is using this workspace: process 4711, since 02:00, run R", remedy="Wait for it to end."
    )
    tell_ended(NotifyOptions(urls=(webhook(receiver),)), None, error, ExitCode.LOCKED)
    (told,) = receiver.messages()
    assert told["title"] == "decom: Locked: another run is using this workspace (exit 75)"
    assert "process 4711" in told["message"]


@pytest.mark.parametrize(
    ("address", "start"),
    [
        ("/uuid", "/uuid/start"),
        ("/uuid/", "/uuid/start"),
        ("/ping/uuid?rid=7&create=1", "/ping/uuid/start?rid=7&create=1"),
        ("", "/start"),
    ],
)
def test_the_heartbeat_says_start_behind_its_own_path(receiver: Receiver, address: str, start: str) -> None:
    tell_begun(NotifyOptions(heartbeat=Secret(f"{receiver.url}{address}")))
    assert receiver.targets() == [start]


def test_each_failure_is_one_warning_that_shows_no_secret(tmp_path: Path) -> None:
    options = NotifyOptions(
        urls=(Secret(dead().replace("http:", "json:") + CANARY), Secret(f"json://u:{CANARY}@127.0.0.1:1/{CANARY}")),
        heartbeat=Secret(f"{dead()}/{CANARY}"),
        metrics_file=tmp_path / "nowhere" / "decom.prom",
    )
    with capture_logs() as logs:
        tell_begun(options)
        tell_ended(options, HELD, None, ExitCode.HELD_BACK)
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("no_heartbeat", "warning"),
        ("no_metrics", "warning"),
        ("no_heartbeat", "warning"),
        ("not_notified", "warning"),
        ("not_notified", "warning"),
    ]
    assert [log.get("service") for log in logs] == ["http://…", None, "http://…", "json://…", "json://…"]
    assert "CANARY" not in str(logs)
    assert "127.0.0.1" not in str(logs)


def test_a_heartbeat_that_hangs_holds_the_run_up_for_a_bounded_time() -> None:
    with silent() as address, capture_logs() as logs:
        tell_begun(NotifyOptions(heartbeat=Secret(address)), within=0.5)
    assert [(log["event"], log["why"]) for log in logs] == [("no_heartbeat", "it took longer than 0.5 s")]


def test_metrics_are_written_beside_the_messages(tmp_path: Path) -> None:
    path = tmp_path / "decom.prom"
    tell_ended(NotifyOptions(metrics_file=path), finished(audit_of({}, Stopped.OUTAGE)), None, ExitCode.INCOMPLETE)
    assert "decom_run_exit_code 4.0" in path.read_text()


class WithoutExtras(PathFinder):
    """Finds what is installed, but for the extras."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] in ("apprise", "prometheus_client"):
            return None
        return super().find_spec(fullname, path, target)


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter as after a plain `pip install decom`."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("apprise", "prometheus_client"):
            monkeypatch.delitem(sys.modules, name)
    finders = [WithoutExtras if finder is PathFinder else finder for finder in sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", finders)


@pytest.mark.usefixtures("without_extras")
@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (NotifyOptions(urls=(Secret("json://x"),)), "pip install 'decom[notify]'"),
        (NotifyOptions(metrics_file=Path("/x.prom")), "pip install 'decom[metrics]'"),
    ],
)
def test_an_option_whose_extra_is_missing_is_refused_with_what_to_type(options: NotifyOptions, remedy: str) -> None:
    with pytest.raises(BadSettings) as refused:
        warn_about_missing_extras(options)
    assert refused.value.exit_code == 2
    assert remedy in str(refused.value.remedy)


@pytest.mark.usefixtures("without_extras")
def test_an_extra_that_went_away_in_mid_run_is_a_warning(tmp_path: Path) -> None:
    with capture_logs() as logs:
        tell_ended(NotifyOptions(metrics_file=tmp_path / "d.prom"), DONE, None, ExitCode.DONE)
    assert [log["event"] for log in logs] == ["no_metrics"]


@pytest.mark.usefixtures("without_extras")
def test_a_heartbeat_needs_no_extra(receiver: Receiver) -> None:
    options = NotifyOptions(heartbeat=heartbeat(receiver))
    warn_about_missing_extras(options)
    tell_begun(options)
    assert len(receiver.requests) == 1


def test_an_address_that_is_none_is_refused_at_the_start_and_not_shown() -> None:
    options = NotifyOptions(urls=(Secret("json://127.0.0.1"), Secret(f"slak://{CANARY}")))
    with pytest.raises(BadSettings, match="address 2, which begins with slak") as refused:
        warn_about_missing_extras(options)
    assert "CANARY" not in str(refused.value)


def test_a_metrics_file_that_nobody_would_read_is_refused() -> None:
    with pytest.raises(BadSettings, match=r"decom\.txt would not be read"):
        warn_about_missing_extras(NotifyOptions(metrics_file=Path("/var/decom.txt")))


def test_options_that_can_work_pass(receiver: Receiver) -> None:
    assert importlib.util.find_spec("apprise") is not None
    warn_about_missing_extras(NotifyOptions(urls=(webhook(receiver),), metrics_file=Path("/var/decom.prom")))
    assert receiver.requests == []
