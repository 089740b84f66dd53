"""``litellm:NAME``: a model of a provider with an interface of its own, through the litellm library.

  litellm:anthropic/claude-sonnet-4-5     litellm:gemini/gemini-2.5-pro     litellm:bedrock/us.amazon.nova-pro-v1:0

NAME is litellm's: the provider, a slash and the provider's name of the model. Keys are read by litellm from the variables that
the provider names (ANTHROPIC_API_KEY, GEMINI_API_KEY, ...) and are never stored. A server with OpenAI's interface is asked faster
by openai:.

Options, all of which may be left out:
  api_key_env     the environment variable that holds the key, instead of the provider's own
  api_base        another address of the provider; api_version: of its interface
  temperature     default 0; 'default' leaves it to the provider, as some reasoning models demand
  max_tokens, max_completion_tokens, top_p, seed     sent if given; seed=sample sends each sample's own seed
  system          a system message
  takes, makes    kinds of part, with commas (default: takes=text,image,audio,video makes=text)
  types           types of task, with commas, where it is to be asked no others (default: any)
  max_side        images with a longer side than so many pixels are reduced to it (default: as they are)
  image_detail    low, high or auto (default: not sent)
  video, frames   as for openai: (default: 8 frames as images)
  voice           the voice of a model that speaks (makes=text,audio; default: alloy)
  concurrency     requests in flight (default: 16)
  timeout         seconds for one try (default: 300); attempts: tries for one request (default: 6)
  price_input, price_output, price_request     US dollars for a million tokens in and out, and for a request (default: litellm's
                  table of prices, as it came with the library)

Needs the extra: pip install 'genlevel[litellm]'.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from genlevel.datasets.base import Dataset
from genlevel.errors import Fault, ModelError, RequestFailed
from genlevel.models.acceptance import Acceptance
from genlevel.models.base import Model
from genlevel.models.completion import read_completion
from genlevel.models.content import Pieces
from genlevel.models.http import NO_CREDIT, SHORTEST_NAMED_KEY, Retries, retry_after
from genlevel.models.openai import sampling
from genlevel.models.server import Prices, key_variable
from genlevel.models.spec import Spec
from genlevel.records import Part, Reply, Request, Usage

_OPTIONS: Final = (
    "api_key_env", "api_base", "api_version", "temperature", "max_tokens", "max_completion_tokens", "top_p", "seed", "system",
    "takes", "makes", "types", "max_side", "image_detail", "video", "frames", "voice", "concurrency", "timeout", "attempts",
    "price_input", "price_output", "price_request",
)  # fmt: skip
_PRICES: Final = frozenset({"price_input", "price_output", "price_request"})
_SECRET: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD")
# By the names of litellm's errors and of those that they inherit from; the first that fits.
_ENDS_THE_RUN: Final = frozenset({"UnsupportedParamsError", "BudgetExceededError"})
_REFUSED: Final = frozenset({403, 404})
_OF_CONTENT: Final = "ContentPolicyViolationError"
_LATER: Final = frozenset({408, 409, 425, 429})
_PASSES: Final[Mapping[str, Fault]] = {
    "Timeout": "busy",
    "APIConnectionError": "down",
}
_ENCODING: Final = 1
"""Raised when requests are put in other words, so that stored answers are not taken for answers to the new ones."""
_open = 0
"""Models that use the library's connections, which are the process's."""


class LiteLLMModel(Model):
    """Chat completions through litellm."""

    inline = 256 * 1024

    def __init__(self, spec: Spec) -> None:
        self.name = spec.name
        self.takes = spec.kinds("takes", frozenset({"text", "image", "audio", "video"}))
        self.makes = spec.kinds("makes", frozenset({"text"}))
        self.task_types = spec.task_types()
        self.concurrency = spec.integer("concurrency", 16, low=1, high=4096)
        self.image_limit = spec.integer("max_side", 0, low=1)
        self.seeded = spec.text("seed", "") == "sample"
        self._retries = Retries(spec.integer("attempts", 6, low=1, high=100), spec.number("timeout", 300.0, low=0.01))
        self._pieces = Pieces.of(spec, self.image_limit)
        self._system = spec.text("system", "")
        self._voice = spec.text("voice", "alloy")
        self._sampling = sampling(spec)
        self._place = {name: spec.options[name] for name in ("api_base", "api_version") if name in spec.options}
        _check_address(spec)
        self._prices = Prices(spec) if _PRICES & spec.options.keys() else None
        self._key = _key(spec)
        self._litellm: Any = None
        self._acceptance = Acceptance()

    def identity(self) -> Mapping[str, Any]:
        """The model's name and everything sent along that changes an answer."""
        return {
            "kind": "litellm",
            "model": self.name,
            **self._place,
            **self._sampling,
            "system": self._system,
            **self._pieces.identity(),
            "encoding": _ENCODING,
            **({"voice": self._voice} if "audio" in self.makes else {}),
            **({"seed": "sample"} if self.seeded else {}),
        }

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Import the library, and see that it knows the provider."""
        global _open
        library = await asyncio.to_thread(_library)
        try:
            library.get_llm_provider(self.name, api_base=self._place.get("api_base"))
        except Exception as error:
            raise ModelError(f"model 'litellm:{self.name}': {self._clean(error)}") from None
        if self._litellm is None:
            self._litellm = library
            _open += 1

    async def close(self) -> None:
        """Close the library's connections."""
        global _open
        if self._litellm is None:
            return
        library, self._litellm = self._litellm, None
        _open -= 1
        if _open == 0:
            await library.close_litellm_async_clients()
            # It would go on with the closed ones.
            library.in_memory_llm_clients_cache.flush_cache()

    async def generate(self, request: Request) -> Reply:
        """One chat completion, tried again where a fault may pass."""
        assert self._litellm is not None, "start() comes first"
        arguments = await asyncio.to_thread(self._arguments, request)
        for attempt in range(1, self._retries.attempts + 1):
            turn = self._acceptance.begin()
            try:
                async with asyncio.timeout(self._retries.timeout):
                    answer = await self._litellm.acompletion(**arguments)
                self._acceptance.given = True
                return await asyncio.to_thread(self._read, answer, attempt)
            except RequestFailed:
                raise
            except Exception as error:
                fault = error
            finally:
                self._acceptance.end(turn)
            await asyncio.sleep(await self._judged(fault, attempt))
        raise AssertionError("attempts is at least 1")

    def _arguments(self, request: Request) -> dict[str, Any]:
        messages: list[dict[str, Any]] = [{"role": "user", "content": self._pieces.content(request.parts)}]
        if self._system:
            messages.insert(0, {"role": "system", "content": self._system})
        arguments = {"model": self.name, "messages": messages, **self._place, **self._sampling}
        if self.seeded:
            arguments["seed"] = request.seed
        if self._key:
            arguments["api_key"] = self._key
        if "image" in request.makes and "image" in self.makes:
            arguments["modalities"] = ["text", "image"]
        elif "audio" in request.makes and "audio" in self.makes:
            arguments["modalities"] = ["text", "audio"]
            arguments["audio"] = {"voice": self._voice, "format": "wav"}
        # Tries are counted here, and not by the library besides.
        return {**arguments, "timeout": self._retries.timeout, "num_retries": 0, "max_retries": 0}

    def _read(self, answer: Any, attempt: int) -> Reply:
        value = answer.model_dump()
        reply = read_completion(value, attempt, self._usage(answer, value.get("usage")))
        return replace(reply, parts=tuple(map(self._without_key, reply.parts)))

    def _without_key(self, part: Part) -> Part:
        """A part of an answer without the key, if a variable was named for it: that value is no word of an answer."""
        if part.kind != "text" or len(self._key) < SHORTEST_NAMED_KEY or self._key not in part.text:
            return part
        return replace(part, text=part.text.replace(self._key, "[key]"))

    def _usage(self, answer: Any, said: Any) -> Usage:
        usage = (self._prices or Prices(Spec("litellm", self.name))).usage(said)
        if self._prices is not None:
            return usage
        try:
            cost = float(self._litellm.completion_cost(completion_response=answer, model=self.name))
        except Exception:  # whatever keeps the library from knowing a price: the answer stands
            cost = 0.0
        return Usage(usage.input_tokens, usage.output_tokens, cost)

    async def _judged(self, error: Exception, attempt: int) -> float:
        """Seconds until the next try.

        Raises:
            ModelError: no request can work.
            RequestFailed: this one cannot, or its tries are used up.
        """
        names = [kind.__name__ for kind in type(error).__mro__]
        reason = self._clean(error)
        code = getattr(error, "status_code", None)
        if code == 402 or (code == 429 and NO_CREDIT in str(error)):
            raise ModelError(f"model 'litellm:{self.name}': the account has no credit ({reason})") from None
        if _ENDS_THE_RUN & set(names) or code == 401:
            raise ModelError(f"model 'litellm:{self.name}': {reason}") from None
        # Once it has answered, name and access are right: it is this request that is refused (a moderated one, say).
        if code in _REFUSED and _OF_CONTENT not in names and not await self._acceptance.came():
            raise ModelError(f"model 'litellm:{self.name}': {reason}", instead=RequestFailed(reason, attempt)) from None
        fault: Fault = next((_PASSES[name] for name in names if name in _PASSES), "")
        if not fault and isinstance(code, int) and (code in _LATER or code >= 500):
            fault = "busy"
        if isinstance(error, TimeoutError):
            fault, reason = "busy", f"no answer within {self._retries.timeout:g} s"
        if not fault:
            raise RequestFailed(reason, attempt) from None
        if attempt == self._retries.attempts:
            raise RequestFailed(f"{reason} ({attempt} {'try' if attempt == 1 else 'tries'})", attempt, fault=fault)
        headers = getattr(getattr(error, "response", None), "headers", None) or {}
        return self._retries.wait(attempt - 1, retry_after(headers.get("retry-after")))

    def _clean(self, error: Exception) -> str:
        """One line without keys, which some providers repeat in their messages."""
        text = str(error)
        secrets = [v for k, v in os.environ.items() if len(v) >= 8 and any(word in k.upper() for word in _SECRET)]
        for secret in sorted({*secrets, *([self._key] if self._key else [])}, key=len, reverse=True):
            text = text.replace(secret, "[key]")
        return " ".join(text.split())[:300]


def _library() -> Any:
    # Otherwise the library asks the network for its table of prices when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import litellm
    except ImportError:
        raise ModelError("litellm: needs litellm: pip install 'genlevel[litellm]'") from None
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = False  # what a provider does not take is an error, and not left out in silence
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    return litellm


def _key(spec: Spec) -> str:
    if "api_key_env" not in spec.options:
        return ""
    variable = key_variable(spec)
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ModelError(f"model '{spec}': the environment variable {variable} holds no key")
    return key


def _check_address(spec: Spec) -> None:
    if "api_base" not in spec.options:
        return
    try:
        url = urlsplit(spec.options["api_base"])
        valid = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise ModelError(f"model '{spec}': api_base is no address of the form https://host/path")
    if url.username or url.password or url.query:
        # The address is part of the run's record.
        raise ModelError(
            f"model '{spec}': api_base holds more than an address; keys belong into the variable of api_key_env"
        )


def from_spec(spec: Spec) -> LiteLLMModel:
    """The model of a SPEC."""
    spec.check(_OPTIONS)
    if not spec.name:
        raise ModelError("model 'litellm:' needs the model's name, as in litellm:anthropic/claude-sonnet-4-5")
    return LiteLLMModel(spec)
