"""The home, and the working directory. In: what the sources say. Out: paths that can be used, or BadSettings."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from decom.errors import BadSettings
from decom.settings.sources import Sources, first, read_sources


def default_home(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/decom`, else `~/.local/state/decom`."""
    state = environ.get("XDG_STATE_HOME", "")
    if Path(state).is_absolute():  # a relative one is void, by the XDG rules
        return Path(state) / "decom"
    try:
        user = Path(environ.get("HOME") or Path.home())
    except RuntimeError:  # a container may run as a user that its machine has never heard of
        raise BadSettings(
            "HOME is not set, and this user has no entry in /etc/passwd: there is no default directory for the ledger",
            where="the home",
            remedy="Name a directory that is kept: --home DIR  (or DECOM_HOME).",
        ) from None
    return user / ".local" / "state" / "decom"


def home_in_force(flags: Mapping[str, object], environ: Mapping[str, str]) -> Path:
    """The home by the same rule as `load`, for commands that need nothing else. Raises BadSettings."""
    return home_of(read_sources(flags, None, environ, working_folder()), environ)


def home_of(sources: Sources, environ: Mapping[str, str]) -> Path:
    """The home that is in force. Raises BadSettings where it cannot be looked into: is a ledger there or not?"""
    said = first(sources.layers, "home")
    home = default_home(environ) if said is None else Path(said[0].values["home"])
    try:
        if stat.S_ISDIR(home.stat().st_mode):
            with os.scandir(home):
                pass
    except (FileNotFoundError, NotADirectoryError):
        pass  # it is made, or refused, by whoever writes into it
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadSettings(
            f"the home directory cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(home),
            remedy="Name another directory with --home DIR (or DECOM_HOME), or fix its permissions.",
        ) from error
    return home


def working_folder() -> Path:
    """The working directory. Raises BadSettings where it was removed, or may not be looked at."""
    try:
        return Path.cwd()
    except OSError as error:
        raise BadSettings(
            f"the working directory cannot be used: {error.strerror}",
            where="the working directory",
            remedy="Change to a directory that exists, and run the same command again.",
        ) from error
