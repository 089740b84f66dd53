"""The parts of a request in OpenAI's words: text, images and sound as pieces of a message."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.models.spec import Spec
from genlevel.records import Part

_SENT_AS_IT_IS: Final = {"image/png", "image/jpeg", "image/webp", "image/gif"}
_SMALL: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Pieces:
    """How media are sent: ``video`` as sampled ``frames`` or as a whole file (``url``), images with ``detail``.

    Frames with a side longer than ``longest`` are reduced to it; images have been by the run.
    """

    video: str = "frames"
    frames: int = 8
    detail: str = ""
    longest: int = 0

    @classmethod
    def of(cls, spec: Spec, longest: int) -> Pieces:
        """As the options ``video``, ``frames`` and ``image_detail`` of a SPEC say.

        Raises:
            ModelError: naming the option.
        """
        video = spec.one_of("video", ("frames", "url"), "") or "frames"
        frames = spec.integer("frames", 8, low=1, high=256)
        return cls(video, frames, spec.one_of("image_detail", ("low", "high", "auto"), ""), longest)

    def identity(self) -> dict[str, Any]:
        """What changes an answer, as plain JSON values."""
        return {
            "image_detail": self.detail,
            "video": f"{self.video}:{self.frames}" if self.video == "frames" else self.video,
        }

    def content(self, parts: Sequence[Part]) -> str | list[dict[str, Any]]:
        """A message's content: one text, or a list of pieces where there are media.

        Raises:
            RequestFailed: a part that such a message cannot hold.
            MediaError: a medium that cannot be read.
        """
        if all(part.kind == "text" for part in parts):
            return "\n\n".join(part.text for part in parts)
        return [piece for part in parts for piece in self._of(part)]

    def _of(self, part: Part) -> list[dict[str, Any]]:
        if part.kind == "text":
            return [{"type": "text", "text": part.text}]
        if part.kind == "image":
            return [self._image(part)]
        if part.kind == "audio":
            data, name = sound(part)
            return [{"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": name}}]
        if part.kind == "video":
            return self._video(part)
        raise RequestFailed(f"an OpenAI-compatible server takes no part of kind {part.kind}", 0)

    def _video(self, part: Part) -> list[dict[str, Any]]:
        from genlevel.media import media_type, part_bytes, reduced

        if self.video == "url" and not (part.path is not None and part.path.is_dir()):
            return [{"type": "video_url", "video_url": {"url": data_url(part_bytes(part), media_type(part))}}]
        return [self._image(reduced(frame, self.longest)) for frame in sampled_frames(part, self.frames)]

    def _image(self, part: Part) -> dict[str, Any]:
        image = {"url": data_url(*picture(part))}
        if self.detail:
            image["detail"] = self.detail
        return {"type": "image_url", "image_url": image}


def is_small(parts: Sequence[Part]) -> bool:
    """Whether encoding takes well under a millisecond, less than handing it to a thread is worth."""
    if not all(part.kind == "text" or (part.kind == "image" and part.data is not None) for part in parts):
        return False
    return sum(len(part.data) if part.data is not None else len(part.text) for part in parts) <= _SMALL


def data_url(data: bytes, kind: str) -> str:
    """Bytes as an address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def picture(part: Part) -> tuple[bytes, str]:
    """An image's own bytes and type where servers take the format, else as PNG."""
    from genlevel.media import encode_png, load_image, media_type, part_bytes
    from genlevel.media.files import sniff

    data = part_bytes(part)
    # What the bytes are, and not what the file's name says: servers refuse a JPEG that is called PNG.
    kind = sniff(data[:64]) or media_type(part)
    return (data, kind) if kind in _SENT_AS_IT_IS else (encode_png(load_image(part)), "image/png")


def sound(part: Part) -> tuple[bytes, str]:
    """A sound's own bytes and ``mp3`` or ``wav``; other formats as WAV."""
    from genlevel.media import encode_wav, load_audio, media_type, part_bytes
    from genlevel.media.files import sniff

    data = part_bytes(part)
    kind = sniff(data[:64]) or media_type(part)
    name = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav"}.get(kind)
    # The interface knows no others.
    return (data, name) if name else (encode_wav(*load_audio(part)), "wav")


def sampled_frames(part: Part, count: int) -> list[Part]:
    """Frames at equal distances, the first and the last among them; the middle one if only one is wanted."""
    from genlevel.media import encode_png, load_frames

    frames = load_frames(part)
    last = len(frames) - 1
    picked = sorted({round(i * last / (count - 1)) for i in range(count)}) if count > 1 else [last // 2]
    return [Part("image", data=encode_png(frames[i]), media_type="image/png") for i in picked]
