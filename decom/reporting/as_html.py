"""The audit in, `audit.html` out: one page that needs nothing else, for whoever opens it on Monday.

The page fetches nothing and may run nothing but its own script, by hash; without JavaScript it lacks only search
and sort. Whatever people or the service wrote is escaped once, in one place, for every place of the template.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import BinaryIO

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from decom.reporting.formula_safe import escape_controls
from decom.reporting.interface import Audit
from decom.reporting.page_context import page_context
from decom.reporting.words import SOURCE_STATES, is_known, kind_of, step_for, usd
from decom.vocabulary import SourceState

_SOURCE_MARKS = {
    SourceState.CHECKED: "released",
    SourceState.NOT_APPLICABLE: "protected",
    SourceState.REFUSED_BY_SERVICE: "protected",
    SourceState.NOT_CHECKED: "failed",
}
"""The look of each state of a source: that of an outcome."""

_AT_ONCE = 64
"""Pieces of the template that are written at once."""


class AsHtml:
    """`audit.html`"""

    name = "html"
    file_name = "audit.html"

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write the page: all of the figures, and as many rows as a browser can hold with ease."""
        style, script = _ours("page.css"), _ours("page.js")
        page = _template().stream(
            page=page_context(audit), style=style, script=script, policy=content_policy(style=style, script=script)
        )
        page.enable_buffering(_AT_ONCE)
        for piece in page:
            stream.write(piece.encode("utf-8"))


def content_policy(*, style: str, script: str) -> str:
    """The page's Content-Security-Policy: nothing is fetched, and only these two texts have an effect."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(
        usd=usd,
        is_known=is_known,
        kind_of=kind_of,
        step_for=step_for,
        source_states=SOURCE_STATES,
        source_marks=_SOURCE_MARKS,
    )
    return environment.from_string(_text("page.html"))


def _shown(value: object) -> object:
    """What every expression of the template goes through before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return escape_controls(value)
    return value


def _ours(name: str) -> Markup:
    return Markup(_text(name))  # noqa: S704 - a file of this package, with nobody else's text in it


def _text(name: str) -> str:
    return files("decom.reporting").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
