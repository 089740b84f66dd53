"""A server with OpenAI's interface: its address, its key, and what all its endpoints have in common."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pyreqwest.http import Url

from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError
from genlevel.models.base import Model
from genlevel.models.http import Http, Retries
from genlevel.models.spec import Spec
from genlevel.records import Usage

COMMON: Final = (
    "base_url", "api", "api_key_env", "concurrency", "timeout", "attempts", "price_input", "price_output", "price_request",
    "takes", "makes", "types", "max_side",
)  # fmt: skip
_PATHS: Final = ("/chat/completions", "/images/generations", "/images/edits", "/audio/speech", "/audio/transcriptions")
_SECRET: Final = ("key", "token", "secret", "passw", "pwd", "sig", "auth", "credential")
_SECRET_WORDS: Final = frozenset({"code", "pass", "pw"})
_KEY_STARTS: Final = ("sk_", "pk_", "hf_", "gsk_", "ghp_", "r8_", "AIza", "nvapi")


class ServerModel(Model):
    """A model behind one endpoint of a server."""

    inline = 256 * 1024
    seeded = False

    def __init__(self, spec: Spec, path: str) -> None:
        self.name = spec.name
        self.concurrency = spec.integer("concurrency", 64, low=1, high=4096)
        self.image_limit = spec.integer("max_side", 0, low=1)
        self.task_types = spec.task_types(self.task_types)
        self._base = _address(spec)
        self._url = self.address(path)
        self._prices = Prices(spec)
        self._key = ""
        self._named = "api_key_env" in spec.options
        self._retries = Retries(spec.integer("attempts", 6, low=1, high=100), spec.number("timeout", 300.0, low=0.01))
        self._pool: Http | None = None

    def read_key(self, spec: Spec) -> None:
        """Take the key from the environment.

        Raises:
            ModelError: there is none where one is needed, or it cannot be sent.
        """
        variable = key_variable(spec, "OPENAI_API_KEY")
        key = os.environ.get(variable, "").strip()
        if not key and ("api_key_env" in spec.options or urlsplit(self._url).hostname == "api.openai.com"):
            raise ModelError(f"model '{spec}': the environment variable {variable} holds no key")
        if not key.isascii() or not key.isprintable():
            raise ModelError(f"model '{spec}': the environment variable {variable} holds no key that can be sent")
        self._key = key

    def address(self, path: str) -> str:
        """The address of an endpoint."""
        scheme, host, root, query = self._base
        return urlunsplit((scheme, host, root + path, query, ""))

    @property
    def http(self) -> Http:
        """The connections."""
        assert self._pool is not None, "start() comes first"
        return self._pool

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Open the connection pool."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._pool = Http(headers=headers, retries=self._retries, secret=self._key, named=self._named)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.close()


class Prices:
    """What an answer costs: what the server says, or else by the prices that the SPEC gives."""

    def __init__(self, spec: Spec) -> None:
        self._input = spec.number("price_input", 0.0) / 1e6
        self._output = spec.number("price_output", 0.0) / 1e6
        self._request = spec.number("price_request", 0.0)

    def usage(self, said: Any = None) -> Usage:
        """Tokens and US dollars from the ``usage`` of an answer."""
        said = said if isinstance(said, dict) else {}
        given = _count(said, "prompt_tokens", "input_tokens")
        made = _count(said, "completion_tokens", "output_tokens")
        cost = said.get("cost")
        if not isinstance(cost, (int, float)) or isinstance(cost, bool) or not 0 <= cost < 1e9:
            cost = given * self._input + made * self._output + self._request
        return Usage(given, made, float(cost))


def _count(said: Mapping[str, Any], *names: str) -> int:
    for name in names:
        count = said.get(name)
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**53:
            return count
    return 0


def key_variable(spec: Spec, default: str = "") -> str:
    """The environment variable that ``api_key_env`` names.

    Raises:
        ModelError: it is no name of a variable, or is the key itself, which is not repeated.
    """
    variable = spec.text("api_key_env", default)
    # An unset name of small letters and digits, so long, is a key that happens to look like a name.
    odd = len(variable) >= 20 and re.search("[a-z]", variable) and re.search("[0-9]", variable)
    slip = variable not in os.environ and (odd or variable.startswith(_KEY_STARTS))
    if variable and (slip or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", variable)):
        raise ModelError(
            f"model '{spec}': api_key_env is not the name of a variable; give the name of the environment variable that "
            "holds the key, not the key"
        )
    return variable


def _address(spec: Spec) -> tuple[str, str, str, str]:
    """Scheme, host, path without an endpoint, and query of ``base_url``."""
    given = spec.text("base_url", "https://api.openai.com/v1")
    try:
        url = urlsplit(given)
        valid = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port is None or url.port > 0)
        Url.parse(given)  # those who send requests take fewer names of hosts
    except ValueError:
        valid = False
    if not valid:
        raise ModelError(f"model '{spec}': base_url is no address of the form http://host:port/v1")
    if url.username or url.password or any(_is_secret(name) for name, _ in parse_qsl(url.query)):
        # The address is part of the run's record.
        raise ModelError(f"model '{spec}': base_url holds a password or key; put it into the variable of api_key_env")
    root = url.path.rstrip("/")
    for path in _PATHS:
        root = root.removesuffix(path)
    return url.scheme, url.netloc, root, url.query


def _is_secret(name: str) -> bool:
    name = name.lower()
    return any(part in name for part in _SECRET) or bool(_SECRET_WORDS & set(re.split("[^a-z]+", name)))
