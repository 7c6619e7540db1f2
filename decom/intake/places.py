"""Where in an input something is wrong: each part that knows a place puts it before what those inside it know."""

from collections.abc import Iterator
from contextlib import contextmanager

from decom.errors import BadInput


@contextmanager
def inside(place: str) -> Iterator[None]:
    """Name `place` in a BadInput that is raised here, before the place inside it: `a.xlsx, sheet 'One', row 3`."""
    try:
        yield
    except BadInput as error:
        error.where = place if error.where is None else f"{place}, {error.where}"
        raise
