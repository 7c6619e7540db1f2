"""A plan in, `plan.json` out; and back, only if not a byte was changed.

`plan.json` holds one row a line, so that a million rows can be written and read without holding them twice. The
same lines go into the ledger, with the file's SHA-256: what is carried out is what was shown.
"""

import hashlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from itertools import chain, islice, takewhile, zip_longest
from pathlib import Path
from typing import Any, BinaryIO

from decom.errors import LedgerTrouble, Refused
from decom.files import atomic_write
from decom.pieces import Form, in_pieces
from decom.planning.plan import Billing, Conflict, Plan, PlanHead, PlannedRow, ReportOptions, Source
from decom.vocabulary import Decision, SourceState

JSON_FILE = "plan.json"
CSV_FILE = "plan.csv"

_LINES_BEFORE_ROWS = 2
"""Of `plan.json`: the head, and the name of the rows."""
_LINE_AFTER_ROWS = "]}"

_NOT_OURS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading JSON that we did not write can raise."""

_WORDS = ("reason", "evidence", "country_code", "type", "monthly_cost_usd", "cost_from")
"""Fields whose texts many rows share; a million rows hold them once."""

_AT_ONCE = 1_000
"""Lines that are written, or made a digest of, together."""

_DEFAULTS = {field.name: field.default for field in fields(PlannedRow) if field.name != "others"}
"""The members of a row as JSON, in their order; the input's own columns come after them."""


def rows_as_json(plan: Plan) -> Iterator[str]:
    """The plan's rows, each as JSON in ASCII without what is left at its default."""
    ours = [(plan.rows[name], _member(name, default)) for name, default in _DEFAULTS.items()]
    others = [(plan.others[at], _encode) for at in plan.others]
    for cells in in_pieces([*ours, *others], range(len(plan.rows))):
        members = map("".join, zip(*cells[: len(ours)], strict=True))
        if len(others) == 0:
            yield from (f"{{{row}}}" for row in members)
        else:
            beside = map(",".join, zip(*cells[len(ours) :], strict=True))
            yield from (f'{{{row},"others":[{more}]}}' for row, more in zip(members, beside, strict=True))


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _member(name: str, default: object) -> Form:
    """A cell with its name before it, as it stands in an object; empty where it is at its default."""
    key = f'"{name}":' if name == "row" else f',"{name}":'
    if name == "conflicts":  # in JSON already
        return lambda cell: "" if cell == "" else key + cell
    return lambda cell: "" if cell == default else key + _encode(cell)


def row_from_json(line: str) -> PlannedRow:
    """The row that `rows_as_json` wrote. Raises LedgerTrouble where somebody has made something else of it."""
    try:
        found = json.loads(line)
        decision = found.get("decision")
        found["decision"] = None if decision is None else Decision(decision)
        found["conflicts"] = tuple(Conflict(*each) for each in found.get("conflicts", ()))
        found["others"] = tuple(found.get("others", ()))
        found |= {name: sys.intern(found[name]) for name in _WORDS if found.get(name) is not None}
        return PlannedRow(**found)
    except _NOT_OURS as error:
        raise _not_understood(error) from error


def names_in_row(line: str) -> tuple[str | None, str | None, str]:
    """The ID and the E.164 number that a row of `rows_as_json` names, and the cell by which its owner named them.

    For a million rows of which nothing else is wanted. Raises as `row_from_json`.
    """
    try:
        found = json.loads(line)
        return found.get("number_id"), found.get("phone_number"), found["input_value"]
    except _NOT_OURS as error:
        raise _not_understood(error) from error


def head_as_json(head: PlanHead) -> str:
    """The head as JSON in ASCII."""
    facts = {**asdict(head), "sources": [source.facts() for source in head.sources]}
    return json.dumps(facts, separators=(",", ":"))


def _head(found: dict[str, Any]) -> PlanHead:
    report = found["report"]
    billing = Billing(**report["billing"])
    found["report"] = ReportOptions(tuple(report["formats"]), report["group_by"], billing)
    found["sources"] = tuple(map(_source, found["sources"]))
    found["accept_unchecked"] = tuple(found.get("accept_unchecked", ()))
    found["other_columns"] = tuple(found["other_columns"])
    found["notes"] = tuple(found["notes"])
    return PlanHead(**found)


def _source(found: dict[str, Any]) -> Source:
    """A source; one that was saved before there were states says only whether it was checked, and why not."""
    name, why = found["name"], found["why"]
    if "state" in found:
        return Source(name, SourceState(found["state"]), why)
    if found["checked"]:
        return Source(name, SourceState.CHECKED, why)
    if name == "default-number" or (name == "workflows" and why.startswith("active: ")):
        return Source(name, SourceState.REFUSED_BY_SERVICE, why)
    has_none = why in ("this account has none (404)", "this account has none (405)")
    return Source(name, SourceState.NOT_APPLICABLE if has_none else SourceState.NOT_CHECKED, why)


@dataclass(frozen=True, slots=True)
class SavedHead:
    """What the ledger keeps of a plan beside its rows."""

    head: PlanHead
    folder: Path
    """The run's folder."""
    digest: str
    """The SHA-256 of `plan.json`, in hex; empty where no plan could be made."""


def saved_head_as_json(saved: SavedHead) -> str:
    """The body of the ledger's `planned` entry."""
    head = json.loads(head_as_json(saved.head))
    return json.dumps({"head": head, "folder": str(saved.folder), "digest": saved.digest}, separators=(",", ":"))


def saved_head(body: str) -> SavedHead:
    """What `saved_head_as_json` wrote. Raises LedgerTrouble where somebody has made something else of it."""
    try:
        found = json.loads(body)
        return SavedHead(_head(found["head"]), Path(found["folder"]), found["digest"])
    except _NOT_OURS as error:
        raise _not_understood(error) from error


def _not_understood(error: Exception) -> LedgerTrouble:
    return LedgerTrouble(
        f"a part of the plan on record cannot be understood: {str(error)[:200]}",
        remedy="It was changed, or something else wrote it. Put back a good copy of the ledger, or plan again.",
    )


def write_plan(plan: Plan, path: Path) -> str:
    """Write the `plan.json` at `path` and return its SHA-256, in hex."""
    digest = hashlib.sha256()
    with atomic_write(path) as stream:
        for data in _json_pieces(head_as_json(plan.head), rows_as_json(plan)):
            digest.update(data)
            stream.write(data)
    return digest.hexdigest()


def written_rows(path: Path) -> Iterator[str]:
    """The rows of the `plan.json` at `path`, each as it stands there. Raises OSError, ValueError."""
    return takewhile(lambda line: line != _LINE_AFTER_ROWS, _lines_after_head(path))


def _lines_after_head(path: Path) -> Iterator[str]:
    with io.TextIOWrapper(_opened(path), encoding="ascii") as lines:
        for line in islice(lines, _LINES_BEFORE_ROWS, None):
            yield line.rstrip("\n").removesuffix(",")


def digest_of(body: str, rows: Iterable[str]) -> str:
    """The SHA-256, in hex, of the `plan.json` whose head and rows the ledger has, each as it was entered."""
    # Not by way of PlanHead, which may have got more fields since.
    head = json.dumps(json.loads(body)["head"], separators=(",", ":"))
    digest = hashlib.sha256()
    for data in _json_pieces(head, rows):
        digest.update(data)
    return digest.hexdigest()


def _json_pieces(head: str, rows: Iterable[str]) -> Iterator[bytes]:
    yield b'{"plan":' + head.encode("ascii") + b',\n"rows":['
    rows, separator = iter(rows), "\n"
    while len(some := list(islice(rows, _AT_ONCE))) > 0:
        yield (separator + ",\n".join(some)).encode("utf-8", "backslashreplace")
        separator = ",\n"
    yield f"\n{_LINE_AFTER_ROWS}\n".encode("ascii")


def first_difference(path: Path, rows: Iterable[str]) -> int | None:
    """The number of the first row that is not as the `plan.json` at `path` has it; None where that cannot be told."""
    try:
        for one, other in zip_longest(_lines_after_head(path), chain(rows, [_LINE_AFTER_ROWS]), fillvalue=""):
            if one != other:
                return row_number(one) or row_number(other)
    except (OSError, ValueError):
        return None
    return None


def row_number(line: str) -> int | None:
    """The input's row that a planned row is about; None where that cannot be told."""
    try:
        return int(json.loads(line)["row"])
    except _NOT_OURS:
        return None


def check_untouched(path: Path, digest: str) -> None:
    """Refuse a `plan.json` that is not, byte for byte, the one that was shown."""
    found = hashlib.sha256()
    try:
        with _opened(path) as stream:
            while len(piece := stream.read(1 << 20)) > 0:
                found.update(piece)
    except OSError as error:
        raise Refused(
            f"the approved plan cannot be read: {error.strerror}", where=str(path), remedy="Plan again."
        ) from error
    if found.hexdigest() != digest:
        raise Refused(
            "this plan was changed after it was made",
            where=str(path),
            remedy="Plan again: what is applied must be what was shown.",
        )


def run_id_of(path: Path) -> str:
    """The run ID that a `plan.json` names, found in its first line. Raises Refused where that is no plan."""
    try:
        with _opened(path) as stream:
            first = stream.readline(1 << 20).decode("ascii")
        return str(json.loads(first.rstrip().removesuffix(",") + "}")["plan"]["run_id"])
    except (OSError, *_NOT_OURS) as error:
        why = str(error)[:200]
        raise Refused(f"not a valid decom plan: {why}", where=str(path), remedy="Plan again.") from error


def _opened(path: Path) -> BinaryIO:
    """The file itself, never what a link in its place points to."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
