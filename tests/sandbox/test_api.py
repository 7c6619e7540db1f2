"""The service's endpoints over real sockets: both generations, each envelope, each refusal."""

import httpx
import pytest

from decom.sandbox.account import World
from decom.sandbox.limits import Limit
from decom.sandbox.server import Sandbox
from tests.sandbox.asking import client, path, three_numbers

BOTH = pytest.mark.parametrize("generation", ["first", "second"])
NUMBERS = "/organization-phone-numbers"


@pytest.fixture(scope="module")
def first():
    """One account of the first generation, only read from."""
    with Sandbox(World.made_up()) as sandbox, client(sandbox) as http:
        yield sandbox.world, http


@pytest.fixture(scope="module")
def second():
    """One account of the second generation, only read from."""
    with Sandbox(World.made_up(generation="second")) as sandbox, client(sandbox) as http:
        yield sandbox.world, http


def error(response):
    """Status and message, after a look at the documented shape."""
    body = response.json()
    assert set(body) == {"statusCode", "message", "error"}
    assert body["statusCode"] == response.status_code
    return response.status_code, body["message"]


# --- Numbers ---------------------------------------------------------------------------------------------------


def test_the_first_generation_lists_whole_rows_with_data_and_meta(first):
    world, http = first
    rows, page = [], 1
    while True:
        body = http.get(NUMBERS, params={"page": page, "limit": 100}).json()
        assert body["meta"] == {"page": page, "limit": 100, "total": 400, "totalPages": 4}
        rows += body["data"]
        if page == body["meta"]["totalPages"]:
            break
        page += 1
    assert rows == list(world.numbers.values())


def test_the_second_generation_lists_flat_pages_with_six_fields(second):
    world, http = second
    body = http.get(NUMBERS, params={"page": 2, "limit": 30}).json()
    assert {name: body[name] for name in ("total", "page", "limit")} == {"total": 400, "page": 2, "limit": 30}
    listed = list(world.numbers.values())[30:60]
    assert [row["id"] for row in body["items"]] == [row["id"] for row in listed]
    allowed = {"id", "phone_number", "provider", "status", "country_code", "nickname"}
    assert {name for row in body["items"] for name in row} == allowed
    assert http.get(path(listed[0]["id"])).json() == listed[0]


def test_a_page_holds_twenty_unless_asked_otherwise_and_none_beyond_the_last(first):
    _, http = first
    assert len(http.get(NUMBERS).json()["data"]) == 20
    assert http.get(NUMBERS, params={"page": 99}).json()["data"] == []


@pytest.mark.parametrize("wanted", [{"limit": "101"}, {"limit": "0"}, {"page": "0"}, {"page": "x"}, {"page": "-1"}])
def test_a_page_that_cannot_be_is_a_400_with_a_list_of_messages(first, wanted):
    status, message = error(first[1].get(NUMBERS, params=wanted))
    assert status == 400
    assert isinstance(message, list)


def test_numbers_can_be_filtered_in_the_first_generation(first):
    world, http = first
    body = http.get(NUMBERS, params={"country_code": "US", "type": "toll_free", "limit": 100}).json()
    expected = [row for row in world.numbers.values() if (row["country_code"], row["type"]) == ("US", "toll_free")]
    assert body["data"] == expected
    assert expected


@BOTH
def test_a_released_number_is_gone_from_every_answer(generation):
    with Sandbox(three_numbers(generation=generation)) as sandbox, client(sandbox) as http:
        answer = http.delete(path("phn_2"))
        assert (answer.status_code, set(answer.json())) == (200, {"message"})
        assert error(http.get(path("phn_2"))) == (404, "Phone number with ID phn_2 not found")
        assert error(http.delete(path("phn_2"))) == (404, "Phone number with ID phn_2 not found")
        body = http.get(NUMBERS).json()
        rows = body["data"] if generation == "first" else body["items"]
        assert [row["id"] for row in rows] == ["phn_1", "phn_3"]
        assert sandbox.removed == {"phn_2": 1}
        assert [record.applied for record in sandbox.log] == [True, False, False, False]


@pytest.mark.parametrize("number_id", ["12345", "phn_", "phn-1", "phn_1%20", "phn_1%0A"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_malformed_id_is_a_400(first, method, number_id):
    status, _ = error(first[1].request(method, path(number_id)))
    assert status == 400


def test_a_number_of_another_workspace_is_a_403():
    with Sandbox(three_numbers(foreign_ids={"phn_9"})) as sandbox, client(sandbox) as http:
        assert error(http.get(path("phn_9")))[0] == 403
        assert error(http.delete(path("phn_9")))[0] == 403


def test_the_first_generation_detaches_and_assigns_an_agent():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        assert http.patch(path("phn_1"), json={"agent_id": "agt_1"}).json()["agent_id"] == "agt_1"
        http.get(NUMBERS)
        detached = http.patch(path("phn_1"), json={"agent_id": None}).json()
        assert (detached["agent_id"], detached["inbound_agent_id"]) == (None, None)
        assert http.get(path("phn_1")).json() == detached
        assert http.get(NUMBERS).json()["data"][0] == detached
        assert error(http.patch(path("phn_1"), json={"nickname": "x"}))[0] == 400
        assert error(http.patch(path("phn_1"), content=b"{"))[0] == 400
        assert error(http.patch(path("phn_9"), json={"agent_id": None}))[0] == 404


# --- Holds -----------------------------------------------------------------------------------------------------


def test_the_first_generation_refuses_a_number_of_an_active_campaign_and_names_it():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        campaign = sandbox.world.start_campaign("+919800000001", name="Diwali offers 2026")
        status, message = error(http.delete(path("phn_1")))
        assert status == 409
        assert "Diwali offers 2026" in message
        assert http.get("/campaigns").json()["data"] == [campaign]
        assert http.get(f"/campaigns/{campaign['id']}").json() == campaign
        assert error(http.get("/campaigns/cmp_none"))[0] == 404
        assert sandbox.removed == {}


def test_the_second_generation_refuses_the_default_number_and_those_with_a_workflow(second):
    world, http = second
    messages = []
    for row in world.held_secretly:
        status, message = error(http.delete(path(row["id"])))
        assert status == 409
        messages.append(message)
    assert "default number" in messages[0]
    assert all("active workflow" in message for message in messages[1:])
    assert len(messages) == 5


def test_batch_calls_name_their_numbers_only_one_by_one(second):
    world, http = second
    body = http.get("/batch-calls", params={"status": "running,waiting,scheduled,paused", "limit": 100}).json()
    assert body["total"] == len(body["items"]) == 8
    assert all("callLogs" not in batch for batch in body["items"])
    logs = [http.get(f"/batch-calls/{batch['id']}").json()["callLogs"] for batch in body["items"]]
    named = {call["from_number"] for calls in logs for call in calls}
    assert named == {row["phone_number"] for row in world.held_openly}
    assert error(http.get("/batch-calls/bch_none"))[0] == 404


def test_workflows_come_in_an_envelope_of_their_own(second):
    world, http = second
    body = http.get("/workflows", params={"limit": 3, "page": 2}).json()
    assert body["statusCode"] == 200
    assert body["data"] == world.workflows[3:6]
    assert body["meta"] == {"totalItems": 8, "itemsPerPage": 3, "totalPages": 3, "currentPage": 2}


# --- Money and traffic -----------------------------------------------------------------------------------------


def test_prices_and_calls_are_bare_lists(second):
    world, http = second
    assert http.get("/phone-number-pricing").json() == world.prices
    calls = http.get("/calls", params={"limit": 200}).json()
    assert calls == world.calls
    newest = calls[0]
    since = http.get("/calls", params={"start_date": newest["createdAt"]}).json()
    assert since == [newest]
    wanted = {"from": f"{newest['from_number']},+10000000000", "call_direction": newest["call_direction"]}
    assert newest in http.get("/calls", params=wanted).json()
    assert http.get("/calls", params={"to": "+10000000000"}).json() == []
    assert error(http.get("/calls", params={"limit": 201}))[0] == 400


# --- What is not there, or not for this key --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generation", "method", "place"),
    [
        ("first", "GET", "/batch-calls?status=running"),
        ("first", "GET", "/workflows"),
        ("first", "GET", "/calls"),
        ("first", "GET", "/phone-number-pricing"),
        ("first", "DELETE", NUMBERS),
        ("first", "POST", NUMBERS),
        ("first", "GET", f"{NUMBERS}/"),
        ("second", "GET", "/campaigns"),
        ("second", "GET", "/campaigns/cmp_1"),
        ("second", "PATCH", f"{NUMBERS}/phn_1"),
    ],
)
def test_a_route_that_is_not_there_is_the_services_own_404(first, second, generation, method, place):
    http = (first if generation == "first" else second)[1]
    assert error(http.request(method, place)) == (404, f"Cannot {method} /v1{place}")


def test_a_wrong_base_url_is_a_404_of_the_route(first):
    _, http = first
    response = http.delete(str(http.base_url).replace("/v1", "/v2") + "organization-phone-numbers/phn_1")
    assert error(response) == (404, "Cannot DELETE /v2/organization-phone-numbers/phn_1")


@pytest.mark.parametrize("status", [403, 404, 405, 500])
@pytest.mark.parametrize(
    ("generation", "source", "method", "place"),
    [
        ("first", "numbers", "GET", NUMBERS),
        ("first", "numbers", "GET", path("phn_1")),
        ("first", "release", "DELETE", path("phn_1")),
        ("first", "update", "PATCH", path("phn_1")),
        ("first", "campaigns", "GET", "/campaigns"),
        ("second", "batch-calls", "GET", "/batch-calls"),
        ("second", "workflows", "GET", "/workflows"),
        ("second", "calls", "GET", "/calls"),
        ("second", "pricing", "GET", "/phone-number-pricing"),
    ],
)
def test_each_source_can_be_refused_by_itself(status, generation, source, method, place):
    world = three_numbers(generation=generation, refusals={source: status})
    with Sandbox(world) as sandbox, client(sandbox) as http:
        assert error(http.request(method, place))[0] == status
        others = {"numbers", "release"} - {source}
        if "numbers" in others:
            assert http.get(NUMBERS).status_code == 200
        if "release" in others:
            assert http.delete(path("phn_1")).status_code == 200


@pytest.mark.parametrize(
    "header",
    [None, "Bearer wrong:key", "Bearer", "sandbox:not-a-real-secret", "Basic sandbox:not-a-real-secret"],
)
def test_any_key_but_the_right_one_is_a_401_and_does_nothing(header):
    with Sandbox(three_numbers(), limit=Limit(1, 60)) as sandbox:
        url = f"{sandbox.base_url}{path('phn_1')}"
        headers = {} if header is None else {"Authorization": header}
        for _ in range(2):
            assert error(httpx.delete(url, headers=headers, trust_env=False))[0] == 401
        assert sandbox.removed == {}


def test_a_revoked_key_is_refused():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        assert http.get(NUMBERS).status_code == 200
        sandbox.world.revoke_key()
        assert http.get(NUMBERS).status_code == 401


def test_what_happens_behind_a_clients_back_shows_at_once():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        http.get(NUMBERS)
        sandbox.world.reassign("phn_1", "+919800000099")
        sandbox.world.take_away("phn_2")
        rows = http.get(NUMBERS).json()["data"]
        assert [(row["id"], row["phone_number"]) for row in rows] == [
            ("phn_1", "+919800000099"),
            ("phn_3", "+919800000003"),
        ]
