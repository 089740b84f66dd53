"""Requests over HTTP with retries: one pool of connections, no work per request beyond what the request needs."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, NamedTuple

import aiohttp
import orjson

from genlevel.errors import Fault, ModelError, RequestFailed

# An answer larger than this is no answer, but a fault or an attack; reading on would only fill the memory.
ANSWER_LIMIT = 64 * 2**20
_LONGEST_WAIT = 120.0
_LARGE = 2**20
_SHORTEST_KEY = 12
SHORTEST_NAMED_KEY = 8
_JSON = {"Content-Type": "application/json"}
_REFUSED = {401: "refused the key", 403: "refused access", 404: "does not know this address or model"}
NO_CREDIT = "insufficient_quota"
"""How OpenAI and those like it name what a 429 is when it will not pass."""


class Field(NamedTuple):
    """A field of a form; with a ``media_type`` it is a file called ``file_name``."""

    name: str
    value: bytes
    media_type: str = ""
    file_name: str = ""


Body = bytes | Sequence[Field]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long: ``attempts`` tries of ``timeout`` seconds each, doubling waits from ``first`` seconds between."""

    attempts: int = 6
    timeout: float = 300.0
    first: float = 0.5

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next try: what the server asked for, else an exponential back-off with jitter."""
        if asked is not None:
            return min(asked, _LONGEST_WAIT)
        # Full jitter spreads the clients that were all turned away at the same moment.
        return min(_LONGEST_WAIT, self.first * 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311


class _Retry(Exception):
    """A fault that may pass."""

    def __init__(self, reason: str, *, after: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.unreachable = unreachable
        self.fault: Fault = "down" if unreachable else "busy"


class Http:
    """A pool of connections to one server."""

    def __init__(
        self, *, headers: Mapping[str, str], connections: int, retries: Retries, secret: str = "", named: bool = False
    ) -> None:
        """``secret`` is taken out of what the server says; if it is ``named`` as a key, also where it is short."""
        self._headers = dict(headers)
        self._connections = connections
        self._retries = retries
        self._secret = secret
        self._shortest = SHORTEST_NAMED_KEY if named else _SHORTEST_KEY
        self._session: aiohttp.ClientSession | None = None
        self._reached = self._answered = False

    async def open(self) -> None:
        """Make the pool; needs a running event loop."""
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=self._retries.timeout, sock_connect=30.0),
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def post_json(self, url: str, body: Body) -> tuple[Any, int]:
        """Post ``body``; the decoded JSON answer and the number of tries that it took. As :meth:`post`."""
        return await self.post(url, body, _decode)

    async def post(self, url: str, body: Body, read: Callable[[bytes], Any] = bytes) -> tuple[Any, int]:
        """Post ``body``, JSON as bytes or a form's fields; what ``read`` makes of the answer, and the number of tries.

        Tries again on 408, 409, 425, 429, 5xx, broken connections, time-outs and what is no JSON where JSON is read.

        Raises:
            RequestFailed: when the tries are used up, or for an answer that trying again will not mend.
            ModelError: when no request can work: refused key, no credit, unknown address or model, a server that was never there.
        """
        attempts = self._retries.attempts
        for attempt in range(1, attempts + 1):
            try:
                return await self._once(url, body, read), attempt
            except RequestFailed as error:
                error.attempts = attempt
                raise
            except _Retry as fault:
                if attempt == attempts:
                    tries = f"({attempts} {'try' if attempts == 1 else 'tries'})"
                    if fault.unreachable and not self._reached:
                        raise ModelError(f"{url}: cannot be reached {tries}: {fault}") from None
                    raise RequestFailed(f"{fault} {tries}", attempts, fault=fault.fault) from None
                await asyncio.sleep(self._retries.wait(attempt - 1, fault.after))
        raise AssertionError("attempts is at least 1")

    async def _once(self, url: str, body: Body, read: Callable[[bytes], Any]) -> Any:
        assert self._session is not None, "open() comes first"
        data: Any = body if isinstance(body, bytes) else _form(body)
        headers = _JSON if isinstance(body, bytes) else None
        try:
            # A redirect would turn the POST into a GET, and could take the key elsewhere.
            async with self._session.post(url, data=data, headers=headers, allow_redirects=False) as response:
                self._reached = True
                answer = self._without_key(await _read(response))
                if response.status == 200:
                    self._answered = True
                    return read(answer) if len(answer) < _LARGE else await asyncio.to_thread(read, answer)
                self._raise_for(response.status, answer, response.headers)
        except TimeoutError:
            raise _Retry(f"no answer within {self._retries.timeout:g} s") from None
        except (aiohttp.ClientError, ConnectionError) as error:
            reason = self._clean(str(error) or type(error).__name__)
            unreachable = isinstance(error, aiohttp.ClientConnectorError)
            raise _Retry(f"connection failed: {reason}", unreachable=unreachable) from None

    def _raise_for(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        message = self._clean(_message(data))
        if status == 402 or (status == 429 and NO_CREDIT in _codes(data)):
            raise ModelError(f"the account has no credit (HTTP {status}: {message})")
        if status in {408, 409, 425, 429} or status >= 500:
            raise _Retry(f"HTTP {status}: {message}", after=retry_after(headers.get("Retry-After")))
        # Once the server has answered, address and access are right: it is this request that it refuses (a moderated one, say).
        if status in _REFUSED and (status == 401 or not self._answered):
            raise ModelError(f"the server {_REFUSED[status]} (HTTP {status}: {message})")
        if 300 <= status < 400:
            target = self._clean(headers.get("Location", ""))
            raise ModelError(f"the server redirects (HTTP {status}) to {target}; give that address as base_url")
        raise RequestFailed(f"HTTP {status}: {message}")

    def _without_key(self, data: bytes) -> bytes:
        key = self._secret.encode()
        # A local server takes any word for a key, and the word may be a part of an answer.
        return data.replace(key, b"[key]") if len(key) >= self._shortest and key in data else data

    def _clean(self, text: str) -> str:
        """One line without the key, which some servers repeat in their messages."""
        if self._secret:
            text = text.replace(self._secret, "[key]")
        return " ".join(text.split())[:300]


def _form(fields: Sequence[Field]) -> aiohttp.FormData:
    """A form to post once: a second try needs another."""
    form = aiohttp.FormData()
    for field in fields:
        if field.media_type:
            form.add_field(field.name, field.value, content_type=field.media_type, filename=field.file_name)
        else:
            form.add_field(field.name, field.value.decode())
    return form


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, at most ANSWER_LIMIT bytes of it."""
    blocks, size = [], 0
    async for block in response.content.iter_any():
        size += len(block)
        if size > ANSWER_LIMIT:
            raise RequestFailed(f"the server's answer is longer than {ANSWER_LIMIT >> 20} MiB")
        blocks.append(block)
    return b"".join(blocks)


def _decode(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # A proxy's error page or a torn answer; the next try may bring the real one.
        raise _Retry(f"the server's answer is not JSON: {data[:60]!r}") from None


def _message(data: bytes) -> str:
    try:
        value = orjson.loads(data)
        error = value.get("error", value)
        message = error.get("message", error) if isinstance(error, dict) else error
        return str(message)
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return data[:200].decode("utf-8", "replace")


def _codes(data: bytes) -> tuple[Any, ...]:
    """The words by which a server names an error for programs."""
    try:
        error = orjson.loads(data)["error"]
        return error.get("code"), error.get("type")
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return ()


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or the time until a date; ``None`` if it says neither."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if isfinite(seconds) else None
