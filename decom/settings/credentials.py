"""The key and the base URL: as somebody set them in, as they may be used out, or BadSettings. Never shows the key."""

import ipaddress
import os
import re
import stat
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from decom.errors import BadSettings
from decom.settings.secret import Secret

DEFAULT_BASE_URL = "https://api.dialnexa.com/v1"
MOST_KEY_BYTES = 4096
"""Of a key file; more is some other file."""
_SERVICE = "dialnexa.com"
_QUOTES = "\"'`‘’‚“”„«»"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}(\.[a-z0-9-]{1,63})*)?", re.ASCII)
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/v1", re.ASCII)
_PORTS = {"https": 443, "http": 80}


def checked_key(text: str, where: str) -> Secret:
    """The key. Raises BadSettings where it cannot be one; what is wrong is said, the key is not shown."""
    wrong = _wrong_with_key(text)
    if wrong is not None:
        raise BadSettings(
            f"the API key {wrong}", where=where, remedy="Copy the key again, exactly as it was given: key_id:secret"
        )
    return Secret(text)


def _wrong_with_key(text: str) -> str | None:
    if text.strip() == "":
        return "is empty"
    if "\n" in text or "\r" in text:
        return "has a line break in it"
    if text[:7].lower() == "bearer ":
        return 'begins with "Bearer ": only what comes after it is the key'
    if text != text.strip() or " " in text or "\t" in text:
        return "has a blank in it, or before or after it"
    if any(quote in text for quote in _QUOTES):
        return "has a quotation mark in it"
    if not text.isascii() or not text.isprintable():
        return "has a character in it that no key has (not ASCII, or invisible)"
    if ":" not in text:
        return "has no colon: a key is key_id:secret"
    if text.startswith(":") or text.endswith(":"):
        return "has nothing on one side of its colon: a key is key_id:secret"
    return None


def read_key_file(path: Path, warnings: list[str]) -> str:
    """What a key file holds, without the one line break at its end. Links are followed: mounted secrets are links.

    Raises BadSettings where it is missing, no file, or too large; adds a warning where others may read it.
    """
    remedy = "Name a file that holds nothing but the key, with DIALNEXA_API_KEY_FILE."
    try:
        # Without O_NONBLOCK a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise BadSettings("the key file is not a file", where=str(path), remedy=remedy)
            content = stream.read(MOST_KEY_BYTES + 1)
    except OSError as error:
        raise BadSettings(f"the key file cannot be read: {error.strerror}", where=str(path), remedy=remedy) from error
    if len(content) > MOST_KEY_BYTES:
        raise BadSettings("the key file is too large to hold a key", where=str(path), remedy=remedy)
    if facts.st_mode & 0o077:
        warnings.append(f"other users of this machine may read the key file {path}. Type: chmod 600 '{path}'")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise BadSettings("the key file holds something that no key has", where=str(path), remedy=remedy) from None
    return text.removesuffix("\n").removesuffix("\r")


def checked_base_url(text: str, where: str) -> str:
    """The base URL without a slash at its end, host in small letters, usual port left out.

    Raises BadSettings for anything that could send the key elsewhere, in the clear, or along with something else.
    """
    wrong, parts = _wrong_with_url(text)
    if parts is None:
        raise BadSettings(
            f"{_for_message(text)} {wrong}",
            where=where,
            remedy=f"Such as {DEFAULT_BASE_URL}; http:// is for this machine alone (127.0.0.1, localhost).",
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _wrong_with_url(text: str) -> tuple[str, SplitResult | None]:
    """What is wrong, and None; or nothing, and the URL's parts."""
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return "has a character in it that no base URL has", None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is no URL, or its port is none", None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS:
        return "does not begin with https://", None
    if "@" in parts.netloc:
        return "holds a user name: the key goes into DIALNEXA_API_KEY, and nothing else into the URL", None
    if "?" in text or "#" in text:
        return "has a ? or # in it", None
    if port == 0 or not (_HOST.fullmatch(host) or _is_address(host)):
        return "has no host, or one that cannot be", None
    if _SERVICE in host and host != _SERVICE and not host.endswith(f".{_SERVICE}"):
        return f"only looks like {_SERVICE}: the key would go to {host}", None
    if parts.scheme == "http" and not _is_loopback(host):
        return "would send the key in the clear: use https://", None
    if _PATH.fullmatch(parts.path.rstrip("/")) is None:
        return "does not end in /v1, where the API is", None
    return "", parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _for_message(text: str) -> str:
    """The URL without what may be secret in it: a text that is no URL at all may be the key, put in the wrong place."""
    if not text.lower().startswith(("https://", "http://")):
        return "the base URL"
    scheme, _, rest = text.partition("//")
    return repr(f"{scheme}//***@{rest.rpartition('@')[2]}" if "@" in rest else text)
