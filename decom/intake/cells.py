"""One cell in, what it names out: a phone-number ID, an E.164 number, nothing, or the reason why neither.

Pure. A cell is never corrected: what may safely be left out (blanks around, separators inside a number) is left
out and noted, and everything else is a problem. A reading that is only likely (digits without `+`) is marked
`by_match_only`: it counts only where the account has exactly that number.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from decom.intake.interface import Cell, Marked, Problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cell says; at most one of `number_id`, `phone_number` and `problem` is set, none if blank."""

    number_id: str | None = None
    """As `Row.number_id`."""
    phone_number: str | None = None
    """As `Row.phone_number`."""
    by_match_only: bool = False
    """As `Row.by_match_only`."""
    problem: str | None = None
    """As `Row.problem`."""
    note: str = ""
    """As `Row.note`."""


BLANK = Reading()
"""The reading of a cell with nothing in it."""

AROUND = " \t\u00a0\ufeff"
"""What may stand around a value: blank, tab, no-break space, byte-order mark. No line break: `re` and HTTP
both have old quarrels over a trailing one, so a cell with one is a problem."""

_ID = re.compile(r"phn_[A-Za-z0-9_-]{1,124}", re.ASCII)
_LONGEST_ID = 128
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15

_SEPARATORS = str.maketrans("", "", " \t\u00a0\u2007\u2009\u202f.()/-\u2010\u2011\u2012\u2013\u2212")
_LIKE_A_NUMBER = re.compile(r"[-+0-9 \t().\u00a0\u2007\u2009\u202f/\u2010\u2011\u2012\u2013\u2212]+", re.ASCII)
_SHORTENED = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+", re.ASCII)
_WITH_POINT_ZERO = re.compile(r"\+?[0-9]+\.0+", re.ASCII)
_DATE = re.compile(r"[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\2[0-9]{4}", re.ASCII)
_EXTENSION = re.compile(r"[+(0-9][-+0-9 ().]*[;,]?(extension|ext|x)[.:= ]*[0-9]+", re.ASCII | re.IGNORECASE)
_LISTS = re.compile(r"[,;|]|\S\s+phn_", re.ASCII)
_ERROR = re.compile(r"#[A-Z0-9/_]+[!?]?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def read_cell(cell: Cell, region: str | None) -> Reading:
    """What `cell` names. `region` as `Wanted.region`, known to be one. Never raises, whatever the text."""
    if isinstance(cell, Problem):
        return Reading(problem=cell.why)
    if isinstance(cell, Marked):
        return _noted(read_cell(cell.text, region), cell.note)
    if is_blank(cell):
        return BLANK
    if _ID.fullmatch(cell):
        return Reading(number_id=cell)
    value = cell.strip(AROUND)
    note = "" if value == cell else "blanks around it removed"
    bare = _without_quotes(value)
    if bare != value:
        note = _joined(note, "quotes around it removed")
    return _noted(_read_value(bare, region), note)


def is_blank(cell: Cell) -> bool:
    """Whether nothing stands in the cell but blanks of any kind. A cell with a problem is not blank."""
    return isinstance(cell, str) and (cell == "" or cell.strip().strip(AROUND) == "")


def names_something(cell: Cell) -> bool:
    """Whether the cell is an ID or a number, in whatever writing."""
    reading = read_cell(cell, None)
    return reading.number_id is not None or reading.phone_number is not None


def text_of(cell: Cell) -> str:
    """The cell as it stood in the file, as near as can be told."""
    if isinstance(cell, Problem):
        return cell.raw
    return cell.text if isinstance(cell, Marked) else cell


def known_region(region: str) -> bool:
    """Whether `region` is a country's two letters for which numbering is known."""
    return region in phonenumbers.SUPPORTED_REGIONS


def _read_value(value: str, region: str | None) -> Reading:
    """`value` is not empty and has nothing around it."""
    if _ID.fullmatch(value):
        return Reading(number_id=value)
    if _E164.fullmatch(value):
        return _international(value, certain=True)
    if len(value) > _LONGEST_ID:
        return Reading(problem=f"too long for an ID or a number: {len(value):,} characters")
    problem = _odd_characters(value)
    if problem is not None:
        return Reading(problem=problem)
    lower = value.lower()
    if lower.startswith("tel:"):
        return _noted(_read_number(value[4:].strip(AROUND), region), "tel: removed")
    if _LIKE_A_NUMBER.fullmatch(value) or _EXTENSION.fullmatch(value) or lower.startswith(("sip:", "sips:")):
        return _read_number(value, region)
    return Reading(problem=_why_no_id(value))


def _odd_characters(value: str) -> str | None:
    """Why `value` cannot be read for a character that nobody sees or that is no plain one, None if it can."""
    if value.isascii() and value.isprintable():
        return None
    for position, character in enumerate(value, start=1):
        if character in "\r\n\x0b\x0c\x85\u2028\u2029":
            return "more than one line in this cell"
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Cn") and character != "\t":
            return f"invisible character U+{ord(character):04X} at position {position}"
        if not character.isascii() and ord(character) not in _SEPARATORS:
            name = unicodedata.name(character, "a character without a name")
            return f"not plain ASCII: U+{ord(character):04X} ({name}) at position {position}"
    return None


def _read_number(value: str, region: str | None) -> Reading:
    """A value that was told to be a number: digits, `+` and separators, or one with an extension."""
    trouble = _why_no_number(value)
    if trouble is not None:
        return Reading(problem=trouble)
    note = ""
    certain = True
    if _WITH_POINT_ZERO.fullmatch(value):
        value = value.partition(".")[0]
        note, certain = "the decimal .0 left out", False
    digits = value.translate(_SEPARATORS)
    if digits != value:
        note = _joined(note, "separators removed")
    if digits.startswith("+"):
        return _noted(_international(digits, certain=certain), note)
    return _noted(_without_plus(digits, region), note)


def _why_no_number(value: str) -> str | None:
    """Why a value made of a number's characters is none, None where it may be one."""
    if value.lower().startswith(("sip:", "sips:")):
        return "a SIP address, not a phone number"
    if _EXTENSION.fullmatch(value):
        return "a number with an extension: only the number itself can be released"
    if _DATE.fullmatch(value):
        return "this cell is a date"
    digits = value.translate(_SEPARATORS).lstrip("+")
    if digits == "":
        return "neither an ID nor a number: there is no digit in it"
    if value.startswith("-"):
        return "neither an ID nor a number: it begins with a minus sign"
    if value.count("+") > 1 or value.find("+") > len(value) - len(value.lstrip(" (+")):
        return "a + in the middle of a number: more than one value in this cell?"
    if not (digits.isascii() and digits.replace("+", "").isdigit()):
        return "neither an ID nor a number"
    if len(digits) < _FEWEST_DIGITS:
        return f"too few digits for a number: {len(digits)}, and the fewest are {_FEWEST_DIGITS}"
    return None


def _international(number: str, *, certain: bool) -> Reading:
    """A number with its `+`, without separators."""
    if len(number) - 1 > _MOST_DIGITS:
        return Reading(problem=_too_many(len(number) - 1))
    if not _E164.fullmatch(number):
        return Reading(problem="no country code begins with 0")
    shorter = _without_trunk_zero(number)
    if shorter is not None:
        note = "a 0 between country code and number left out"
        return Reading(phone_number=shorter, by_match_only=True, note=note)
    return Reading(phone_number=number, by_match_only=not certain)


def _without_trunk_zero(number: str) -> str | None:
    """`+442079460958` for `+44 (0)20 7946 0958`; None where the number has no such 0, or needs it (Italy)."""
    for length in (1, 2, 3):
        if int(number[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            shorter = number[: 1 + length] + number[2 + length :]
            home = number[1 + length] == "0" and _E164.fullmatch(shorter) and _parsed(number, None) == shorter
            return shorter if home else None
    return None


def _without_plus(digits: str, region: str | None) -> Reading:
    """Digits alone: with a region as people there write it, else by match with the account."""
    if region is not None:
        number = _parsed(digits, region)
        if number is not None:
            return Reading(phone_number=number, note=f"read as a number of {region}")
    if digits.startswith("00"):
        digits, note = digits[2:], "00 read as +"
    elif digits.startswith("0"):
        return Reading(problem=_no_country_code(region))
    else:
        note = "read as if it began with +"
    if len(digits) > _MOST_DIGITS:
        return Reading(problem=_too_many(len(digits)))
    if not _E164.fullmatch("+" + digits):
        return Reading(problem="neither an ID nor a number")
    return Reading(phone_number="+" + digits, by_match_only=True, note=note)


def _parsed(number: str, region: str | None) -> str | None:
    """The E.164 form that the numbering plans give, None where they know no such number."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if region is not None and not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _why_no_id(value: str) -> str:
    """Why a value that is no number is no ID either; `value` is ASCII without control characters."""
    if _SHORTENED.fullmatch(value):
        return "a spreadsheet shortened this number: format the column as text and export again"
    if value.upper() in ("TRUE", "FALSE"):
        return "this cell is a yes/no value"
    if _ERROR.fullmatch(value):
        return f"this cell is an error: {value}"
    if _LISTS.search(value):
        return "more than one value in this cell"
    if value.startswith("phn_") or (value[:4].lower() == "phn_" and not _PLAIN.fullmatch(value)):
        for position, character in enumerate(value, start=1):
            if not _PLAIN.fullmatch(character):
                return f"no phone-number ID has a {character!r} (position {position})"
        return "not a phone-number ID: nothing follows phn_"
    if value[:4].lower() == "phn_":
        return "not a phone-number ID: those begin with phn_ in lower case"
    return "not a phone-number ID (those begin with phn_) and not a number"


def _no_country_code(region: str | None) -> str:
    if region is None:
        return "no country code: write the number with + and its country code, or say its country with --region"
    return f"no number of {region}: write it with + and its country code"


def _too_many(count: int) -> str:
    return f"too many digits for a number: {count:,}, and the most are {_MOST_DIGITS}"


def _without_quotes(value: str) -> str:
    """`value` without one pair of quotes, or one leading apostrophe, around it."""
    if len(value) > 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value[1:] if len(value) > 1 and value[0] == "'" else value


def _noted(reading: Reading, note: str) -> Reading:
    """`reading` with a further note in front; a problem needs none."""
    if note == "" or reading.problem is not None:
        return reading
    return Reading(
        number_id=reading.number_id,
        phone_number=reading.phone_number,
        by_match_only=reading.by_match_only,
        note=_joined(note, reading.note),
    )


def _joined(first: str, second: str) -> str:
    return "; ".join(part for part in (first, second) if part != "")
