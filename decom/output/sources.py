"""The sources of conflicts in, what a person sees of them out: in one form in every command."""

from collections.abc import Collection, Iterable, Iterator

from rich.text import Text

from decom.output.screen import BAD, DONE, QUIET, Line, harmless
from decom.planning.plan import Source
from decom.reporting.words import SOURCE_STATES
from decom.vocabulary import SourceState

_COLOURS = {SourceState.CHECKED: DONE, SourceState.NOT_CHECKED: BAD}


def source_line(source: Source, accepted: Collection[str] = ()) -> Line:
    """One source of conflicts, as it is told everywhere; `accepted` are those that may stay unread."""
    word, colour = SOURCE_STATES[source.state], _COLOURS.get(source.state, QUIET)
    consent = " (accepted)" if source.state is SourceState.NOT_CHECKED and source.name in accepted else ""
    return Line(
        Text.assemble(
            (word[0].upper() + word[1:], colour), f" {harmless(source.name)}{consent}: {harmless(source.why, 300)}"
        )
    )


def not_checked_lines(sources: Iterable[Source], accepted: Collection[str] = ()) -> Iterator[Line]:
    """What nobody may overlook, however little is to be shown."""
    for source in sources:
        if source.state is SourceState.NOT_CHECKED:
            yield source_line(source, accepted)
