"""What the sources name in, which of the account's numbers that means out. Pure.

A source may write a number with separators, without its `+`, without its country code. What is certain means that
number and no other. What is not holds every number that it could mean; and where it cannot be read, or could mean
none that is known, its source is not checked: a number never fails to match in silence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from decom.dialnexa.models import Number
from decom.phone_numbers import numbering
from decom.phone_numbers.reading import read_number
from decom.planning.holds.default_number import DefaultNumber
from decom.planning.holds.interface import HoldResult
from decom.planning.plan import Conflict, Source
from decom.vocabulary import SourceState

FEWEST_DIGITS = 6
"""Digits from which on the end of a number may be all that somebody writes of it."""

_NO_DIGITS = re.compile(r"[^0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a number that somebody wrote may be."""

    numbers: tuple[str, ...]
    """In order, each once; E.164, or as the account writes it."""
    is_clear: bool
    """Whether it is one of these or surely none of the account's."""


class Phones:
    """The account's numbers, to be found by whatever may be meant to be one of them."""

    def __init__(self, numbers: Iterable[str]) -> None:
        """`numbers` as the account writes them, E.164 mostly."""
        self._known = tuple(dict.fromkeys(numbers))
        self._odd = _ByDigits([number for number in self._known if not numbering.is_e164(number)])

    @cached_property
    def _all(self) -> "_ByDigits":
        """Made when first needed: most of what is written can mean one number only, and a million take much room."""
        return _ByDigits(self._known)

    def meant_by(self, written: str) -> Meaning:
        """Every number that `written` may mean."""
        readings, digits = read_number(written), _digits(written)
        if readings.certain:
            (number,) = readings.numbers
            return Meaning(tuple(sorted({number, *self._odd.like(_digits(number))})), is_clear=True)
        found = {*self._all.like(digits), *self._all.within(digits)}
        known = len(found) > 0 or any(map(numbering.assigned, readings.numbers))
        return Meaning(tuple(sorted({*found, *readings.numbers})), is_clear=readings.problem is None and known)


class _ByDigits:
    """Numbers, to be found by their digits and by the ends of these."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._by_digits: dict[str, list[str]] = {}
        for number in numbers:
            self._by_digits.setdefault(_digits(number), []).append(number)
        self._by_end: dict[int, dict[str, list[str]]] = {}

    def like(self, digits: str) -> Iterator[str]:
        """The numbers that end as `digits` do, or with which `digits` end."""
        bare = digits.lstrip("0")
        if len(bare) >= FEWEST_DIGITS:
            yield from self._ending(len(bare)).get(bare, ())
        for length in range(FEWEST_DIGITS, min(len(digits), numbering.MOST_DIGITS + 1)):
            yield from self._by_digits.get(digits[-length:], ())

    def within(self, digits: str) -> Iterator[str]:
        """The numbers whose digits stand anywhere in `digits`, which may be several numbers."""
        for length in range(numbering.FEWEST_DIGITS, min(len(digits), numbering.MOST_DIGITS) + 1):
            for start in range(len(digits) - length + 1):
                yield from self._by_digits.get(digits[start : start + length], ())

    def _ending(self, length: int) -> Mapping[str, Sequence[str]]:
        """The numbers by so many of their last digits; made when first needed, as most accounts never need it."""
        if length not in self._by_end:
            ends: dict[str, list[str]] = {}
            for digits, numbers in self._by_digits.items():
                if len(digits) >= length:
                    ends.setdefault(digits[-length:], []).extend(numbers)
            self._by_end[length] = ends
        return self._by_end[length]


def compare(
    findings: Sequence[HoldResult], numbers: Iterable[Number], concerned: AbstractSet[str]
) -> tuple[tuple[Source, ...], Mapping[str, tuple[Conflict, ...]]]:
    """The sources, and the conflicts by each number that they hold (as `Number.phone_number`).

    `numbers` are the account's, or those of them that matter; `concerned` the IDs of those that may be released.
    """
    known = [number for number in numbers if number.phone_number is not None]
    phones = Phones(number.phone_number or "" for number in known)
    odd = next(
        (each for each in known if each.id in concerned and not numbering.is_e164(each.phone_number or "")), None
    )
    held: dict[str, dict[Conflict, None]] = {}
    sources = []
    for finding in findings:
        unclear = None
        for written, conflicts in finding.held.items():
            meaning = phones.meant_by(written)
            for number in meaning.numbers:
                held.setdefault(number, {}).update(dict.fromkeys(conflicts))
            if not meaning.is_clear:
                unclear = (
                    unclear or f"{conflicts[0]} calls from {written[:60]!r}, and it is unclear which number that is"
                )
        if odd is not None and len(finding.held) > 0:
            unclear = unclear or f"{odd.id} is {(odd.phone_number or '')[:60]!r} on the account, which is not in E.164"
        sources.append(_unless(unclear, finding.source))
    return _unless_none_answered(sources), {number: tuple(conflicts) for number, conflicts in held.items()}


def _unless(unclear: str | None, source: Source) -> Source:
    """The source as it is, unless something that it names was not understood."""
    if unclear is None or source.state is not SourceState.CHECKED:
        return source
    return replace(source, state=SourceState.NOT_CHECKED, why=unclear)


def _unless_none_answered(sources: Sequence[Source]) -> tuple[Source, ...]:
    """An account that seems to have no source at all is one of which nothing was learnt."""
    asked = [source for source in sources if source.name != DefaultNumber.name]
    if any(source.state is not SourceState.NOT_APPLICABLE for source in asked):
        return tuple(sources)
    why = "and no other source of conflicts answers either"
    return tuple(
        replace(source, state=SourceState.NOT_CHECKED, why=f"{source.why}, {why}") if source in asked else source
        for source in sources
    )


def _digits(text: str) -> str:
    return _NO_DIGITS.sub("", text)
