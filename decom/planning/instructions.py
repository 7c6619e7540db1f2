"""A column's header and values in, whether it says that some rows are not to be released out.

Lists are kept for more than one purpose: `operation` is Delete in some rows and Update in others, `release?` is yes or
blank. To release them all would be to release what nobody asked for. Whoever has such a column must be asked.
"""

import re
from collections.abc import Iterable

_DOES_RELEASE = r"(delet(e|ion)|releas(e|ing)|remov(e|al)|cancel(lation)?|terminat(e|ion)|disconnect|decommission|drop)"
_WAS_RELEASED = r"(deleted|released|removed|cancell?ed|terminated|disconnected|decommissioned|dropped)"
_HEADER = re.compile(
    r"(operations?|op|actions?|(requested|next)(action|operation)|tasks?|todo|instructions?|commands?|decision|disposition"
    rf"|(please|should|shall|to|marked?for|flag(ged)?for)?{_DOES_RELEASE}(it|now|flag)?"
    rf"|(tobe|shouldbe|shallbe){_WAS_RELEASED}|(to)?(keep|retain))(yn|yesno)?"
)
"""Headers, without anything but their letters, of a column that says what to do."""

_KEEPS = re.compile(r"(to)?(keep|retain)(yn|yesno)?")
"""Those under which a yes means that the number stays."""

_RELEASE = frozenset(
    {
        "delete", "release", "remove", "cancel", "terminate", "disconnect", "decommission", "drop", "retire", "return",
        "to delete", "to release", "to remove", "to cancel", "to be deleted", "to be released", "to be removed",
        "to be cancelled", "to be canceled", "delete it", "release it", "deletion", "removal", "cancellation", "del",
    }
)  # fmt: skip
"""What a cell says of a number that is to go."""

_KEEP = frozenset(
    {
        "keep", "retain", "hold", "stay", "stays", "leave", "skip", "do not release", "do not delete", "don't release",
        "don't delete", "no release", "not to be released", "update", "modify", "change", "create", "add", "insert",
        "to keep", "to be kept", "none", "review", "check", "pending", "tbd", "ask",
    }
)  # fmt: skip
"""What a cell says of one that is not, or not yet."""

_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "oui", "si", "sí", "ok", "\u2713", "\u2714"})
_NO = frozenset({"no", "n", "false", "0", "nein", "non"})

_SURELY_KEEP = frozenset(
    word for word in _KEEP if re.match("(to )?(be )?(keep|kept|retain|no |not |do not|don't)", word)
)
"""Of those the ones that say so without another word beside them that says the opposite."""


def compared(text: str) -> str:
    """A header or value as it is compared: without regard to case, an apostrophe before it, and blanks."""
    return " ".join(text.strip().removeprefix("'").replace("_", " ").split()).casefold()


def says_release(value: str) -> bool:
    """Whether a cell says that its row is to be released."""
    return _words(value) in _RELEASE


def tells_what_to_do(column: str, cells: Iterable[str]) -> bool:
    """Whether a column, with these cells, says that some of its rows are not to be released.

    By its header (`operation`, `delete?`), unless every cell says yes; or, whatever its header, by cells that are all
    such words and not all the same way (`status`: `to be released`, `keep`).
    """
    header = "".join(re.findall("[a-z]", compared(column).removeprefix("input.")))
    if _HEADER.fullmatch(header) is not None:
        goes = _NO if _KEEPS.fullmatch(header) is not None else _RELEASE | _YES
        words = set(map(_words, cells))
        return words != {""} and not words <= goes
    words = set()
    for cell in cells:
        word = _words(cell)
        if word not in _ANY:
            return False
        words.add(word)
    return not words.isdisjoint(_SURELY_KEEP) or (not words.isdisjoint(_RELEASE) and not words.isdisjoint(_KEEP))


_ANY = _RELEASE | _KEEP | {""}


def _words(value: str) -> str:
    return compared(value).strip(" .!?")
