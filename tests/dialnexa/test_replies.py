"""What a reply to a DELETE proves: every status, every kind of 404, every kind of body."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.dialnexa.replies import (
    DOUBTFUL,
    MOST_MESSAGE,
    Answered,
    Proof,
    Unanswered,
    is_page,
    message,
    parsed,
    proof,
    speaks_of_the_number,
)

JSON = {"content-type": "application/json; charset=utf-8"}
HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = b"<html><body>Welcome to Guest Wi-Fi</body></html>"

PHN = "phn_1"
REFUSED = (400, 405, 413, 421, 422, 431, 451)
NAMED = {
    401: Proof.KEY,
    403: Proof.FORBIDDEN,
    404: Proof.GONE,
    409: Proof.HELD,
    410: Proof.ENDED,
    429: Proof.THROTTLED,
    **dict.fromkeys(REFUSED, Proof.REFUSED),
    **dict.fromkeys(range(200, 300), Proof.APPLIED),
    207: Proof.IN_DOUBT,
    **dict.fromkeys(range(300, 400), Proof.STRANGE),
}


def said(status: int, words: object) -> Answered:
    """An answer in the service's own shape."""
    body = {"statusCode": status, "message": words} | ({"error": "An error"} if status >= 400 else {})
    return Answered(status, JSON, json.dumps(body).encode())


def test_each_status_proves_one_thing_and_what_is_not_listed_is_in_doubt():
    expected = {status: NAMED.get(status, Proof.IN_DOUBT) for status in range(1000)}
    assert {status: proof(said(status, "Phone number not found"), PHN) for status in range(1000)} == expected
    otherwise = {Proof.APPLIED: Proof.STRANGE, Proof.GONE: Proof.WRONG_PLACE}
    on_a_page = {status: otherwise.get(found, found) for status, found in expected.items()} | {207: Proof.STRANGE}
    assert {status: proof(Answered(status, HTML, PAGE), PHN) for status in range(1000)} == on_a_page


def test_without_an_answer_only_what_never_left_is_not_in_doubt():
    assert proof(Unanswered(sent=False, why="refused"), PHN) is Proof.NOT_SENT
    assert proof(Unanswered(sent=True, why="cut off"), PHN) is Proof.IN_DOUBT
    assert proof(Unanswered(sent=False, why="expired", certificate=True), PHN) is Proof.NOT_SENT


def test_what_a_reply_does_not_say_otherwise():
    assert Answered(200) == Answered(200, {}, b"", complete=True)
    assert Unanswered(True, "why") == Unanswered(True, "why", certificate=False)
    assert MOST_MESSAGE == 1_000


def test_only_what_may_have_been_applied_is_doubtful():
    assert {Proof.IN_DOUBT, Proof.STRANGE, Proof.CUT_OFF} == DOUBTFUL


@pytest.mark.parametrize(
    "words",
    [
        "Phone number not found",
        "phone number not found.",
        ["Phone number not found"],
        "Phone number phn_1 not found",
        "Phone number with ID phn_1 not found",
        "Phone number with the id: 'phn_1' was not found",
        'The phone number "phn_1" could not be found',
        "Organization phone number not found",
        "Phone number does not exist in this workspace",
        "PhoneNumber phn_1 is not found on your account",
    ],
)
def test_a_404_that_names_the_number_in_the_services_own_form_says_that_it_is_gone(words):
    assert proof(said(404, words), PHN) is Proof.GONE
    assert speaks_of_the_number(said(404, words), PHN)


@pytest.mark.parametrize(
    "words",
    [
        "Not Found",
        "Organization not found",
        "Workspace not found",
        "API key not found",
        "Resource not found",
        "Number not found",
        "no Route matched with those values",
        "Route DELETE:/v1/organization-phone-numbers/phn_1 not found",
        "Organization of phone number phn_1 not found",
        "Phone number provider not found",
        "Phone number phn_1 not found in cache, and its provider does not answer",
        "Phone numbers not found",
        "Phone number phn_2 not found",
        "Phone number with ID phn_11 not found",
        "Phone number with ID PHN_1 not found",
        "Phone number phn_1 found",
        "Phone number not found\nupstream: none",
        ["Phone number not found", "phn_1"],
        [["Phone number not found"]],
        {"en": "Phone number not found"},
        "",
        [],
        None,
        404,
    ],
)
def test_whatever_else_is_not_found_says_nothing_of_the_number(words):
    assert proof(said(404, words), PHN) is Proof.VAGUE
    assert not speaks_of_the_number(said(404, words), PHN)


def test_an_id_is_no_pattern():
    assert proof(said(404, "Phone number phnx1 not found"), "phn.1") is Proof.VAGUE


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (said(404, "Cannot DELETE /v1/organization-phone-numbers/phn_1"), Proof.WRONG_PLACE),
        (said(404, ["Cannot DELETE /organization-phone-numbers/phn_1"]), Proof.WRONG_PLACE),
        (Answered(404, HTML, PAGE), Proof.WRONG_PLACE),
        (Answered(404, HTML, said(404, "Phone number not found").body), Proof.WRONG_PLACE),
        (Answered(404, JSON, b" \r\n\t<!DOCTYPE HTML><title>404</title>"), Proof.WRONG_PLACE),
        (Answered(404, JSON, b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'), Proof.WRONG_PLACE),
        (said(404, "I Cannot find it"), Proof.VAGUE),
        (Answered(404, {}, b'\xef\xbb\xbf{"message":"Not Found"}'), Proof.VAGUE),
        (Answered(404, {}, b'{"message":"Phone number not found"}'), Proof.VAGUE),
        (Answered(404, {}, b'{"statusCode":404,"message":"Phone number not found"}'), Proof.VAGUE),
        (Answered(404, {}, b'{"message":"Phone number not found","error":"Not Found"}'), Proof.VAGUE),
        (Answered(404, {}, b'{"statusCode":400,"message":"Phone number not found","error":"x"}'), Proof.VAGUE),
        (Answered(404, {}, b'{"statusCode":404,"message":"Phone number not found","error":null}'), Proof.VAGUE),
        (
            Answered(
                404, {}, b'{"timestamp":1,"status":404,"error":"Not Found","path":"/v1/organization-phone-numbers"}'
            ),
            Proof.VAGUE,
        ),
        (Answered(404, JSON, said(404, "Phone number not found").body, complete=False), Proof.VAGUE),
        (Answered(404, {}, b""), Proof.VAGUE),
        (Answered(404, {}, b"404 page not found"), Proof.VAGUE),
        (Answered(404, JSON, b'{"statusCode":404,"mess', complete=False), Proof.VAGUE),
        (Answered(404, JSON, b'"Phone number not found"'), Proof.VAGUE),
        (Answered(404, JSON, b'["message"]'), Proof.VAGUE),
        (Answered(404, JSON, b'{"detail":"Not Found"}'), Proof.VAGUE),
        (Answered(404, JSON, b"\xff\xfe{"), Proof.VAGUE),
        (Answered(404, JSON, b"[" * 60_000), Proof.VAGUE),
        (Answered(404, JSON, b'{"message":' + b"9" * 5_000 + b"}"), Proof.VAGUE),
    ],
)
def test_the_kinds_of_404_are_told_apart(reply, kind):
    assert proof(reply, PHN) is kind
    assert speaks_of_the_number(reply, PHN) is (kind is Proof.GONE)


@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": 400},
        {"statusCode": 500, "message": "Internal server error", "error": "x"},
        {"success": False},
        {"success": "false", "message": "carrier refused"},
        {"errors": ["carrier refused"]},
        {"errors": {"code": 7}},
        {"error": "carrier refused"},
        {"partial": True},
        {"ok": False},
        {"status": "error", "message": "carrier refused"},
        {"status": "failed"},
        {"statusCode": 200, "data": {"success": False}},
        {"statusCode": 200, "message": "ok", "data": {"statusCode": 409, "message": "held"}},
        {"data": {"errors": [{"message": "held"}]}},
    ],
)
def test_a_success_whose_body_says_that_it_failed_is_in_doubt(body):
    assert proof(Answered(200, JSON, json.dumps(body).encode()), PHN) is Proof.IN_DOUBT


@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": 200, "message": "Phone number released", "error": None, "errors": []},
        {"statusCode": 399},
        {"statusCode": "400"},
        {"success": True, "error": "", "partial": False},
        {"success": None},
        {"status": "released"},
        {"status": 400},
        {"data": [{"success": False}]},
        {"data": {"data": {"success": False}}},
        [{"success": False}],
        "errors",
    ],
)
def test_a_success_whose_body_says_nothing_of_the_kind_is_one(body):
    assert proof(Answered(200, JSON, json.dumps(body).encode()), PHN) is Proof.APPLIED


def test_no_other_status_speaks_of_a_number_that_is_not_there():
    assert not any(
        speaks_of_the_number(said(status, "Phone number not found"), PHN) for status in range(1000) if status != 404
    )


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"message":"Phone number rel',
        b"\x1f\x8b this is no gzip",
        b"Released. Thank you!",
        b"null",
        b"[" * 60_000,
        b"\xff\xff",
        b'{"message":"2 < 3"}',
        b"1 <html>",
    ],
)
def test_of_a_success_the_status_is_enough(status, body):
    assert proof(Answered(status, JSON, body, complete=False), PHN) is Proof.APPLIED


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (HTML, b""),
        ({"content-type": "TEXT/HTML"}, b"{}"),
        ({"content-type": "application/xhtml+xml"}, b"{}"),
        ({}, b"<html>"),
        ({}, b"<HTML lang=en>"),
        ({}, b"<!doctype html>"),
        ({}, b"<head>"),
        ({}, b"<body>"),
        ({}, b"<!-- sign in --><html>"),
        ({}, b"<script>location='/login'</script>"),
        ({}, b'<?xml version="1.0"?><html>'),
        ({}, b"\xef\xbb\xbf \t\r\n<html>"),
        (JSON, b" " * 255 + b"<html>"),
    ],
)
def test_a_page_is_told_by_its_type_or_its_first_sign(headers, body):
    assert is_page(Answered(200, headers, body))
    assert proof(Answered(200, headers, body), PHN) is Proof.STRANGE


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        (JSON, b"{}"),
        ({}, b'{"message":"<html>"}'),
        ({"content-type": "text/plain"}, b"ok"),
        ({}, b"\xa0<p>"),
        ({}, b"X<p>"),
    ],
)
def test_what_begins_otherwise_is_no_page(headers, body):
    assert not is_page(Answered(200, headers, body))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a":1}', {"a": 1}),
        (b"null", None),
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        (b"9" * 5_000, None),
        (b"[" * 60_000 + b"]" * 60_000, None),
        ('{"a":"é"}'.encode("utf-16"), {"a": "é"}),
    ],
)
def test_a_body_is_read_as_json_or_not_at_all(body, found):
    assert parsed(Answered(200, {}, body)) == found


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (said(400, "Malformed ID"), "Malformed ID"),
        (said(422, ["it is ported", "ask support"]), "it is ported; ask support"),
        (said(422, ["it is ported", 7, None]), "it is ported; 7; None"),
        (said(400, None), ""),
        (said(400, 7), ""),
        (said(400, {"en": "no"}), ""),
        (Answered(500, {}, b"no JSON"), ""),
        (Answered(500, {}, b'["message"]'), ""),
        (Answered(200, {}, b'{"error":"x"}'), ""),
        (said(400, "x" * MOST_MESSAGE), "x" * MOST_MESSAGE),
        (said(400, "x" * (MOST_MESSAGE + 1)), "x" * MOST_MESSAGE + "…"),
        (said(400, ["x"] * 2 * MOST_MESSAGE), ("x; " * MOST_MESSAGE)[:MOST_MESSAGE] + "…"),
        (Answered(400, {}, rb'{"message":"gone \ud83d away"}'), "gone \\ud83d away"),
        (Answered(400, {}, rb'{"message":"\ud83d\ude00"}'), "😀"),
        (Answered(400, {}, rb'{"message":"\u001b[31m\u0000"}'), "\x1b[31m\0"),
        (Unanswered(sent=True, why="no response within 30 s"), "no response within 30 s"),
    ],
)
def test_what_the_service_says_is_kept_to_a_thousand_characters(reply, words):
    assert message(reply) == words


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
bodies = (
    st.binary()
    | anything.map(lambda found: json.dumps(found).encode())
    | anything.map(lambda found: json.dumps({"message": found}).encode())
    | st.integers(1, 3_000).map(lambda depth: b'{"message":[' + b"[" * depth + b"]" * depth + b"]}")
)


@given(status=st.integers(0, 999), body=bodies, content_type=st.sampled_from([*JSON.values(), *HTML.values(), ""]))
@example(status=404, body=b'{"message":' + b"[" * 60_000, content_type="")
def test_no_bytes_at_all_can_break_the_reading_of_an_answer(status, body, content_type):
    reply = Answered(status, {"content-type": content_type}, body)
    assert isinstance(proof(reply, PHN), Proof)
    words = message(reply)
    assert len(words) <= MOST_MESSAGE + 1
    words.encode("utf-8")


@given(status=st.integers(0, 999), body=bodies, content_type=st.sampled_from([*JSON.values(), *HTML.values(), ""]))
def test_a_page_never_speaks_of_a_number(status, body, content_type):
    reply = Answered(status, {"content-type": content_type}, b"<" + body)
    assert proof(reply, PHN) not in (Proof.APPLIED, Proof.GONE)
    assert not speaks_of_the_number(reply, PHN)
