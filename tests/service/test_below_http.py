"""Faults on the bare connection, as a plain client meets them."""

import json
import socket

import httpx
import pytest

from tests.service.asking import PATIENCE, client, eventually, path, three_numbers
from tests.service.faults import Fault, Rule
from tests.service.server import Sandbox


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "hang_after", "drip_headers", "late_apply", "garbage"])
def test_a_fault_without_an_answer_leaves_no_status_in_the_log(kind):
    rule = Rule.of(Fault(kind, 0.05))
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox, timeout=0.2) as http:
        with pytest.raises(httpx.HTTPError):
            http.delete(path("phn_1"))
        assert sandbox.log[0].status is None


def test_half_a_body_still_brings_its_status():
    with (
        Sandbox(three_numbers(), faults=[Rule.of("half_body")]) as sandbox,
        client(sandbox) as http,
        http.stream("DELETE", path("phn_1")) as response,
    ):
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()


def test_a_redirect_stays_at_this_place_unless_told_otherwise():
    faults = [Rule.of("redirect_307", nth=1), Rule.of(Fault("redirect_307", 302, "https://example.com/"), nth=2)]
    with Sandbox(three_numbers(), faults=faults) as sandbox, client(sandbox) as http:
        same, away = http.delete(path("phn_1")), http.delete(path("phn_1"))
    assert (same.status_code, same.headers["location"]) == (307, "/v1/organization-phone-numbers/phn_1?moved=1")
    assert (away.status_code, away.headers["location"]) == (302, "https://example.com/")


def test_a_location_that_no_url_can_be_made_of_reaches_the_client():
    fault = Fault("redirect_307", text="http://[\x01")
    with (
        Sandbox(three_numbers(), faults=[Rule.of(fault)]) as sandbox,
        client(sandbox) as http,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        http.delete(path("phn_1"))


def test_a_connection_closes_behind_a_whole_answer_that_did_not_say_so():
    with Sandbox(three_numbers(), faults=[Rule.of("close_race", nth=1)]) as sandbox:
        host, port = sandbox.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        request = f"DELETE /v1{path('phn_1')} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {sandbox.api_key}\r\n\r\n"
        with socket.create_connection((host, int(port)), PATIENCE) as raw, raw.makefile("rb") as stream:
            raw.sendall(request.encode())
            everything = stream.read()
    head, _, body = everything.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"connection" not in head.lower()
    assert json.loads(body) == {"message": "Phone number released successfully"}


def test_a_dripping_body_never_ends_by_itself_and_ends_when_the_client_leaves():
    with Sandbox(three_numbers(), faults=[Rule.of("drip")]) as sandbox, client(sandbox) as http:
        with http.stream("DELETE", path("phn_1")) as response:
            drops = response.iter_raw()
            assert [next(drops), next(drops), next(drops)] == [b" "] * 3
            assert sandbox.log[0].answered is None
        assert eventually(lambda: sandbox.log[0].answered is not None)
