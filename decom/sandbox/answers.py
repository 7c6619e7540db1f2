"""The shapes of the service's answers: rows or a refusal in, a response out."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from decom.sandbox.made_up import Row

SHIFT = "sandbox.shift"
"""Key in a request's scope, if it is there: how many rows have slipped past this page (negative: come again)."""

JSON = "application/json; charset=utf-8"
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    number: int
    """From 1."""
    size: int
    """Rows a page."""
    shift: int
    """Rows by which the list moved since the page before."""

    def of(self, rows: list[Row]) -> list[Row]:
        start = max(0, (self.number - 1) * self.size + (self.shift if self.number > 1 else 0))
        return rows[start : start + self.size]


def json_bytes(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def error_body(status: int, message: str | list[str]) -> bytes:
    """The documented shape of an error: `{"statusCode", "message", "error"}`."""
    return json_bytes({"statusCode": status, "message": message, "error": HTTPStatus(status).phrase})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answers, before anything happens to it on its way."""

    status: int
    headers: Headers
    body: bytes

    def without_length(self) -> Headers:
        """The headers, for another body."""
        return [(name, value) for name, value in self.headers if name != b"content-length"]


def refusal(status: int, message: str | list[str], headers: Headers | None = None) -> Answer:
    """An error in the service's own shape."""
    return Answer(status, [(b"content-type", JSON.encode()), *(headers or [])], error_body(status, message))


class Refusal(HTTPException):
    """An answer that is no success; `message` becomes the message of the body."""

    def __init__(self, status: int, message: str | list[str]) -> None:
        super().__init__(status)
        self.message = message


async def refuse(request: Request, error: Exception) -> Response:
    """The answer to a Refusal. Starlette's own 404 and 405 become what the service says of an unknown route."""
    assert isinstance(error, HTTPException)
    message = error.message if isinstance(error, Refusal) else no_route(request)
    status = error.status_code if isinstance(error, Refusal) else 404
    return Response(error_body(status, message), status, media_type=JSON)


def no_route(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"Cannot {request.method} {request.url.path}{query}"


def answer(body: object) -> Response:
    return Response(json_bytes(body), media_type=JSON)


def page_of(request: Request, *, most: int = 100) -> Page:
    """What `page` and `limit` ask for. Raises a 400 as the service's own validation does."""
    found, wrong = {"page": 1, "limit": 20}, []
    for name in found:
        text = request.query_params.get(name)
        if text is None:
            continue
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
            wrong.append(f"{name} must not be less than 1")
        elif name == "limit" and int(text) > most:
            wrong.append(f"limit must not be greater than {most}")
        else:
            found[name] = int(text)
    if wrong:
        raise Refusal(400, wrong)
    return Page(found["page"], found["limit"], request.scope.get(SHIFT, 0))


def data_and_meta(rows: list[Row], page: Page) -> Response:
    """The envelope of the first generation."""
    pages = -(-len(rows) // page.size)
    meta = {"page": page.number, "limit": page.size, "total": len(rows), "totalPages": pages}
    return answer({"data": page.of(rows), "meta": meta})


def flat(rows: list[Row], page: Page, fields: Iterable[str]) -> Response:
    """The envelope of the second generation; of each row only `fields`."""
    items = [{name: row[name] for name in fields if name in row} for row in page.of(rows)]
    return answer({"items": items, "total": len(rows), "page": page.number, "limit": page.size})


def words(request: Request, name: str) -> frozenset[str] | None:
    """A comma-separated filter as a set; None where it is not given."""
    text = request.query_params.get(name)
    return None if text is None else frozenset(text.split(","))


def by_id(rows: list[Row], row_id: str, what: str) -> Row:
    for row in rows:
        if row["id"] == row_id:
            return row
    raise Refusal(404, f"{what} with ID {row_id} not found")
