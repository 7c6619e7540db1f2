"""How the service writes its answers: a page in the envelope of its list, one object, an error."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from decom.sandbox.made_up import Row

T = TypeVar("T")

JSON = "application/json; charset=utf-8"
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is asked for."""

    number: int
    """The page, from 1."""
    size: int
    """Rows per page."""

    def of(self, rows: list[T]) -> list[T]:
        start = (self.number - 1) * self.size
        return rows[start : start + self.size]


def data_meta(rows: list[Row], total: int, paging: Paging) -> object:
    meta = {"page": paging.number, "limit": paging.size, "total": total, "totalPages": -(-total // paging.size)}
    return {"data": rows, "meta": meta}


def items_total(rows: list[Row], total: int, paging: Paging) -> object:
    return {"items": rows, "total": total, "page": paging.number, "limit": paging.size}


def counted(rows: list[Row], total: int, paging: Paging) -> object:
    pages = -(-total // paging.size)
    meta = {"totalItems": total, "itemsPerPage": paging.size, "totalPages": pages, "currentPage": paging.number}
    return {"statusCode": 200, "message": "Success", "data": rows, "meta": meta}


Envelope = Callable[[list[Row], int, Paging], object]
"""The rows on a page, how many there are in all, and which page it is → the body."""

ENVELOPES: Mapping[str, Envelope] = {
    "data_meta": data_meta,
    "items_total": items_total,
    "counted": counted,
    "list": lambda rows, total, paging: rows,
}
"""The documented forms of a page."""


class Refusal(HTTPException):
    """An answer that is no success; `message` becomes the message of the body."""

    def __init__(self, status: int, message: str | list[str]) -> None:
        super().__init__(status)
        self.message = message


def json_bytes(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def error_body(status: int, message: str | list[str]) -> dict[str, object]:
    """The documented shape of an error."""
    return {"statusCode": status, "message": message, "error": HTTPStatus(status).phrase}


def answer(body: object) -> Response:
    return Response(json_bytes(body), media_type=JSON)


def refused(status: int, message: str | list[str]) -> Response:
    return Response(json_bytes(error_body(status, message)), status, media_type=JSON)


async def refuse(request: Request, error: Exception) -> Response:
    """The answer to a Refusal. Starlette's own 404 and 405 become what the service says of an unknown route."""
    if isinstance(error, Refusal):
        return refused(error.status_code, error.message)
    return refused(404, no_route(request.method, request.url.path, request.url.query))


def no_route(method: str, path: str, query: str = "") -> str:
    return f"Cannot {method} {path}?{query}" if query else f"Cannot {method} {path}"


def paging_of(request: Request, most: int) -> Paging:
    """What `page` and `limit` ask for; `most` is the largest limit. Raises a 400 as the service does."""
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
    return Paging(found["page"], found["limit"])


def words(request: Request, name: str) -> frozenset[str] | None:
    """A comma-separated filter as a set; None where it is not given."""
    text = request.query_params.get(name)
    return None if text is None else frozenset(text.split(","))


def by_id(rows: list[Row], row_id: str, what: str) -> Row:
    for row in rows:
        if row.get("id") == row_id:
            return row
    raise Refusal(404, f"{what} with ID {row_id} not found")
