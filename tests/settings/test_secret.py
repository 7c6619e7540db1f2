"""What is secret is shown in none of the forms in which somebody may say it again."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.settings.secret import MASK, SHORTEST_SECRET, Masker, Secret

KEY = "key_7f3a:canary/secret+9d81&q"
HALF = KEY.partition(":")[2]
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=SHORTEST_SECRET, max_size=40).map(
    lambda half: f"key_id:{half}"
)


def by_letter(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(letter)) for letter in text)


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "as JSON": lambda text: json.dumps(text)[1:-1],
    "as JSON with escaped slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "as HTML": html.escape,
    "as a URL's path": quote,
    "as a URL's value": lambda text: quote(text, safe=""),
    "in hex": lambda text: text.encode().hex(),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 behind another word": lambda text: base64.b64encode(f"Basic {text}, and more".encode()).decode(),
    "in base64 for URLs": lambda text: base64.urlsafe_b64encode(f"x{text}".encode()).decode(),
}


@pytest.mark.parametrize("said", [KEY, HALF], ids=["the whole key", "its secret half"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_masked_in_every_form(form: Callable[[str], str], said: str) -> None:
    told = Masker([Secret(KEY)]).masked(f"the service said <{form(said)}> and no more")
    assert MASK in told and told.startswith("the service said <") and told.endswith("> and no more")
    assert len(told) <= len("the service said <***> and no more") + 24  # what of base64 depends on the words around it
    assert "canary" not in told.lower()


@given(key=keys, before=st.text(max_size=5), after=st.text(max_size=5), escaped=st.sets(st.integers(0, 45)))
@example(key="id:\\\\\\\\\\\\\\u", before="\\", after="", escaped=set())
def test_no_text_that_json_can_be_read_to_holds_the_secret(
    key: str, before: str, after: str, escaped: set[int]
) -> None:
    """Whatever letters are written as escapes, what JSON makes of it afterwards does not hold the secret."""
    half = key.partition(":")[2]
    plain = [json.dumps(letter)[1:-1] for letter in key]
    letters = [(f"\\u{ord(c):04x}" if c != "/" else "\\/") if n in escaped else plain[n] for n, c in enumerate(key)]
    body = f'{{"message":"{json.dumps(before)[1:-1]}{"".join(letters)}{json.dumps(after)[1:-1]}"}}'
    assert key in json.loads(body)["message"]
    masked = Masker([Secret(key)]).masked_bytes(body.encode())
    assert half not in json.loads(masked)["message"].replace(before, "", 1)


@given(text=st.text(st.characters(codec=None)))
def test_a_text_without_a_secret_is_the_very_same(text: str) -> None:
    assert Masker([Secret("key_id:7f3d9a51c0de7f3d9a51c0de")]).masked(text) is text


def test_what_a_body_says_besides_keeps_its_meaning() -> None:
    body = rb'{"a":"\u0022\u005c\u0041 \\u0041 \ud83d\ude00","key":"\u0063anary/secret+9d81&q"}'
    told = json.loads(Masker([Secret(KEY)]).masked_bytes(body))
    assert told == {"a": '"\\A \\u0041 \U0001f600', "key": MASK}


def test_a_short_half_is_masked_with_its_key_alone() -> None:
    masker = Masker([Secret("key_id:no")])
    assert masker.masked("key_id:no is no key") == "*** is no key"


def test_a_masker_shows_nothing_and_without_secrets_does_nothing() -> None:
    assert "canary" not in repr(Masker([Secret(KEY)]))
    assert Masker([]).masked("any \\u0041") == "any \\u0041"
