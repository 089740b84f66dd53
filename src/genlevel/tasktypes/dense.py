"""Tasks answered with a label for each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import GenlevelError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import normal, text_of
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.media_out import MediaAnswer, only
from genlevel.tasktypes.pictures import resized

__all__ = ["ImageSegmentation"]

_ARRAYS: Final = frozenset({".npy", ".npz"})
_MASK_CHARS: Final = 4_000_000
_MOST_MASKS: Final = 10_000


def class_names(shown: Mapping[str, Any]) -> dict[int, str]:
    """The input's ``classes``: names by number, from an object or from a list in order."""
    classes = first(shown, "classes", "categories")
    if isinstance(classes, list):
        return dict(enumerate(map(str, classes)))
    if isinstance(classes, Mapping):
        return {int(k): str(v) for k, v in classes.items() if str(k).strip().isdecimal() and len(str(k)) < 10}
    return {}


def class_lines(shown: Mapping[str, Any]) -> str:
    """The input's classes as a prompt says them; '' without."""
    names = class_names(shown)
    return f"Labels: {', '.join(f'{k} {v}' for k, v in names.items())}." if names else ""


class ImageSegmentation(MediaAnswer):
    """A label for each pixel: a grey or palette PNG of labels, 255 for pixels that do not count.

    Example: ``{"input": {"image_file": "a.png", "classes": {"0": "background", "1": "circle"}},
    "output": {"mask_file": "masks/a.png"}}``.
    A model that only writes answers with JSON ``[{"label": 1, "polygon": [[x, y], ...]}]`` or ``"rle": {"size", "counts"}``.
    """

    name = "image-segmentation"
    title = "Image segmentation"
    writes = "label map"
    takes = frozenset({"image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = 'a PNG whose grey values are the labels, or JSON [{"label": 1, "polygon": [[x, y], ...]}]'
    media = "image"
    prompt = "Segment the image."
    output_keys = ("mask_file", "mask", "label_file", "segmentation_file", "image_file", "text")
    form = (
        "Answer with an image of the same size whose grey values are the labels, or with JSON: "
        '[{"label": 1, "polygon": [[x, y], ...]}], in pixels.'
    )
    hidden = ("classes", "categories")

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """What is around the object of a mask is no class: else an empty answer passes specialists of small objects."""
        return {"masks": True} if task.metric == "miou" else {}

    def facts(self, shown: Mapping[str, Any]) -> str:
        """The numbers of the classes."""
        return class_lines(shown)

    def extra_of(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """The names of the classes."""
        return {"classes": class_names(shown)}

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Integer (H, W); a mask of 0 and 255 alone becomes 0 and 1."""
        mask, scaled = _binary(_labels(part))
        return mask, {"binary": scaled or _at_most(mask, 1)}

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Integer (H, W) of the reference's size (nearest pixel where it has another).

        Where the reference has two labels, 0 and 1, an answer in black and white is 0 and 1 too.

        Raises:
            UnreadableAnswer: neither a label map nor JSON masks.
        """
        if not any(part.kind == "image" for part in parts):
            return self._from_text(parts, sample)
        try:
            mask = _labels(only(parts, "image"))
        except UnreadableAnswer:
            raise
        except GenlevelError as error:
            raise UnreadableAnswer(str(error)) from None
        if sample.extra.get("binary"):
            mask, _ = _binary(mask)
        if sample.reference is not None and mask.shape != sample.reference.shape:
            mask = resized(mask, sample.reference.shape, nearest=True)
        return mask

    def _from_text(self, parts: Sequence[Part], sample: Sample) -> Any:
        import numpy as np

        from genlevel.tasktypes.rle import decode_mask

        text = text_of(parts, _MASK_CHARS)
        if sample.reference is None:
            return text
        by_name = {normal(v): k for k, v in sample.extra.get("classes", {}).items()}
        canvas = np.zeros(sample.reference.shape, np.int32)
        for value in find_literals(text):
            try:
                items = _mask_items(value)
                for label, mask in items:
                    canvas[decode_mask(mask, canvas.shape)] = _label_number(label, by_name)
            except (ValueError, RecursionError) as error:
                raise UnreadableAnswer(f"the masks cannot be read: {error}") from None
            return canvas
        raise UnreadableAnswer("the answer holds neither an image nor JSON masks")


def _mask_items(value: Any) -> list[tuple[Any, Any]]:
    """Label and mask of each object in a decoded answer; a mask without a label is 1."""
    if isinstance(value, Mapping):
        wrapped = first(value, "masks", "objects", "segments", "annotations")
        if isinstance(wrapped, list):
            return _mask_items(wrapped)
        value = [value]
    if not isinstance(value, list) or len(value) > _MOST_MASKS:
        raise ValueError(f"masks are a list of at most {_MOST_MASKS} objects")
    found = []
    for item in value:
        if not isinstance(item, Mapping):
            raise ValueError("a mask is an object with 'label' and 'polygon' or 'rle'")
        label = first(item, "label", "category", "class", "name", "id")
        found.append((1 if label is None else label, item))
    return found


def _label_number(label: Any, by_name: Mapping[str, int]) -> int:
    if isinstance(label, str):
        known = by_name.get(normal(label))
        if known is None and label.strip().isdecimal() and len(label) < 10:
            known = int(label)
        if known is None:
            raise ValueError(f"'{label[:40]}' is no label")
        return known
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < 2**31:
        raise ValueError(f"{str(label)[:40]} is no label")
    return label


def _labels(part: Part) -> Any:
    from genlevel.media import MediaError, load_mask

    if part.path is not None and part.path.suffix.lower() == ".npz":
        from genlevel.tasktypes.arrays import load_array

        array = load_array(part)
        if array.ndim != 2 or array.dtype.kind not in "iub":
            raise MediaError(
                f"{part.path}: a label map is a 2-d array of whole numbers, not {array.dtype} {array.shape}"
            )
        return array
    return load_mask(part)


def _binary(mask: Any) -> tuple[Any, bool]:
    """A mask in black and white as 0 and 1, and whether it was one."""
    import numpy as np

    white = mask == 255
    if white.any() and ((mask == 0) | white).all():
        return white.astype(np.uint8), True
    return mask, False


def _at_most(mask: Any, most: int) -> bool:
    return bool(((mask <= most) | (mask == 255)).all())
