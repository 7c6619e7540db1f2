"""Every fault over a real socket: what the client sees, and whether the account changed."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.service.acts import ACTS
from tests.service.asking import client, eventually, path, three_numbers
from tests.service.faults import KINDS, Fault, FaultPlan, Rule
from tests.service.server import Sandbox
from tests.service.world import World

NO_ANSWER = httpx.RemoteProtocolError
RESET = httpx.ReadError
SILENCE = httpx.ReadTimeout
GARBLED = httpx.RemoteProtocolError

SEEN = {
    "drop_before": (NO_ANSWER, False),
    "drop_after": (NO_ANSWER, True),
    "reset_before": (RESET, False),
    "reset_after": (RESET, True),
    "hang_before": (SILENCE, False),
    "hang_after": (SILENCE, True),
    "half_body": (GARBLED, True),
    "wrong_length": (200, True),
    "drip": (200, True),
    "drip_headers": (NO_ANSWER, True),
    "early_hints": (NO_ANSWER, True),
    "garbage": (GARBLED, True),
    "big_body": (200, True),
    "close_race": (200, True),
    "401": (401, False),
    "403": (403, False),
    "408": (408, False),
    "422": (422, False),
    "429": (429, False),
    "429_bare": (429, False),
    "500_before": (500, False),
    "502_before": (502, False),
    "503_before": (503, False),
    "504_before": (504, False),
    "status_before": (451, False),
    "202_before": (202, False),
    "207_before": (207, False),
    "says_failed": (200, False),
    "gateway_404": (404, False),
    "html_200": (200, False),
    "html_404": (404, False),
    "route_404": (404, False),
    "redirect_307": (307, False),
    "500_after": (500, True),
    "502_after": (502, True),
    "503_after": (503, True),
    "504_after": (504, True),
    "status_after": (425, True),
    "html_200_after": (200, True),
    "202": (202, True),
    "206": (206, True),
    "204": (204, True),
    "empty_200": (200, True),
    "body": (200, True),
    "not_json": (200, True),
    "bad_gzip": (httpx.DecodingError, True),
    "surrogate": (200, True),
    "late_apply": (NO_ANSWER, True),
    "gateway_retry": (404, True),
    "stale_read": (200, True),
    "reappear": (200, True),
    "revoke_after": (401, False),
    "page_drift": (200, True),
    "swap": (200, True),
    "repeat_page": (200, True),
    "total_mismatch": (200, True),
    "odd_row": (200, True),
    "latency": (200, True),
}
"""Kind → the status or the exception that a plain client sees on a DELETE, and whether the number was released."""

AMOUNTS = {
    "status_before": 451,
    "status_after": 425,
    "drip_headers": 0.1,
    "big_body": 1 << 20,
    "late_apply": 0.01,
}


def test_every_kind_of_fault_can_be_acted_out_and_is_tried_here():
    assert set(ACTS) == set(KINDS) == set(SEEN)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_shows_as_it_should_and_strikes_once(kind):
    expected, applied = SEEN[kind]
    rule = Rule.of(Fault(kind, AMOUNTS.get(kind), "phn_3" if kind == "swap" else None), nth=1)
    body_only = kind == "drip"
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox, timeout=0.3) as http:
        seen: object
        try:
            with http.stream("DELETE", path("phn_1")) as response:
                seen = response.status_code
                if not body_only:
                    response.read()
        except httpx.HTTPError as error:
            seen = type(error)
        assert seen == expected
        record = sandbox.log[0]
        assert eventually(lambda: record.answered is not None and record.applied is applied)
        assert record.fault == kind
        assert record.status == (expected if isinstance(expected, int) else record.status)
        assert ("phn_1" in sandbox.removed) is applied
        if kind != "revoke_after":
            assert http.delete(path("phn_2")).status_code == 200
            assert sandbox.log[1].fault is None
        assert len(sandbox.log) <= 2, "a client must not have tried anything by itself"


def test_a_request_applied_late_is_first_seen_undone_and_then_done():
    with (
        Sandbox(three_numbers(), faults=[Rule.of("late_apply:0.2")]) as sandbox,
        client(sandbox) as http,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            http.delete(path("phn_1"))
        assert http.get(path("phn_1")).status_code == 200
        assert eventually(lambda: http.get(path("phn_1")).status_code == 404)
        assert sandbox.removed == {"phn_1": 1}


def test_a_gateway_that_repeats_asks_the_service_twice_for_one_request_of_ours():
    phases = []
    with Sandbox(three_numbers(), faults=[Rule.of("gateway_retry")]) as sandbox, client(sandbox) as http:
        sandbox.on_phase = lambda phase, record: phases.append(phase)
        assert http.delete(path("phn_1")).status_code == 404
        assert len(sandbox.log) == 1
    assert phases == ["arrival", "applied", "answered"]


def test_a_stale_replica_shows_a_released_number_in_whole_listings_too():
    with Sandbox(three_numbers(), faults=[Rule.of("stale_read:1")]) as sandbox, client(sandbox) as http:
        http.delete(path("phn_1"))
        listings = [
            [
                row["id"]
                for page in (1, 2)
                for row in http.get("/organization-phone-numbers", params={"page": page, "limit": 2}).json()["data"]
            ]
            for _ in range(2)
        ]
    assert listings == [["phn_2", "phn_3", "phn_1"], ["phn_2", "phn_3"]]


def test_a_key_is_revoked_after_so_many_requests():
    plan = [Rule.of("revoke_after:2", method=None)]
    with Sandbox(three_numbers(), faults=plan) as sandbox, client(sandbox) as http:
        statuses = [http.get(path("phn_1")).status_code for _ in range(4)]
        assert [record.fault for record in sandbox.log] == [None, None, "revoke_after", "revoke_after"]
    assert statuses == [200, 200, 401, 401]


@pytest.mark.parametrize(("amount", "seen"), [(1, ["phn_1", "phn_3"]), (-1, ["phn_1", "phn_1"])])
def test_rows_drift_between_pages(amount, seen):
    rule = Rule.of(Fault("page_drift", amount), method="GET")
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox) as http:
        pages = [http.get("/organization-phone-numbers", params={"page": n, "limit": 1}).json() for n in (1, 2)]
    assert [page["data"][0]["id"] for page in pages] == seen


def test_a_fault_on_an_update_with_a_body_repeats_the_body_too():
    rule = Rule.of("gateway_retry", method="PATCH")
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox) as http:
        answer = http.patch(path("phn_1"), json={"agent_id": "agt_1"})
        assert answer.json()["inbound_agent_id"] == "agt_1"


BRIEF = {"hang_before": 0.02, "hang_after": 0.02, "drip": 0.1, "drip_headers": 0.1, "big_body": 1 << 17}
"""Amounts with which a fault is over soon."""


@pytest.mark.parametrize("seed", range(3))
def test_in_a_storm_of_every_fault_the_memory_stays_true_and_the_server_well(seed, caplog):
    kinds = sorted(set(KINDS) - {"revoke_after", "swap"})
    faults = [Fault(kind, BRIEF.get(kind, AMOUNTS.get(kind))) for kind in kinds]
    world = World.made_up(seed=seed, numbers=120, held=10, secretly_held=5)
    ids = list(world.numbers)

    def attempt(http, number_id):
        with contextlib.suppress(httpx.HTTPError):
            http.delete(path(number_id))

    plan = FaultPlan.sometimes(0.7, *faults, seed=seed)
    with Sandbox(world, faults=plan) as sandbox, client(sandbox, timeout=0.5) as http, ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            list(pool.map(attempt, [http] * len(ids), ids))
        assert eventually(lambda: all(record.answered is not None for record in sandbox.log))
        assert eventually(lambda: sandbox.is_at_rest)
        log = list(sandbox.log)
    # A request on a connection that the server is just closing never arrives.
    assert 200 < len(log) <= 240
    assert {record.number_id for record in log if record.applied} == set(sandbox.removed)
    assert all(log[seq - 1].number_id == number_id for number_id, seq in sandbox.removed.items())
    assert {row["id"] for row in world.held_secretly} <= set(world.numbers)
    assert sandbox.peak_in_flight <= 8
    assert len({record.fault for record in log}) > 30
    assert caplog.records == []
