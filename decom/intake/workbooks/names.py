"""An archive whose parts are named otherwise than they are referred to in, a copy out in which both agree, as Excel
takes them: whatever the case, with `\\` for `/`, a slash in front, or a percent sign and two digits for a character.

Raises BadInput where two parts would have one name.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.parsers.expat import XMLParserType

from decom.intake.workbooks.archive import damaged, parse_part, rewritten

_FIXED = ("[Content_Types].xml", "_rels/.rels", "content.xml", "styles.xml", "mimetype", "META-INF/manifest.xml")
"""Parts that nothing refers to: readers know their names."""


def as_referred_to(archive: zipfile.ZipFile) -> io.BytesIO | None:
    """The copy; None where every part has the name that others have for it already."""
    wanted = {_key(name): name for name in (*_FIXED, *_referred_to(archive))}
    names = {part: wanted.get(_key(part), _plain(part)) for part in archive.namelist()}
    if len(set(map(str.lower, names.values()))) < len(names):
        raise damaged("it has two parts of the same name")
    slanted = {part for part in names if part.lower().endswith(".rels") and b"\\" in archive.read(part)}
    if len(slanted) == 0 and all(part == name for part, name in names.items()):
        return None
    return rewritten(archive, names, lambda part, content: content.replace(b"\\", b"/") if part in slanted else content)


def _referred_to(archive: zipfile.ZipFile) -> Iterator[str]:
    """The name of every part that others refer to, from the archive's own relations on; and of its relations."""
    parts = {_key(part): part for part in archive.namelist()}
    waiting = [""]
    known: set[str] = set()
    while len(waiting) > 0:
        folder, own = posixpath.split(waiting.pop())
        relations = posixpath.join(folder, "_rels", f"{own}.rels")
        if _key(relations) not in parts or relations in known:
            continue
        known.add(relations)
        yield relations
        for target in _targets(archive, parts[_key(relations)]):
            meant = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            yield meant
            waiting.append(meant)


def _plain(name: str) -> str:
    """A part's name without what some programs do to it."""
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/") + ("/" if name.endswith(("/", "\\")) else "")


def _key(name: str) -> str:
    """What two names of one part have in common."""
    return unquote(_plain(name)).lower()


def _targets(archive: zipfile.ZipFile, part: str) -> list[str]:
    """What a part of relations refers to, as it is written but for its slashes."""
    found: list[str] = []

    def target(name: str, attributes: dict[str, str]) -> None:
        if name.endswith("Relationship") and attributes.get("TargetMode") != "External":
            found.append(attributes.get("Target", "").replace("\\", "/"))

    def prepare(parser: XMLParserType) -> None:
        parser.StartElementHandler = target

    parse_part(archive, part, prepare)
    return found
