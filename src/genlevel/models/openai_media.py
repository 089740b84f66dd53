"""The endpoints for one kind of medium: pictures drawn and edited, text read aloud, speech written down."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from genlevel.errors import RequestFailed
from genlevel.models.completion import billed, decoded, linked, medium
from genlevel.models.content import picture, sound
from genlevel.models.http import Field
from genlevel.models.server import COMMON, ServerModel
from genlevel.models.spec import Spec
from genlevel.records import Part, PartKind, Reply, Request

_ENCODING: Final = 1


class MediaModel(ServerModel):
    """A model behind an endpoint that takes named fields, which are sent with every request."""

    path = ""
    options: tuple[str, ...] = ()

    def __init__(self, spec: Spec, path: str = "") -> None:
        spec.check((*COMMON, *self.options))
        super().__init__(spec, path or self.path)
        self.takes, self.makes = spec.kinds("takes", self.takes), spec.kinds("makes", self.makes)
        self._fields = {"model": spec.name, **self.fields(spec)}

    @abstractmethod
    def fields(self, spec: Spec) -> dict[str, Any]:
        """The fields that the SPEC's options set."""

    def identity(self) -> Mapping[str, Any]:
        """The endpoint and everything sent along that changes an answer."""
        return {"kind": "openai", "url": self._url, **self._fields, "encoding": _ENCODING}


class ImagesModel(MediaModel):
    """Image generation, and editing where a request holds an image; of two images the second is the mask if the task has one."""

    path = "/images/generations"
    options = ("size", "quality", "seed", "response_format")
    takes: frozenset[PartKind] = frozenset({"text", "image"})
    makes: frozenset[PartKind] = frozenset({"image"})

    def fields(self, spec: Spec) -> dict[str, Any]:
        """Size, quality, seed and form of the answer."""
        fields: dict[str, Any] = {name: spec.options[name] for name in ("size", "quality") if name in spec.options}
        if spec.one_of("response_format", ("none",), "b64_json") != "none":
            fields["response_format"] = "b64_json"
        self.seeded = spec.text("seed", "") == "sample"
        if spec.text("seed", "sample") != "sample":
            fields["seed"] = spec.integer("seed", 0, high=2**63 - 1)
        return fields

    def identity(self) -> Mapping[str, Any]:
        """As of the others, and whether each sample has its seed."""
        return {**super().identity(), **({"seed": "sample"} if self.seeded else {})}

    async def generate(self, request: Request) -> Reply:
        """One image."""
        fields = {**self._fields, "prompt": _words(request), "n": 1}
        if self.seeded:
            fields["seed"] = request.seed
        images = [part for part in request.parts if part.kind == "image"]
        if images:
            form = await asyncio.to_thread(_edit, request, images, fields)
            answer, attempts = await self.http.post_json(self.address("/images/edits"), form)
        else:
            answer, attempts = await self.http.post_json(self._url, orjson.dumps(fields))
        usage = self._prices.usage(answer.get("usage") if isinstance(answer, dict) else None)
        with billed(usage):
            return Reply((await asyncio.to_thread(_drawn, answer, attempts),), usage, attempts)


def _edit(request: Request, images: Sequence[Part], fields: Mapping[str, Any]) -> list[Field]:
    """The form of an edit: an image, or several, and the mask of an inpainting task."""
    form = [Field(name, str(value).encode("utf-8", "replace")) for name, value in fields.items()]
    masked = request.task_type == "image-inpainting" and len(images) > 1
    shown = images[:-1] if masked else images
    for i, part in enumerate(shown):
        data, kind = picture(part)
        form.append(Field("image" if len(shown) == 1 else "image[]", data, kind, f"image{i}.{kind.split('/')[1]}"))
    if masked:
        form.append(Field("mask", transparent_where_white(images[-1]), "image/png", "mask.png"))
    return form


def transparent_where_white(part: Part) -> bytes:
    """A mask whose white is what is to be painted, as the PNG that the endpoint wants: transparent there, opaque elsewhere."""
    import numpy as np

    from genlevel.media import load_image
    from genlevel.media.opencv import opencv

    grey = load_image(part).mean(axis=2)
    rgba = np.zeros((*grey.shape, 4), np.uint8)
    rgba[..., 3] = np.where(grey > 127.5, 0, 255)
    return bytes(opencv().imencode(".png", rgba)[1])


def _drawn(answer: Any, attempts: int) -> Part:
    try:
        first = answer["data"][0]
        encoded, url = first.get("b64_json"), first.get("url")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise RequestFailed("the server's answer holds no image (no data[0])", attempts) from None
    if not isinstance(encoded, str) and isinstance(url, str):
        return linked("image", url, attempts)
    return decoded("image", "", encoded, attempts)


class SpeechModel(MediaModel):
    """Text to speech."""

    path = "/audio/speech"
    task_types = frozenset({"text-to-speech"})
    options = ("voice", "speed", "instructions")
    takes: frozenset[PartKind] = frozenset({"text"})
    makes: frozenset[PartKind] = frozenset({"audio"})

    def fields(self, spec: Spec) -> dict[str, Any]:
        """Voice and speed."""
        self._instructs = spec.one_of("instructions", ("none",), "") != "none"
        speed = {"speed": spec.number("speed", 1.0, low=0.1, high=10.0)} if "speed" in spec.options else {}
        return {"voice": spec.text("voice", "alloy"), "response_format": "wav", **speed}

    def identity(self) -> Mapping[str, Any]:
        """As of the others, and whether the prompt is sent as instructions."""
        return {**super().identity(), "instructions": self._instructs}

    async def generate(self, request: Request) -> Reply:
        """The text read aloud, in the way that the rest of the prompt asks for."""
        text = _words(request)
        fields = {**self._fields, "input": text}
        said = "\n".join(part.text for part in request.parts if part.kind == "text")
        how = said.replace(text, "", 1).strip()
        if self._instructs and how:
            fields["instructions"] = how
        data, attempts = await self.http.post(self._url, orjson.dumps(fields))
        usage = self._prices.usage()
        if not data:
            raise RequestFailed("the server gave an empty sound", attempts, usage=usage)
        return Reply((medium("audio", data),), usage, attempts)


class TranscriptionModel(MediaModel):
    """Speech to text, in its own language or in English."""

    path = "/audio/transcriptions"
    task_types = frozenset({"automatic-speech-recognition"})
    options = ("language", "temperature")
    takes: frozenset[PartKind] = frozenset({"text", "audio"})
    makes: frozenset[PartKind] = frozenset({"text"})

    def fields(self, spec: Spec) -> dict[str, Any]:
        """Language and temperature."""
        language = {"language": spec.options["language"]} if "language" in spec.options else {}
        return {"temperature": spec.number("temperature", 0.0, high=1.0), "response_format": "json", **language}

    async def generate(self, request: Request) -> Reply:
        """The words of the request's sound."""
        sounds = [part for part in request.parts if part.kind == "audio"]
        if len(sounds) != 1:
            raise RequestFailed(f"a transcription is of one sound; the request has {len(sounds)}", 0)
        data, name = await asyncio.to_thread(sound, sounds[0])
        form = [Field(key, str(value).encode()) for key, value in self._fields.items()]
        form.append(Field("file", data, {"mp3": "audio/mpeg", "wav": "audio/wav"}[name], f"sound.{name}"))
        answer, attempts = await self.http.post_json(self._url, form)
        answer = answer if isinstance(answer, dict) else {}
        text, usage = answer.get("text"), self._prices.usage(answer.get("usage"))
        if not isinstance(text, str):
            raise RequestFailed("the server's answer is no transcription (no text)", attempts, usage=usage)
        # Silence is written down as nothing, and that is an answer.
        return Reply((Part("text", text),), usage, attempts)


def _words(request: Request) -> str:
    """What to draw or read: the request's content, or else all its texts."""
    text = request.content or "\n".join(part.text for part in request.parts if part.kind == "text")
    if not text.strip():
        raise RequestFailed("the request holds no text to work from", 0)
    return text


def from_spec(spec: Spec, api: str) -> ServerModel:
    """The model of a SPEC for an endpoint other than chat."""
    if api == "images":
        return ImagesModel(spec)
    if api == "speech":
        return SpeechModel(spec)
    return TranscriptionModel(spec, f"/audio/{api}")
