"""The commands that read the ledger alone: what was given in, past runs or a number's life shown, an answer out."""

import os
from dataclasses import asdict
from pathlib import Path

from decom.answering import Answer
from decom.errors import BadSettings
from decom.flags import Given
from decom.output.run_view import number_lines, run_lines, runs_lines
from decom.output.screen import Screen
from decom.settings_places import home_of, working_folder
from decom.settings_sources import read_sources
from decom.vocabulary import ExitCode
from decom.workflow import history
from decom.workflow.history import NumberDetails


def runs(given: Given, screen: Screen) -> Answer:
    """List past runs."""
    found = history.runs(_home(given))
    screen.show(runs_lines(found, screen.out.width))
    return Answer(ExitCode.DONE, {"runs": [asdict(line) for line in found]})


def show(given: Given, screen: Screen, target: str) -> Answer:
    """One run, or one number's whole life."""
    picture = history.show(_home(given), target, _workspace(given))
    if isinstance(picture, NumberDetails):
        screen.show(number_lines(picture))
        return Answer(ExitCode.DONE, asdict(picture))
    screen.show(run_lines(picture))
    return Answer(ExitCode.DONE, {**asdict(picture), "folder": str(picture.folder)})


def _workspace(given: Given) -> tuple[str, str] | None:
    """The workspace that the settings name, with its base URL; None where there is no key, or it cannot be used."""
    from decom.settings import load  # listing past runs needs neither, and they take time to load
    from decom.workflow.workspace import workspace_of

    try:
        settings = load(given.settings, None, os.environ, Path.cwd())
        return workspace_of(settings), settings.base_url
    except BadSettings:
        return None  # a key is not needed to look back, and so no reason to refuse


def _home(given: Given) -> Path:
    """The home in force, by the same rule as for every other command."""
    return home_of(read_sources(given.settings, None, os.environ, working_folder()), os.environ)
