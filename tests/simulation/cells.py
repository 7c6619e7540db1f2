"""A list as people write it, and what its writer meant. In: chance and an account. Out: rows, each with its truth.

Whoever writes a cell knows which number it means, or that it may mean several; no reader is asked. From that alone
follows which number a row may cost.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

JOINTS = (", ", ";", " / ", "/", "|", " | ", " ", "\n", " or ", " - ", "-", " & ", "  ", ":", " and ")
"""What people put between two values in one cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list."""

    number_id: str
    """The cell of the ID; may be blank."""
    number: str
    """The cell of the number; may be blank."""
    ids: frozenset[str] = frozenset()
    """The ID that is meant; empty where the row names none."""
    readings: frozenset[str] = frozenset()
    """Every E.164 number that the cell may mean; empty where the row names none."""
    one: bool = True
    """False: the row holds several values, an extension, or a contradiction, and nothing may go because of it."""
    clear: bool = False
    """Whether no reader can be in doubt of what is meant."""
    kind: str = "plain"
    operation: str = "Delete"
    """What the column of operations says, where the list has one."""

    def costs(self, account: Mapping[str, str]) -> frozenset[str]:
        """The IDs that may be released because of this row, on an account of E.164 numbers by ID."""
        if not self.one:
            return frozenset()
        if len(self.ids) > 0:
            agrees = [each for each in self.ids if len(self.readings) == 0 or account.get(each) in self.readings]
            return frozenset(agrees)
        found = frozenset(each for each, number in account.items() if number in self.readings)
        return found if len(found) == 1 else frozenset()


def by_id(number_id: str) -> Row:
    return Row(number_id, "", frozenset({number_id}), clear=True)


def by_both(number_id: str, number: str) -> Row:
    return Row(number_id, number, frozenset({number_id}), frozenset({number}), clear=True)


def by_number(chance: random.Random, number: str) -> Row:
    """A number of North America, written as people do."""
    a, b, c, d = number[:2], number[2:5], number[5:8], number[8:]
    text = chance.choice((
        number, f"{a} ({b}) {c}{d}", f"{a} {b} {c} {d}", f"{a}-{b}-{c}-{d}", f"{a}.{b}.{c}.{d}", f" {number} ",
        f"tel:{number}", f"{a}\u00a0{b}\u00a0{c}{d}", f"001 {b} {c}{d}", f"{a} {b}/{c}{d}",
    ))  # fmt: skip
    return Row("", text, readings=frozenset({number}), clear=True)


@dataclass(frozen=True, slots=True)
class Trick:
    """Rows that are easily misread, and the numbers that make it matter."""

    numbers: Sequence[str]
    """E.164 numbers that the account has besides."""
    rows: Sequence[Row]
    region: str | None = None
    """The country that the list's owner names; None: none."""


def _several(text: str, *numbers: str, kind: str) -> Row:
    return Row("", text, readings=frozenset(numbers), one=False, kind=kind)


def _ending(chance: random.Random) -> Trick:
    """Two endings after a slash; read as one number, they are a third line of the account."""
    if chance.random() < 0.5:
        german = ["+4930123456", "+4930123457", "+49301234567"]
        return Trick(german, [_several("+49 30 123456/7", *german[:2], kind="endings")])
    indian = ["+912224567890", "+912224567891"]
    return Trick(indian, [_several("+91 22 24567890/91", *indian, kind="endings")])


def _block(chance: random.Random) -> Trick:
    """A block of numbers, from the first to the last."""
    if chance.random() < 0.5:
        american = ["+14155559100", "+14155559149"]
        return Trick(american, [_several("+14155559100-9149", *american, kind="block")])
    german = ["+493012345059", "+49301234500", "+4930123450", "+49301234559"]
    return Trick(german, [_several("+49 30 12345-0-59", *german, kind="block")])


def _slash(chance: random.Random) -> Trick:
    """A slash or hyphen that stands between area code and number, or before the line of a switchboard."""
    number, text = chance.choice((
        ("+49123424242", "+49 123 / 42 42 42"),
        ("+49773692190", "+49 7736 9219-0"),
        ("+442079460958", "+44 (0)20 7946 0958"),
    ))  # fmt: skip
    return Trick([number], [Row("", text, readings=frozenset({number}), clear=True, kind="slash")])


def _country_or_not(chance: random.Random) -> Trick:
    """Digits that are a number with its country code, or a national one."""
    with_code, national = "+49775591155", "+4949775591155"
    numbers = chance.choice(((with_code, national), (with_code,), (national,)))
    row = Row("", "49 7755 91155", readings=frozenset({with_code, national}), kind="ambiguous")
    return Trick(numbers, [row], "DE")


def _bare_digits(chance: random.Random) -> Trick:
    """Ten digits: a number of North America without its code, or of Switzerland without its `+`."""
    swiss, american = "+4155559200", "+14155559200"
    numbers = chance.choice(((swiss, american), (swiss, american), (american,)))
    row = Row("", chance.choice(("4155559200", "415 555 9200")), readings=frozenset({swiss, american}), kind="bare")
    return Trick(numbers, [row], chance.choice((None, "US")))


def _extension(_: random.Random) -> Trick:
    number = "+14155559300"
    return Trick([number], [_several("+1 415 555 9300 ext 12", number, kind="extension")])


TRICKS: tuple[Callable[[random.Random], Trick], ...] = (
    _ending, _block, _slash, _country_or_not, _bare_digits, _extension,
)  # fmt: skip


def together(chance: random.Random, account: Mapping[str, str]) -> Row:
    """Two values of the account in one cell."""
    one, other = chance.sample(sorted(account), 2)
    joint = chance.choice(JOINTS)
    if chance.random() < 0.4:
        return Row(f"{one}{joint}{other}", "", one=False, kind="two IDs")
    return _several(f"{account[one]}{joint}{account[other]}", account[one], account[other], kind="two numbers")


def disagreeing(chance: random.Random, account: Mapping[str, str]) -> Row:
    """An ID beside another number's E.164."""
    one, other = chance.sample(sorted(account), 2)
    return Row(one, account[other], frozenset({one}), frozenset({account[other]}), kind="disagreeing")


def rule(chance: random.Random, number: str) -> str:
    """A line of a protect file that means the number."""
    if not number.startswith("+1"):
        return {"+442079460958": "+44 (0)20 7946 0958"}.get(number, number)
    row = by_number(chance, number)
    return chance.choice((number, row.number, f"{row.number}  # the front desk", f'"{number}"'))


KINDS = ("endings", "block", "slash", "ambiguous", "bare", "extension", "two IDs", "two numbers", "disagreeing")
"""Every kind of row that is easily misread."""
