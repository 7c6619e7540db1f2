"""The forms in which one account may answer: each envelope, each way of paging, numbers in any writing."""

import pytest

from tests.service.asking import client, path, three_numbers
from tests.service.server import Sandbox
from tests.service.shapes import ENVELOPES, Shape
from tests.service.world import World

LIST = "/organization-phone-numbers"
A = "+14155550100"
B = "+14155550101"


def body(world: World, asked: str, **query: int):
    with Sandbox(world) as sandbox, client(sandbox) as http:
        return http.get(asked, params=query).json()


def ids(rows):
    return [row["id"] for row in rows]


ROWS = {
    "data_meta": lambda body: (ids(body["data"]), body["meta"]["total"], body["meta"]["totalPages"]),
    "items_total": lambda body: (ids(body["items"]), body["total"], 2),
    "counted": lambda body: (ids(body["data"]), body["meta"]["totalItems"], body["meta"]["totalPages"]),
    "list": lambda body: (ids(body), 3, 2),
    "wrapped_list": lambda body: (ids(body["data"]), 3, 2),
    "wrapped_data_meta": lambda body: (ids(body["data"]["data"]), body["data"]["meta"]["total"], 2),
    "wrapped_items_total": lambda body: (ids(body["data"]["items"]), body["data"]["total"], 2),
    "wrapped_counted": lambda body: (ids(body["data"]["data"]), body["data"]["meta"]["totalItems"], 2),
}


@pytest.mark.parametrize("envelope", sorted(ENVELOPES))
def test_a_page_comes_in_the_envelope_that_was_asked_for(envelope):
    world = three_numbers(shapes={"numbers": Shape(envelope)})
    answer = body(world, LIST, page=1, limit=2)
    assert ROWS[envelope](answer) == (["phn_1", "phn_2"], 3, 2)
    if envelope.startswith("wrapped"):
        assert answer["statusCode"] == 200


def test_a_list_that_knows_no_pages_gives_everything_each_time():
    world = three_numbers(shapes={"numbers": Shape("list", paged=False)})
    assert ids(body(world, LIST, page=2, limit=1)) == ["phn_1", "phn_2", "phn_3"]


def test_a_page_may_be_cut_in_silence():
    world = three_numbers(shapes={"numbers": Shape(most=2)})
    assert ids(body(world, LIST, page=1, limit=100)["data"]) == ["phn_1", "phn_2"]


def test_a_limit_may_be_refused_that_is_documented():
    world = three_numbers(shapes={"numbers": Shape(refuse_above=50)})
    assert body(world, LIST, limit=51)["message"] == ["limit must not be greater than 50"]
    assert len(body(world, LIST, limit=50)["data"]) == 3


def test_one_object_may_be_wrapped():
    world = three_numbers(shapes={"numbers": Shape(wrapped=True)})
    assert body(world, path("phn_2"))["data"]["id"] == "phn_2"


@pytest.mark.parametrize(
    ("envelope", "calls"),
    [
        (None, lambda body: body["callLogs"]),
        ("calls", lambda body: body["calls"]),
        ("list", lambda body: body),
        ("wrapped_data_meta", lambda body: body["data"]["data"]),
    ],
)
def test_the_calls_of_a_batch_come_by_pages_and_its_number_may_stand_on_the_second(envelope, calls):
    world = World([], generation="second", shapes={"batch-call": Shape(envelope)})
    batch = world.start_batch_call(A, before=20, other=B)
    with Sandbox(world) as sandbox, client(sandbox) as http:
        pages = [calls(http.get(f"/batch-calls/{batch['id']}", params={"page": n}).json()) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 1, 0]
    assert {call["from_number"] for call in pages[0]} == {B}
    assert pages[1][0]["from_number"] == A


def test_the_first_generation_may_have_batch_calls_that_show_neither_calls_nor_number():
    world = World([], batch_calls_too=True, batch_calls=[{"id": "bch_1", "title": "b", "status": "queued"}])
    with Sandbox(world) as sandbox, client(sandbox) as http:
        assert http.get("/batch-calls").json()["items"] == [{"id": "bch_1", "title": "b", "status": "queued"}]
        assert http.get("/batch-calls/bch_1").json() == {"id": "bch_1", "title": "b", "status": "queued"}
    with Sandbox(World([])) as sandbox, client(sandbox) as http:
        assert http.get("/batch-calls").status_code == 404


@pytest.mark.parametrize("written", ["14155550100", "+1 (415) 555-0100", "(415) 555-0100", ""])
def test_a_campaign_holds_its_number_however_it_writes_it(written):
    world = three_numbers()
    world.reassign("phn_1", A)
    world.start_campaign(A, status="Active", written=written)
    assert ids(world.held_openly) == ["phn_1"]
    with Sandbox(world) as sandbox, client(sandbox) as http:
        assert http.get("/campaigns").json()["data"][0]["from_phone_number"] == written
        assert http.delete(path("phn_1")).status_code == 409
        assert "sandbox" not in http.get("/campaigns").text


def test_rows_that_are_no_numbers_are_listed_and_not_on_the_account():
    world = three_numbers(listed_besides=[{"id": "phn_1", "phone_number": A}, {"phone_number": B}])
    assert [row.get("id") for row in body(world, LIST)["data"]] == ["phn_1", "phn_2", "phn_3", "phn_1", None]


@pytest.mark.parametrize("wrong", [{"envelope": "box"}, {"most": 0}])
def test_a_shape_that_does_not_exist_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Shape(**wrong)
