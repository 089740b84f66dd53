"""Between a request's parts and a pipeline's arguments: prompts, images at the size it works at, and what it gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.models.diffusers_checkpoint import Checkpoint
from genlevel.models.diffusers_options import Size
from genlevel.models.diffusers_ways import Way
from genlevel.records import Part, Request

__all__ = ["Asked", "parts_of", "prompt_of", "way_of", "work_size"]

_FPS: Final = 8.0
_CONTROLLED: Final = frozenset({"sketch-to-image", "layout-to-image"})


@dataclass(frozen=True)
class Asked:
    """One request, ready for a pipeline. ``size`` is (width, height) and None where the pipeline decides."""

    way: Way
    prompt: str
    seed: int
    media: dict[str, Any]
    size: tuple[int, int] | None = None

    @property
    def kind(self) -> tuple[Any, ...]:
        """What requests in one call have in common."""
        shapes = tuple((name, getattr(value, "size", None) or len(value)) for name, value in self.media.items())
        return self.way.name, self.size, shapes


def way_of(request: Request, checkpoint: Checkpoint, control_all: bool) -> Way:
    """The pipeline for what a request holds.

    Raises:
        RequestFailed: the checkpoint has none.
    """
    ways = checkpoint.ways
    images = sum(part.kind == "image" for part in request.parts)
    videos = sum(part.kind == "video" for part in request.parts)
    controlled = control_all or request.task_type in _CONTROLLED
    if not images + videos:
        if "text" in ways:
            return ways["text"]
        raise RequestFailed(
            f"a {checkpoint.pipeline.__name__} needs an image or video, and the request has text alone", 0
        )
    if (images, videos) == (0, 1) and "video" in ways:
        return ways["video"]
    if (images, videos) == (2, 0) and "mask" in ways:
        return ways["mask"]
    if (images, videos) == (1, 0):
        order: tuple[Any, ...] = ("control", "image") if controlled else ("image", "control")
        found = next((ways[name] for name in order if name in ways), None)
        if found is not None:
            return found
        if "mask" in ways:
            raise RequestFailed(f"a {ways['mask'].title} needs a mask beside the image, and the request has none", 0)
    has = ", ".join(
        f"{count} {kind}{'s' * (count > 1)}" for count, kind in ((images, "image"), (videos, "video")) if count
    )
    raise RequestFailed(
        f"a {checkpoint.pipeline.__name__} cannot be asked with {has}; it can with {_asked_with(ways)}", 0
    )


def _asked_with(ways: Any) -> str:
    words = {
        "text": "text alone",
        "image": "1 image",
        "mask": "an image and its mask",
        "control": "1 image",
        "video": "1 video",
    }
    return " or ".join(dict.fromkeys(words[name] for name in ways))


def prompt_of(request: Request, way: Way, default: str) -> str:
    """What a pipeline is told: an editor all texts of the request, any other the words that the picture is made from.

    "Turn the sketch into the picture that it stands for." tells an editor what to do; a pipeline whose prompt describes the
    picture would draw the words. It gets ``default`` where the data have no words of their own.
    """
    texts = [part.text.strip() for part in request.parts if part.kind == "text" and part.text.strip()]
    if way.instructed:
        return "\n".join(texts) or default
    if request.content:
        return request.content
    from genlevel import tasktypes

    known = request.task_type in tasktypes.TASK_TYPES
    own = getattr(tasktypes.get(request.task_type), "prompt", "") if known else ""
    lines = [line for text in texts for line in text.splitlines() if line.strip() and line.strip() != own]
    return "\n".join(lines) or default


def work_size(source: tuple[int, int], size: Size, native: int | None, multiple: int) -> tuple[int, int]:
    """Width and height to work at: whole multiples, as close as can be to the wanted size.

    ``native`` is the checkpoint's own number of pixels; the source's shape is kept then.

    >>> work_size((300, 200), "native", 512 * 512, 8)
    (624, 416)
    >>> work_size((300, 200), "source", None, 8)
    (304, 200)
    """
    width, height = source if isinstance(size, str) else size
    if size == "native" and native:
        scale = (native / (width * height)) ** 0.5
        width, height = width * scale, height * scale
    return max(multiple, round(width / multiple) * multiple), max(multiple, round(height / multiple) * multiple)


def picture(part: Part) -> Any:
    """An image part as a PIL image, RGB."""
    from PIL import Image

    from genlevel.media import load_image

    return Image.fromarray(load_image(part))


def mask_picture(part: Part) -> Any:
    """A mask part as a PIL image, 255 where it is set: where it is above half, or above 0 in a mask of 0 and 1."""
    import numpy as np
    from PIL import Image

    from genlevel.media import load_mask

    values = load_mask(part)
    top = 65535 if values.dtype == np.uint16 else 255
    found = values > 0 if values.max() <= 1 else values > top // 2
    return Image.fromarray(found.astype(np.uint8) * 255, "L")


def film_frames(part: Part) -> list[Any]:
    """The frames of a video part as PIL images."""
    from PIL import Image

    from genlevel.media import load_frames

    return [Image.fromarray(frame) for frame in load_frames(part)]


def parts_of(output: Any, way: Way, count: int, pipeline: Any, fps: float) -> list[Part]:
    """What a pipeline gave, as one part for each of ``count`` requests.

    Raises:
        RequestFailed: it gave nothing that can be read, or not as many.
    """
    names = {"image": ("images", "image"), "video": ("frames", "videos"), "audio": ("audios", "audio")}[way.makes]
    given = next((value for name in names if (value := getattr(output, name, None)) is not None), None)
    if given is None or isinstance(given, (str, bytes)) or len(given) != count:
        many = "nothing" if given is None else f"{len(given)} answers"
        raise RequestFailed(f"a {way.title} gave {many} to {count} requests")
    if way.makes == "image":
        return [_image(one) for one in given]
    if way.makes == "video":
        return [_video(one, fps or _own_rate(way)) for one in given]
    rate = _sound_rate(pipeline)
    return [_sound(one, rate) for one in given]


def _image(value: Any) -> Part:
    import numpy as np

    from genlevel.media import encode_png

    return Part("image", data=encode_png(np.asarray(value.convert("RGB"))), media_type="image/png")


def _video(frames: Any, fps: float) -> Part:
    import numpy as np

    from genlevel.media import encode_mp4

    array = np.stack([_array(frame) for frame in frames])
    if array.dtype != np.uint8:
        array = np.rint(np.clip(array, 0.0, 1.0) * 255).astype(np.uint8)
    # The encoder takes even sides alone.
    array = array[:, : array.shape[1] // 2 * 2, : array.shape[2] // 2 * 2]
    return Part("video", data=encode_mp4(array, fps), media_type="video/mp4")


def _sound(samples: Any, rate: int) -> Part:
    from genlevel.media import encode_wav

    array = _array(samples)
    return Part("audio", data=encode_wav(array.T if array.ndim == 2 else array, rate), media_type="audio/wav")


def _array(value: Any) -> Any:
    import numpy as np

    return np.asarray(value.detach().float().cpu() if hasattr(value, "detach") else value)


def _own_rate(way: Way) -> float:
    """Frames a second: what the pipeline is told by default, else 8."""
    for name in ("frame_rate", "fps"):
        default = way.parameters[name].default if name in way.parameters else None
        if isinstance(default, (int, float)) and default > 0:
            return float(default)
    return _FPS


def _sound_rate(pipeline: Any) -> int:
    places: Sequence[Any] = [getattr(pipeline, name, None) for name in ("vocoder", "vae")]
    for place in [*[getattr(p, "config", None) for p in places], *places, pipeline]:
        for name in ("sampling_rate", "sample_rate"):
            rate = getattr(place, name, None)
            if isinstance(rate, int) and rate > 0:
                return rate
    raise RequestFailed(f"the sampling rate of a {type(pipeline).__name__} is not known")
