"""One mistake must not hide in both the client and its look-alikes: they know nothing of it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "decom" / "sandbox").glob("*.py"))
TESTS_OWN = sorted((ROOT / "tests" / "service").glob("[!_]*.py"))
SIMULATED = [ROOT / "tests" / "simulation" / f"{name}.py" for name in ("answers", "faults", "voice", "accounts")]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_sandbox_imports_nothing_of_the_client_and_no_test(path):
    ours = [name for name in imported(path) if name.split(".")[0] in ("decom", "tests")]
    assert [name for name in ours if not name.startswith("decom.sandbox.")] == []
    assert "importlib" not in set(imported(path))


@pytest.mark.parametrize("path", [*TESTS_OWN, *SIMULATED], ids=lambda path: path.name)
def test_the_tests_services_import_nothing_of_the_client_either(path):
    ours = [name for name in imported(path) if name.split(".")[0] == "decom"]
    assert [name for name in ours if not name.startswith("decom.sandbox.")] == []
