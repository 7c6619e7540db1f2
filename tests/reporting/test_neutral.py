"""Text that no spreadsheet runs and no screen obeys."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.reporting.formula_safe import escape_controls, escape_formulas, single_line
from decom.vocabulary import DECISION_MEANINGS, OUTCOME_MEANINGS

TRIGGERS = "=+-@\t\r\n＝＋－＠"

texts = st.text(st.characters(codec=None) | st.sampled_from(TRIGGERS + ",;|'\" \u200b\u00a0\ufeff<>"))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("phn_1", "phn_1"),
        ("", ""),
        ("+919876543210", "'+919876543210"),
        ("=1+1", "'=1+1"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠x", "'＠x"),
        ("  =1", "  '=1"),
        ("\u200b\ufeff=1", "\u200b\ufeff'=1"),
        ('"=1"', '"\'=1"'),
        ("x;=1+1", "x;'=1+1"),
        ("x,-1", "x,'-1"),
        ("x|@y", "x|'@y"),
        ("x\n+1", "x\n'+1"),
        ("x; ＝1", "x; '＝1"),
        ("'=1", "'=1"),
        ("a=b", "a=b"),
        ("2026-11-23", "2026-11-23"),
        ("a - b", "a - b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\x00b", "a\\x00b"),
        ("\u202eexe", "\\u202eexe"),
        ("\ud83d", "\\ud83d"),
        ("a\nb", "a\nb"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_what_a_cell_becomes(raw, shown):
    assert escape_formulas(raw) == shown


def may_run(cell: str) -> bool:
    """Whether any part of `cell`, split as some locale would, starts with a trigger once readers have stripped.

    Written apart from the product: by Unicode category instead of by list.
    """
    parts = [cell, *re.split("[,;|\t\r\n]", cell)]
    for part in parts:
        rest = part
        while rest != "" and (rest[0] in '"‘’“”`' or unicodedata.category(rest[0]) in {"Zs", "Cf"}):
            rest = rest[1:]
        if rest[:1] in tuple(TRIGGERS):
            return True
    return False


@given(texts)
def test_no_part_of_a_neutral_text_starts_with_a_trigger(text):
    assert not may_run(escape_formulas(text))


@given(texts)
def test_a_neutral_text_stays_as_it_is(text):
    assert escape_formulas(escape_formulas(text)) == escape_formulas(text)


@given(texts)
def test_only_apostrophes_are_added_to_what_can_be_seen(text):
    shown = escape_controls(text)
    left = iter(escape_formulas(text))
    assert all(character in left for character in shown)
    assert escape_formulas(text).replace("'", "") == shown.replace("'", "")


@given(texts)
def test_a_visible_text_holds_nothing_that_acts_and_fits_utf_8(text):
    shown = escape_controls(text)
    shown.encode("utf-8")
    assert escape_controls(shown) == shown
    for character in shown:
        assert unicodedata.category(character) not in {"Cs", "Zl", "Zp"}
        assert unicodedata.category(character) != "Cc" or character in "\t\r\n"
        assert unicodedata.bidirectional(character) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }


def test_line_ends_and_tabs_are_named_where_a_line_break_has_a_meaning():
    assert single_line("a\r\n\tb") == r"a\r\n\tb"


@given(texts)
def test_one_line_is_one_line(text):
    assert len(single_line(text).splitlines()) <= 1


@given(st.text(st.characters(codec="ascii", categories=["L", "N"])))
def test_plain_text_is_left_alone(text):
    assert escape_formulas(text) == text


@pytest.mark.parametrize("text", [" " * 200_000, ";" * 200_000, "; " * 100_000, "\"'" * 100_000, ";=" * 100_000])
def test_a_long_text_takes_linear_time(text):
    assert len(escape_formulas(text)) >= len(text)


@pytest.mark.parametrize("meaning", [*OUTCOME_MEANINGS.values(), *DECISION_MEANINGS.values()])
def test_no_sentence_of_our_own_needs_to_be_made_harmless(meaning: str):
    assert escape_formulas(meaning) == meaning
