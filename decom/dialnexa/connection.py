"""One connection to the service. In: method, path, query. Out: one `Reply`; every exception ends here.

What an exception means for a DELETE is not read from its class but from the transport's trace: once it says that the
request's headers began to leave, the service may have acted. See `replies.py` for what follows from that.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

import httpx

from decom.dialnexa.gate import RequestBlocked
from decom.dialnexa.http11 import Transport
from decom.dialnexa.replies import Answered, Reply, Unanswered, coding
from decom.errors import BadSettings
from decom.settings.secret import Masker, Secret

MOST_DELETE_BODY = 64 * 1024
"""Bytes read of a DELETE's answer: only its message is wanted."""
MOST_GET_BODY = 32 * 1024 * 1024
"""Bytes read of a GET's answer; more is no page of a listing."""
SECONDS_FOR_DELETE_BODY = 5.0
"""How long a DELETE's body may drip once its status is known."""

MOST_WHY = 300
"""Characters of what went wrong."""

_USER_AGENT = f"decom/{version('decom')}"
"""Looked up once: it is read from the installed package's files, and every worker has a connection."""

_KEY = re.compile(r"[\x21-\x7e]+", re.ASCII)

TransportMaker = Callable[[], httpx.AsyncBaseTransport]


class Key(httpx.Auth):
    """The API key: known to nothing but the Authorization header, and masked wherever it is shown."""

    def __init__(self, secret: str) -> None:
        """Raises BadSettings for a key that no header can carry: the error of sending it would show it."""
        if _KEY.fullmatch(secret) is None:
            raise BadSettings(
                "the API key is empty, or contains a space, a line break or another character that no key has",
                where="DIALNEXA_API_KEY",
                remedy="Copy the key again, without quotes or anything else around it: it looks like key_id:secret.",
            )
        self._secret = secret
        self.masker = Masker([Secret(secret)])
        """Takes the key out of whatever the service says."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._secret}"
        yield request

    @property
    def public_half(self) -> str:
        """The part before the colon, which names the key without giving it away."""
        return self._secret.partition(":")[0]

    def __repr__(self) -> str:
        return "Key(***)"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the service is, and how long to wait for it."""

    base_url: str
    """Such as `https://api.dialnexa.com/v1`, without a slash at the end."""
    key: Key = field(repr=False)
    timeout: float = 30.0
    """Seconds until a request without an answer is given up, all in all."""


def network_transport_maker() -> TransportMaker:
    """Makes transports for the real network; they share one TLS context, which is dear to make.

    No environment proxies (they would read the key), HTTP/1.1 only (on HTTP/2 one time-out fails every request
    on the connection, and a GOAWAY sends requests again by itself), no retries below ours. Raises BadSettings where
    the environment asks for secrets to be logged into a file that cannot be written.
    """
    try:
        context = ssl.create_default_context()
    except OSError as error:
        raise BadSettings(
            f"TLS cannot be set up: {error.strerror or error}",
            where="SSLKEYLOGFILE",
            remedy="Type: unset SSLKEYLOGFILE",
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    return lambda: Transport(context)


class Connection:
    """One connection; not to be used by two tasks at once."""

    def __init__(self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport) -> None:
        self._base_url = endpoint.base_url.rstrip("/")
        self._timeout = endpoint.timeout
        self._masker = endpoint.key.masker
        self._client = httpx.AsyncClient(
            auth=endpoint.key,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(endpoint.timeout, pool=None),
            headers={
                "User-Agent": _USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )

    async def exchange(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """Send one request and say what came of it. Only cancellation, and our own mistakes, are raised."""
        sent = False

        async def trace(event: str, _: Mapping[str, object]) -> None:
            nonlocal sent
            if event.endswith("send_request_headers.started"):
                sent = True

        request = self._client.build_request(method, self._base_url + path, params=query, extensions={"trace": trace})
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.send(request, stream=True)
            return await self._read(response)
        except RequestBlocked:
            raise
        except TimeoutError:
            return Unanswered(sent, f"no response within {self._timeout:g} s")
        except Exception as error:  # noqa: BLE001 - whatever the libraries raise, an attempt must end in a Reply
            why = self._masker.masked(_in_words(error))[:MOST_WHY]
            return Unanswered(sent, why, certificate=_is_certificate(error) and not sent)

    async def _read(self, response: httpx.Response) -> Reply:
        """Status first, the body afterwards and only as far as it is of use: never unpacked, and never with the key."""
        deleting = response.request.method == "DELETE"
        most = MOST_DELETE_BODY if deleting else MOST_GET_BODY
        body = bytearray()
        complete = True
        try:
            async with asyncio.timeout(SECONDS_FOR_DELETE_BODY if deleting else self._timeout):
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > most:
                        complete = False
                        break
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, ssl.SSLError, OSError):
            complete = False
        finally:
            await response.aclose()
        if response.status_code < 500 and response.extensions.get("surplus", _nothing)():
            return Unanswered(sent=True, why="more than one response came to one request, so none can be trusted")
        headers = {
            self._masker.masked(name).lower(): self._masker.masked(value) for name, value in response.headers.items()
        }
        # A little that is coded unpacks to gigabytes. JSON in UTF-8 has no zeros: that in UTF-16 could hide the key.
        if coding(headers) != "" or b"\0" in body:
            return Answered(response.status_code, headers, b"", complete=False)
        return Answered(response.status_code, headers, self._masker.masked_bytes(bytes(body[:most])), complete)

    async def aclose(self) -> None:
        await self._client.aclose()


def _nothing() -> bool:
    """Nothing came beyond the answer, as far as a transport without that knowledge can tell."""
    return False


def _in_words(error: BaseException) -> str:
    words = str(error) or type(error).__name__
    return f"{type(error).__name__}: {words}" if words != type(error).__name__ else words


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
