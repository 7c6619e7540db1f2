"""An Office Open XML workbook's styles in, those of lengths of time out; and the workbook without them.

A phone number in a cell with the format `[h]:mm:ss` is a duration of millions of years, longer than the library that
reads the values can say: it would lose the whole row.
"""

import io
import re
import zipfile
from xml.etree import ElementTree
from xml.parsers.expat import XMLParserType

from decom.intake.workbooks.archive import damage_told, parse_part, rewritten
from decom.intake.workbooks.xlsx import local, targets_of

_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ELAPSED_BUILT_IN = "46"
_GENERAL = "0"


def styles_part(archive: zipfile.ZipFile, workbook: str) -> str:
    """The name of the part that holds the styles; empty where there is none."""
    targets = targets_of(archive, workbook).values()
    part = next((target for kind, target in targets if kind.endswith("/styles")), "")
    return part if part in archive.namelist() else ""


def durations(archive: zipfile.ZipFile, styles: str) -> frozenset[str]:
    """The styles, by the number that a cell names, whose numbers are lengths of time."""
    formats = {_ELAPSED_BUILT_IN}
    found: list[bool] = []
    is_inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_inside
        element = local(name)
        if element == "numFmt" and _ELAPSED.search(attributes.get("formatCode", "")) is not None:
            formats.add(attributes.get("numFmtId", ""))
        elif element == "cellXfs":
            is_inside = True
        elif element == "xf" and is_inside:
            found.append(attributes.get("numFmtId") in formats)

    def end(name: str) -> None:
        nonlocal is_inside
        is_inside = is_inside and local(name) != "cellXfs"

    def prepare(parser: XMLParserType) -> None:
        parser.StartElementHandler = start
        parser.EndElementHandler = end

    if styles != "":
        parse_part(archive, styles, prepare)
    return frozenset(str(place) for place, is_duration in enumerate(found) if is_duration)


def without_durations(archive: zipfile.ZipFile, styles: str, named: frozenset[str]) -> io.BytesIO:
    """A copy in which the styles `named` show plain numbers."""

    def plain(content: bytes) -> bytes:
        root = ElementTree.fromstring(content)  # noqa: S314  # declares no document type: that was refused before
        for element in root:
            if element.tag.rpartition("}")[2] == "cellXfs":
                for place, style in enumerate(element):
                    if str(place) in named:
                        style.set("numFmtId", _GENERAL)
        return ElementTree.tostring(root)

    with damage_told():
        return rewritten(archive, {}, lambda name, content: plain(content) if name == styles else content)
