"""How runs are named. In: a clock, or what a person types. Out: a run ID, and the plan's file where that was named.

Light: `decom show` asks here, and loads neither pandas nor httpx.
"""

import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from decom.clock import Clock
from decom.errors import BadInput
from decom.planning.saved import JSON_FILE, run_id_of

RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}", re.ASCII)

LATEST = "latest"
"""What people type for the latest run of the home, whatever became of it."""
SHORTEST_PART = 4
"""Characters of a run ID that name a run; fewer are a slip of the fingers."""
MOST_NAMED = 5
"""Runs that are named where a part of an ID fits several: the latest."""


def new_run_id(clock: Clock) -> str:
    """`YYYYMMDDTHHMMSSZ-` and six hex digits: it sorts by time."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def find_run(target: str, run_ids: Sequence[str] = ()) -> tuple[str, Path | None]:
    """The run ID that a person means by a run ID, `latest`, a run's folder, its `plan.json`, or four or more characters
    of the ID of one run; and the plan file, if that was named.

    `run_ids` are the runs of the home, oldest first. What exists as a file or folder is that, not part of an ID. Raises
    BadInput where it is none of them, or part of several IDs; Refused where the file is no plan.
    """
    if RUN_ID.fullmatch(target) is not None:
        return target, None
    if target == LATEST:
        if len(run_ids) == 0:
            raise BadInput("this home has no run yet", where=target, remedy="Name another home with --home, or plan.")
        return run_ids[-1], None
    path = Path(target)
    try:
        path = path / JSON_FILE if path.is_dir() else path
        if Path(target).is_symlink() or path.is_symlink():
            raise BadInput(
                "this is a symbolic link, and links are not followed", where=target, remedy="Name the plan itself."
            )
        found = path.is_file()
    except OSError as error:
        raise BadInput(
            f"this cannot be looked at: {error.strerror}",
            where=target[:200],
            remedy="Name a run, its folder or its plan.",
        ) from error
    return (run_id_of(path), path) if found else (_by_part(target, run_ids), None)


def names_a_run(target: str, run_ids: Sequence[str]) -> bool:
    """Whether this is a file or folder, or part of the ID of a run, so that `find_run` finds it or says why not."""
    is_part = len(target) >= SHORTEST_PART and any(target in run_id for run_id in run_ids)
    try:
        return is_part or Path(target).exists()
    except (OSError, ValueError):
        return False


def _by_part(part: str, run_ids: Sequence[str]) -> str:
    """The one run whose ID has this part. Raises BadInput where it is too short, or there is none or several."""
    fitting = [run_id for run_id in run_ids if part in run_id] if len(part) >= SHORTEST_PART else []
    if len(fitting) == 0:
        raise BadInput("no such run or plan", where=part, remedy="`decom runs` lists the runs of this home.")
    if len(fitting) > 1:
        several = ", ".join(fitting[-MOST_NAMED:])
        more = f", and {len(fitting) - MOST_NAMED:,} more" if len(fitting) > MOST_NAMED else ""
        raise BadInput(
            f"this is part of {len(fitting):,} run IDs: {several}{more}", where=part, remedy="Type more of the ID."
        )
    return fitting[0]
