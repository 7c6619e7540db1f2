"""One night again: `python -m tests.simulation SEED`. In: a seed. Out: what was sent, said and broken."""

import sys
import tempfile
from pathlib import Path

from tests.simulation.night import Night, live
from tests.simulation.scenario import scenario


def main() -> int:
    """Replay a seed; 1 where a promise is broken."""
    with tempfile.TemporaryDirectory() as folder:
        night = live(scenario(int(sys.argv[1])), Path(folder))
        print("\n".join(_told(night)))
    return 0 if len(night.broken) == 0 else 1


def _told(night: Night) -> list[str]:
    starts = {part.first: part for part in reversed(night.parts)}
    lines = []
    for request in night.service.log:
        if request.seq in starts:
            lines.append(f"--- {starts[request.seq].command}")
        ended = "never" if request.ended is None else f"{request.ended:9.3f}"
        fault = f"  [{request.fault}]" if request.fault is not None else ""
        sent = f"{request.seq:4} {request.arrived:9.3f} … {ended:>9} {request.method:6} {request.target}"
        lines.append(f"{sent} → {request.status}{fault}")
    lines += [
        f"removed {each.number_id} at {each.at:.3f} by {each.by or 'somebody else'}"
        for each in night.service.world.removals
    ]
    lines += [f"changed {each.number_id} at {each.at:.3f}: {each.kind}" for each in night.service.world.changes]
    for word, end in night.ends:
        how = "killed" if end.killed else f"exit {end.exit_code}"
        lines.append(f"{word}: {how}{'' if end.struck is None else f', struck by {end.struck}'} {end.trouble or ''}")
    if night.case is not None:
        lines += [
            f"row {row.row} {row.number_id} {row.outcome} {row.evidence}: {row.reason}" for row in night.case.rows
        ]
    return lines + [f"BROKEN {broken}" for broken in night.broken] + [f"{len(night.broken)} promises broken"]


if __name__ == "__main__":
    sys.exit(main())
