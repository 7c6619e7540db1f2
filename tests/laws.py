"""The two laws of exit codes, asked of every command that a test runs. In: how it ended, and the sandbox that saw it.

2 and 5 mean that the server saw no DELETE of this command; 0 means that it looked back and found all as reported.
"""

import json
from pathlib import Path

from tests.service.server import Sandbox

UNTOUCHED = (2, 5)
RELEASING = ("release", "run", "resume")


def two_laws(word: str, code: int, server: Sandbox, since: int, output: Path) -> None:
    """Assert both; `since` is how many requests the server had seen before."""
    seen = server.log[since:]
    deletes = [record for record in seen if record.method == "DELETE"]
    if code in UNTOUCHED:
        assert deletes == [], f"{word} ended with {code}, and the server saw {len(deletes)} DELETEs"
    if code != 0 or word not in RELEASING or len(deletes) == 0:
        return
    looks = [record for record in seen if record.method == "GET" and record.seq > deletes[-1].seq]
    assert len(looks) > 0, f"{word} ended with 0, and did not look back"
    audits = sorted(output.glob("*/audit.json"), key=lambda path: path.stat().st_mtime_ns)
    if len(audits) == 0:
        return
    removed = {record.number_id for record in server.log if record.applied}
    for row in json.loads(audits[-1].read_text())["rows"]:
        there = row["number_id"] in server.world.numbers
        name = f"{row['number_id']} is called {row['outcome']}"
        if row["outcome"] == "released":
            assert not there, f"{name}, and is there"
            assert row["number_id"] in removed, f"{name}, and no request removed it"
        if row["outcome"] == "missing":
            assert not there, f"{name}, and is there"
        if row["outcome"] == "protected":
            assert there, f"{name}, and is gone"
