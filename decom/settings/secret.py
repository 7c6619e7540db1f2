"""A secret text in, something that never shows it out; and what takes secrets out of what others say.

Imports nothing of ours.
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
"""Cannot stand in an ID, a number or a path: what was masked can be shown, and used for nothing."""
SHORTEST_SECRET = 6
"""Characters; a shorter one would be found in every other word."""
_SHORTEST_CODED = 8
"""Characters of a base64 form, which is tried at three places and cut at both ends."""
_ESCAPE = re.compile(rb"\\(?:u00([2-7][0-9A-Fa-f])|.)", re.DOTALL)


class Secret:
    """A text that is masked wherever it is shown; only `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for the one place that needs it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "***"


class Masker:
    """Masks secrets, and the half behind the colon of each, in any case and in every form in which they are echoed:
    as they are, as JSON, HTML or a URL writes them, in hex, and in base64, also as a part of a longer text."""

    __slots__ = ("_forms", "_pattern")

    def __init__(self, secrets: Iterable[Secret]) -> None:
        texts = {half for secret in secrets for half in (secret.reveal(), secret.reveal().partition(":")[2])}
        forms = {form.lower() for text in texts if len(text) >= SHORTEST_SECRET for form in _forms_of(text)}
        self._forms = sorted(forms, key=len, reverse=True)
        """Lower case, the longest first: a half must not be masked in the middle of the whole."""
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms)), re.IGNORECASE)

    def __repr__(self) -> str:
        return "Masker(***)"

    def masked(self, text: str) -> str:
        """The text without the secrets; the very same one where it holds none."""
        data = text.encode("utf-8", "surrogatepass")
        without = self.masked_bytes(data)
        return text if without is data else without.decode("utf-8", "surrogatepass")

    def masked_bytes(self, data: bytes) -> bytes:
        """The same for bytes of UTF-8; the very same ones where they hold none."""
        found = data
        if b"\\" in data:
            # JSON may write any letter as \u00…, and a slash in two ways; in one way they mean the same.
            plain = _ESCAPE.sub(_as_usual, data)
            found = self._pattern.sub(MASK.encode(), plain) if self._in(plain) else data
        return self._pattern.sub(MASK.encode(), found) if self._in(found) else found

    def _in(self, data: bytes) -> bool:
        lower = data.lower()  # a search for each form is many times faster than one pattern for all
        return any(form in lower for form in self._forms)


def _as_usual(escape: "re.Match[bytes]") -> bytes:
    """An escape as JSON would usually write what it means."""
    if escape[1] is not None:
        return json.dumps(chr(int(escape[1], 16)))[1:-1].encode()
    return b"/" if escape[0] == b"\\/" else escape[0]


def _forms_of(text: str) -> Iterable[bytes]:
    data = text.encode()
    as_json = json.dumps(text)[1:-1]
    yield from (data, as_json.encode(), html.escape(text).encode())
    yield from (quote(text, safe=safe).encode() for safe in ("", "/", "/:", "!'()*"))
    yield data.hex().encode()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + data)
        # What depends on the text around it is cut off: at the beginning, and with the padding at the end.
        spared = (0, 3, 2)[(before + len(data)) % 3]
        coded = coded[(0, 2, 3)[before] : len(coded) - spared]
        if len(coded) >= _SHORTEST_CODED:
            yield from (coded, coded.translate(bytes.maketrans(b"+/", b"-_")))
