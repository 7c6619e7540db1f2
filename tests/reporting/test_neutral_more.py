"""Every single sign that a spreadsheet may skip, split at or start a formula with; each stands there for a reason."""

import string
import sys
import unicodedata

import pytest

from decom.reporting.formula_safe import escape_controls, escape_formulas

SPLITTERS = ",;|\t\r\n"
TRIGGERS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
QUOTES = "\"'`\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
INVISIBLE = [
    *(chr(code) for code in range(0xFE00, 0xFE10)),  # variation selectors
    *"\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0",  # joiners and fillers that are called letters
]
"""Signs that nobody sees and that are neither a blank nor a format character."""


def unseen() -> list[str]:
    """Every blank and format character that stays as it is."""
    found = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Zs", "Cf"))
    return [character for character in (*found, *INVISIBLE) if escape_controls(character) == character]


def test_no_unseen_sign_hides_the_start_of_a_formula():
    assert len(unseen()) > 150
    hidden = [f"U+{ord(each):04X}" for each in unseen() if escape_formulas(f"{each}=1") != f"{each}'=1"]
    assert hidden == []


def test_a_sign_that_is_seen_hides_nothing_and_gets_no_apostrophe():
    skipped = {*unseen(), *QUOTES, *TRIGGERS, *SPLITTERS}
    codes = (*range(0x10000), *range(0x11000, 0x20000), *range(0xE0000, 0xE0200))
    # Unicode grows: what this Python does not know may be anything.
    seen = [chr(code) for code in codes if chr(code) not in skipped and unicodedata.category(chr(code)) != "Cn"]
    changed = [f"U+{ord(each):04X}" for each in seen if escape_formulas(f"{each}=1") != escape_controls(f"{each}=1")]
    assert changed == []


@pytest.mark.parametrize("quote", QUOTES)
def test_no_quote_hides_the_start_of_a_formula(quote):
    expected = "'=1" if quote == "'" else f"{quote}'=1"
    assert escape_formulas(f"{quote}=1") == expected
    assert escape_formulas(f" {quote} =1") == f" {quote} '=1"


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("splitter", SPLITTERS)
def test_each_trigger_is_one_at_the_start_and_after_each_splitter(trigger, splitter):
    assert escape_formulas(f"{trigger}1") == f"'{trigger}1"
    assert escape_formulas(f"x{splitter}{trigger}1") == f"x{splitter}'{trigger}1"
    assert escape_formulas(f"x {splitter} {trigger}1") == f"x {splitter} '{trigger}1"


@pytest.mark.parametrize("sign", sorted({*string.printable, "\u00e9", "\u0967", "\u20ac"} - {*TRIGGERS, *SPLITTERS}))
def test_no_other_sign_is_a_trigger(sign):
    for text in (f"{sign}1", f"x,{sign}1", f" {sign}"):
        assert escape_formulas(text) == escape_controls(text)


@pytest.mark.parametrize("sign", sorted({*string.printable, "\u00e9"} - {*SPLITTERS, "'"}))
def test_no_other_sign_is_a_splitter(sign):
    assert escape_formulas(f"x{sign}x=1") == escape_controls(f"x{sign}x=1")
    if sign not in string.whitespace and sign not in '"`':
        assert escape_formulas(f"x{sign}=1") == escape_controls(f"x{sign}=1")
