"""The shapes of the service's answers: rows or a refusal in, a response out."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from decom.sandbox.made_up import Row
from decom.sandbox.shapes import INSTEAD, SHIFT, Page, Shape

JSON = "application/json; charset=utf-8"
Headers = list[tuple[bytes, bytes]]


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


def page_of(request: Request, shape: Shape, *, most: int = 100) -> Page:
    """What `page` and `limit` ask for, as far as the shape allows. Raises a 400 as the service does."""
    most = most if shape.refuse_above is None else shape.refuse_above
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
    size = found["limit"] if shape.most is None else min(found["limit"], shape.most)
    return Page(found["page"], size, request.scope.get(SHIFT, 0), request.scope.get(INSTEAD))


def words(request: Request, name: str) -> frozenset[str] | None:
    """A comma-separated filter as a set; None where it is not given."""
    text = request.query_params.get(name)
    return None if text is None else frozenset(text.split(","))


def by_id(rows: list[Row], row_id: str, what: str) -> Row:
    for row in rows:
        if row.get("id") == row_id:
            return row
    raise Refusal(404, f"{what} with ID {row_id} not found")
