"""The endpoints over real sockets: both generations, each envelope, each refusal."""

import pytest

from decom.sandbox.account import SandboxAccount
from tests.sandbox.serving import path, serving

NUMBERS = "/organization-phone-numbers"


@pytest.fixture(scope="module")
def first():
    """One account of the first generation, only read from."""
    with serving() as http:
        yield SandboxAccount.made_up(), http


@pytest.fixture(scope="module")
def second():
    """One account of the second generation, only read from."""
    with serving("second") as http:
        yield SandboxAccount.made_up(generation="second"), http


def error(response):
    """Status and message, after a look at the documented shape."""
    body = response.json()
    assert set(body) == {"statusCode", "message", "error"}
    assert body["statusCode"] == response.status_code
    return response.status_code, body["message"]


# --- Numbers ---------------------------------------------------------------------------------------------------


def test_the_first_generation_lists_whole_rows_with_data_and_meta(first):
    account, http = first
    rows = []
    for page in (1, 2, 3, 4):
        body = http.get(NUMBERS, params={"page": page, "limit": 100}).json()
        assert body["meta"] == {"page": page, "limit": 100, "total": 400, "totalPages": 4}
        rows += body["data"]
    assert rows == list(account.numbers.values())
    assert len(http.get(NUMBERS).json()["data"]) == 20
    assert http.get(NUMBERS, params={"page": 5, "limit": 100}).json()["data"] == []


def test_the_second_generation_lists_flat_pages_with_six_fields(second):
    account, http = second
    body = http.get(NUMBERS, params={"page": 2, "limit": 30}).json()
    assert {name: body[name] for name in ("total", "page", "limit")} == {"total": 400, "page": 2, "limit": 30}
    listed = list(account.numbers.values())[30:60]
    assert [row["id"] for row in body["items"]] == [row["id"] for row in listed]
    allowed = {"id", "phone_number", "provider", "status", "country_code", "nickname"}
    assert {name for row in body["items"] for name in row} == allowed
    assert http.get(path(listed[0]["id"])).json() == listed[0]


@pytest.mark.parametrize("wanted", [{"limit": "101"}, {"limit": "0"}, {"page": "0"}, {"page": "x"}, {"page": "-1"}])
def test_a_page_that_cannot_be_is_a_400_with_a_list_of_messages(first, wanted):
    status, message = error(first[1].get(NUMBERS, params=wanted))
    assert status == 400
    assert isinstance(message, list)


def test_numbers_can_be_filtered_in_the_first_generation(first):
    account, http = first
    body = http.get(NUMBERS, params={"country_code": "US", "type": "toll_free", "limit": 100}).json()
    expected = [row for row in account.numbers.values() if (row["country_code"], row["type"]) == ("US", "toll_free")]
    assert body["data"] == expected
    assert expected


@pytest.mark.parametrize("generation", ["first", "second"])
def test_a_released_number_is_gone_from_every_answer(generation):
    gone = SandboxAccount.made_up(generation=generation).releasable[0]["id"]
    with serving(generation) as http:
        answer = http.delete(path(gone))
        assert (answer.status_code, set(answer.json())) == (200, {"message"})
        assert error(http.get(path(gone))) == (404, f"Phone number with ID {gone} not found")
        assert error(http.delete(path(gone))) == (404, f"Phone number with ID {gone} not found")
        body = http.get(NUMBERS).json()
        assert (body["meta"] if generation == "first" else body)["total"] == 399


@pytest.mark.parametrize("number_id", ["12345", "phn_", "phn-1", "phn_1%20", "phn_1%0A"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_malformed_id_is_a_400(first, method, number_id):
    status, _ = error(first[1].request(method, path(number_id)))
    assert status == 400


def test_the_first_generation_detaches_and_assigns_an_agent():
    number_id = next(iter(SandboxAccount.made_up().numbers))
    with serving() as http:
        assert http.patch(path(number_id), json={"agent_id": "agt_1"}).json()["agent_id"] == "agt_1"
        http.get(NUMBERS)
        detached = http.patch(path(number_id), json={"agent_id": None}).json()
        assert (detached["agent_id"], detached["inbound_agent_id"]) == (None, None)
        assert http.get(path(number_id)).json() == detached
        assert http.get(NUMBERS).json()["data"][0] == detached
        assert error(http.patch(path(number_id), json={"nickname": "x"}))[0] == 400
        assert error(http.patch(path(number_id), content=b"{"))[0] == 400
        assert error(http.patch(path("phn_9"), json={"agent_id": None}))[0] == 404


# --- Holds -----------------------------------------------------------------------------------------------------


def test_the_first_generation_refuses_a_number_of_an_active_campaign_and_names_it(first):
    account, http = first
    assert http.get("/campaigns", params={"limit": 100}).json()["data"] == account.campaigns
    campaign = next(each for each in account.campaigns if each["status"] == "active")
    assert http.get(f"/campaigns/{campaign['id']}").json() == campaign
    held = next(row for row in account.held_openly if row["phone_number"] == campaign["from_phone_number"])
    status, message = error(http.delete(path(held["id"])))
    assert status == 409
    assert campaign["name"] in message
    assert http.get(path(held["id"])).status_code == 200
    assert error(http.get("/campaigns/cmp_none"))[0] == 404


def test_the_second_generation_refuses_the_default_number_and_those_with_a_workflow(second):
    account, http = second
    messages = []
    for row in account.held_secretly:
        status, message = error(http.delete(path(row["id"])))
        assert status == 409
        messages.append(message)
    assert "default number" in messages[0]
    assert all("active workflow" in message for message in messages[1:])
    assert len(messages) == 5


def test_batch_calls_name_their_numbers_only_one_by_one(second):
    account, http = second
    body = http.get("/batch-calls", params={"status": "running,waiting,scheduled,paused", "limit": 100}).json()
    assert body["total"] == len(body["items"]) == 8
    assert all("callLogs" not in batch for batch in body["items"])
    logs = [http.get(f"/batch-calls/{batch['id']}").json()["callLogs"] for batch in body["items"]]
    named = {call["from_number"] for calls in logs for call in calls}
    assert named == {row["phone_number"] for row in account.held_openly}
    assert error(http.get("/batch-calls/bch_none"))[0] == 404


def test_workflows_come_in_an_envelope_of_their_own(second):
    account, http = second
    body = http.get("/workflows", params={"limit": 3, "page": 2}).json()
    assert body["statusCode"] == 200
    assert body["data"] == account.workflows[3:6]
    assert body["meta"] == {"totalItems": 8, "itemsPerPage": 3, "totalPages": 3, "currentPage": 2}


def test_prices_and_calls_are_bare_lists(second):
    account, http = second
    assert http.get("/phone-number-pricing").json() == account.prices
    calls = http.get("/calls", params={"limit": 200}).json()
    assert [call["id"] for call in calls] == [call["id"] for call in account.calls]
    newest = calls[0]
    assert http.get("/calls", params={"start_date": newest["createdAt"]}).json() == [newest]
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


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong:key", "Bearer", "sandbox:not-a-real-secret", "Basic sandbox:not-a-real-secret"]
)
def test_any_key_but_the_right_one_is_a_401_and_does_nothing(first, header):
    account, http = first
    wanted = path(account.releasable[0]["id"])
    request = http.build_request("DELETE", wanted)
    del request.headers["authorization"]
    if header is not None:
        request.headers["authorization"] = header
    assert error(http.send(request))[0] == 401
    assert http.get(wanted).status_code == 200
