"""Errands in, each done by a process of its own within a bound; why each failed out, None where it was done.

An address holds a token: it goes through the process's standard input, so that no process list shows it, and no
word that comes back from the process can hold it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from decom.secret import Secret

LONGEST = 10.0
"""Seconds until an errand is given up, its name look-up and a dripping answer included."""
_LONGEST_WHY = 200
"""Characters."""
_NOT_HANDED_ON = ("DIALNEXA_", "DECOM_", "PYTHON")
"""How variables begin that the process does not get: the key above all."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to be asked of somebody outside."""

    kind: Literal["ping", "tell", "check"]
    """GET the address; send it a message; see whether Apprise understands it."""
    url: Secret
    message: Mapping[str, str] | None = None
    """`subject`, `body` and `tone` of what is told; None for the other kinds."""


def deliver(errands: Sequence[Errand], within: float = LONGEST) -> list[str | None]:
    """Do all errands at once, in `within` seconds; why each failed in a few words, None where it was done."""
    with ThreadPoolExecutor(max(1, len(errands))) as at_once:
        return list(at_once.map(partial(_done, within=within), errands))


def _done(errand: Errand, within: float) -> str | None:
    asked = {"kind": errand.kind, "url": errand.url.reveal(), "seconds": within, **(errand.message or {})}
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-s", "-m", "decom.notifying.errand"],
            input=json.dumps(asked).encode("ascii"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=within,
            check=False,
        )
    except OSError as error:
        return f"no process could be started for it ({error.strerror or type(error).__name__})"
    except subprocess.TimeoutExpired:
        return f"it took longer than {within:g} s"
    try:
        why = json.loads(ended.stdout)["why"]
    except (ValueError, LookupError, TypeError):
        return f"its process ended without a word (code {ended.returncode})"
    return None if why == "" else str(why)[:_LONGEST_WHY]


def _environment() -> dict[str, str]:
    """Ours, without what is ours alone; the way to a proxy or to certificates stays."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
