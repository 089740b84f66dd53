"""Tasks answered with an image that is compared with one in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from genlevel.errors import GenlevelError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.keys import fold_key, input_of, media_of
from genlevel.tasktypes.media_out import MediaAnswer, only

__all__ = [
    "ImageDenoising",
    "ImageInpainting",
    "ImageSuperResolution",
    "ImageToImage",
    "LayoutToImage",
    "SketchToImage",
    "TextToImage",
    "VideoFrameInterpolation",
]

_RANKED: Final = frozenset({"auc", "average_precision", "aupro"})


class PictureAnswer(MediaAnswer):
    """A task answered with an image. Answers of another size are resized to the reference's.

    CLIPScore compares with a text. Metrics of a ranking of pixels (AUC) get grey values, and from the reference where they are
    above half.
    """

    writes = "picture"
    makes = frozenset({"image"})
    out = "image"
    output_keys = ("image_file", "image", "target_file", "file", "text")
    asks = frozenset({"clip_score"})
    free = frozenset({"aesthetic_score", "musiq", "niqe", "brisque", "inception_score"})

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Uint8 (H, W, 3), or for a ranking of pixels (H, W) of 0 and 1."""
        from genlevel.media import load_image

        image = load_image(part)
        return ((image.mean(axis=2) > 127).astype("uint8") if self.measured in _RANKED else image), {}

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Uint8 (H, W, 3) of the reference's size: area averages when it gets smaller, bicubic when larger.

        For a ranking of pixels float64 (H, W), 0 to 1.

        Raises:
            UnreadableAnswer: no image, or one that cannot be decoded.
        """
        from genlevel.media import load_image

        try:
            image = load_image(only(parts, "image"))
        except UnreadableAnswer:
            raise
        except GenlevelError as error:
            raise UnreadableAnswer(str(error)) from None
        if self.measured in _RANKED:
            image = image.mean(axis=2) / 255.0
        wanted = getattr(sample.reference, "shape", None)
        if wanted is None or image.shape == wanted:
            return image
        self.check_size(image.shape, wanted)
        return resized(image, wanted)

    def check_size(self, size: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        """Raise an :class:`UnreadableAnswer` for a size that is not an answer to the task."""


def resized(image: Any, shape: tuple[int, ...], *, nearest: bool = False) -> Any:
    """An image at another height and width."""
    from genlevel.media.opencv import opencv

    cv = opencv()
    smaller = shape[0] <= image.shape[0] and shape[1] <= image.shape[1]
    how = cv.INTER_NEAREST if nearest else cv.INTER_AREA if smaller else cv.INTER_CUBIC
    return cv.resize(image, (shape[1], shape[0]), interpolation=how)


class ImageDenoising(PictureAnswer):
    """A noisy image made clean.

    Example: ``{"input": {"image_file": "noisy/a.png"}, "output": {"image_file": "clean/a.png"}}``.
    """

    name = "image-denoising"
    title = "Image denoising"
    answer_format = "an image of the same size"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Remove the noise from the image."


class ImageInpainting(PictureAnswer):
    """An image with a hole, made whole. A ``mask_file`` in the input, white where the hole is, is shown after the image.

    Example: ``{"input": {"image_file": "hole/a.png", "mask_file": "mask/a.png"}, "output": {"image_file": "whole/a.png"}}``.
    """

    name = "image-inpainting"
    title = "Image inpainting"
    answer_format = "an image of the same size"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Fill the missing part of the image."

    def read(self, record: Record) -> Sample:
        """The record as a sample; the mask comes after the image in whichever order the record names them."""
        sample, shown = super().read(record), input_of(record)
        masks = {part.path for part in media_of(record, shown, keys=[key for key in shown if "mask" in fold_key(key)])}
        parts = sorted(sample.input, key=lambda part: (part.kind == "text", part.path in masks))
        return replace(sample, input=tuple(parts))


class ImageSuperResolution(PictureAnswer):
    """A small image made large. An answer smaller than the reference is none: its size is the task.

    Example: ``{"input": {"image_file": "small/a.png", "scale": 2}, "output": {"image_file": "large/a.png"}}``.
    """

    name = "image-super-resolution"
    title = "Image super-resolution"
    answer_format = "an image of the larger size"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Make the image larger, with all details that it should have."

    def check_size(self, size: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        """An answer must be as large as the reference."""
        if size[0] < wanted[0] or size[1] < wanted[1]:
            raise UnreadableAnswer(
                f"the image has {size[1]} x {size[0]} pixels; {wanted[1]} x {wanted[0]} are asked for"
            )


class ImageToImage(PictureAnswer):
    """An image changed as the prompt says.

    Example: ``{"input": {"image_file": "a.png", "prompt": "Make it night."}, "output": {"image_file": "night/a.png"}}``.
    """

    name = "image-to-image"
    title = "Image to image"
    answer_format = "an image"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Change the image."


class SketchToImage(PictureAnswer):
    """A picture from a sketch.

    Example: ``{"input": {"image_file": "sketch/a.png"}, "output": {"image_file": "photo/a.png"}}``.
    """

    name = "sketch-to-image"
    title = "Sketch to image"
    answer_format = "an image"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Turn the sketch into the picture that it stands for."


class LayoutToImage(PictureAnswer):
    """A picture from a layout: a label map as an image, or boxes in the prompt.

    Example: ``{"input": {"image_file": "layout/a.png"}, "output": {"image_file": "photo/a.png"}}``.
    """

    name = "layout-to-image"
    title = "Layout to image"
    answer_format = "an image"
    takes = frozenset({"image", "text"})
    prompt = "Turn the layout into the picture that it stands for."


class TextToImage(PictureAnswer):
    """A picture from a description.

    Example: ``{"input": {"prompt": "A red square on white."}, "output": {"image_file": "a.png"}}``.
    """

    name = "text-to-image"
    title = "Text to image"
    answer_format = "an image"
    takes = frozenset({"text"})
    prompt = ""


class VideoFrameInterpolation(PictureAnswer):
    """The frame in the middle between two.

    Example: ``{"input": {"image_file_list": ["a0.png", "a2.png"]}, "output": {"image_file": "a1.png"}}``.
    """

    name = "video-frame-interpolation"
    title = "Video frame interpolation"
    answer_format = "an image of the same size"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "The images are two frames of a video. Make the frame in the middle between them."
