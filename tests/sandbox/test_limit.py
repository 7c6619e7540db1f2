"""The rate limit: never more than allowed, and headers that tell the truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.sandbox.account import SandboxAccount
from decom.sandbox.limit import FixedWindow, Limit
from tests.sandbox.serving import path, serving


@given(limit=st.integers(1, 5), window=st.floats(0.5, 60), gaps=st.lists(st.floats(0, 40), max_size=60))
def test_no_window_holds_more_than_the_limit_and_waiting_as_told_is_never_too_early(limit, window, gaps):
    asked, now, began, used = FixedWindow(limit, window), 0.0, None, 0
    for gap in gaps:
        now += gap
        verdict = asked.take(now)
        if began is None or now >= began + window:
            began, used = now, 0
        assert verdict.accepted is (used < limit)
        used += verdict.accepted
        assert verdict.remaining == limit - used
        assert verdict.reset == verdict.retry == pytest.approx(began + window - now)
        if not verdict.accepted:
            now += verdict.retry * (1 + 1e-9)
            assert asked.take(now).accepted
            began, used = now, 1


def test_a_request_past_the_limit_is_refused_and_says_when_to_come_again():
    rows = iter(SandboxAccount.made_up().releasable)
    with serving(rate="2/60") as http:
        assert http.get("/campaigns", headers={"Authorization": "Bearer wrong:key"}).status_code == 401
        answers = [http.delete(path(next(rows)["id"])) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"2"}
    assert 0 < int(answers[2].headers["retry-after"]) <= int(answers[2].headers["x-ratelimit-reset"]) <= 60
    assert "retry-after" not in answers[1].headers


@pytest.mark.parametrize(
    ("text", "limit"), [("150/60", Limit(150, 60)), ("1500/0.5", Limit(1500, 0.5)), ("none", None)]
)
def test_a_rate_is_read_from_text(text, limit):
    assert Limit.parse(text) == limit


@pytest.mark.parametrize(
    "text", ["", "150", "150/", "/60", "0/60", "-1/60", "10/0", "10/-1", "10/nan", "10/inf", "a/b"]
)
def test_what_is_not_a_rate_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"write REQUESTS/SECONDS, e\.g\. 1500/60, or none"):
        Limit.parse(text)
