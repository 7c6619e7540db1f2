"""Answers in every envelope, opened; what is not understood, or says that it failed, is never an empty list."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.envelopes import Page, one, page
from decom.dialnexa.models import Malformed

ROWS = [{"id": "phn_1"}, {"id": "phn_2"}]


def wrapped(body: object) -> dict[str, object]:
    return {"statusCode": 200, "message": "Success", "data": body}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            {"data": ROWS, "meta": {"page": 1, "limit": 100, "total": 2, "totalPages": 1}},
            Page(ROWS, 2, limit=100, pages=1, number=1),
        ),
        ({"items": ROWS, "total": 2, "page": 1, "limit": 100}, Page(ROWS, 2, limit=100, number=1)),
        (
            {
                "statusCode": 200,
                "message": "ok",
                "data": ROWS,
                "meta": {"totalItems": 2, "itemsPerPage": 50, "totalPages": 1, "currentPage": 1},
            },
            Page(ROWS, 2, limit=50, pages=1, number=1),
        ),
        (ROWS, Page(ROWS)),
        ([], Page([])),
        (wrapped(ROWS), Page(ROWS)),
        (wrapped([]), Page([])),
        (wrapped({"data": ROWS, "meta": {"total": 2}}), Page(ROWS, 2)),
        (wrapped({"items": ROWS, "total": 2}), Page(ROWS, 2)),
        (wrapped({"campaigns": ROWS, "total": 2}), Page(ROWS, 2)),
        ({"data": {"campaigns": ROWS}, "meta": {"total": 2}}, Page(ROWS, 2)),
        ({"campaigns": {"data": ROWS, "meta": {"total": 2}}}, Page(ROWS, 2)),
        ({"Campaigns": ROWS, "hasMore": True}, Page(ROWS, more=True)),
        ({"results": ROWS, "count": 2, "next": None, "previous": None}, Page(ROWS)),
        ({"data": []}, Page([])),
        ({"data": [], "meta": {"total": 0}}, Page([], 0)),
        ({"data": ROWS, "meta": None}, Page(ROWS)),
        ({"data": ROWS, "meta": [2]}, Page(ROWS)),
        ({"data": ROWS, "meta": {"total": None, "totalItems": 2}}, Page(ROWS, 2)),
        ({"data": ROWS, "meta": {"total": True}}, Page(ROWS)),
        ({"data": ROWS, "meta": {"total": -1}}, Page(ROWS)),
        ({"data": ROWS, "meta": {"total": "2"}}, Page(ROWS)),
        ({"data": ROWS, "meta": {"total": 2.0}}, Page(ROWS)),
        ({"data": ROWS, "total": 2}, Page(ROWS, 2)),
        ({"data": ROWS, "errors": [], "error": None, "success": True, "status": "ok"}, Page(ROWS)),
        ({"data": ROWS, "filters": ["active"]}, Page(ROWS)),
    ],
)
def test_a_page_in_each_envelope(body, found):
    assert page(body, "campaigns") == found


@pytest.mark.parametrize(
    "body",
    [
        {"id": "bat_1", "status": "running", "calls": ROWS},
        {"id": "bat_1", "total": 900, "limit": 5, "errors": 3, "success": 12, "callLogs": ROWS, "contacts": [{"a": 1}]},
        wrapped({"id": "bat_1", "call_logs": ROWS}),
        {"data": {"id": "bat_1", "callLogs": {"data": ROWS}}},
    ],
)
def test_a_thing_may_have_its_rows_within_and_what_it_counts_besides_is_its_own_affair(body):
    assert page(body, "calls", "call_logs") == Page(ROWS)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "neither an object nor a list"),
        (7, "neither an object nor a list"),
        ("x", "neither an object nor a list"),
        ({}, "without its rows"),
        ({"message": "fine"}, "without its rows"),
        ({"data": None}, "without its rows"),
        ({"data": {}}, "without its rows"),
        ({"data": {"id": "phn_1"}}, "without its rows"),
        ({"items": "x"}, "without its rows"),
        ({"agents": ROWS}, "without its rows"),
        ({"data": None, "items": []}, "several lists"),
        ({"data": [], "campaigns": ROWS}, "several lists"),
        ({"data": [], "archived": ROWS}, "several lists"),
        ({"data": {"data": {"data": {"data": {"data": []}}}}}, "neither an object nor a list"),
        ({"data": {"data": ROWS, "meta": {"total": 2}}, "meta": {"total": 5}}, "totals contradict each other"),
        ({"data": ROWS, "meta": {"total": 2, "totalItems": 3}}, "totals contradict each other"),
    ],
)
def test_what_is_no_page_is_malformed_and_not_an_empty_one(body, why):
    with pytest.raises(Malformed, match=why):
        page(body, "campaigns")


FAILURES: Sequence[dict[str, Any]] = [
    {"statusCode": 503},
    {"statusCode": "404"},
    {"statusCode": 206},
    {"statusCode": 202},
    {"status_code": 500},
    {"success": False},
    {"success": "false"},
    {"ok": False},
    {"errors": [{"message": "upstream timed out"}]},
    {"errors": "upstream"},
    {"error": "upstream"},
    {"error": {"code": 5}},
    {"status": "error"},
    {"status": " FAILED "},
    {"partial": True},
    {"incomplete": True},
    {"truncated": 1},
]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_success_that_says_of_itself_that_it_failed_is_no_answer(failure):
    for body in (
        {"data": ROWS, **failure},
        {"data": {"data": ROWS, **failure}},
        {"data": {"data": ROWS}, **failure},
        {"data": ROWS, "meta": failure},
    ):
        with pytest.raises(Malformed, match="as its own body says"):
            page(body)


@pytest.mark.parametrize(
    "body", [{"id": "phn_1", "x": 1}, {"data": {"id": "phn_1", "x": 1}}, wrapped({"id": "phn_1", "x": 1})]
)
def test_one_object_bare_or_wrapped(body):
    assert one(body) == {"id": "phn_1", "x": 1}


def test_an_object_with_an_id_is_itself_whatever_is_within():
    assert one({"id": "phn_9", "data": {"id": "phn_1"}})["id"] == "phn_9"


@pytest.mark.parametrize("body", [None, [], "x", {"data": {"data": {"data": {"data": {"id": "phn_1"}}}}}])
def test_what_is_no_object_is_malformed(body):
    with pytest.raises(Malformed, match="no object"):
        one(body)


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_one_object_in_a_failure_is_no_answer(failure):
    with pytest.raises(Malformed, match="as its own body says"):
        one({**failure, "data": {"id": "phn_1"}})


# --- Whatever comes ------------------------------------------------------------------------------------------------

Wrap = Callable[[list[object], int], object]
ENVELOPES: Sequence[Wrap] = (
    lambda rows, total: rows,
    lambda rows, total: {"data": rows, "meta": {"total": total}},
    lambda rows, total: {"items": rows, "total": total},
    lambda rows, total: {"campaigns": rows, "totalItems": total},
)
records = st.lists(st.dictionaries(st.sampled_from(["id", "name", "status"]), st.text(max_size=3)) | st.none())
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "items", "meta", "campaigns", "total", "id", "errors", "statusCode", "page", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(rows=records, envelope=st.sampled_from(ENVELOPES), layers=st.integers(0, 2))
def test_the_rows_are_found_in_any_envelope_within_any(rows, envelope, layers):
    body = envelope(list(rows), len(rows))
    for _ in range(layers):
        body = wrapped(body)
    found = page(body, "campaigns")
    assert list(found.records) == rows and found.total in (None, len(rows))


@given(
    rows=records,
    envelope=st.sampled_from(ENVELOPES[1:]),
    layers=st.integers(0, 2),
    at=st.integers(0, 2),
    failure=st.sampled_from(FAILURES),
)
def test_a_failure_that_is_told_in_any_layer_makes_all_of_it_no_answer(rows, envelope, layers, at, failure):
    body = envelope(list(rows), len(rows))
    for layer in range(layers + 1):
        assert isinstance(body, dict)
        body = {**body, **failure} if layer == min(at, layers) else body
        body = body if layer == layers else wrapped(body)
    with pytest.raises(Malformed):
        page(body, "campaigns")


@given(body=values)
def test_whatever_comes_is_understood_or_malformed(body):
    for opened in (page, one):
        try:
            found = opened(body)
        except Malformed as error:
            str(error).encode("utf-8")
            continue
        assert isinstance(found, Page | dict)
