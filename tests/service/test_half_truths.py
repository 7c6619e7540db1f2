"""Answers that claim more than is so: each as a client that knows nothing sees it."""

import pytest

from tests.service.asking import client, path, three_numbers
from tests.service.faults import TEXTS, Fault, Rule
from tests.service.gateways import GATEWAYS
from tests.service.server import Sandbox
from tests.service.shapes import ENVELOPES, Shape, counts_in, rows_in
from tests.service.world import World

LIST = "/organization-phone-numbers"


def listed(sandbox, *, pages=(1, 2, 3), limit=1, of=LIST):
    with client(sandbox) as http:
        return [http.get(of, params={"page": page, "limit": limit}).json() for page in pages]


def names(bodies):
    return [[row["id"] for row in rows_in(body) or []] for body in bodies]


@pytest.mark.parametrize("envelope", sorted(ENVELOPES))
def test_a_fault_finds_rows_and_counts_in_every_envelope(envelope):
    world = three_numbers(shapes={"numbers": Shape(envelope)})
    with Sandbox(world, faults=[Rule.of("total_mismatch:4", method="GET")]) as sandbox:
        (body,) = listed(sandbox, pages=(1,), limit=2)
    assert [row["id"] for row in rows_in(body) or []] == ["phn_1", "phn_2"]
    counts = counts_in(body)
    assert counts.get("total", counts.get("totalItems")) == (None if envelope.endswith("list") else 7)


def test_a_page_is_repeated_for_every_later_one():
    with Sandbox(three_numbers(), faults=[Rule.of("repeat_page", method="GET")]) as sandbox:
        bodies = listed(sandbox)
    assert names(bodies) == [["phn_1"]] * 3
    assert [body["meta"]["page"] for body in bodies] == [1, 2, 3]


def test_a_number_leaves_and_another_arrives_and_the_total_is_the_same():
    rule = Rule.of("swap", method="GET", path="page=2")
    with Sandbox(three_numbers(), faults=[rule]) as sandbox:
        bodies = listed(sandbox)
        assert "phn_2" in sandbox.world.numbers
    assert names(bodies) == [["phn_1"], ["phn_3"], ["phn_1x"]]
    assert [body["meta"]["total"] for body in bodies] == [3, 3, 3]


def test_a_campaign_slips_past_the_page_that_would_have_shown_it():
    world = World([])
    for number in ("+14155550100", "+14155550101"):
        world.start_campaign(number)
    rule = Rule.of(Fault("swap", text="cmp_meanwhile0"), method="GET", path="page=2")
    with Sandbox(world, faults=[rule]) as sandbox:
        bodies = listed(sandbox, pages=(1, 2), of="/campaigns")
    assert names(bodies) == [["cmp_meanwhile0"], ["cmp_meanwhile0x"]]


@pytest.mark.parametrize("what", TEXTS["odd_row"])
def test_one_row_of_a_page_may_be_spoilt(what):
    rule = Rule.of(Fault("odd_row", 2, what), method="GET")
    with Sandbox(three_numbers(), faults=[rule]) as sandbox:
        (body,) = listed(sandbox, pages=(1,), limit=3)
    first, second, *others = body["data"]
    assert first["id"] == "phn_1"
    expected = {
        "no_number": lambda: "phone_number" not in second,
        "integer_id": lambda: second["id"] == 17,
        "no_id": lambda: "id" not in second,
        "null": lambda: second is None,
        "text": lambda: second == "a row",
        "twice": lambda: [row["id"] for row in others] == ["phn_3", "phn_2"],
    }
    assert expected[what]()


@pytest.mark.parametrize("way", TEXTS["says_failed"])
def test_a_200_may_say_that_it_failed(way):
    with Sandbox(three_numbers(), faults=[Rule.of(Fault("says_failed", text=way), method=None)]) as sandbox:
        (body,) = listed(sandbox, pages=(1,), limit=2)
        with client(sandbox) as http:
            refused = http.delete(path("phn_1"))
        assert "phn_1" in sandbox.world.numbers
    assert (refused.status_code, way in refused.json()) == (200, True)
    assert way in body
    assert len(body["data"]) == (1 if way == "partial" else 0)
    assert body["meta"]["total"] == len(body["data"])


def test_a_206_has_half_of_its_page():
    with Sandbox(three_numbers(), faults=[Rule.of("206", method="GET")]) as sandbox, client(sandbox) as http:
        answer = http.get(LIST, params={"limit": 2})
    assert (answer.status_code, names([answer.json()])) == (206, [["phn_1"]])


@pytest.mark.parametrize("name", sorted(GATEWAYS))
def test_every_gateway_says_404_in_its_own_words_and_none_speaks_of_a_phone_number(name):
    rule = Rule.of(Fault("gateway_404", text=name), method=None)
    with Sandbox(three_numbers(), faults=[rule]) as sandbox, client(sandbox) as http:
        answers = [http.request(method, path("phn_1")) for method in ("GET", "DELETE")]
    assert {answer.status_code for answer in answers} == {404}
    assert all("phone number" not in answer.text.lower() for answer in answers)


def test_there_are_many_gateways_and_no_two_say_the_same():
    said = {make("DELETE", "/v1/x") for make in GATEWAYS.values()}
    assert len(said) == len(GATEWAYS) >= 10


@pytest.mark.parametrize(("kind", "text"), [("gateway_404", "acme"), ("odd_row", "blue"), ("says_failed", "maybe")])
def test_a_text_that_means_nothing_is_refused(kind, text):
    with pytest.raises(ValueError, match=f"'{text}' is none of"):
        Fault(kind, text=text)
