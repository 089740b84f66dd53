"""Requests over HTTP with retries: one pool of connections, no work per request beyond what the request needs."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, NamedTuple

import orjson
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import RequestError, RequestTimeoutError
from pyreqwest.multipart import FormBuilder, PartBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from genlevel._version import __version__
from genlevel.errors import Fault, ModelError, RequestFailed
from genlevel.models.acceptance import Acceptance, judges_content
from genlevel.models.proxies import check_certificates, check_proxy, is_here, proxy_variable

# An answer larger than this is no answer, but a fault or an attack; reading on would only fill the memory.
ANSWER_LIMIT = 64 * 2**20
_LONGEST_WAIT = 120.0
_CONNECT_SECONDS = 30.0
_CONNECTING = "client error (Connect)"
"""Among the causes of an error: there never was a connection. The class of the error does not tell that from a lost one."""
_NO_TLS = "InvalidContentType"
"""Among the words for an answer that is no TLS."""
_LAST_SECONDS = 0.01
_LARGE = 2**20
_SHORTEST_KEY = 12
SHORTEST_NAMED_KEY = 8
_LONGEST_LENGTH = 18
"""Digits; what is longer is no length that could be read."""
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


class _Refused(Exception):
    """The server refuses the request, or everybody: which of them, its other answers tell."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Http:
    """A pool of connections to one server: HTTP/1.1, kept alive.

    The proxies that ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``NO_PROXY`` name are used, but not for a server on this machine.
    """

    def __init__(self, *, headers: Mapping[str, str], retries: Retries, secret: str = "", named: bool = False) -> None:
        """``secret`` is taken out of what the server says; if it is ``named`` as a key, also where it is short."""
        self._headers = dict(headers)
        self._retries = retries
        self._secret = secret
        self._shortest = SHORTEST_NAMED_KEY if named else _SHORTEST_KEY
        self._clients: dict[bool, Client] = {}
        self._reached = False
        self._acceptance = Acceptance()

    async def close(self) -> None:
        """Close all connections."""
        while self._clients:
            # Idle connections are closed when the client is let go of.
            _, client = self._clients.popitem()
            await client.close()
            del client
        # The library's thread may still be handing over the last answer; an interpreter that ends meanwhile aborts.
        await asyncio.sleep(_LAST_SECONDS)

    def _client(self, url: str) -> Client:
        """The pool for this address; it is made at the first request, within the event loop."""
        local = is_here(url)
        if local not in self._clients:
            if not local:
                check_proxy(url)
            if url[:6].lower() == "https:":
                check_certificates()
            builder = ClientBuilder().http1_only().default_headers(self._headers).user_agent(f"genlevel/{__version__}")
            # A redirect would turn the POST into a GET, and could take the key elsewhere.
            builder = builder.follow_redirects(False).connect_timeout(timedelta(seconds=_CONNECT_SECONDS))
            builder = builder.timeout(timedelta(seconds=self._retries.timeout))
            self._clients[local] = (builder.no_proxy() if local else builder).build()
        return self._clients[local]

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
            except _Refused as refusal:
                raise await self._judged(refusal, attempt) from None
            except _Retry as fault:
                if attempt == attempts:
                    tries = f"({attempts} {'try' if attempts == 1 else 'tries'})"
                    failure = RequestFailed(f"{fault} {tries}", attempts, fault=fault.fault)
                    if fault.unreachable and not self._reached:
                        raise ModelError(f"{url}: cannot be reached {tries}: {fault}", instead=failure) from None
                    raise failure from None
                await asyncio.sleep(self._retries.wait(attempt - 1, fault.after))
        raise AssertionError("attempts is at least 1")

    async def _once(self, url: str, body: Body, read: Callable[[bytes], Any]) -> Any:
        turn = self._acceptance.begin()
        try:
            async with self._request(url, body) as response:
                self._reached = True
                answer = self._without_key(await _read(response))
                if response.status == 200:
                    self._acceptance.given = True
                    return read(answer) if len(answer) < _LARGE else await asyncio.to_thread(read, answer)
                self._raise_for(response.status, answer, response)
        except RequestError as error:
            raise self._lost(url, error) from None
        finally:
            self._acceptance.end(turn)

    def _lost(self, url: str, error: RequestError) -> _Retry:
        """What an error of the connection means."""
        *_, last = causes = _causes(error)
        unreachable, late = _CONNECTING in causes, isinstance(error, RequestTimeoutError)
        if late and not unreachable:
            return _Retry(f"no answer within {self._retries.timeout:g} s")
        variable = proxy_variable(url)
        through = f" (through the proxy of {variable})" if variable else ""
        if late:
            return _Retry(f"no connection within {_CONNECT_SECONDS:g} s{through}", unreachable=True)
        hint = "; does the server speak http instead of https?" if _NO_TLS in last else ""
        return _Retry(f"connection failed{through}: {self._clean(last)}{hint}", unreachable=unreachable)

    async def _judged(self, refusal: _Refused, attempt: int) -> ModelError | RequestFailed:
        """Whom a refusal is meant for: once the server has answered, address and access are right."""
        said = _said(refusal.status, str(refusal))
        failure = RequestFailed(said, attempt)
        if await self._acceptance.came():
            return failure
        return ModelError(f"the server {_REFUSED[refusal.status]} ({said})", instead=failure)

    def _request(self, url: str, body: Body) -> StreamRequest:
        request = self._client(url).post(url)
        if isinstance(body, bytes):
            request = request.header("Content-Type", "application/json").body_bytes(body)
        else:
            request = request.multipart(_form(body))
        return request.build_streamed()

    def _raise_for(self, status: int, data: bytes, response: Response) -> None:
        message = self._clean(_message(data))
        said = _said(status, message)
        if status == 402 or (status == 429 and NO_CREDIT in _codes(data)):
            raise ModelError(f"the account has no credit ({said})")
        if status in {408, 409, 425, 429} or status >= 500:
            raise _Retry(said, after=retry_after(_header(response, "Retry-After")))
        if status == 401:
            raise ModelError(f"the server {_REFUSED[status]} ({said})")
        if status in _REFUSED and not judges_content(data):
            raise _Refused(status, message)
        if 300 <= status < 400:
            target = self._clean(_header(response, "Location"))
            advice = (
                f"to {target}; give that address as base_url" if target else "and does not say where to; check base_url"
            )
            raise ModelError(f"the server redirects (HTTP {status}) {advice}")
        raise RequestFailed(said)

    def _without_key(self, data: bytes) -> bytes:
        key = self._secret.encode()
        # A local server takes any word for a key, and the word may be a part of an answer.
        return data.replace(key, b"[key]") if len(key) >= self._shortest and key in data else data

    def _clean(self, text: str) -> str:
        """One line without the key, which some servers repeat in their messages."""
        if self._secret:
            text = text.replace(self._secret, "[key]")
        return " ".join(text.split())[:300]


def _form(fields: Sequence[Field]) -> FormBuilder:
    """A form to post once: a second try needs another."""
    form = FormBuilder()
    for field in fields:
        if field.media_type:
            form.part(field.name, PartBuilder.from_bytes(field.value).mime(field.media_type).file_name(field.file_name))
        else:
            form.text(field.name, field.value.decode())
    return form


async def _read(response: Response) -> bytes:
    """The body, at most ANSWER_LIMIT bytes of it."""
    blocks, size = [], _length(response)
    if 0 <= size <= ANSWER_LIMIT:
        return (await response.bytes()).to_bytes()
    while size <= ANSWER_LIMIT and (block := await response.body_reader.read_chunk()) is not None:
        blocks.append(block.to_bytes())
        size = max(0, size) + len(block)
    if size > ANSWER_LIMIT:
        raise RequestFailed(f"the server's answer is longer than {ANSWER_LIMIT >> 20} MiB")
    return b"".join(blocks)


def _length(response: Response) -> int:
    """How long the body is by its header, -1 if that does not say it: beside chunks, whatever it says does not count."""
    said = _header(response, "Content-Length")
    counts = said.isdecimal() and len(said) <= _LONGEST_LENGTH and not _header(response, "Transfer-Encoding")
    return int(said) if counts else -1


def _header(response: Response, name: str) -> str:
    """What a header says; '' where it is not there, or is no text."""
    try:
        return response.get_header(name) or ""
    except ValueError:
        return ""


def _causes(error: RequestError) -> list[str]:
    """What led to an error; the last says most: before it are general words, and the address."""
    return [cause["message"] for cause in error.details.get("causes") or []] or [error.message]


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


def _said(status: int, message: str) -> str:
    return f"HTTP {status}: {message}" if message else f"HTTP {status}"


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
