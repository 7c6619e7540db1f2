"""The world's numbering plans, as far as reading a number needs them. In: E.164 or digits. Out: what the plans say.

The only file that imports `phonenumbers`, and only when a number is asked about: it is 1.2 MB of plans, and `decom
runs` reads no number. What the plans call impossible an account may have all the same.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

FEWEST_DIGITS, MOST_DIGITS = 7, 15
"""Digits of an E.164 number, its country code included."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def is_e164(text: str) -> bool:
    """Whether `text` is a number in E.164 and nothing else."""
    return _E164.fullmatch(text) is not None


def known_region(region: str) -> bool:
    """Whether `region` is a country's two letters for which numbering is known."""
    import phonenumbers

    return region in phonenumbers.SUPPORTED_REGIONS


def country_code(number: str) -> str | None:
    """The digits of the country code that an E.164 number begins with; None where no country has such a one."""
    import phonenumbers

    for length in (1, 2, 3):
        if int(number[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return number[1 : 1 + length]
    return None


def national_of(number: str) -> str:
    """An E.164 number without its country code; empty where no country has such a code."""
    code = country_code(number)
    return "" if code is None else number[1 + len(code) :]


def possible(number: str) -> bool:
    """Whether a number of this length can be dialled in its country."""
    parsed = _parsed(number, None)
    return parsed is not None and _e164_of(parsed) == number and _is_possible(parsed)


def assigned(number: str) -> bool:
    """Whether the plan has such an E.164 number in a range that is in use."""
    import phonenumbers

    parsed = _parsed(number, None)
    return parsed is not None and _e164_of(parsed) == number and phonenumbers.is_valid_number(parsed)


def without_trunk_zero(number: str) -> str | None:
    """`+442079460958` for `+4402079460958`; None where the number has no such 0, or needs it (Italy)."""
    code = country_code(number)
    if code is None or number[1 + len(code)] != "0":
        return None
    shorter = f"+{code}{number[2 + len(code) :]}"
    parsed = _parsed(number, None)
    return shorter if is_e164(shorter) and parsed is not None and _e164_of(parsed) == shorter else None


def dialled_in(region: str, digits: str) -> tuple[str | None, str | None]:
    """The number that people in `region` dial by these digits, twice: one that is assigned, and one whose length
    alone is possible. At most one of them is not None."""
    import phonenumbers

    parsed = _parsed(digits, region)
    if parsed is None or not is_e164(number := _e164_of(parsed)):
        return None, None
    if phonenumbers.is_valid_number(parsed):
        return number, None
    return None, number if _is_possible(parsed) else None


def printed(number: str) -> tuple[tuple[str, ...], ...]:
    """The groups of digits in which an assigned number is printed: with its country code, and at home."""
    import phonenumbers

    parsed = _parsed(number, None)
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        return ()
    forms = (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL)
    return tuple(tuple(re.findall("[0-9]+", phonenumbers.format_number(parsed, form))) for form in forms)


@lru_cache(maxsize=1_024)  # the parts of a text are asked for several times, and a file's numbers begin alike
def _parsed(number: str, region: str | None) -> "PhoneNumber | None":
    """The number as the plans take it apart, None where they cannot."""
    import phonenumbers

    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def _is_possible(parsed: "PhoneNumber") -> bool:
    import phonenumbers

    # Not `is_possible_number`: that takes a number without its area code for one as well.
    return phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE


def _e164_of(parsed: "PhoneNumber") -> str:
    import phonenumbers

    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
