"""A file of numbers that must never be released in, the set of their names out.

One ID or number a line, read as a cell of the list is read; `#` begins a comment. A guard that cannot be read is not
"nothing protected": whatever is wrong with the file, and whatever in it may mean something else, raises BadInput.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from decom.dialnexa.models import Number
from decom.errors import BadInput
from decom.intake.cells import read_cell
from decom.phone_numbers.numbering import possible

MOST_NAMED = 5
"""Most rules that are named where some match nothing."""

_REMEDY = "Name the right file with --protect, with one ID or +number a line."


def read_protected(path: Path, region: str | None = None) -> frozenset[str]:
    """The protected IDs and E.164 numbers; `region` as for the list (`ReadOptions.region`).

    Raises BadInput where the file is missing, empty, or has a line that does not name one number for certain.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the protect file cannot be read: {error}", where=str(path), remedy=_REMEDY) from error
    found: set[str] = set()
    for line_number, line in enumerate(text.splitlines(), 1):
        rule = line.partition("#")[0].strip()
        if rule != "":
            found.add(_name(rule, region, f"{path}, line {line_number}"))
    if len(found) == 0:
        raise BadInput("the protect file protects nothing", where=str(path), remedy=_REMEDY)
    return frozenset(found)


def matching_nothing(protected: AbstractSet[str], numbers: Mapping[str, Number]) -> tuple[str, ...]:
    """The rules that name no number of the account, whose numbers by ID are `numbers`."""
    there = {number.phone_number for number in numbers.values()} | numbers.keys()
    return tuple(sorted(protected - there))


def rules_in_words(protected: AbstractSet[str], numbers: Mapping[str, Number], account_size: int, file: str) -> str:
    """What is said of the rules in a plan: `2 rules in never.txt; 1 matches nothing on the account: +14155550100`."""
    rules = f"{len(protected):,} {'rule' if len(protected) == 1 else 'rules'} in {file}"
    if len(numbers) < account_size:
        return f"{rules}; whether each matches a number was not checked, since only the list's IDs were looked up"
    idle = matching_nothing(protected, numbers)
    if len(idle) == 0:
        return rules
    more = f" and {len(idle) - MOST_NAMED:,} more" if len(idle) > MOST_NAMED else ""
    match = "matches" if len(idle) == 1 else "match"
    return f"{rules}; {len(idle):,} {match} nothing on the account: {', '.join(idle[:MOST_NAMED])}{more}"


def _name(rule: str, region: str | None, where: str) -> str:
    """The ID or E.164 number that a rule names. Raises BadInput where that is not certain."""
    reading = read_cell(rule, region)
    if reading.number_id is not None:
        return reading.number_id
    shown = repr(rule[:80])
    if reading.number is None:
        why = f"{shown} is neither an ID nor a number like +14155550100: {reading.problem}"
        raise BadInput(why, where=where, remedy=_REMEDY)
    number = reading.number.numbers[0]
    if not reading.number.certain:
        why = f"{shown} does not certainly mean {number}, and a rule must be unambiguous"
        raise BadInput(
            why, where=where, remedy="Write it with + and its country code, without separators, or as an ID."
        )
    if not possible(number):
        why = f"{shown} would protect nothing: {number} is not a possible phone number"
        raise BadInput(why, where=where, remedy="Check its digits, or write the number's ID.")
    return number
