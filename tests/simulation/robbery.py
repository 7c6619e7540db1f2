"""What clean-up jobs, people and other programs do to the files of a command at work. In: settings. Out: when it was.

One line a kind in `FILES`; `given_back` undoes what a person would undo before the next command.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from decom.settings.load import Settings

ASIDE = "~aside"


def newest(settings: Settings) -> str:
    """The latest run that has a folder; empty where there is none."""
    if not settings.output.is_dir():
        return ""
    folders = sorted(each.name for each in settings.output.iterdir() if not each.name.endswith(ASIDE))
    return folders[-1] if len(folders) > 0 else ""


def moved(home: Path) -> Path:
    """Where a home is that was moved away."""
    return home.with_name(f"{home.name}~")


def _lock_gone(settings: Settings, now: float) -> float | None:
    for each in settings.home.rglob("*.lock"):
        each.unlink()
    return now


def _home_moved(settings: Settings, now: float) -> float | None:
    settings.home.rename(moved(settings.home))
    return now


def _home_gone(settings: Settings, now: float) -> float | None:
    shutil.rmtree(settings.home)
    return now


def _folder(settings: Settings) -> Path | None:
    """The folder of the latest run, put aside."""
    name = newest(settings)
    if name == "":
        return None
    folder = settings.output / name
    folder.rename(settings.output / f"{name}{ASIDE}")
    return folder


def _folder_a_file(settings: Settings, now: float) -> float | None:
    folder = _folder(settings)
    if folder is not None:
        folder.write_text("somebody's notes")
    return None


def _folder_a_link(settings: Settings, now: float) -> float | None:
    folder = _folder(settings)
    if folder is not None:
        elsewhere = settings.output.parent / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        folder.symlink_to(elsewhere)
    return None


FILES: Mapping[str, Callable[[Settings, float], float | None]] = {
    "lock gone": _lock_gone,
    "home moved": _home_moved,
    "home gone": _home_gone,
    "folder a file": _folder_a_file,
    "folder a link": _folder_a_link,
}
"""Each gives the instant from which nothing more may be released; None: the command may go on."""


def given_back(settings: Settings, struck: str | None) -> Settings:
    """What was put aside is back in its place; the settings name the home where it is now."""
    if settings.output.is_dir():
        for aside in settings.output.iterdir():
            if aside.name.endswith(ASIDE):
                place = aside.with_name(aside.name.removesuffix(ASIDE))
                if place.is_symlink() or place.is_file():
                    place.unlink()
                if not place.exists():
                    aside.rename(place)
    return replace(settings, home=moved(settings.home)) if struck == "home moved" else settings
