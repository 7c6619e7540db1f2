"""Which workspace a command works on, and what this home knows of it. In: settings, a ledger. Out: names, run IDs.

A workspace is known by a name made of the base URL and the public half of its key, or of what the `workspace` setting
calls it. A key that was replaced gives another name: where a new key has proved that it is of the same workspace, the
part that it carried out is on record under its name, and from then on both names are one.
"""

import hashlib
import re
from dataclasses import dataclass

from decom.errors import BadSettings
from decom.ledger.reader import Reader
from decom.planning.saved import saved_head
from decom.secret import Secret
from decom.settings import Settings

_NAME = re.compile(r"ws-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a home knows of one workspace."""

    names: frozenset[str]
    """All names of the workspace, the one that was asked for included."""
    run_ids: frozenset[str]
    """Its runs; those of every other workspace, and of every other base URL, are not among them."""


def workspace_of(settings: Settings) -> str:
    """A name for the workspace that gives neither base URL nor key away. Raises BadSettings without a key.

    A `workspace` setting that is such a name already, as `decom show` prints it, is taken as it is.
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
            "there is no API key",
            where="DIALNEXA_API_KEY",
            remedy="Type: export DIALNEXA_API_KEY=key_id:secret  (or name a file with DIALNEXA_API_KEY_FILE).",
        )
    return settings.api_key


def _name(base_url: str, whose: str) -> str:
    facts = f"{base_url}\n{whose}"
    return f"ws-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"


def memory_of(ledger: Reader, workspace: str, base_url: str) -> Memory:
    """All that the home knows of a workspace, under whichever of its names it was recorded."""
    of_runs: dict[str, set[str]] = {}
    for run_id, body in ledger.plans():
        head = saved_head(body).head
        if head.base_url == base_url:
            of_runs[run_id] = {head.workspace}
    for run_id, started in ledger.starts():
        if run_id in of_runs and started.workspace is not None:
            of_runs[run_id].add(started.workspace)
    names = {workspace}
    while True:
        ours = {run_id for run_id, several in of_runs.items() if not names.isdisjoint(several)}
        found = names.union(*(of_runs[run_id] for run_id in ours))
        if found == names:
            return Memory(frozenset(names), frozenset(ours))
        names = found
