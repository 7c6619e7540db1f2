"""A phone number as people and services write it in, every E.164 number that it can mean out.

The one reader for all places: cells, protect rules, campaigns, batch calls, the account's own listing. Pure; knows
the numbering plans and no account. A text is never corrected. What may safely be left out (separators, `tel:`) is
left out and noted; what may stand for several numbers gives them all; and a text that may hold two numbers gives
none: leaving a separator out must never join two values into a third.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from decom.phone_numbers import numbering
from decom.phone_numbers.numbering import FEWEST_DIGITS, MOST_DIGITS, is_e164


@dataclass(frozen=True, slots=True)
class Readings:
    """What one text can mean. It means a number of an account only where exactly one of `numbers` is on it, and
    none of `parts` (see `Known`); whoever has no account to ask may rely on it only where it is `certain`."""

    numbers: tuple[str, ...] = ()
    """Every E.164 number that the text can mean, likeliest first; empty with a problem, and never without."""
    certain: bool = False
    """Whether nothing else can be meant: the country is said, no digit was left out, and there is one reading.
    Such a number need not be one that the plans call possible: see `numbering.possible`."""
    problem: str | None = None
    """Why the text names no number, as a sentence for its owner; None where it does."""
    note: str = ""
    """What was done to read it (`separators removed`); empty where nothing was."""
    national: str = ""
    """The digits, where nothing says of which country they are: with any country code before them they may be
    another number of the account; empty where the country is said."""
    parts: tuple[str, ...] = ()
    """What the text would mean if it ended at one of its separators: E.164, or digits as in `national`. Where an
    account has one of them, the text is more than one value."""

    @property
    def is_plain(self) -> bool:
        """Whether the text means its one number, whatever an account has."""
        return self.certain and len(self.numbers) == 1 and len(self.parts) == 0


class Known:
    """The numbers of an account, to be found by what a text can mean."""

    def __init__(self, numbers: Iterable[str]) -> None:
        """`numbers` are E.164."""
        self._numbers = frozenset(numbers)
        self._by_national: dict[str, tuple[str, ...]] = {}
        for number in sorted(self._numbers):
            national = numbering.national_of(number)
            self._by_national[national] = (*self._by_national.get(national, ()), number)

    def meant_by(self, readings: Readings) -> tuple[str, ...]:
        """Every number of the account that the text can mean, likeliest first: only where it is one, is it meant."""
        return self._found((*readings.numbers, readings.national))

    def within(self, readings: Readings) -> tuple[str, ...]:
        """Every number of the account that a part of the text is: where there is one, the text is several values."""
        return self._found(readings.parts)

    def _found(self, texts: Iterable[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for text in texts:
            if text in self._numbers:
                found[text] = None
            elif text != "":
                found.update(dict.fromkeys(self._by_national.get(text, ())))
        return tuple(found)


AROUND = " \t\u00a0\ufeff"
"""What may stand around a value: blank, tab, no-break space, byte-order mark. No line break: `re` and HTTP
both have old quarrels over a trailing one, so a text with one is a problem."""

MORE_THAN_ONE = "more than one value in this cell"
"""What is said of a text that may hold two numbers."""

_LONGEST = 128

_HYPHENS = "-\u2010\u2011\u2012\u2013\u2212"
_LOOSE = " \u00a0\u2007\u2009\u202f."
"""Separators that only make a number easier to read: people group digits by them as they like."""
_TIGHT = "\t/()" + _HYPHENS
"""Separators that may also stand between two numbers, a number and its extension, the ends of a block."""
_SEPARATORS = str.maketrans("", "", _LOOSE + _TIGHT)
_BETWEEN = re.compile(rf"[{re.escape(_LOOSE + _TIGHT)}]+")

_LIKE_A_NUMBER = re.compile(rf"[+0-9{re.escape(_LOOSE + _TIGHT)}]+", re.ASCII)
_WITH_POINT_ZERO = re.compile(r"\+?[0-9]+\.0+", re.ASCII)
_DATE = re.compile(r"[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\2[0-9]{4}", re.ASCII)
_EXTENSION = re.compile(r"[+(0-9][-+0-9 ().]*[;,]?(extension|ext|x)[.:= ]*[0-9]+", re.ASCII | re.IGNORECASE)
_SWITCHBOARD = re.compile(rf" ?[{re.escape(_HYPHENS)}] ?0", re.ASCII)
"""The end of a German company's number that reaches its switchboard: a part of the number, never a second one."""

_FEWEST_OF_A_LINE = 6
"""Digits behind the country code from which on a possible number may be a whole one; fewer are an area code."""


def read_number(text: str, region: str | None = None) -> Readings:
    """What `text` can mean. `region`: the two letters of the country (`numbering.known_region`) in which numbers
    without a country code are written; None: nobody said. Never raises, whatever the text."""
    value = text.strip(AROUND)
    if is_e164(value):
        return _noted(_with_plus(value), "" if value == text else "surrounding blanks removed")
    if len(value) > _LONGEST:
        return Readings(problem=f"too long for an ID or a number: {len(value):,} characters")
    problem = odd_character(value)
    if problem is not None:
        return Readings(problem=problem)
    if value[:4].lower() == "tel:":
        return _noted(_read(value[4:].strip(AROUND), region), "tel: removed")
    return _read(value, region)


def looks_like_a_number(text: str) -> bool:
    """Whether `text` is made of what numbers are written with, so that `read_number` knows what is wrong with it."""
    return (
        _LIKE_A_NUMBER.fullmatch(text) is not None
        or _EXTENSION.fullmatch(text) is not None
        or text.lower().startswith(("tel:", "sip:", "sips:"))
    )


def odd_character(text: str) -> str | None:
    """Why `text` cannot be read for a character that nobody sees or that is no plain one, None if it can."""
    if text.isascii() and text.isprintable():
        return None
    for position, character in enumerate(text, start=1):
        if character in "\r\n\x0b\x0c\x85\u2028\u2029":
            return "more than one line in this cell"
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Cn") and character != "\t":
            return f"invisible character U+{ord(character):04X} at position {position}"
        if not character.isascii() and ord(character) not in _SEPARATORS:
            name = unicodedata.name(character, "a character without a name")
            return f"not plain ASCII: U+{ord(character):04X} ({name}) at position {position}"
    return None


def _read(value: str, region: str | None) -> Readings:
    """`value` has nothing around it and no odd character in it."""
    trouble = _why_no_number(value)
    if trouble is not None:
        return Readings(problem=trouble)
    if _WITH_POINT_ZERO.fullmatch(value):
        return _read_float(value, region)
    note = ""
    digits = value.translate(_SEPARATORS)
    if digits != value:
        note = _joined(note, "separators removed")
    readings = _readings(digits, region)
    if readings.problem is not None:
        return readings
    likeliest = readings.numbers[0]
    if _marks_its_zero(value, likeliest):
        readings = replace(readings, numbers=(likeliest,), certain=numbering.possible(likeliest))
    apart = _taken_apart(value, region, readings.numbers)
    if apart.is_several:
        return Readings(problem=MORE_THAN_ONE)
    certain = readings.certain and not apart.is_doubtful
    return replace(readings, certain=certain, note=_joined(note, readings.note), parts=apart.parts)


def _read_float(value: str, region: str | None) -> Readings:
    """A number that passed through a program which keeps numbers as decimals; or one whose last digit is set apart."""
    whole, _, zeros = value.partition(".")
    readings = _readings(whole, region)
    if readings.problem is not None:
        return readings
    further = tuple(number for number in _readings(whole + zeros, region).numbers if number not in readings.numbers)
    note = _joined("decimal .0 dropped", readings.note)
    return replace(readings, numbers=(*readings.numbers, *further), certain=False, note=note)


def _why_no_number(value: str) -> str | None:
    """Why `value` is not written as a number, None where it may be one."""
    if value.lower().startswith(("sip:", "sips:")):
        return "a SIP address, not a phone number"
    if _EXTENSION.fullmatch(value):
        return "a number with an extension: only the number itself can be released"
    if _DATE.fullmatch(value):
        return "this cell is a date"
    digits = value.translate(_SEPARATORS).lstrip("+")
    if digits == "":
        return "not a valid ID or phone number: it has no digits"
    if value.startswith("-"):
        return "not a valid ID or phone number: it starts with a minus sign"
    if value.count("+") > 1 or value.find("+") > len(value) - len(value.lstrip(" (+")):
        return "a + in the middle of a number: more than one value in this cell?"
    if not (digits.isascii() and digits.isdigit()):
        return "not a valid ID or phone number"
    if len(digits) < FEWEST_DIGITS:
        return f"too few digits for a phone number: {len(digits)} (minimum {FEWEST_DIGITS})"
    return None


def _readings(digits: str, region: str | None) -> Readings:
    """What digits without separators can mean, with their `+` or without."""
    if digits.startswith("+"):
        return _with_plus(digits)
    assigned, possible = (None, None) if region is None else numbering.dialled_in(region, digits)
    if digits.startswith("0") and not digits.startswith("00"):
        return Readings(problem=_no_country_code(region)) if assigned is None else _dialled(assigned, (), region)
    abroad = digits.removeprefix("00")
    literal = _with_plus("+" + abroad)
    if assigned is not None:
        return _dialled(assigned, literal.numbers, region)
    if literal.problem is not None:
        return literal if len(abroad) > MOST_DIGITS else Readings(problem="not a valid ID or phone number")
    further = () if possible is None or possible in literal.numbers else (possible,)
    return Readings(
        numbers=(*literal.numbers, *further),
        note=_joined("read as if it started with +" if abroad == digits else "00 read as +", literal.note),
        national=digits if region is None and abroad == digits else "",
    )


def _dialled(number: str, further: Iterable[str], region: str | None) -> Readings:
    """Digits that people in `region` dial to reach `number`: certain where no other reading is a possible number."""
    others = tuple(other for other in further if other != number)
    certain = not any(map(numbering.possible, others))
    return Readings(numbers=(number, *others), certain=certain, note=f"read as a number of {region}")


def _with_plus(number: str) -> Readings:
    """A number with its `+`, without separators."""
    if len(number) - 1 > MOST_DIGITS:
        return Readings(problem=f"too many digits for a phone number: {len(number) - 1:,} (maximum {MOST_DIGITS})")
    if not is_e164(number):
        return Readings(problem="no country code begins with 0")
    shorter = numbering.without_trunk_zero(number)
    if shorter is not None:
        return Readings(numbers=(shorter, number), note="0 between country code and number dropped")
    return Readings(numbers=(number,), certain=True)


def _marks_its_zero(value: str, number: str) -> bool:
    """Whether `value` has the 0 that is dialled at home alone in brackets behind the country code: `+44 (0)20 …`."""
    before, _, _ = value.partition("(0)")
    return before.translate(_SEPARATORS) == f"+{numbering.country_code(number)}"


@dataclass(frozen=True, slots=True)
class _Apart:
    """A text taken apart at its separators."""

    parts: tuple[str, ...]
    """As `Readings.parts`."""
    is_several: bool
    """Whether a part is a number by itself, and what follows may be another or the end of another."""
    is_doubtful: bool
    """Whether a part is a number by itself, and what follows looks like the rest of a longer one all the same."""


def _taken_apart(value: str, region: str | None, numbers: tuple[str, ...]) -> _Apart:
    """Where `value`, whose digits together read as `numbers`, could end before its end."""
    found: list[str] = []
    is_several = is_doubtful = False
    for gap in _BETWEEN.finditer(value):
        digits, rest = (text.translate(_SEPARATORS) for text in (value[: gap.start()], value[gap.end() :]))
        if len(digits.lstrip("+")) < FEWEST_DIGITS or rest == "":
            continue
        part = _readings(digits, region)
        found.extend(part.numbers)
        if part.national != "":
            found.append(part.national)
        is_loose = gap[0].strip(_LOOSE) == "" and len(rest) < FEWEST_DIGITS
        if any(_may_be_whole(number, numbers, is_loose) for number in part.numbers):
            is_doubtful = True
            is_several |= not is_loose and _SWITCHBOARD.fullmatch(value, gap.start()) is None
    if is_doubtful and _grouped_as_printed(value, numbers):
        is_several = is_doubtful = False
    return _Apart(tuple(dict.fromkeys(found)), is_several, is_doubtful)


def _may_be_whole(part: str, numbers: tuple[str, ...], is_loose: bool) -> bool:
    """Whether a part of a text is a number by itself: one that is assigned, or at least as good as all of it is.

    `is_loose`: only blanks and dots stand behind it, which group digits as well: then it must be assigned."""
    if not numbering.possible(part):
        return False
    if is_loose or numbering.assigned(part):
        return numbering.assigned(part)
    if any(map(numbering.assigned, numbers)):
        return False
    is_long = len(numbering.national_of(part)) >= _FEWEST_OF_A_LINE
    return is_long or not any(map(numbering.possible, numbers))


def _grouped_as_printed(value: str, numbers: tuple[str, ...]) -> bool:
    """Whether the digits stand in the groups in which such a number is printed in its own country."""
    groups = tuple(_BETWEEN.sub(" ", value.replace("+", "")).split())
    return any(groups in numbering.printed(number) for number in numbers)


def _no_country_code(region: str | None) -> str:
    if region is None:
        return "no country code: write the number with + and its country code, or set its country with --region"
    return f"not a valid {region} number: write it with + and its country code"


def _noted(readings: Readings, note: str) -> Readings:
    """`readings` with a further note in front; a problem needs none."""
    return (
        readings if note == "" or readings.problem is not None else replace(readings, note=_joined(note, readings.note))
    )


def _joined(first: str, second: str) -> str:
    return "; ".join(part for part in (first, second) if part != "")
