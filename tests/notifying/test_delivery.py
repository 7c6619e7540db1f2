"""Deliverys to real receivers: what arrives, and that no receiver, however bad, does more than fail its delivery."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from decom.notifying.delivery import Delivery, deliver
from decom.settings.secret import Secret
from tests.notifying.receiver import babbling, dead, dripping, receiving, silent

CANARY = "tok-CANARY-77"
MESSAGE = {"subject": "decom: done", "body": "line 1\nline 2 हिन्दी", "tone": "warning"}


def ping(url: str) -> Delivery:
    return Delivery("ping", Secret(url))


def tell(url: str) -> Delivery:
    return Delivery("message", Secret(url.replace("http://", "json://")), MESSAGE)


def check(url: str) -> Delivery:
    return Delivery("check", Secret(url))


def test_a_ping_is_one_get() -> None:
    with receiving() as receiver:
        assert deliver([ping(f"{receiver.url}/{CANARY}/start?rid=1")]) == [None]
    assert receiver.requests == [("GET", f"/{CANARY}/start?rid=1", "")]


def test_a_message_arrives_as_it_was_written() -> None:
    with receiving() as receiver:
        assert deliver([tell(f"{receiver.url}/{CANARY}")]) == [None]
    (told,) = receiver.messages()
    assert (told["title"], told["message"], told["type"]) == (MESSAGE["subject"], MESSAGE["body"], "warning")


def test_no_process_is_started_that_could_show_the_address_or_be_given_the_key() -> None:
    with receiving() as receiver:
        assert deliver([ping(f"{receiver.url}/{CANARY}"), tell(f"{receiver.url}/{CANARY}")]) == [None, None]
    assert len(receiver.requests) == 2
    assert receiver.children == []


@pytest.mark.parametrize("delivery", [ping, tell])
@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_refusal_is_told_by_its_status(delivery: Callable[[str], Delivery], status: int) -> None:
    with receiving(status) as receiver:
        assert deliver([delivery(f"{receiver.url}/{CANARY}")]) == [f"it answered {status}"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_ping_follows_no_redirect(status: int) -> None:
    with receiving() as elsewhere, receiving(status, Location=f"{elsewhere.url}/{CANARY}") as receiver:
        assert deliver([ping(f"{receiver.url}/{CANARY}")]) == [f"it answered {status}"]
    assert elsewhere.requests == []


@contextmanager
def nobody() -> Iterator[str]:
    yield dead()


@pytest.mark.parametrize("delivery", [ping, tell])
@pytest.mark.parametrize("bad", [nobody, babbling])
def test_who_is_not_there_or_speaks_no_http_fails_that_delivery(
    bad: Callable[[], AbstractContextManager[str]], delivery: Callable[[str], Delivery]
) -> None:
    with bad() as address:
        (why,) = deliver([delivery(address)])
    assert why is not None
    assert why.startswith("it could not be reached")
    assert "127.0.0.1" not in why


@pytest.mark.parametrize("delivery", [ping, tell])
@pytest.mark.parametrize("bad", [silent, dripping])
def test_who_takes_for_ever_is_given_up_in_time(
    bad: Callable[[], AbstractContextManager[str]], delivery: Callable[[str], Delivery]
) -> None:
    with bad() as address:
        begin = time.monotonic()
        assert deliver([delivery(address)], within=1.0) == ["it took longer than 1 s"]
        assert time.monotonic() - begin < 5


def test_a_slow_one_keeps_no_other_from_its_message() -> None:
    with silent() as hush, receiving() as receiver:
        found = deliver([tell(hush), tell(receiver.url), ping(dead()), ping(receiver.url)], within=6.0)
    assert None not in (found[0], found[2])
    assert [found[1], found[3]] == [None, None]
    assert len(receiver.requests) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://[half",
        "http://127.0.0.1:99999/",
        f"http://127.0.0.1:1/{CANARY} x",
        f"http://ex ample/{CANARY}",
        f"http://\ud83d/{CANARY}",
        "http://",
    ],
)
def test_an_address_that_is_none_fails_its_delivery_and_is_not_shown(url: str) -> None:
    (why,) = deliver([ping(url)])
    assert why is not None
    assert "CANARY" not in why


@pytest.mark.parametrize(
    "url", ["mailto://asha:secret@example.com", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"]
)
def test_an_address_that_apprise_understands_passes_the_check(url: str) -> None:
    assert deliver([check(url)]) == [None]


@pytest.mark.parametrize("url", ["slak://a/b/c", "example.com", "slack://", ""])
def test_an_address_that_apprise_does_not_understand_fails_the_check(url: str) -> None:
    assert deliver([check(url)]) == ["Apprise does not understand this address"]


def test_what_nobody_foresaw_fails_its_delivery() -> None:
    assert deliver([Delivery("message", Secret("json://127.0.0.1"), {"no": "message"})]) == [
        "it failed unexpectedly (KeyError)"
    ]


DELIVERING = """
import sys
from decom import logs
from decom.notifying.notify import tell_begun, tell_ended
from decom.settings.load import NotifyOptions
from decom.settings.secret import Secret
from decom.vocabulary import ExitCode

logs.setup(json_lines=True, verbosity=logs.Verbosity.USUAL)
options = NotifyOptions(urls=(Secret(sys.argv[1].replace("http", "json")),), heartbeat=Secret(sys.argv[1]))
{0}
sys.exit(3)
"""
"""A command that ends with exit code 3, and tells of it."""
ENDED = "tell_ended(options, None, None, ExitCode.HELD_BACK, within=2.0)"
BEGUN = "tell_begun(options, within=600.0)"


def delivering(what: str, address: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DELIVERING.format(what), address]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("bad", [silent, dripping])
def test_a_receiver_that_never_ends_neither_keeps_the_process_nor_changes_its_exit_code(
    bad: Callable[[], AbstractContextManager[str]],
) -> None:
    with bad() as address, delivering(ENDED, address) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 3
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["event"] for line in lines] == ["no_heartbeat", "not_notified"]


def test_what_libraries_say_while_they_deliver_is_in_no_log() -> None:
    with receiving(503) as receiver, delivering(ENDED, f"{receiver.url}/{CANARY}") as process:
        _, told = process.communicate(timeout=60)
    lines = [json.loads(line) for line in told.splitlines()]
    assert [(line["event"], line["why"]) for line in lines] == [
        ("no_heartbeat", "it answered 503"),
        ("not_notified", "it answered 503"),
    ]
    assert CANARY not in told


@pytest.mark.parametrize(
    ("what", "code"), [(BEGUN, -signal.SIGINT), (ENDED.replace("2.0", "600.0"), 3)], ids=["before the run", "after it"]
)
def test_ctrl_c_ends_the_waiting_at_once(what: str, code: int) -> None:
    """Before a run it ends the command; after one, whose outcome is known by then, it gives up the delivery alone."""
    asked = threading.Event()
    with silent(asked) as address, delivering(what, address) as process:
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == code
    assert ("interrupted" in told) == (code == 3)
