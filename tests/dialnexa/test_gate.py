"""Nothing leaves but GETs below the base URL and DELETEs of exactly the approved numbers, whatever is asked for."""

import asyncio
import posixpath
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from decom.dialnexa.gate import NUMBERS, Gate, RequestBlocked

BASE = "https://api.dialnexa.com/v1"
PREFIX = b"/v1" + NUMBERS.encode() + b"/"


class Wire(httpx.AsyncBaseTransport):
    """What lies below the gate: remembers every request that reaches it."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json={"message": "done"})

    async def aclose(self) -> None:
        self.closed = True


def what_leaves(method: str, url: str, *, approved: frozenset[str] = frozenset(), base: str = BASE) -> list[str]:
    """Ask a real client for `url`; what reaches the wire, as `METHOD host/path`."""
    wire = Wire()

    async def ask() -> None:
        async with httpx.AsyncClient(transport=Gate(wire, base, approved), trust_env=False) as client:
            try:
                await client.request(method, url)
            except (RequestBlocked, httpx.InvalidURL, httpx.UnsupportedProtocol):
                assert wire.requests == []

    asyncio.run(ask())
    assert wire.closed
    return [f"{each.method} {each.url.host}{each.url.raw_path.decode()}" for each in wire.requests]


@pytest.mark.parametrize(
    "method", ["DELETE", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "delete", "X"]
)
def test_a_gate_for_reading_lets_only_get_through(method):
    assert what_leaves(method, f"{BASE}{NUMBERS}/phn_1") == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"])
def test_a_gate_for_releasing_lets_no_other_verb_through_either(method):
    assert what_leaves(method, f"{BASE}{NUMBERS}/phn_1", approved=frozenset({"phn_1"})) == []


def test_an_approved_number_can_be_released_and_no_other():
    approved = frozenset({"phn_1", "phn_2"})
    path = f"{BASE}{NUMBERS}/"
    assert what_leaves("DELETE", path + "phn_2", approved=approved) == [
        "DELETE api.dialnexa.com/v1/organization-phone-numbers/phn_2"
    ]
    assert what_leaves("DELETE", path + "phn_3", approved=approved) == []


@pytest.mark.parametrize(
    "number_id",
    [
        "",
        ".",
        "..",
        "phn_2/../phn_3",
        "../organization-phone-numbers/phn_3",
        "..%2Fcampaigns%2Fcmp_1",
        "%2e%2e",
        "%2e",
        "phn_1/",
        "/phn_1",
        "phn_1/x",
        "phn_1?x=1",
        "phn_1?",
        "phn_1&y",
        "phn_1%3Fx",
        "phn_1%00",
        "phn_1%0a",
        "phn_1\n",
        "phn_1\r\nX: y",
        " phn_1",
        "phn_1 ",
        "phn_1;",
        "phn_%31",
        "PHN_1",
        "phn_1,phn_2",
        "*",
        "\u0440hn_1",
        "\uff50hn_1",
        "phn_1\u200b",
        "phn_" + "1" * 70_000,
    ],
)
def test_an_id_that_is_not_an_approved_one_byte_for_byte_does_not_leave(number_id):
    url = f"{BASE}{NUMBERS}/{number_id}"
    assert what_leaves("DELETE", url, approved=frozenset({"phn_1", "phn_2"})) == []


@pytest.mark.parametrize("number_id", ["", ".", "..", "*", "phn_1/x", "phn_1?", "%2e%2e", "phn_1\n", "p" * 129])
def test_approval_does_not_make_an_unsafe_id_safe(number_id):
    assert what_leaves("DELETE", f"{BASE}{NUMBERS}/{number_id}", approved=frozenset({number_id})) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.dialnexa.com/v1",
        "https://api.dialnexa.com:444/v1",
        "https://dialnexa.com/v1",
        "https://api.dialnexa.com.evil.example/v1",
        "https://evil.example/v1",
        "https://user@api.dialnexa.com/v1",
        "https://user:secret@api.dialnexa.com/v1",
        "https://api.dialnexa.com@evil.example/v1",
        "https://api.dialnexa.com/v2",
        "https://api.dialnexa.com/v1beta",
        "https://api.dialnexa.com//v1",
        "https://api.dialnexa.com/V1",
        "https://api.dialnexa.com",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nothing_leaves_for_another_place(method, url):
    assert what_leaves(method, f"{url}{NUMBERS}/phn_1", approved=frozenset({"phn_1"})) == []


@pytest.mark.parametrize(
    "target",
    [
        "/organization-phone-numbers?page=1&limit=100",
        "/organization-phone-numbers/phn_1",
        "/campaigns/cmp_1",
        "/batch-calls?status=running%2Cwaiting&page=1&limit=100",
        "/calls?start_date=2026-11-23T00:00:00.000Z&limit=200",
    ],
)
@pytest.mark.parametrize("base", [BASE, BASE + "/", "http://127.0.0.1:8080/v1", "https://h.example/api/v1.2"])
def test_what_is_read_below_the_base_url_leaves_as_it_is(base, target):
    url = httpx.URL(base.rstrip("/") + target)
    assert what_leaves("GET", str(url), base=base) == [f"GET {url.host}{url.raw_path.decode()}"]


@pytest.mark.parametrize(
    "target", ["", "/", "/..", "/../admin", "/%2e%2e/admin", "/x/..%2f..%2fadmin", "/x;y", "/x//y", "/x/"]
)
def test_what_some_gateway_could_take_for_another_path_is_not_read(target):
    assert what_leaves("GET", BASE + target) == []


tricky = st.text(st.sampled_from("phn_12./\\%2eEfF?#&;:@ \t\r\n\x00\u0440\uff50\u200b"), max_size=20)
ids = tricky | st.text(max_size=20) | tricky.map(lambda tail: "phn_1" + tail) | tricky.map(lambda head: head + "/phn_1")


@settings(max_examples=200)
@given(number_id=ids)
@example(number_id="phn_3/../phn_1")
@example(number_id="phn_1#phn_3")
@example(number_id="\x00")
def test_whatever_the_id_only_approved_paths_are_deleted(number_id):
    for leaving in what_leaves("DELETE", f"{BASE}{NUMBERS}/{number_id}", approved=frozenset({"phn_1", "phn_2"})):
        assert leaving.removeprefix(f"DELETE api.dialnexa.com{PREFIX.decode()}") in ("phn_1", "phn_2")


@settings(max_examples=200)
@given(target=ids)
@example(target="%252e%252e/%252e%252e/admin")
def test_whatever_the_path_a_get_stays_below_the_base_url(target):
    for leaving in what_leaves("GET", f"{BASE}/{target}"):
        path = leaving.removeprefix("GET api.dialnexa.com").partition("?")[0]
        while path != (path := unquote(path)):
            pass
        assert posixpath.normpath(path).startswith("/v1/")
