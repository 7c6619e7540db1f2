"""How gateways, frameworks and proxies say 404 themselves: a request in, their answer out. One line a gateway.

None of them knows anything of a phone number, and most of them answer JSON.
"""

import json
from collections.abc import Callable, Mapping

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

Said = tuple[str, str]
"""Content type and body."""


def in_json(body: object) -> Said:
    return JSON, json.dumps(body)


def page(title: str, words: str) -> Said:
    return HTML, f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{words}</p></body></html>"


def spring(method: str, path: str) -> Said:
    stamp = "2026-11-23T20:43:05.000+00:00"
    return in_json({"timestamp": stamp, "status": 404, "error": "Not Found", "message": "No message", "path": path})


GATEWAYS: Mapping[str, Callable[[str, str], Said]] = {
    "kong": lambda method, path: in_json({"message": "no Route matched with those values"}),
    "aws": lambda method, path: in_json({"message": "Not Found"}),
    "azure": lambda method, path: in_json({"statusCode": 404, "message": "Resource not found"}),
    "fastify": lambda method, path: in_json(
        {"message": f"Route {method}:{path} not found", "error": "Not Found", "statusCode": 404}
    ),
    "nest": lambda method, path: in_json(
        {"statusCode": 404, "message": f"Cannot {method} {path}", "error": "Not Found"}
    ),
    "organization": lambda method, path: in_json(
        {"statusCode": 404, "message": "Organization not found", "error": "Not Found"}
    ),
    "bare": lambda method, path: in_json({"statusCode": 404, "message": "Not Found", "error": "Not Found"}),
    "spring": spring,
    "fastapi": lambda method, path: in_json({"detail": "Not Found"}),
    "apigee": lambda method, path: in_json(
        {"fault": {"faultstring": f"Unable to identify proxy for url: {path}", "detail": {"errorcode": "messaging"}}}
    ),
    "envoy": lambda method, path: (TEXT, ""),
    "traefik": lambda method, path: (TEXT, "404 page not found\n"),
    "google": lambda method, path: in_json({"error": {"code": 404, "message": "Not found", "status": "NOT_FOUND"}}),
    "nginx": lambda method, path: page("404 Not Found", "nginx/1.27.2"),
    "express": lambda method, path: page("Error", f"Cannot {method} {path}"),
    "cloudflare": lambda method, path: page("404", "error code: 1016"),
}
"""Every one by its name."""
