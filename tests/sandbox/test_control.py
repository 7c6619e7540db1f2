"""The sandbox's own handles over HTTP: for whoever tries things by hand, or tests from another process."""

import httpx
import pytest

from decom.sandbox.account import World
from decom.sandbox.faults import KINDS
from decom.sandbox.server import Sandbox
from tests.sandbox.asking import client, path, three_numbers


@pytest.fixture
def sandbox():
    with Sandbox(three_numbers()) as running:
        yield running


@pytest.fixture
def http(sandbox):
    with client(sandbox) as asking:
        yield asking


@pytest.fixture
def control(sandbox):
    """Without a key."""
    url = sandbox.base_url.replace("/v1", "/_sandbox")
    with httpx.Client(base_url=url, trust_env=False, verify=False) as asking:
        yield asking


def test_control_needs_no_key_and_leaves_no_trace(sandbox, control):
    assert control.get("/log").json() == {"log": [], "peak_in_flight": 0}
    assert sandbox.log == []


def test_the_log_tells_everything_of_each_request(sandbox, http, control):
    http.get("/organization-phone-numbers", params={"page": 1})
    http.delete(path("phn_1"))
    log = control.get("/log").json()["log"]
    assert log == [record.as_json() for record in sandbox.log]
    assert [record["seq"] for record in control.get("/log", params={"since": 1}).json()["log"]] == [2]
    assert log[0]["target"] == "/v1/organization-phone-numbers?page=1"
    assert (log[1]["method"], log[1]["number_id"], log[1]["applied"]) == ("DELETE", "phn_1", True)
    assert log[1]["key_id"] == "sandbox"
    assert "not-a-real-secret" not in control.get("/log").text


def test_the_world_shows_what_is_there_what_is_held_and_what_was_removed():
    world = World.made_up()
    with Sandbox(world) as sandbox, client(sandbox) as http:
        gone = world.releasable[0]["id"]
        http.delete(path(gone))
        shown = httpx.get(sandbox.base_url.replace("/v1", "/_sandbox/world"), trust_env=False).json()
    assert shown["removed"] == {gone: 1}
    assert len(shown["numbers"]) == 399
    assert (len(shown["releasable"]), len(shown["held_openly"]), len(shown["held_secretly"])) == (369, 25, 5)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"do": "start_campaign", "phone_number": "+919800000001"}, 409),
        ({"do": "hold_secretly", "number_id": "phn_1"}, 409),
        ({"do": "start_campaign", "phone_number": "+919800000001", "written": "98 00 00 00 01"}, 409),
        ({"do": "take_away", "number_id": "phn_1"}, 404),
        ({"do": "swap", "number_id": "phn_1"}, 404),
        ({"do": "change_number", "number_id": "phn_1", "status": "port_out_pending"}, 200),
        ({"do": "start_batch_call", "phone_number": "+919800000001", "before": 20, "other": "+14155550100"}, 200),
        ({"do": "shape", "source": "numbers", "envelope": "list"}, 200),
        ({"do": "tell_date", "told": False}, 200),
        ({"do": "refuse", "source": "release", "status": 403}, 403),
        ({"do": "revoke_key"}, 401),
        ({"do": "reassign", "number_id": "phn_1", "phone_number": "+919800000077"}, 200),
    ],
)
def test_the_account_can_be_changed_behind_a_clients_back(sandbox, http, control, wanted, status):
    assert control.post("/world", json=wanted).json() == {"done": wanted["do"]}
    assert http.delete(path("phn_1")).status_code == status


def test_faults_can_be_switched_on_and_off(http, control):
    assert control.get("/faults").json() == {"kinds": KINDS}
    rules = [
        {"faults": ["500_after"], "nth": 1},
        {"faults": [{"kind": "429", "text": "9"}], "ids": ["phn_2"], "method": "DELETE"},
    ]
    assert control.post("/faults", json={"seed": 4, "rules": rules}).json() == {"rules": 2}
    assert http.delete(path("phn_1")).status_code == 500
    refused = http.delete(path("phn_2"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "9")
    assert control.post("/faults", json={}).json() == {"rules": 0}
    assert http.delete(path("phn_2")).status_code == 200


def test_the_limit_can_be_changed_and_taken_away(http, control):
    limit = {"rate": "1/60", "kind": "rolling", "announced": {"retry_after": "none", "suffix": "-short"}}
    assert control.post("/limit", json=limit).json() == {"limited": True}
    statuses = [http.get(path("phn_1")) for _ in range(2)]
    assert [response.status_code for response in statuses] == [200, 429]
    assert statuses[1].headers["x-ratelimit-remaining-short"] == "0"
    assert "retry-after" not in statuses[1].headers
    assert control.post("/limit", json={"rate": "none"}).json() == {"limited": False}
    assert http.get(path("phn_1")).status_code == 200


@pytest.mark.parametrize(
    ("place", "wanted", "said"),
    [
        ("/world", {"do": "burn"}, "start_campaign"),
        ("/world", {"do": "take_away", "number_id": "phn_9"}, "phn_9"),
        ("/world", {"do": "take_away", "id": "phn_1"}, "id"),
        ("/world", {"do": "shape", "source": "numbers", "envelope": "box"}, "data_meta"),
        ("/world", [], "JSON object"),
        ("/faults", {"rules": [{"faults": ["explode"]}]}, "there is no fault 'explode'"),
        ("/faults", {"rules": [{"faults": ["401"], "when": 3}]}, "when"),
        ("/faults", {"rules": [{"nth": 3}]}, "faults"),
        ("/faults", {"rules": [{"faults": ["401"], "rate": 2}]}, "no share"),
        ("/limit", {"rate": "fast"}, "write REQUESTS/SECONDS"),
        ("/limit", {"rate": "1/1", "kind": "sliding"}, "first_request"),
        ("/limit", {"rate": "1/1", "announced": {"reset": "iso"}}, "delta, epoch, ms"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason_and_changes_nothing(sandbox, http, control, place, wanted, said):
    answer = control.post(place, json=wanted)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert http.get(path("phn_1")).status_code == 200
    assert sandbox.limiter.limit is None


def test_a_body_that_is_no_json_is_refused(control):
    assert control.post("/world", content=b"{").status_code == 400
