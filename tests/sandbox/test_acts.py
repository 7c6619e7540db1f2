"""Every fault over a real socket: what the client sees, and whether the account changed."""

import httpx
import pytest

from decom.sandbox.acts import ACTS
from decom.sandbox.faults import KINDS, Fault, FaultPlan, Rule
from decom.sandbox.server import Sandbox
from tests.sandbox.asking import client, eventually, path, three_numbers

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
    "chunk_cut": (GARBLED, True),
    "wrong_length": (200, True),
    "http_10_half": (200, True),
    "drip": (200, True),
    "drip_headers": (NO_ANSWER, True),
    "early_hints": (NO_ANSWER, True),
    "garbage": (GARBLED, True),
    "odd_status": (999, True),
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
    "204": (204, True),
    "empty_200": (200, True),
    "body": (200, True),
    "not_json": (200, True),
    "bad_gzip": (httpx.DecodingError, True),
    "surrogate": (200, True),
    "late_apply": (NO_ANSWER, True),
    "hang_late_apply": (SILENCE, True),
    "gateway_retry": (404, True),
    "stale_read": (200, True),
    "reappear": (200, True),
    "revoke_after": (401, False),
    "page_drift": (200, True),
    "total_mismatch": (200, True),
    "latency": (200, True),
    "latency_after": (200, True),
}
"""Kind → the status or the exception that a plain client sees on a DELETE, and whether the number was released."""

AMOUNTS = {
    "status_before": 451,
    "status_after": 425,
    "drip_headers": 0.1,
    "big_body": 1 << 20,
    "late_apply": 0.01,
    "hang_late_apply": 0.01,
}


def test_every_kind_of_fault_can_be_acted_out_and_is_tried_here():
    assert set(ACTS) == set(KINDS) == set(SEEN)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_shows_as_it_should_and_strikes_once(kind):
    expected, applied = SEEN[kind]
    rule = Rule.of(Fault(kind, AMOUNTS.get(kind)), nth=1)
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


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "hang_after", "drip_headers", "late_apply", "garbage"])
def test_a_fault_without_an_answer_leaves_no_status_in_the_log(kind):
    rule = Rule.of(Fault(kind, 0.05))
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox, timeout=0.2) as http:
        with pytest.raises(httpx.HTTPError):
            http.delete(path("phn_1"))
        assert sandbox.log[0].status is None


@pytest.mark.parametrize("kind", ["202", "204", "empty_200", "html_200_after", "not_json", "bad_gzip", "surrogate"])
def test_only_a_success_is_disguised_and_a_refusal_stays_what_it_is(kind):
    world = three_numbers(secret_holds={"phn_1": "it is the default number"})
    with Sandbox(world, faults=[Rule.of(kind)]) as sandbox, client(sandbox) as http:
        response = http.delete(path("phn_1"))
        assert response.status_code == 409
        assert response.json()["message"] == "it is the default number"
        assert sandbox.log[0].fault is None


def test_half_a_body_still_brings_its_status():
    with (
        Sandbox(three_numbers(), faults=[Rule.of("half_body")]) as sandbox,
        client(sandbox) as http,
        http.stream("DELETE", path("phn_1")) as response,
    ):
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()


def test_the_bodies_are_as_broken_as_they_say():
    kinds = ("surrogate", "not_json", "empty_200", "html_200")
    faults = [Rule.of(kind, nth=n) for n, kind in enumerate(kinds, start=1)]
    with Sandbox(three_numbers(), faults=faults) as sandbox, client(sandbox) as http:
        surrogate, not_json, empty, html = (http.delete(path(f"phn_{n}")) for n in (1, 2, 3, 3))
    assert "\ud83d" in surrogate.json()["message"]
    with pytest.raises(ValueError, match="Expecting value"):
        not_json.json()
    assert empty.content == b""
    assert "<h1>" in html.text
    assert html.headers["content-type"].startswith("text/html")


def test_a_body_may_be_given():
    deep = "[" * 100_000
    with Sandbox(three_numbers(), faults=[Rule.of(Fault("body", text=deep))]) as sandbox, client(sandbox) as http:
        assert http.delete(path("phn_1")).text == deep


def test_the_three_kinds_of_404_can_be_told_apart():
    faults = [Rule.of("route_404", nth=1), Rule.of("html_404", nth=2)]
    with Sandbox(three_numbers(), faults=faults) as sandbox, client(sandbox) as http:
        route, html, number = (http.delete(path(number_id)) for number_id in ("phn_1", "phn_1", "phn_9"))
    assert route.json()["message"] == "Cannot DELETE /v1/organization-phone-numbers/phn_1"
    assert "404 Not Found" in html.text
    assert number.json()["message"] == "Phone number with ID phn_9 not found"


def test_retry_after_is_what_was_asked_for_even_twice():
    faults = [
        Rule.of("429", nth=1),
        Rule.of(Fault("429", text="-5"), nth=2),
        Rule.of(Fault("429", text="3|soon"), nth=3),
        Rule.of(Fault("503_before", text="7"), nth=4),
        Rule.of("429_bare", nth=5),
    ]
    with Sandbox(three_numbers(), faults=faults) as sandbox, client(sandbox) as http:
        waits = [http.delete(path("phn_1")).headers.get_list("retry-after") for _ in faults]
    assert waits == [["1"], ["-5"], ["3", "soon"], ["7"], []]


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


def test_a_stale_replica_shows_a_released_number_for_some_reads():
    with Sandbox(three_numbers(), faults=[Rule.of("stale_read:2")]) as sandbox, client(sandbox) as http:
        assert http.delete(path("phn_1")).status_code == 200
        assert [http.get(path("phn_1")).status_code for _ in range(3)] == [200, 200, 404]
        assert http.delete(path("phn_1")).status_code == 404


def test_a_number_that_reappears_was_removed_and_is_back():
    with Sandbox(three_numbers(), faults=[Rule.of("reappear", nth=1)]) as sandbox, client(sandbox) as http:
        assert http.delete(path("phn_1")).status_code == 200
        assert sandbox.removed == {"phn_1": 1}
        assert http.get(path("phn_1")).status_code == 200


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


@pytest.mark.parametrize("generation", ["first", "second"])
def test_a_total_can_be_wrong_in_each_envelope(generation):
    world = three_numbers(generation=generation)
    rule = Rule.of("total_mismatch:2", method="GET")
    with Sandbox(world, faults=[rule]) as sandbox, client(sandbox) as http:
        page = http.get("/organization-phone-numbers").json()
        total = page["meta"]["total"] if generation == "first" else page["total"]
        assert total == 5
        if generation == "second":
            assert http.get("/workflows").json()["meta"]["totalItems"] == 2
            assert http.get("/phone-number-pricing").json() == []


def test_a_connection_that_closes_after_its_answer_costs_no_second_request():
    with Sandbox(three_numbers(), faults=[Rule.of("close_race", nth=1)]) as sandbox, client(sandbox) as http:
        assert "connection" not in http.delete(path("phn_1")).headers
        assert eventually(lambda: sandbox.log[0].answered is not None)
        assert http.delete(path("phn_2")).status_code == 200
        assert [record.number_id for record in sandbox.log] == ["phn_1", "phn_2"]


def test_a_dripping_body_never_ends_by_itself_and_ends_when_the_client_leaves():
    with Sandbox(three_numbers(), faults=[Rule.of("drip")]) as sandbox, client(sandbox) as http:
        with http.stream("DELETE", path("phn_1")) as response:
            drops = response.iter_raw()
            assert [next(drops), next(drops), next(drops)] == [b" "] * 3
            assert sandbox.log[0].answered is None
        assert eventually(lambda: sandbox.log[0].answered is not None)


def test_a_hanging_request_is_bounded_even_where_the_client_never_leaves():
    with (
        Sandbox(three_numbers(), faults=[Rule.of("hang_before:0.05")]) as sandbox,
        client(sandbox) as http,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        http.delete(path("phn_1"))


def test_one_hanging_request_does_not_hold_up_another():
    plan = FaultPlan((Rule.of("hang_before", ids=["phn_1"]),))
    with Sandbox(three_numbers(), faults=plan) as sandbox, client(sandbox, timeout=0.5) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.delete(path("phn_1"))
        assert http.delete(path("phn_2")).status_code == 200


def test_a_fault_on_an_update_with_a_body_repeats_the_body_too():
    rule = Rule.of("gateway_retry", method="PATCH")
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox) as http:
        answer = http.patch(path("phn_1"), json={"agent_id": "agt_1"})
        assert answer.json()["inbound_agent_id"] == "agt_1"
