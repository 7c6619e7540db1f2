"""Labelled amounts in, a static SVG chart out: no script, no style of its own, nothing fetched.

The page's style sheet gives the colours, so that a chart follows light, dark and print; it is drawn when the
report is written, so that it is there without JavaScript. A chart says nothing that its table does not say too.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Comment

import pygal
from markupsafe import Markup
from pygal.style import Style

from decom.reporting.neutral import one_line

# The library leaves a finder for map plug-ins in the interpreter, of a kind that Python warns of at every later
# import and that Python 3.12 has given up. No map is drawn here, so it is taken out again.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

_LONGEST_LABEL = 28
"""Characters; a longer label is cut with an ellipsis, the table beside the chart has it whole."""

_UNWANTED = {"defs", "desc", "title"}
_WIDTH = 520
"""Units of the drawing, about a pixel each on a wide screen."""

_TOOLTIPS = "plot tooltip-overlay"
_STYLE = Style(label_font_size=13, major_label_font_size=13, value_font_size=13, font_family="sans-serif")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, made of one or more parts that stand on each other."""

    label: str
    parts: Sequence[float | None]
    """As many as the chart has `Part`s; None where the bar has no such part."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the n-th part of every bar is; a chart has at most sixteen."""

    name: str
    colour: str
    """The class that the style sheet colours."""


def lying_bars(bars: Sequence[Bar], parts: Sequence[Part], shown: Callable[[float], str]) -> Markup:
    """A chart of lying bars, the first on top; `shown` writes an amount at a bar and at the axis.

    Amounts stand at the bars only where no bar has two parts: two amounts would run into each other.
    """
    alone = all(sum(part is not None for part in bar.parts) < 2 for bar in bars)
    options = _options(shown) | {"print_values": alone, "margin_right": 64 if alone else 24}
    chart = pygal.HorizontalStackedBar(**options, width=_WIDTH, height=48 + (44 if alone else 32) * len(bars))
    _fill(chart, list(reversed(bars)), parts)
    return _drawn(chart)


def standing_bars(
    bars: Sequence[Bar], parts: Sequence[Part], shown: Callable[[float], str], *, wide: bool = False
) -> Markup:
    """A chart of standing bars, the first at the left; `wide` for the whole width of the page."""
    most = 16 if wide else 6
    options = _options(shown) | {"print_values": len(bars) <= most, "margin_right": 24}
    chart = pygal.StackedBar(
        **options, width=2 * _WIDTH if wide else _WIDTH, height=260, x_label_rotation=40 if len(bars) > most else 0
    )
    _fill(chart, bars, parts)
    return _drawn(chart)


def _options(shown: Callable[[float], str]) -> dict[str, Any]:
    return {
        "js": [],
        "css": [],
        "style": _STYLE,
        "show_legend": False,
        "disable_xml_declaration": True,
        "no_prefix": True,
        "print_values_position": "top",
        "print_zeroes": False,
        "max_scale": 5,
        "margin": 6,
        "margin_top": 22,
        "value_formatter": shown,
        "no_data_text": "",
    }


def _fill(chart: Any, bars: Sequence[Bar], parts: Sequence[Part]) -> None:
    chart.x_labels = [_label(bar.label) for bar in bars]
    for at, part in enumerate(parts):
        chart.add(part.name, [bar.parts[at] for bar in bars])
    chart.add_xml_filter(lambda root: _bare(root, parts))


def _drawn(chart: Any) -> Markup:
    return Markup(chart.render(is_unicode=True))  # noqa: S704 - the library escapes the labels


def _bare(root: Any, parts: Sequence[Part]) -> Any:
    """The drawing without what a page of ours must not hold (scripts, styles, remarks, dates), in our colours."""
    colours = {f"series serie-{at} color-{at}": f"part {part.colour}" for at, part in enumerate(parts)}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag is Comment or child.tag in _UNWANTED or child.get("class") == _TOOLTIPS:
                parent.remove(child)
    for node in root.iter():
        node.attrib.pop("style", None)
        if "class" in node.attrib:
            node.set("class", colours.get(node.get("class"), node.get("class")))
    for name in ("id", "class"):
        root.attrib.pop(name, None)
    root.set("class", "drawing")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return root


def _label(text: str) -> str:
    shown = one_line(text)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[: _LONGEST_LABEL - 1]}…"
