"""The key and the base URL: as they were set in, as they may be used out, or BadSettings. Never shows the key."""

import ipaddress
import os
import re
import stat
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from decom.errors import BadSettings
from decom.settings.catalogue import DEFAULT_BASE_URL
from decom.settings.secret import Secret
from decom.settings.sources import Sources, first

MOST_KEY_BYTES = 4096
"""Of a key file; more is some other file."""
_SERVICE = "dialnexa.com"
_QUOTES = "\"'`‘’‚“”„«»"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}(\.[a-z0-9-]{1,63})*)?", re.ASCII)
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/v1", re.ASCII)
_PORTS = {"https": 443, "http": 80}


def key_in_force(sources: Sources, warnings: list[str]) -> Secret | None:
    """The key, or None where none is set; adds a warning where others can read its file. Raises BadSettings."""
    found = first(sources.layers, "api_key", "api_key_file")
    if found is None:
        return None
    layer, name = found
    value = layer.values[name]
    if name == "api_key_file":
        return checked_key(read_key_file(value, warnings), str(value))
    return checked_key(value, layer.place(name))


def base_url_in_force(sources: Sources) -> str:
    """The base URL. One that a file names counts only for the key of that file. Raises BadSettings.

    Otherwise a stray file in the working directory, or a job file from somewhere, could send the key elsewhere. Nor is
    it enough for a `.env` to name a key file: whoever leaves one lying about could name one that is not theirs.
    """
    found = first(sources.layers, "base_url")
    if found is None:
        return DEFAULT_BASE_URL
    layer, name = found
    place = layer.place(name)
    url = checked_base_url(layer.values[name], place)
    key = first(sources.layers, "api_key", "api_key_file")
    if url == DEFAULT_BASE_URL or layer.file is None or key is None:
        return url
    same_file = key[0] is layer and (layer.kind != ".env" or key[1] == "api_key")
    if not same_file:
        raise BadSettings(
            f"the base URL {url} is set here, but the key comes from {key[0].place(key[1])}",
            where=place,
            remedy=f"If the key is really meant for it: --base-url {url}  (or DIALNEXA_BASE_URL).",
        )
    return url


def checked_key(text: str, where: str) -> Secret:
    """The key. Raises BadSettings where it cannot be one; what is wrong is said, the key is not shown."""
    wrong = _wrong_with_key(text)
    if wrong is not None:
        raise BadSettings(
            f"the API key {wrong}", where=where, remedy="Copy the key again, exactly as it was issued: key_id:secret"
        )
    return Secret(text)


def _wrong_with_key(text: str) -> str | None:
    if text.strip() == "":
        return "is empty"
    if "\n" in text or "\r" in text:
        return "contains a line break"
    if text[:7].lower() == "bearer ":
        return 'begins with "Bearer ": the key is only what follows it'
    if text != text.strip() or " " in text or "\t" in text:
        return "contains whitespace"
    if any(quote in text for quote in _QUOTES):
        return "contains a quotation mark"
    if not text.isascii() or not text.isprintable():
        return "contains a character that is not valid in a key (not ASCII, or invisible)"
    if ":" not in text:
        return "has no colon: a key is key_id:secret"
    if text.startswith(":") or text.endswith(":"):
        return "is empty on one side of its colon: a key is key_id:secret"
    return None


def read_key_file(path: Path, warnings: list[str]) -> str:
    """What a key file holds, without the one line break at its end. Links are followed: mounted secrets are links.

    Raises BadSettings where it is missing, no file, or too large; adds a warning where others may read it.
    """
    remedy = "Name a file that holds only the key, with DIALNEXA_API_KEY_FILE."
    try:
        # Without O_NONBLOCK a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise BadSettings("the key file is not a regular file", where=str(path), remedy=remedy)
            content = stream.read(MOST_KEY_BYTES + 1)
    except OSError as error:
        raise BadSettings(f"the key file cannot be read: {error.strerror}", where=str(path), remedy=remedy) from error
    if len(content) > MOST_KEY_BYTES:
        raise BadSettings("the key file is too large to hold a key", where=str(path), remedy=remedy)
    if facts.st_mode & 0o077:
        warnings.append(f"other users of this machine can read the key file {path}. Type: chmod 600 '{path}'")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise BadSettings("the key file contains bytes that no key has", where=str(path), remedy=remedy) from None
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
            remedy=f"For example: {DEFAULT_BASE_URL}. http:// is allowed only for this machine (127.0.0.1, localhost).",
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _wrong_with_url(text: str) -> tuple[str, SplitResult | None]:
    """What is wrong, and None; or nothing, and the URL's parts."""
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return "contains a character that is not valid in a base URL", None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is not a valid URL, or its port is not valid", None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS:
        return "does not begin with https://", None
    if "@" in parts.netloc:
        return "contains a user name: the key belongs in DIALNEXA_API_KEY, not in the URL", None
    if "?" in text or "#" in text:
        return "contains ? or #", None
    if port == 0 or not (_HOST.fullmatch(host) or _is_address(host)):
        return "has no valid host", None
    if _SERVICE in host and host != _SERVICE and not host.endswith(f".{_SERVICE}"):
        return f"only looks like {_SERVICE}: the key would go to {host}", None
    if parts.scheme == "http" and not _is_loopback(host):
        return "would send the key in the clear: use https://", None
    if _PATH.fullmatch(parts.path.rstrip("/")) is None:
        return "does not end in /v1", None
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
