"""A ledger that somebody changed behind our back: clumsily, or with every hash made to fit again."""

import sqlite3
from contextlib import closing
from pathlib import Path

from decom.ledger.records import Entry, Kind
from decom.ledger.schema import FILE, START, link


def tamper(home: Path, statement: str, *values: object, chained_anew: bool = False) -> None:
    """Change the ledger; `chained_anew`: and make all hashes fit what it says now, as anybody can."""
    with closing(sqlite3.connect(home / FILE)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        changed = connection.execute(statement, values).rowcount
        assert changed > 0, statement
        if chained_anew:
            _chain_anew(connection)
        connection.commit()


def _chain_anew(connection: sqlite3.Connection) -> None:
    chains: dict[str, str] = {}
    query = "SELECT seq, run_id, kind, at, body, number_id, phone_number FROM entries ORDER BY seq"
    for seq, run_id, kind, *rest in connection.execute(query).fetchall():
        chains[run_id] = link(chains.get(run_id, START), run_id, Entry(Kind(kind), *rest))
        connection.execute("UPDATE entries SET chain = ? WHERE seq = ?", (chains[run_id], seq))


def copied(home: Path, to: Path) -> None:
    """A backup, as `sqlite3 ledger.sqlite3 ".backup …"` makes one at any time."""
    with closing(sqlite3.connect(home / FILE)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    to.chmod(0o600)
