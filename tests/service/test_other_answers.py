"""Answers in place of the service's: as broken as they say, and never in place of a refusal."""

import pytest

from tests.service.asking import client, path, three_numbers
from tests.service.faults import Fault, Rule
from tests.service.server import Sandbox


@pytest.mark.parametrize("kind", ["202", "204", "empty_200", "html_200_after", "not_json", "bad_gzip", "surrogate"])
def test_only_a_success_is_disguised_and_a_refusal_stays_what_it_is(kind):
    world = three_numbers(secret_holds={"phn_1": "it is the default number"})
    with Sandbox(world, faults=[Rule.of(kind)]) as sandbox, client(sandbox) as http:
        response = http.delete(path("phn_1"))
        assert response.status_code == 409
        assert response.json()["message"] == "it is the default number"
        assert sandbox.log[0].fault is None


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
