"""Text that was read as Windows-1252 in, the first word out that hardly anybody writes so: then it is another encoding.

Every byte but five is a character of Windows-1252, so that any text can be read as that, and another encoding shows
only in what comes out: `MŸller` was Mac Roman, `“c’†` Japanese, `Èâàíîâ` Russian. A word too many that is asked about
costs its owner one saving as UTF-8; one too few costs a wrong name in every report.
"""

import re

_LETTER = "A-Za-zÀ-ÖØ-öø-ÿŒœ"
_SMALL = "a-zß-öø-ÿœ"
_GREAT = "A-ZÀ-ÖØ-Þ"

_UNLIKELY = (
    "\ufffd",  # one of the five bytes that are no character
    "[ŠšŽžŸ]",  # å, ö, é, û, ü of Mac Roman; where they are meant, the text is more often Windows-1250
    rf"[ƒˆ˜†‡‰•¤¦¬¯¸¼½¾¨](?=[{_LETTER}])",
    rf"(?<=[{_LETTER}])[ƒˆ˜†‡‰•¤¦¬¯¸¼½¾¨]",
    rf"(?<=[{_LETTER}])[‚„‹]",
    "[ƒˆ˜†‡](?=[^ -~\t])|(?<=[^ -~\t])[ƒˆ˜†‡]",
    "(?<=[À-ÿ])[–—](?=[À-ÿ])",
    rf"(?<![0-9])[€£¥¢±](?=[{_LETTER}])",
    rf"(?<=[{_LETTER}])[‚„“”‘‹›€™¢£¥§©±¶¹](?=[{_LETTER}])",
    rf"(?<=[{_SMALL}])[–—§](?=[{_SMALL}])",
    rf"(?<=[{_SMALL}])[§ÄÖÜÀ-ÃÅ-ÕØ-ÛÝÞ](?![{_GREAT}])",
    rf"(?<=[{_GREAT}])Œ(?=[{_SMALL}])",
    # García, unless it is an apostrophe as English or French has it.
    rf"(?<=[{_LETTER}][{_LETTER}])(?<!qu)(?<!rd)’(?!(?:[stdmn]|ll|re|ve|em)(?![{_LETTER}]))(?=[{_SMALL}])",
    "[À-ÿ]{3}",
    "[¡-ÿ]{4}",
    rf"(?<![{_LETTER}'’-])[À-ÿ]{{2}}(?![{_LETTER}'’-])",  # a word without one plain letter
)
_FOUND = re.compile("|".join(_UNLIKELY))
_AROUND = re.compile(r"[^\s,;|\t\"]*")


def unlikely_word(line: str) -> str | None:
    """The first such word of a line; None where there is none."""
    line = line.rstrip()
    found = None if line.isascii() else _FOUND.search(line)
    if found is None:
        return None
    before = re.split(r"[\s,;|\"]", line[: found.start()])[-1]
    after = _AROUND.match(line, found.start())
    return before + (after[0] if after is not None else "")
