"""Any text in, text out that no spreadsheet runs and no screen obeys (pure).

Two steps. `visible` turns characters that act instead of being seen into their escapes; `neutral` also puts an
apostrophe before whatever a spreadsheet would take for a formula. JSON needs neither: it holds the raw value.
The page and the workbook's page headings use `visible`, CSV and the workbook's cells use `neutral`.
"""

import re

_ACTING = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 and C1 but for tab, line feed and return: a terminal obeys them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: text that reads otherwise than it is
    "\u2028\u2029"  # line and paragraph separators: some readers split a record at them
    "\ud800-\udfff"  # lone surrogates: no UTF-8 file can hold them
    "\ufffe\uffff"  # no XML file can hold them
    "]"
)

_BLANK = (
    " \u00a0\u00ad\u034f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200d\u202f\u205f-\u2064\u206a-\u206f"
    "\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""All blanks but tab and line ends, and all characters of Unicode's category `Cf` that `visible` leaves."""

_QUOTE = "\"'`\u00ab\u00bb\u2018-\u201f"
_TRIGGER = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"

_FORMULA = re.compile(f"(?:^|(?<=[,;|\t\r\n]))([{_BLANK}{_QUOTE}]*)(?<!')(?=[{_TRIGGER}])")
"""Where a cell may begin (at the start, and after whatever another locale splits at), then what a reader may
strip, then a sign that starts a formula and has no apostrophe before it yet."""

_LEADING_CONTROL = re.compile(f"^[{_BLANK}{_QUOTE}]*(?<!')(?=[\t\r\n])")

_SPLITS = re.compile("[,;|\t\r\n]")
_PLAIN_NUMBER = re.compile(r"\+[0-9]+")


def escape_controls(text: str) -> str:
    """`text` with every control, bidi and unwritable character as its escape (`\\x1b`, `\\u202e`).

    Tab, line feed and return stay. The result is valid in UTF-8 and in XML; a text without such characters is
    returned as it is, and so is the result when it is handed in again.
    """
    if text.isascii() and text.isprintable():
        return text
    return _ACTING.sub(_escaped, text)


def escape_formulas(text: str) -> str:
    """`visible(text)` with a `'` before every character that would start a formula.

    These are `= + - @`, their full-width and small forms and the minus sign, at the start and after each `, ; |`,
    tab or line end inside, blanks, invisible characters and quotes skipped; and a tab or line end that comes
    first. E.164 numbers get their apostrophe too. A text that was made neutral stays the same when it is made
    neutral again, so a report that is read in and reported once more grows no second apostrophe.
    """
    shown = escape_controls(text)
    first = shown[:1]
    if first.isascii() and first.isalnum() and _SPLITS.search(shown) is None:
        return shown
    if _PLAIN_NUMBER.fullmatch(shown) is not None:  # the usual one, of which there may be a million
        return f"'{shown}"
    return _LEADING_CONTROL.sub(r"\g<0>'", _FORMULA.sub(r"\1'", shown))


def single_line(text: str) -> str:
    """`visible(text)` with line ends and tabs as escapes too: for places where a line break has a meaning."""
    return escape_controls(text).replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
