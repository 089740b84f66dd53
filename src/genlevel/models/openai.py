"""``openai:NAME``: a model behind any OpenAI-compatible server (OpenAI, vLLM, SGLang, LMDeploy, llama.cpp, ...).

Options, all of which may be left out:
  base_url        the server, e.g. http://localhost:8000/v1 (default: https://api.openai.com/v1)
  api             chat (default), images, speech, transcriptions or translations: which endpoint is asked
  api_key_env     the environment variable that holds the key (default: OPENAI_API_KEY); the key itself is never stored
  takes, makes    kinds of part, with commas; tasks that need others are not asked (defaults: see below)
  types           types of task, with commas, where it is to be asked no others; all for any (defaults: see below)
  max_side        images with a longer side than so many pixels are reduced to it (default: as they are)
  concurrency     requests in flight (default: 64)
  timeout         seconds for one try (default: 300)
  attempts        tries for one request (default: 6)
  price_input, price_output, price_request     US dollars for a million tokens in and out, and for a request; needed for
                  --max-cost where the server does not say what an answer cost

With api=chat (takes=text,image,audio,video makes=text; makes=text,image for models that draw, text,audio for those that speak):
  temperature     default 0; 'default' leaves it to the server, as some reasoning models demand
  max_tokens, max_completion_tokens, top_p, seed     sent if given; seed=sample sends each sample's own seed
  system          a system message
  structured      1: closed questions, numbers and boxes are asked for as JSON by a schema (response_format)
  image_detail    low, high or auto (default: not sent)
  video           'frames': sampled frames as images (default), 'url': the whole file as a video_url part
  frames          how many frames of a video (default: 8, at equal distances, the first and the last among them)
  voice           the voice of a model that speaks (default: alloy)
With api=images (takes=text,image makes=image; requests with an image go to images/edits, others to images/generations):
  size, quality   sent if given
  seed            sample: each sample's own; a number: the same for all; not sent otherwise
  response_format b64_json (default), or none: not sent, as some models refuse it
With api=speech (takes=text makes=audio types=text-to-speech):
  voice           default: alloy
  speed           sent if given; instructions=none for servers that take none
With api=transcriptions or translations (takes=text,audio makes=text types=automatic-speech-recognition; only the sound is sent):
  language, temperature

Images go out with their original bytes (formats other than PNG, JPEG, WebP and GIF as PNG); sound as WAV and MP3 as it is, other
formats as WAV. The environment's proxies (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY for both, NO_PROXY) and certificates (SSL_CERT_FILE)
are used; localhost, 127.0.0.0/8, ::1, 0.0.0.0 and :: are asked without a proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import orjson

from genlevel.errors import ModelError
from genlevel.models.completion import read_completion
from genlevel.models.content import Pieces, is_small
from genlevel.models.server import COMMON, ServerModel
from genlevel.models.spec import Spec
from genlevel.models.structured import response_format, unwrapped
from genlevel.records import Reply, Request

_OPTIONS: Final = (
    *COMMON, "temperature", "max_tokens", "max_completion_tokens", "top_p", "seed", "system", "structured", "image_detail",
    "video", "frames", "voice",
)  # fmt: skip
_APIS: Final = ("chat", "images", "speech", "transcriptions", "translations")
_ENCODING: Final = 1
"""Raised when requests are put in other words, so that stored answers are not taken for answers to the new ones."""


class OpenAIModel(ServerModel):
    """Chat completions over HTTP."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec, "/chat/completions")
        self.takes = spec.kinds("takes", frozenset({"text", "image", "audio", "video"}))
        self.makes = spec.kinds("makes", frozenset({"text"}))
        self._pieces = Pieces.of(spec, self.image_limit)
        self._system = spec.text("system", "")
        self._voice = spec.text("voice", "alloy")
        self._structured = spec.flag("structured")
        self.seeded = spec.text("seed", "") == "sample"
        self._body = {"model": spec.name, **sampling(spec)}

    def identity(self) -> Mapping[str, Any]:
        """The server, the model's name and everything sent along that changes an answer."""
        return {
            "kind": "openai",
            "url": self._url,
            **self._body,
            "system": self._system,
            **self._pieces.identity(),
            "encoding": _ENCODING,
            **({"seed": "sample"} if self.seeded else {}),
            **({"structured": True} if self._structured else {}),
            **({"voice": self._voice} if "audio" in self.makes else {}),
        }

    async def generate(self, request: Request) -> Reply:
        """One chat completion."""
        if is_small(request.parts):
            body = self._encoded(request)
        else:
            body = await asyncio.to_thread(self._encoded, request)
        answer, attempts = await self.http.post_json(self._url, body)
        usage = self._prices.usage(answer.get("usage") if isinstance(answer, dict) else None)
        if self.makes != {"text"}:
            return await asyncio.to_thread(read_completion, answer, attempts, usage)
        reply = read_completion(answer, attempts, usage)
        return unwrapped(reply, request) if self._structured else reply

    def _encoded(self, request: Request) -> bytes:
        """The body of the HTTP request."""
        messages = [{"role": "user", "content": self._pieces.content(request.parts)}]
        if self._system:
            messages.insert(0, {"role": "system", "content": self._system})
        body = {**self._body, "messages": messages}
        if self.seeded:
            body["seed"] = request.seed
        drawn = [kind for kind in ("image", "audio") if kind in request.makes and kind in self.makes]
        if drawn:
            body["modalities"] = ["text", *drawn]
        if "audio" in drawn:
            body["audio"] = {"voice": self._voice, "format": "wav"}
        if self._structured and (form := response_format(request)) is not None:
            body["response_format"] = form
        return orjson.dumps(body)


def sampling(spec: Spec) -> dict[str, Any]:
    """The options of sampling, under the names that chat completions have for them."""
    found: dict[str, Any] = {}
    if spec.text("temperature", "0") != "default":
        found["temperature"] = spec.number("temperature", 0.0, high=10.0)
    if "top_p" in spec.options:
        found["top_p"] = spec.number("top_p", 1.0, high=1.0)
    for option in ("max_tokens", "max_completion_tokens"):
        if option in spec.options:
            found[option] = spec.integer(option, 0, low=1)
    if spec.text("seed", "sample") != "sample":
        found["seed"] = spec.integer("seed", 0, high=2**63 - 1)
    return found


def from_spec(spec: Spec) -> ServerModel:
    """The model of a SPEC."""
    if not spec.name:
        raise ModelError("model 'openai:' needs the model's name, as in openai:gpt-4o")
    api = spec.one_of("api", _APIS, "") or "chat"
    model: ServerModel
    if api == "chat":
        spec.check(_OPTIONS)
        model = OpenAIModel(spec)
    else:
        from genlevel.models import openai_media

        model = openai_media.from_spec(spec, api)
    model.read_key(spec)
    return model
