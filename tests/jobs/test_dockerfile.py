"""The image, as far as a parser can tell without an engine: pinned, not root, nothing secret sent to the builder."""

import re
import tomllib

import pytest

from tests.jobs.reading import ROOT, VARIABLES, exec_form, is_sent, read_dockerfile, words_of

FILE = read_dockerfile((ROOT / "Dockerfile").read_text())
IGNORE = (ROOT / ".dockerignore").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LAST = dict(FILE)
"""The last instruction of each kind."""
IN_THE_BASE_IMAGE = {"python", "groupadd", "useradd", "install"}
"""Commands that Debian's base system and the Python image bring along."""


def given(instruction: str) -> list[str]:
    return [value for name, value in FILE if name == instruction]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for value in given("ENV") for pair in value.split())


def test_both_stages_are_the_same_small_image_with_its_patch_release() -> None:
    images = {value.removesuffix(" AS build") for value in given("FROM")}
    assert len(given("FROM")) == 2
    (image,) = images
    assert re.fullmatch(r"python:3\.(1[1-9])\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", image)


def test_it_ends_as_a_user_that_is_a_number_and_not_root() -> None:
    assert [name for name, _ in FILE].index("USER") > max(at for at, (name, _) in enumerate(FILE) if name == "RUN")
    user, group = LAST["USER"].split(":")
    assert int(user) > 999
    assert int(group) > 999


def test_signals_reach_the_command_itself() -> None:
    assert exec_form(LAST["ENTRYPOINT"]) == ["decom"]
    assert "decom" in PROJECT["project"]["scripts"]
    assert exec_form(LAST["CMD"]) == ["--help"]
    assert LAST["STOPSIGNAL"] == "SIGTERM"


def test_its_commands_are_there() -> None:
    made = {"/opt/decom/bin/pip"}
    found = {words[0] for value in given("RUN") for words in words_of(value)}
    assert found <= IN_THE_BASE_IMAGE | made


def test_the_extras_that_it_installs_exist() -> None:
    (extras,) = re.findall(r"\.\[([a-z,]+)\]", " ".join(given("RUN")))
    assert set(extras.split(",")) == {"notify", "metrics"}
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def test_home_and_output_are_on_the_volume_and_nothing_else_is_written() -> None:
    found = environment()
    assert {name for name in found if name.startswith(("DECOM_", "DIALNEXA_"))} <= VARIABLES
    assert found["DECOM_HOME"] == f"{LAST['VOLUME']}/home"
    assert found["DECOM_OUTPUT"] == f"{LAST['VOLUME']}/runs"
    assert found["PYTHONDONTWRITEBYTECODE"] == "1"
    assert found["PATH"].startswith("/opt/decom/bin:")
    assert not any("API_KEY" in name for name in found)


def sources() -> list[str]:
    """What is copied from the project, by its name there."""
    copies = [value.split() for value in given("COPY") if not value.startswith("--from")]
    return [source for *some, _ in copies for source in some]


@pytest.mark.parametrize("source", sources())
def test_what_is_copied_exists_and_is_sent_to_the_builder(source: str) -> None:
    assert (ROOT / source).exists()
    assert is_sent(f"{source}/x.py" if (ROOT / source).is_dir() else source, IGNORE)


def test_everything_that_a_build_needs_is_copied() -> None:
    assert {"pyproject.toml", PROJECT["project"]["readme"], "decom"} <= set(sources())


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "key",
        "dialnexa.key",
        ".git/config",
        ".venv/bin/python",
        "decom-runs/20261123T185757Z-1a2b3c/audit.csv",
        ".home/ledger.sqlite3",
        "numbers.csv",
        "tests/conftest.py",
        "decom/__pycache__/cli.cpython-311.pyc",
    ],
)
def test_nothing_else_is_sent_to_the_builder(path: str) -> None:
    assert not is_sent(path, IGNORE)


@pytest.mark.parametrize(
    "path",
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "decom").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ),
)
def test_every_file_beside_the_code_is_package_data(path: str) -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    assert any((ROOT / path).match(pattern) for pattern in patterns)
