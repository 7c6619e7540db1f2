"""What is refused (429) for itself and not for the rate. In: answers, each with its subject. Out: whether it is alone.

A number may be locked at the service and be answered 429 for ever. That is told from the rate by the others: since
its last refusal left, nearly all of them were let through. Where no other number is left, a request of another sort
that is let through tells the same, where nearly all numbers were let through before, or this one alone is refused.
"""

from dataclasses import dataclass, replace

MOST_ALONE = 5
"""Refusals in a row of one subject that is alone in it; then waiting is no use."""

OTHERS = 2
"""More than so many others must have been let through for each that was refused."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many there were by some instant."""

    passed: int = 0
    """Subjects let through."""
    refused: int = 0
    """Refusals of subjects that were not alone in it."""
    without: int = 0
    """Requests without a subject let through."""


NOBODY = Standing()
"""At the beginning."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """One subject's refusals in a row."""

    left_at: Standing
    """When the last refused request left, its own refusal included."""
    alone: int = 0
    """In how many of the last refusals it was alone."""


class Alone:
    """Who was refused, and what became of the others meanwhile."""

    def __init__(self) -> None:
        self.standing = NOBODY
        """As of now."""
        self._refused: dict[str, _Refused] = {}

    def passed(self, subject: str | None) -> None:
        """A request was answered, and not with 429."""
        now = self.standing
        if subject is None:
            self.standing = replace(now, without=now.without + 1)
        else:
            self.standing = replace(now, passed=now.passed + 1)
            self._refused.pop(subject, None)

    def refused(self, subject: str, left_at: Standing) -> bool:
        """It was refused; whether it is alone in that, as far as can be told by now."""
        now, before = self.standing, self._refused.get(subject)
        if before is not None and self._is_alone(subject, before.left_at):
            self._refused[subject] = _Refused(left_at, before.alone + 1)
            return True
        self.standing = replace(now, refused=now.refused + 1)
        self._refused[subject] = _Refused(replace(left_at, refused=left_at.refused + 1))
        return False

    def _is_alone(self, subject: str, then: Standing) -> bool:
        passed, refused = self.standing.passed - then.passed, self.standing.refused - then.refused
        if passed > OTHERS * refused:
            return True
        return self.standing.without > then.without and self.would_be_told_otherwise(subject)

    def is_given_up(self, subject: str) -> bool:
        """Whether it was refused so often, and nobody else, that waiting is no use."""
        refused = self._refused.get(subject)
        return refused is not None and refused.alone >= MOST_ALONE

    def would_be_told_otherwise(self, subject: str) -> bool:
        """Whether a request of another sort, if it is let through, tells that this refused subject is alone."""
        others = (refused for other, refused in self._refused.items() if other != subject)
        is_only = all(refused.alone > 0 for refused in others)
        return subject in self._refused and (is_only or self.standing.passed > OTHERS * self.standing.refused)
