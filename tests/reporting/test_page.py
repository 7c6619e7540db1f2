"""`audit.html`: one page that fetches nothing, runs nothing but its own script, and hides nothing that matters."""

import base64
import hashlib
import io
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decom.clock import iso
from decom.planning.plan import Conflict, Source
from decom.reporting import page_context as page_facts
from decom.reporting.as_html import AsHtml
from decom.reporting.interface import Timing, Verification
from decom.reporting.page_context import SEVERITY, rows_to_show
from decom.reporting.throughput import stretches
from decom.reporting.timeline import in_words
from decom.vocabulary import Outcome, SourceState
from tests.reporting.made_up import (
    NASTY,
    made_up_audit,
    made_up_row,
    mixed_rows,
    nasty_audit,
    with_text,
)


class Page(HTMLParser):
    """What a page consists of: its elements with their attributes, and its text by element."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.texts = {"style": "", "script": ""}
        self.open = ""
        self.pieces: list[str] = []
        self.feed(text)
        self.close()
        self.text = "".join(self.pieces)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open = tag

    def handle_endtag(self, tag):
        self.open = ""

    def handle_data(self, data):
        if self.open in self.texts:
            self.texts[self.open] += data
        else:
            self.pieces.append(data)

    def all(self, tag):
        return [marks for name, marks in self.elements if name == tag]


def written(audit):
    stream = io.BytesIO()
    AsHtml().write(audit, stream)
    return stream.getvalue().decode("utf-8")


def page_of(audit):
    return Page(written(audit))


AUDITS = {"nasty": nasty_audit(), "mixed": made_up_audit(mixed_rows(60)), "empty": made_up_audit([])}

every_page = pytest.mark.parametrize("page", [page_of(audit) for audit in AUDITS.values()], ids=AUDITS.keys())


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@every_page
def test_only_the_pages_own_style_and_script_have_an_effect(page):
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": digest(page.texts["style"]),
        "script-src": digest(page.texts["script"]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert (len(page.all("style")), len(page.all("script"))) == (1, 1)


@every_page
def test_the_policy_comes_before_anything_that_it_is_about(page):
    names = [tag for tag, _ in page.elements]
    assert names.index("meta") < names.index("style")
    assert page.all("meta")[1].get("http-equiv") == "Content-Security-Policy"


@every_page
def test_nothing_is_fetched_and_nothing_acts_by_an_attribute(page):
    for tag, marks in page.elements:
        for name, value in marks.items():
            assert name not in {"src", "srcset", "style", "action", "formaction", "data", "poster", "background"}, tag
            assert not name.startswith("on"), (tag, name)
            if name in {"href", "xlink:href"}:
                assert re.fullmatch(r"#[a-z-]+", value), (tag, value)
    assert "url(" not in page.texts["style"]
    assert "@import" not in page.texts["style"]


TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "span", "bdi", "time",
    "main", "section", "dl", "div", "dt", "dd", "ul", "ol", "li", "strong", "figure", "figcaption", "table", "caption",
    "thead", "tbody", "tfoot", "tr", "th", "td", "code", "details", "summary", "label", "input", "select",
    "option", "button", "script", "svg", "g", "rect", "text", "path",
}  # fmt: skip


@every_page
def test_the_page_has_no_element_that_nobody_put_there(page):
    assert {tag for tag, _ in page.elements} <= TAGS


@settings(max_examples=80)
@given(st.text(st.characters(codec=None) | st.sampled_from("<>&\"'/{}%`=\n")).filter(str.strip))
def test_no_text_whatsoever_makes_an_element_or_an_attribute(text):
    assert shape_with(text) == plain_shape()


def shape_with(text):
    elements = page_of(made_up_audit([with_text(made_up_row(2, Outcome.CONFLICTED), text)])).elements
    return [(tag, sorted(marks)) for tag, marks in elements if tag not in {"path", "text", "g", "rect"}]


@cache
def plain_shape():
    return shape_with("plain")


def test_what_people_and_the_service_wrote_is_text():
    page = page_of(AUDITS["nasty"])
    for text in ("<script>alert(1)</script>", "</style><b>", "{{ 7 * 7 }}", "\\x1b[31mred\\x07", "\\u202egnp.exe"):
        assert text in page.text
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


@every_page
def test_names_are_unique_and_what_refers_to_one_finds_it(page):
    names = Counter(marks["id"] for _, marks in page.elements if "id" in marks)
    assert set(names.values()) == {1}
    for tag, marks in page.elements:
        for word in marks.get("aria-labelledby", "").split():
            assert word in names
        if tag == "a":
            assert marks["href"][1:] in names


@every_page
def test_the_page_can_be_used_without_eyes_and_without_a_mouse(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.elements[[tag for tag, _ in page.elements].index("body") + 1][1]["class"] == "skip"
    for heading in page.all("th"):
        assert heading["scope"] in {"col", "row"}
    for drawing in page.all("svg"):
        assert drawing["aria-hidden"] == "true"
    for scrolled in [marks for marks in page.all("div") if marks.get("class") == "scroll"]:
        assert scrolled["tabindex"] == "0"
        assert "aria-label" in scrolled or "aria-labelledby" in scrolled
    levels = [int(tag[1]) for tag, _ in page.elements if tag in {"h1", "h2", "h3"}]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_without_javascript_everything_is_there_but_the_tools():
    page = page_of(AUDITS["mixed"])
    tools = [marks for _, marks in page.elements if marks.get("class") == "tools"]
    assert len(tools) == 2
    assert all("hidden" in marks for marks in tools)
    assert len([marks for marks in page.all("tr") if "data-outcome" in marks]) == 60
    assert len(page.all("svg")) == 4


def test_the_headline_says_the_figures():
    audit = AUDITS["mixed"]
    page = page_of(audit)
    for words in (
        f"{audit.counts[Outcome.RELEASED]}",
        "of 60 rows",
        f"${audit.money.stopping}",
        f"${audit.money.continuing}",
    ):
        assert words in page.text


def test_what_is_to_be_mistrusted_is_said_before_the_figures_are_explained():
    audit = replace(
        AUDITS["mixed"], sources=(Source("workflows", SourceState.NOT_CHECKED, "403: this key may not read them"),)
    )
    page = page_of(audit)
    assert page.text.index("403: this key may not read them") < page.text.index("Outcomes")
    assert page.text.index("phn_000002 is back on the account") < page.text.index("Outcomes")


def test_endless_differences_are_cut_and_counted():
    found = Verification("2026-11-23T19:12:00.000Z", tuple(f"phn_{at} is back" for at in range(60)))
    text = page_of(replace(AUDITS["mixed"], verification=found)).text
    assert "phn_49 is back" in text
    assert "phn_50 is back" not in text
    assert "and 10 more differences" in text


def test_a_page_of_a_run_that_checked_all_that_there_is_raises_no_doubt():
    sources = (
        Source("campaigns", SourceState.CHECKED, "14 campaigns"),
        Source("batch-calls", SourceState.NOT_APPLICABLE, "this account has no batch calls"),
        Source("default-number", SourceState.REFUSED_BY_SERVICE, "the API does not show it"),
    )
    looked = Verification("2026-11-23T19:12:00.000Z", ())
    page = page_of(replace(AUDITS["mixed"], sources=sources, verification=looked))
    assert "Limitations" not in page.text and "not checked" not in page.text
    assert [state in page.text for state in ("not applicable", "refused by service")] == [True, True]


def test_a_page_of_a_run_that_nobody_looked_at_again_says_so_first():
    sources = (Source("campaigns", SourceState.CHECKED, "14 campaigns"),)
    audit = replace(AUDITS["mixed"], status="done", why=None, sources=sources, verification=None)
    text = page_of(audit).text
    assert text.index("Not verified: the account has not been checked") < text.index("Outcomes")


def test_each_thing_to_reconfigure_stands_once_with_its_numbers():
    other = Conflict("workflows", "wf_3", "Inbound triage", "active")
    rows = [made_up_row(at, Outcome.CONFLICTED) for at in range(2, 130)]
    rows.append(replace(made_up_row(130, Outcome.CONFLICTED), conflicts=(other,)))
    rows.append(replace(made_up_row(131, Outcome.CONFLICTED), conflicts=(), api_message="default number"))
    text = page_of(made_up_audit(rows)).text
    to_do = text[text.index("To do") : text.index("How the run went")]
    for words in ("Diwali reminder", "Inbound triage", "default number", "Refused by DialNexa (409)", "and 78 more"):
        assert to_do.count(words) == 1, words
    assert to_do.index("Diwali reminder") < to_do.index("Inbound triage")


def test_where_nothing_is_held_the_page_says_so():
    assert "there is nothing to reconfigure" in page_of(made_up_audit([made_up_row(2, Outcome.RELEASED)])).text


def test_past_ten_thousand_rows_those_that_need_somebody_are_shown_and_the_rest_is_named():
    audit = made_up_audit(mixed_rows(10_100))
    page = page_of(audit)
    shown = Counter(marks["data-outcome"] for marks in page.all("tr") if "data-outcome" in marks)
    assert sum(shown.values()) == page_facts.MOST_ROWS
    for outcome in SEVERITY[:-1]:
        assert shown[outcome] == (audit.counts[outcome] if outcome is not Outcome.RELEASED else shown[outcome])
    assert "The other 100 are in audit.xlsx" in page.text


def test_every_outcome_has_its_place_among_the_rows():
    assert sorted(SEVERITY) == sorted(Outcome)


@given(st.dictionaries(st.sampled_from(Outcome), st.integers(0, 20_000)))
def test_the_room_on_the_page_is_used_and_goes_to_the_worst_first(counts):
    outcomes = pd.Series([outcome.value for outcome, count in counts.items() for _ in range(count)], dtype=object)
    room = Counter(outcomes[rows_to_show(outcomes)])
    assert sum(room.values()) == min(page_facts.MOST_ROWS, sum(counts.values()))
    cut = [outcome for outcome in SEVERITY if room[outcome] < counts.get(outcome, 0)]
    if cut != []:
        assert all(room[outcome] == 0 for outcome in SEVERITY[SEVERITY.index(cut[0]) + 1 :])


def test_a_chart_is_a_plain_drawing_whatever_its_labels():
    rows = [
        replace(made_up_row(at, Outcome.RELEASED), others=(label, "", "", ""), monthly_cost_usd="1.00")
        for at, label in enumerate(NASTY, 2)
    ]
    for start in range(0, len(rows), page_facts.MOST_BARS):
        text = written(made_up_audit(rows[start : start + page_facts.MOST_BARS]))
        drawings = re.findall(r"<svg.*?</svg>", text, re.S)
        assert len(drawings) == 4
        for drawing in drawings:
            found = Page(drawing)
            assert {tag for tag, _ in found.elements} <= {"svg", "rect", "text"}
            assert {name for _, marks in found.elements for name in marks}.isdisjoint(
                {"style", "id", "onclick", "href"}
            )


@pytest.mark.parametrize(
    ("released_from", "released_to"),
    [
        (None, None),
        ("2026-11-23T19:00:00.000Z", None),
        ("x", "y"),
        ("2026-11-23T19:00:00.000Z", "2026-11-23T18:00:00.000Z"),
    ],
)
def test_a_run_of_unknown_length_has_no_pace(released_from, released_to):
    timing = Timing("2026-11-23T18:00:00.000Z", released_from, released_to, None, 1)
    audit = replace(made_up_audit([made_up_row(2, Outcome.RELEASED)]), timing=timing)
    assert stretches(audit).begin is None
    assert "Numbers released per" not in page_of(audit).text


@pytest.mark.parametrize("seconds", [0, 1, 59, 3_600, 86_400 * 40])
def test_a_run_of_any_length_has_few_stretches_that_count_every_release(seconds):
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    ends = [iso(begin), iso(begin + timedelta(seconds=seconds))]
    rows = [replace(made_up_row(2, Outcome.RELEASED), decided_at=at) for at in ends]
    pace = stretches(replace(made_up_audit(rows), timing=Timing(ends[0], ends[0], ends[1], None, 1)))
    assert sum(pace.counts) == 2
    assert len(pace.counts) <= 31


def test_releases_of_unreadable_time_or_outside_the_run_are_not_in_the_pace():
    times = ("soon", "2026-11-23T19:00:00", "2026-11-22T19:00:00.000Z", "2026-11-24T19:00:00.000Z")
    rows = [replace(made_up_row(2, Outcome.RELEASED), decided_at=at) for at in times]
    pace = stretches(made_up_audit([*rows, made_up_row(2, Outcome.FAILED)]))
    assert pace.begin is not None
    assert sum(pace.counts) == 0


def test_a_moment_is_written_for_people_and_anything_else_stays():
    assert in_words("2026-11-03T07:05:09.120Z") == "3 Nov 2026, 07:05:09 UTC"
    assert in_words("soon") == "soon"
