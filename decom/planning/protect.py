"""A file of numbers that must never be released in, the set of their names out.

One ID or E.164 number a line; blanks, dots, hyphens and parentheses within a number do not matter; `#` begins a
comment. A guard that cannot be read is not "nothing protected": whatever is wrong with the file raises BadInput.
"""

import re
from pathlib import Path

from decom.errors import BadInput

_ID = re.compile(r"phn_[A-Za-z0-9_-]{1,124}", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SEPARATORS = str.maketrans("", "", " .-()")


def read_protected(path: Path) -> frozenset[str]:
    """The protected IDs and E.164 numbers. Raises BadInput where the file is missing, empty, or has a bad line."""
    remedy = "Name the right file with --protect, with one ID or +number a line."
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the protect file cannot be read: {error}", where=str(path), remedy=remedy) from error
    found: set[str] = set()
    for line_number, line in enumerate(text.splitlines(), 1):
        rule = line.partition("#")[0].strip()
        if rule == "":
            continue
        name = rule if _ID.fullmatch(rule) is not None else rule.translate(_SEPARATORS)
        if _ID.fullmatch(name) is None and _E164.fullmatch(name) is None:
            place = f"{path}, line {line_number}"
            raise BadInput(f"{rule[:80]!r} is neither an ID nor a number like +14155550100", where=place, remedy=remedy)
        found.add(name)
    if len(found) == 0:
        raise BadInput("the protect file protects nothing", where=str(path), remedy=remedy)
    return frozenset(found)
