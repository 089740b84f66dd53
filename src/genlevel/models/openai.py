"""``openai:NAME``: a model behind any OpenAI-compatible server (OpenAI, vLLM, SGLang, LMDeploy, llama.cpp, ...).

Options: ``base_url`` (default https://api.openai.com/v1), ``api_key_env`` (the environment variable that holds the key, default
OPENAI_API_KEY; the key itself never appears in a SPEC, file or message), ``temperature`` (default 0), ``max_tokens`` (default:
the server's), ``seed``, ``system`` (a system message), ``concurrency`` (requests in flight, default 64), ``timeout`` (seconds
for one request, default 300), ``attempts`` (tries for one request, default 6), ``video`` (``frames``: sampled frames as images,
default; ``url``: the whole file as a video_url part), ``frames`` (how many, default 8).

Images go out as data URLs with their original bytes, sound as input_audio.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Mapping
from typing import Any

import orjson

from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.http import Http, Retries
from genlevel.models.spec import Spec
from genlevel.records import Part, PartKind, Reply, Request, Usage

_OPTIONS = (
    "base_url", "api_key_env", "temperature", "max_tokens", "seed", "system",
    "concurrency", "timeout", "attempts", "video", "frames",
)  # fmt: skip


class OpenAIModel(Model):
    """Chat completions over HTTP."""

    takes: frozenset[PartKind] = frozenset({"text", "image", "audio", "video"})
    makes: frozenset[PartKind] = frozenset({"text", "image"})

    def __init__(self, spec: Spec) -> None:
        self.name = spec.name
        self._url = spec.text("base_url", "https://api.openai.com/v1").rstrip("/") + "/chat/completions"
        self._video, self._frames = spec.text("video", "frames"), int(spec.number("frames", 8, low=1, high=256))
        if self._video not in {"frames", "url"}:
            raise ModelError(f"model '{spec}': option video={self._video} is neither 'frames' nor 'url'")
        self.concurrency = int(spec.number("concurrency", 64, low=1, high=4096))
        self._body: dict[str, Any] = {"model": spec.name, "temperature": spec.number("temperature", 0.0, high=10.0)}
        if "max_tokens" in spec.options:
            self._body["max_tokens"] = int(spec.number("max_tokens", 0, low=1))
        if "seed" in spec.options:
            self._body["seed"] = int(spec.number("seed", 0, high=2**63))
        self._system = spec.text("system", "")
        key = os.environ.get(spec.text("api_key_env", "OPENAI_API_KEY"), "")
        if not key and self._url.startswith("https://api.openai.com/"):
            raise ModelError(
                f"model '{spec}': the environment variable {spec.text('api_key_env', 'OPENAI_API_KEY')} holds no key"
            )
        self._http = Http(
            headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})},
            connections=self.concurrency,
            retries=Retries(int(spec.number("attempts", 6, low=1, high=100)), spec.number("timeout", 300.0, low=0.01)),
            secret=key,
        )

    def identity(self) -> Mapping[str, Any]:
        """The server, the model's name and everything sent along that changes an answer."""
        return {
            "kind": "openai",
            "url": self._url,
            **self._body,
            "system": self._system,
            "video": f"{self._video}:{self._frames}" if self._video == "frames" else self._video,
        }

    async def start(self, datasets: object) -> None:
        """Open the connection pool."""
        await self._http.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def generate(self, request: Request) -> Reply:
        """One chat completion."""
        if all(part.kind == "text" for part in request.parts):
            content: Any = "\n\n".join(part.text for part in request.parts)
        else:
            content = await asyncio.to_thread(self._content, request.parts)
        messages = [{"role": "user", "content": content}]
        if self._system:
            messages.insert(0, {"role": "system", "content": self._system})
        answer = await self._http.post_json(self._url, orjson.dumps({**self._body, "messages": messages}))
        return read_completion(answer)

    def _content(self, parts: tuple[Part, ...]) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        for part in parts:
            if part.kind == "text":
                content.append({"type": "text", "text": part.text})
            elif part.kind == "image":
                content.append(_image(part))
            elif part.kind == "audio":
                content.append(_audio(part))
            elif part.kind == "video" and self._video == "url" and not (part.path and part.path.is_dir()):
                content.append({"type": "video_url", "video_url": {"url": _data_url(part)}})
            elif part.kind == "video":
                content += _sampled_frames(part, self._frames)
            else:
                raise RequestFailed(f"an OpenAI-compatible server takes no part of kind {part.kind}")
        return content


def _data_url(part: Part) -> str:
    from genlevel.media import media_type, part_bytes

    return f"data:{media_type(part)};base64,{base64.b64encode(part_bytes(part)).decode()}"


def _image(part: Part) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": _data_url(part)}}


def _audio(part: Part) -> dict[str, Any]:
    from genlevel.media import encode_wav, load_audio, media_type, part_bytes

    kind = media_type(part)
    if kind == "audio/mpeg":
        data, name = part_bytes(part), "mp3"
    elif kind in {"audio/wav", "audio/x-wav"}:
        data, name = part_bytes(part), "wav"
    else:  # the interface knows only WAV and MP3
        samples, rate = load_audio(part)
        data, name = encode_wav(samples, rate), "wav"
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": name}}


def _sampled_frames(part: Part, count: int) -> list[dict[str, Any]]:
    """Frames at equal distances, the first and the last among them, as images."""
    from genlevel.media import encode_png, load_frames

    frames = load_frames(part)
    last = len(frames) - 1
    picked = sorted({round(i * last / max(1, count - 1)) for i in range(count)}) if last > 0 else [0]
    return [_image(Part("image", data=encode_png(frames[i]), media_type="image/png")) for i in picked]


def read_completion(answer: Any) -> Reply:
    """The parts and usage of a chat completion.

    Raises:
        RequestFailed: if the server's JSON is no chat completion, or the answer was refused or empty.
    """
    try:
        choice = answer["choices"][0]
        message = choice["message"]
    except (KeyError, IndexError, TypeError):
        raise RequestFailed("the server's answer is no chat completion (no choices[0].message)") from None
    content = message.get("content")
    parts: list[Part] = []
    for piece in [content] if isinstance(content, str) else [*(content or []), *(message.get("images") or [])]:
        part = _read_piece(piece)
        if part is not None:
            parts.append(part)
    if isinstance(content, str):
        parts += [p for p in map(_read_piece, message.get("images") or []) if p is not None]
    if not parts:
        reason = message.get("refusal") or choice.get("finish_reason") or "no content"
        raise RequestFailed(f"the server gave an empty answer ({str(reason)[:200]})")
    usage = answer.get("usage") if isinstance(answer.get("usage"), dict) else {}
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    return Reply(tuple(parts), Usage(*(count if isinstance(count, int) else 0 for count in counts)))


def _read_piece(piece: Any) -> Part | None:
    if isinstance(piece, str):
        return Part("text", piece) if piece else None
    if not isinstance(piece, dict):
        return None
    if isinstance(piece.get("text"), str):
        return Part("text", piece["text"])
    url = piece.get("image_url")
    url = url.get("url") if isinstance(url, dict) else url
    if not isinstance(url, str):
        return None
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:image/") and head.endswith(";base64")):
        raise RequestFailed("the server gave an image that is no data URL; links are not followed")
    try:
        return Part("image", data=base64.b64decode(data, validate=True), media_type=head[5:-7])
    except ValueError:
        raise RequestFailed("the server gave an image whose base64 is damaged") from None


def from_spec(spec: Spec) -> OpenAIModel:
    """The model of a SPEC."""
    spec.check(_OPTIONS)
    if not spec.name:
        raise ModelError("model 'openai:' needs the model's name, as in openai:gpt-4o")
    return OpenAIModel(spec)
