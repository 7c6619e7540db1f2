"""Whose account a command works on. In: settings. Out: the key; a name for the workspace that gives nothing away."""

import hashlib
import re

from decom.errors import BadSettings
from decom.settings.load import Settings
from decom.settings.secret import Secret

_NAME = re.compile(r"ws-[0-9a-f]{12}", re.ASCII)


def workspace_of(settings: Settings) -> str:
    """A name made of the base URL, and of the public half of the key or of what the `workspace` setting says.

    A `workspace` setting that is such a name already, as `decom show` prints it, is taken as it is. Raises BadSettings
    without a key.
    """
    if settings.workspace is not None:
        if _NAME.fullmatch(settings.workspace) is not None:
            return settings.workspace
        return _name(settings.base_url, f"workspace {settings.workspace}")
    return _name(settings.base_url, key_of(settings).reveal().partition(":")[0])


def key_of(settings: Settings) -> Secret:
    """The API key. Raises BadSettings where none is set."""
    if settings.api_key is None:
        raise BadSettings(
            "no API key is set",
            where="DIALNEXA_API_KEY",
            remedy="Type: export DIALNEXA_API_KEY=key_id:secret  (or name a file with DIALNEXA_API_KEY_FILE).",
        )
    return settings.api_key


def _name(base_url: str, whose: str) -> str:
    facts = f"{base_url}\n{whose}"
    return f"ws-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"
