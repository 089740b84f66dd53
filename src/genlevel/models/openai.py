"""``openai:NAME``: a model behind any OpenAI-compatible server (OpenAI, vLLM, SGLang, LMDeploy, llama.cpp, ...).

Options, all of which may be left out:
  base_url        the server, e.g. http://localhost:8000/v1 (default: https://api.openai.com/v1)
  api_key_env     the environment variable that holds the key (default: OPENAI_API_KEY); the key itself is never stored
  temperature     default 0; 'default' leaves it to the server, as some reasoning models demand
  max_tokens, max_completion_tokens, top_p, seed     sent if given; seed=sample sends each sample's own seed
  system          a system message
  takes, makes    kinds of part, with commas (default: takes=text,image,audio,video makes=text); tasks that need others
                  are not asked. makes=text,image is for models that draw.
  image_detail    low, high or auto (default: not sent)
  max_side        images with a longer side than so many pixels are reduced to it (default: as they are)
  video           'frames': sampled frames as images (default), 'url': the whole file as a video_url part
  frames          how many frames of a video (default: 8, at equal distances, the first and the last among them)
  concurrency     requests in flight (default: 64)
  timeout         seconds for one try (default: 300)
  attempts        tries for one request (default: 6)

Images go out with their original bytes as data URLs (formats other than PNG, JPEG, WebP and GIF as PNG); sound as input_audio,
WAV and MP3 as they are, other formats as WAV.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import orjson

from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.completion import read_completion
from genlevel.models.http import Http, Retries
from genlevel.models.spec import Spec
from genlevel.records import Part, Reply, Request

_OPTIONS: Final = (
    "base_url", "api_key_env", "temperature", "max_tokens", "max_completion_tokens", "top_p", "seed", "system", "takes", "makes",
    "image_detail", "max_side", "video", "frames", "concurrency", "timeout", "attempts",
)  # fmt: skip
_SENT_AS_IT_IS: Final = {"image/png", "image/jpeg", "image/webp", "image/gif"}
_SMALL: Final = 512 * 1024
_ENCODING: Final = 1
"""Raised when requests are put in other words, so that stored answers are not taken for answers to the new ones."""


class OpenAIModel(Model):
    """Chat completions over HTTP."""

    inline = 256 * 1024

    def __init__(self, spec: Spec) -> None:
        self.name = spec.name
        self.takes = spec.kinds("takes", frozenset({"text", "image", "audio", "video"}))
        self.makes = spec.kinds("makes", frozenset({"text"}))
        self.concurrency = spec.integer("concurrency", 64, low=1, high=4096)
        self._url = _endpoint(spec)
        self._video = _one_of(spec, "video", ("frames", "url")) or "frames"
        self._detail = _one_of(spec, "image_detail", ("low", "high", "auto"))
        self._frames = spec.integer("frames", 8, low=1, high=256)
        self._system = spec.text("system", "")
        self.image_limit = spec.integer("max_side", 0, low=1)
        self.seeded = spec.text("seed", "") == "sample"
        self._body = {"model": spec.name, **_sampling(spec)}
        variable = spec.text("api_key_env", "OPENAI_API_KEY")
        key = os.environ.get(variable, "").strip()
        if not key and ("api_key_env" in spec.options or urlsplit(self._url).hostname == "api.openai.com"):
            raise ModelError(f"model '{spec}': the environment variable {variable} holds no key")
        if not key.isascii() or not key.isprintable():
            raise ModelError(f"model '{spec}': the environment variable {variable} holds no key that can be sent")
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._key = key
        self._retries = Retries(spec.integer("attempts", 6, low=1, high=100), spec.number("timeout", 300.0, low=0.01))
        self._http: Http | None = None

    def identity(self) -> Mapping[str, Any]:
        """The server, the model's name and everything sent along that changes an answer."""
        return {
            "kind": "openai",
            "url": self._url,
            **self._body,
            "system": self._system,
            "image_detail": self._detail,
            "video": f"{self._video}:{self._frames}" if self._video == "frames" else self._video,
            "encoding": _ENCODING,
        }

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Open the connection pool."""
        self._http = Http(headers=self._headers, connections=self.concurrency, retries=self._retries, secret=self._key)
        await self._http.open()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def generate(self, request: Request) -> Reply:
        """One chat completion."""
        assert self._http is not None, "start() comes first"
        if _is_small(request.parts):
            body = self._encoded(request)
        else:
            body = await asyncio.to_thread(self._encoded, request)
        answer, attempts = await self._http.post_json(self._url, body)
        if "image" in self.makes:
            return await asyncio.to_thread(read_completion, answer, attempts)
        return read_completion(answer, attempts)

    def _encoded(self, request: Request) -> bytes:
        """The body of the HTTP request."""
        content: Any
        if all(part.kind == "text" for part in request.parts):
            content = "\n\n".join(part.text for part in request.parts)
        else:
            content = [piece for part in request.parts for piece in self._pieces(part)]
        messages = [{"role": "user", "content": content}]
        if self._system:
            messages.insert(0, {"role": "system", "content": self._system})
        body = {**self._body, "messages": messages}
        if self.seeded:
            body["seed"] = request.seed
        if "image" in request.makes and "image" in self.makes:
            body["modalities"] = ["text", "image"]
        return orjson.dumps(body)

    def _pieces(self, part: Part) -> list[dict[str, Any]]:
        if part.kind == "text":
            return [{"type": "text", "text": part.text}]
        if part.kind == "image":
            return [self._image(part)]
        if part.kind == "audio":
            return [_audio(part)]
        if part.kind == "video":
            if self._video == "url" and not (part.path is not None and part.path.is_dir()):
                from genlevel.media import media_type, part_bytes

                return [{"type": "video_url", "video_url": {"url": _data_url(part_bytes(part), media_type(part))}}]
            from genlevel.media import reduced

            return [self._image(reduced(frame, self.image_limit)) for frame in _sampled_frames(part, self._frames)]
        raise RequestFailed(f"an OpenAI-compatible server takes no part of kind {part.kind}", 0)

    def _image(self, part: Part) -> dict[str, Any]:
        from genlevel.media import encode_png, load_image, media_type, part_bytes
        from genlevel.media.files import sniff

        data = part_bytes(part)
        # What the bytes are, and not what the file's name says: servers refuse a JPEG that is called PNG.
        kind = sniff(data[:64]) or media_type(part)
        if kind not in _SENT_AS_IT_IS:
            data, kind = encode_png(load_image(part)), "image/png"
        image = {"url": _data_url(data, kind)}
        if self._detail:
            image["detail"] = self._detail
        return {"type": "image_url", "image_url": image}


def _is_small(parts: Sequence[Part]) -> bool:
    """Whether encoding takes well under a millisecond, less than handing it to a thread is worth."""
    if not all(part.kind == "text" or (part.kind == "image" and part.data is not None) for part in parts):
        return False
    return sum(len(part.data) if part.data is not None else len(part.text) for part in parts) <= _SMALL


def _data_url(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _audio(part: Part) -> dict[str, Any]:
    from genlevel.media import encode_wav, load_audio, media_type, part_bytes
    from genlevel.media.files import sniff

    data = part_bytes(part)
    kind = sniff(data[:64]) or media_type(part)
    name = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav"}.get(kind)
    if name is None:  # the interface knows no others
        data, name = encode_wav(*load_audio(part)), "wav"
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode("ascii"), "format": name}}


def _sampled_frames(part: Part, count: int) -> list[Part]:
    """Frames at equal distances, the first and the last among them; the middle one if only one is wanted."""
    from genlevel.media import encode_png, load_frames

    frames = load_frames(part)
    last = len(frames) - 1
    picked = sorted({round(i * last / (count - 1)) for i in range(count)}) if count > 1 else [last // 2]
    return [Part("image", data=encode_png(frames[i]), media_type="image/png") for i in picked]


def _endpoint(spec: Spec) -> str:
    given = spec.text("base_url", "https://api.openai.com/v1")
    try:
        url = urlsplit(given)
        valid = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise ModelError(f"model '{spec}': base_url is no address of the form http://host:port/v1")
    if url.username or url.password or any(_is_secret(name) for name, _ in parse_qsl(url.query)):
        # The address is part of the run's record.
        raise ModelError(f"model '{spec}': base_url holds a password or key; put it into the variable of api_key_env")
    path = url.path.rstrip("/").removesuffix("/chat/completions") + "/chat/completions"
    return urlunsplit((url.scheme, url.netloc, path, url.query, ""))


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in ("key", "token", "secret", "password", "sig"))


def _one_of(spec: Spec, option: str, known: tuple[str, ...]) -> str:
    given = spec.text(option, "")
    if given and given not in known:
        raise ModelError(f"model '{spec}': option {option}={given} is none of {', '.join(known)}")
    return given


def _sampling(spec: Spec) -> dict[str, Any]:
    sampling: dict[str, Any] = {}
    if spec.text("temperature", "0") != "default":
        sampling["temperature"] = spec.number("temperature", 0.0, high=10.0)
    if "top_p" in spec.options:
        sampling["top_p"] = spec.number("top_p", 1.0, high=1.0)
    for option in ("max_tokens", "max_completion_tokens"):
        if option in spec.options:
            sampling[option] = spec.integer(option, 0, low=1)
    if spec.text("seed", "") == "sample":
        sampling["seed"] = "sample"
    elif "seed" in spec.options:
        sampling["seed"] = spec.integer("seed", 0, high=2**63 - 1)
    return sampling


def from_spec(spec: Spec) -> OpenAIModel:
    """The model of a SPEC."""
    spec.check(_OPTIONS)
    if not spec.name:
        raise ModelError("model 'openai:' needs the model's name, as in openai:gpt-4o")
    return OpenAIModel(spec)
