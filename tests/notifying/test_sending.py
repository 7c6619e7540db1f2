"""Errands to real receivers: what arrives, and that no receiver, however bad, does more than fail its errand."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from decom.notifying.sending import Errand, deliver
from decom.secret import Secret
from tests.notifying.receiver import babbling, dead, dripping, receiving, silent

CANARY = "tok-CANARY-77"
MESSAGE = {"subject": "decom: done", "body": "line 1\nline 2 हिन्दी", "tone": "warning"}


def ping(url: str) -> Errand:
    return Errand("ping", Secret(url))


def tell(url: str) -> Errand:
    return Errand("tell", Secret(url.replace("http://", "json://")), MESSAGE)


def check(url: str) -> Errand:
    return Errand("check", Secret(url))


def test_a_ping_is_one_get() -> None:
    with receiving() as receiver:
        assert deliver([ping(f"{receiver.url}/{CANARY}/start?rid=1")]) == [None]
    assert receiver.requests == [("GET", f"/{CANARY}/start?rid=1", "")]


def test_a_message_arrives_as_it_was_written() -> None:
    with receiving() as receiver:
        assert deliver([tell(f"{receiver.url}/{CANARY}")]) == [None]
    (told,) = receiver.messages()
    assert (told["title"], told["message"], told["type"]) == (MESSAGE["subject"], MESSAGE["body"], "warning")


def test_no_process_list_shows_the_address_and_no_errand_gets_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALNEXA_API_KEY", "kid_1:CANARY-KEY")
    monkeypatch.setenv("DECOM_NOTIFY_URLS", f"json://127.0.0.1/{CANARY}")
    with receiving() as receiver:
        assert deliver([ping(f"{receiver.url}/{CANARY}"), tell(f"{receiver.url}/{CANARY}")]) == [None, None]
    assert any("decom.notifying.errand" in child for child in receiver.children)
    assert not any("CANARY" in child for child in receiver.children)


@pytest.mark.parametrize("errand", [ping, tell])
@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_refusal_is_told_by_its_status(errand: Callable[[str], Errand], status: int) -> None:
    with receiving(status) as receiver:
        assert deliver([errand(f"{receiver.url}/{CANARY}")]) == [f"it answered {status}"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_ping_follows_no_redirect(status: int) -> None:
    with receiving() as elsewhere, receiving(status, Location=f"{elsewhere.url}/{CANARY}") as receiver:
        assert deliver([ping(f"{receiver.url}/{CANARY}")]) == [f"it answered {status}"]
    assert elsewhere.requests == []


@contextmanager
def nobody() -> Iterator[str]:
    yield dead()


@pytest.mark.parametrize("errand", [ping, tell])
@pytest.mark.parametrize("bad", [nobody, babbling])
def test_who_is_not_there_or_speaks_no_http_fails_that_errand(
    bad: Callable[[], AbstractContextManager[str]], errand: Callable[[str], Errand]
) -> None:
    with bad() as address:
        (why,) = deliver([errand(address)])
    assert why is not None
    assert why.startswith("it could not be reached")
    assert "127.0.0.1" not in why


@pytest.mark.parametrize("errand", [ping, tell])
@pytest.mark.parametrize("bad", [silent, dripping])
def test_who_takes_for_ever_is_given_up_in_time(
    bad: Callable[[], AbstractContextManager[str]], errand: Callable[[str], Errand]
) -> None:
    with bad() as address:
        begin = time.monotonic()
        assert deliver([errand(address)], within=1.0) == ["it took longer than 1 s"]
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
def test_an_address_that_is_none_fails_its_errand_and_is_not_shown(url: str) -> None:
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


def test_a_process_that_breaks_off_fails_its_errand() -> None:
    (why,) = deliver([Errand("tell", Secret("json://127.0.0.1"), {"no": "message"})])
    assert why is not None
    assert why.startswith("its process ended without a word")
