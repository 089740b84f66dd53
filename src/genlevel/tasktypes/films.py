"""Tasks answered with a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.keys import first, resolve
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.media_out import MediaAnswer, only
from genlevel.tasktypes.pictures import resized

__all__ = ["ImageToVideo", "TextToVideo", "VideoToVideo"]

_SUCCESS: Final = frozenset({"success_rate", "single_object_success_rate", "multi_object_success_rate"})
_PICTURED: Final = frozenset({"clip_style", "clip_image_score"})
# Compared pixel by pixel, so that both must have one size.
_SAME_SIZE: Final = frozenset({"", "psnr", "ssim", "ms_ssim", "mse", "mae", "rmse", "lpips", "dists"})
_WISHED: Final = ("include", "objects", "object", "classes", "labels", "label", "class", "target")
_JSON_CHARS: Final = 4_000_000


class FilmAnswer(MediaAnswer):
    """A task answered with a video: a file, a folder of frames, or one image a frame."""

    writes = "film"
    makes = frozenset({"video"})
    out = "video"
    output_keys = ("video_file", "video_folder", "video", "gt_dir", "frame_dir", "file", "path", "text")
    asks = frozenset({"clip_score", "i2v_composite"})
    free = frozenset(
        [
            "dino_score",
            "subject_consistency",
            "background_consistency",
            "temporal_l1_consistency",
            "dynamic_degree",
            "motion_smoothness",
            "aesthetic_score",
            "musiq",
            "brisque",
            "user_preference_rate",
        ]
    )
    wishes = ("caption", "description", "text", "prompt", "target_prompt")

    def _reference(self, record: Record) -> tuple[Any, dict[str, Any]]:
        output, shown = record.value.get("output"), record.value.get("input")
        places = [place for place in (output, shown, record.value) if isinstance(place, Mapping)]
        if self.measured in _SUCCESS:
            return _objects(places, record.where), {}
        if self.measured in _PICTURED:
            return self._pictures(record, places), {}
        if self.measured == "frame_accuracy":
            prompts = [
                next((v for p in places if (v := first(p, k))), None) for k in ("target_prompt", "source_prompt")
            ]
            if not all(isinstance(prompt, str) for prompt in prompts):
                raise RecordError(f"{record.where}: frame_accuracy needs 'target_prompt' and 'source_prompt'")
            return prompts, {}
        return super()._reference(record)

    def _pictures(self, record: Record, places: Sequence[Mapping[str, Any]]) -> list[Any]:
        from genlevel.media import load_image

        for place in places:
            names = first(
                place, "style_image", "style_file", "reference_image", "image_file", "image_file_list", "image"
            )
            names = [names] if isinstance(names, str) else names
            if isinstance(names, list) and names:
                try:
                    return [load_image(Part("image", path=resolve(record, name))) for name in names[:64]]
                except RecordError:
                    raise
                except GenlevelError as error:
                    raise RecordError(f"{record.where}: {error}") from None
        raise RecordError(f"{record.where}: {self.measured} needs an image to compare with, e.g. 'style_image'")

    def inline(self, record: Record, output: Mapping[str, Any]) -> Any:
        """The frames of a video that is a list of images."""
        names = first(output, "video_file_list", "image_file_list", "frames", "video_file")
        if not isinstance(names, list) or len(names) < 2:
            return None
        try:
            return film([Part("image", path=resolve(record, name)) for name in names])
        except RecordError:
            raise
        except GenlevelError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Uint8 (T, H, W, 3)."""
        return film([part]), {}

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Uint8 (T, H, W, 3), of the reference's size where pixels are compared.

        For success rates a text part beside the video may hold what a detector found in it, as JSON ``[[{"label", "box",
        "score"}]]``, one list a frame; then that is the answer.

        Raises:
            UnreadableAnswer: no video, or one that cannot be decoded.
        """
        try:
            frames = film(parts)
        except UnreadableAnswer:
            raise
        except GenlevelError as error:
            raise UnreadableAnswer(str(error)) from None
        if self.measured in _SUCCESS:
            found = _detections(parts)
            return frames if found is None else found
        wanted = getattr(sample.reference, "shape", None)
        if self.measured not in _SAME_SIZE or wanted is None or len(wanted) != 4 or frames.shape[1:3] == wanted[1:3]:
            return frames
        import numpy as np

        return np.stack([resized(frame, wanted[1:3]) for frame in frames[: wanted[0]]])


def film(parts: Sequence[Part]) -> Any:
    """The frames of the last video part, or of all image parts in order: uint8 (T, H, W, 3).

    Raises:
        GenlevelError: there is neither, or something cannot be decoded.
    """
    import numpy as np

    from genlevel.media import load_frames, load_image
    from genlevel.media.limits import FRAMES, VIDEO_BYTES

    images = [part for part in parts if part.kind == "image"]
    if any(part.kind == "video" for part in parts) or not images:
        return load_frames(only(parts, "video"))
    first_frame = load_image(images[0])
    if len(images) > FRAMES or len(images) * first_frame.nbytes > VIDEO_BYTES:
        raise UnreadableAnswer(f"{len(images)} frames of {first_frame.shape} are too many")
    frames = [first_frame, *(load_image(part) for part in images[1:])]
    if any(frame.shape != first_frame.shape for frame in frames):
        raise UnreadableAnswer("the frames have different sizes")
    return np.stack(frames)


def _objects(places: Sequence[Mapping[str, Any]], where: str) -> Any:
    for place in places:
        for key in _WISHED:
            value = first(place, key)
            if key == "include" and isinstance(value, list):
                return {"include": value, "exclude": first(place, "exclude") or []}
            if isinstance(value, (str, Mapping)) or (isinstance(value, list) and value):
                return value
    raise RecordError(f"{where}: names no objects that must be seen; expected 'objects' or 'include'")


def _detections(parts: Sequence[Part]) -> list[Any] | None:
    text = "\n".join(part.text for part in parts if part.kind == "text")
    return next((value for value in find_literals(text[:_JSON_CHARS]) if isinstance(value, list)), None)


class TextToVideo(FilmAnswer):
    """A video made from a description; of stylised ones the input's images show the style.

    Example: ``{"input": {"prompt": "A red car drives by."}, "output": {"video_file": "a.mp4"}}``. The output is needed by
    metrics that compare with real videos (``fvd``) alone; ``objects`` or GenEval's ``include`` by success rates.
    """

    name = "text-to-video"
    title = "Text to video"
    answer_format = "a video"
    takes = frozenset({"text"})
    prompt = ""

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """The consistency of the background is that of the frames with each other."""
        return {"against": "frames"} if task.metric == "clip_score" and "consistency" in task.id.casefold() else {}


class ImageToVideo(FilmAnswer):
    """A video that begins with an image and goes on as the prompt says.

    Example: ``{"input": {"image_file": "a.png", "prompt": "The leaves move."}, "output": {"video_file": "a.mp4"}}``.
    """

    name = "image-to-video"
    title = "Image to video"
    answer_format = "a video that begins with the image"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Make a video that begins with the image."

    def wish(self, record: Record, shown: Mapping[str, Any]) -> Any:
        """The prompt; the default one where the record has none."""
        try:
            return super().wish(record, shown)
        except RecordError:
            return self.prompt


class VideoToVideo(FilmAnswer):
    """A video restored, enlarged, coloured, filled, translated or restyled.

    Example: ``{"input": {"video_folder": "noisy/a", "prompt": "Remove the noise."}, "output": {"video_folder": "clean/a"}}``;
    with ``source_prompt`` and ``target_prompt`` for translation.
    """

    name = "video-to-video"
    title = "Video to video"
    answer_format = "a video with as many frames, of the same size where the task does not change it"
    takes = frozenset({"video", "image", "text"})
    media = "video"
    prompt = "Change the video."
