"""The house's own rules: who may import whom, how large a file may grow, where the wide `except` may stand."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "decom").rglob("*.py"))

BASE = {"clock", "vocabulary", "errors", "tables", "pieces", "phone_numbers"}
STAGES = {"dialnexa", "intake", "ledger", "planning", "releasing", "reporting"}
MAY_IMPORT = {
    "vocabulary": set(),
    "clock": set(),
    "errors": {"vocabulary"},
    "files": {"errors"},
    "tables": {"vocabulary", "phone_numbers"},
    "pieces": {"tables"},
    "phone_numbers": set(),
    "dialnexa": BASE | {"settings.secret"},
    "intake": BASE,
    "ledger": BASE | {"files", "dialnexa.replies"},
    "planning": BASE | {"files", "intake.interface", "intake.cells", "dialnexa"},
    "releasing": BASE | {"planning", "dialnexa", "ledger"},
    "reporting": BASE | {"files", "planning.plan", "planning.saved", "ledger"},
    "sandbox": set(),
    "settings": {"errors", "dialnexa.pacing", "intake.interface", "planning"},
    "workflow": BASE | STAGES | {"files", "settings"},
    "output": BASE | {"planning", "reporting", "releasing.events", "workflow"},
    "notifying": BASE | {"files", "settings", "reporting", "output.screen", "workflow.reports"},
    "logs": {"clock", "dialnexa", "releasing.events", "output.screen", "settings.secret"},
    "commands": BASE | STAGES | {"logs", "notifying", "output", "sandbox", "settings", "workflow"},
    "cli": {"commands", "output.streams", "vocabulary"},
}
"""The parts, each with what of ours it may import beside its own. No stage knows settings, workflow or a command."""

WIDE_EXCEPTS = {
    "decom/cli.py": 1,
    "decom/dialnexa/connection.py": 1,
    "decom/releasing/events.py": 1,
}
"""Where `except Exception` may stand, each with its reason beside it."""

MOST_LINES = 400
MOST_FUNCTION_LINES = 60


def imports_of(path: Path) -> set[str]:
    """The modules of ours that a file imports, such as `dialnexa.replies`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            found.add("(relative)")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "decom":
            module = (node.module or "").removeprefix("decom").removeprefix(".")
            names = [alias.name for alias in node.names]
            is_package = (ROOT / "decom" / module.replace(".", "/")).is_dir()
            found |= {f"{module}.{name}".lstrip(".") for name in names} if is_package else {module}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("decom.") for alias in node.names if alias.name.startswith("decom.")}
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_stage_imports_only_what_it_may(path: Path) -> None:
    part = path.relative_to(ROOT / "decom").parts[0].removesuffix(".py")
    found = imports_of(path)
    assert "(relative)" not in found
    allowed = MAY_IMPORT[part] | {part} if part not in ("__init__", "__main__") else {"cli"}
    strangers = {name for name in found if not any(name == ok or name.startswith(f"{ok}.") for ok in allowed)}
    assert strangers == set()


def test_the_top_of_the_house_can_be_read_at_a_glance() -> None:
    loose = [path.name for path in (ROOT / "decom").glob("*.py") if path.name != "__init__.py"]
    assert len(loose) <= 9, loose


def test_httpx_is_imported_by_the_speaker_of_http_alone() -> None:
    users = {name_of(path) for path in CODE if re.search(r"^\s*(import|from) httpx\b", path.read_text(), re.M)}
    assert {user.split("/")[1] for user in users} == {"dialnexa"}


def test_pandas_is_imported_where_frames_are_made_and_at_the_top_of_one_module_alone() -> None:
    users, at_the_top = set(), set()
    for path in CODE:
        tree = ast.parse(path.read_text())
        for scope in ast.walk(tree):
            for node in scope.body if hasattr(scope, "body") and isinstance(scope.body, list) else []:
                if isinstance(node, ast.Import) and {alias.name for alias in node.names} & {"pandas", "numpy"}:
                    users.add(name_of(path).split("/")[1].removesuffix(".py"))
                    at_the_top |= {name_of(path)} if scope is tree else set()
    assert users <= {"tables", "pieces", "ledger", "planning", "intake", "reporting"}
    assert at_the_top == {"decom/ledger/frames.py"}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_files_and_functions_stay_small_enough_to_read(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            assert node.end_lineno - node.lineno < MOST_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_every_module_says_what_it_is_and_no_package_re_exports(path: Path) -> None:
    if path.name == "__init__.py":
        assert path.read_text() == ""
    else:
        assert (ast.get_docstring(ast.parse(path.read_text())) or "") != ""


def test_a_wide_except_stands_only_at_the_three_borders() -> None:
    found = {}
    for path in CODE:
        wide = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
        ]
        if len(wide) > 0:
            found[name_of(path)] = len(wide)
    assert found == WIDE_EXCEPTS


def test_no_class_name_has_two_meanings() -> None:
    declared = defaultdict(list)
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                declared[node.name].append(f"{name_of(path)}:{node.lineno}")
    assert {name: places for name, places in declared.items() if len(places) > 1} == {}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_every_exception_to_a_rule_says_why(path: Path) -> None:
    with tokenize.open(path) as stream:
        text = stream.read()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and ("noqa" in token.string or "type: ignore" in token.string):
            assert re.search(r"(noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])\s+[-#] ?\S+ \S+", token.string), token
