"""Tasks answered with a number from 0 to 1 for each pixel: mattes, and maps of what is not as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Scale, Task
from genlevel.tasktypes.answers import bare, final_answers, normal, read_number, text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.boxes import BoxFormat, read_box
from genlevel.tasktypes.grounding import image_parts, size_of
from genlevel.tasktypes.keys import first, header_option, input_of, output_of, resolve
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.media_out import MediaAnswer, only
from genlevel.tasktypes.pictures import resized
from genlevel.tasktypes.prompts import compose

__all__ = ["ImageAnomalyDetection", "ImageMatting"]

_CHARS: Final = 4_000_000
_MOST: Final = 10_000
_ROUNDING: Final = 1e-3
# Thousandths are the field's own unit, and have no scale of the catalog for name.
_MSE_FACTORS: Final[dict[Scale, float]] = {"raw": 1000.0, "percent": 100.0, "fraction": 1.0}
_ARRAYS: Final = (".npy", ".npz")


class ImageMatting(MediaAnswer):
    """How much of each pixel belongs to the foreground.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"matte_file": "alpha/a.png"}}`` with a grey PNG of 8 or 16 bits,
    white for foreground, or the alpha channel of a picture. With ``trimap_file`` in the output only its grey (128) pixels count
    for SAD and Grad. MSE is in thousandths, or in hundredths or as it is where the catalog's scale is percent or fraction.
    """

    name = "image-matting"
    title = "Image matting"
    writes = "matte"
    takes = frozenset({"image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = (
        'a grey PNG, white for foreground, a picture with an alpha channel, or JSON [{"polygon": [[x, y], ...]}]'
    )
    media = "image"
    prompt = "Cut the foreground out of the image."
    form = (
        "Answer with a grey image of the same size, white where a pixel belongs to the foreground wholly, or with JSON: "
        '[{"polygon": [[x, y], ...]}], in pixels.'
    )
    output_keys = ("matte_file", "alpha_file", "mask_file", "matte", "alpha", "mask", "image_file", "text")

    def read(self, record: Record) -> Sample:
        """The reference is float64 (H, W) of 0 to 1, or ``{"alpha", "trimap"}`` where there is a trimap and SAD or Grad."""
        sample = super().read(record)
        output = record.value.get("output")
        name = first(output, "trimap_file", "trimap") if isinstance(output, Mapping) else None
        if sample.reference is None or name is None or self.measured not in ("sad", "grad"):
            return sample
        from genlevel.media import load_mask

        try:
            trimap = load_mask(Part("image", path=resolve(record, name)))
        except RecordError:
            raise
        except GenlevelError as error:
            raise RecordError(f"{record.where}: {error}") from None
        if trimap.shape != sample.reference.shape:
            raise RecordError(f"{record.where}: the trimap has another size than the matte")
        reference = {"alpha": sample.reference, "trimap": trimap}
        return replace(sample, reference=reference)

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Float64 (H, W) of 0 to 1."""
        return _matte(_shares(part), str(part.path)), {}

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (H, W) of 0 to 1, of the reference's size.

        Raises:
            UnreadableAnswer: neither a matte nor JSON masks, or masks without a pixel: a matte always has a foreground.
        """
        reference = sample.reference["alpha"] if isinstance(sample.reference, Mapping) else sample.reference
        size = None if reference is None else reference.shape
        if any(part.kind == "image" for part in parts):
            values = _map_of(parts, size)
        else:
            values = _painted(text_of(parts, _CHARS), size, sample)
            if not values.any():
                raise UnreadableAnswer("the masks hold no pixel, and a matte always has a foreground")
        try:
            return _matte(values, "the answer")
        except GenlevelError as error:
            raise UnreadableAnswer(str(error)) from None

    def metric(self, task: Task) -> str:
        """The MSE of mattes is printed in a unit of its own."""
        return "matting_mse" if task.metric == "mse" else task.metric

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """How many times the MSE the catalog prints."""
        return {"factor": _MSE_FACTORS[task.scale]} if task.metric == "mse" else {}


def _matte(values: Any, name: str) -> Any:
    from genlevel.media import MediaError

    if not (values.min() >= -_ROUNDING and values.max() <= 1 + _ROUNDING):
        raise MediaError(f"{name}: a matte goes from 0 to 1, not from {values.min():g} to {values.max():g}")
    return values.clip(0.0, 1.0)


class ImageAnomalyDetection(TaskType):
    """Where, or whether, something in an image is not as it should be.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"mask_file": "masks/a.png"}}``; ``"mask_file": null`` says that
    nothing is. With ``{"label": "good"}`` (or ``"defect"``, 0, 1, ...) and no mask, or ``"level": "image"`` in the header's
    ``others``, whole images are told apart.
    """

    name = "image-anomaly-detection"
    title = "Anomaly detection in images"
    writes = "scores"
    takes = frozenset({"image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = (
        'a grey PNG or NPY of scores, JSON [{"polygon" or "box", "score"}], or one number from 0 to 1 for the image'
    )

    def read(self, record: Record) -> Sample:
        """The reference is a mask uint8 (H, W) of 0 and 1, or for whole images 0 or 1."""
        shown = input_of(record)
        media = image_parts(record, shown)
        output = record.value.get("output")
        masked = isinstance(output, Mapping) and any(k in output for k in ("mask_file", "mask"))
        level = header_option(record, "level")
        whole = not masked if level not in ("image", "pixel") else level == "image"
        form = (
            "Answer with one number from 0 (as it should be) to 1 (surely not)."
            if whole
            else "Answer with a grey image of the same size, white where something is surely wrong, or with JSON: "
            '[{"polygon": [[x, y], ...], "score": 0.9}], in pixels; [] if nothing is.'
        )
        default = (
            "Is anything in the image not as it should be?"
            if whole
            else "Find what is not as it should be in the image."
        )
        text = compose(shown, default, form=form)
        reference = None
        if output not in (None, "", {}, []):
            try:
                reference = self._reference(record, output, media, whole=whole)
            except RecordError:
                raise
            except (GenlevelError, ValueError) as error:
                raise RecordError(f"{record.where}: {error}") from None
        return Sample(record.id, (*media, Part("text", text)), reference, (), {"whole": whole})

    def _reference(self, record: Record, output: Any, media: Sequence[Part], *, whole: bool) -> Any:
        import numpy as np

        name = first(output, "mask_file", "mask") if isinstance(output, Mapping) else None
        if name is not None and name != "":
            mask = (_shares(Part("image", path=resolve(record, name))) > 0).astype(np.uint8)
            return int(mask.any()) if whole else mask
        if isinstance(output, Mapping):
            label = first(output, "label", "anomaly", "anomalous", "text", "category", "is_anomaly", "answer")
        else:
            label = output_of(record)
        wrong = (
            0 if label is None and isinstance(output, Mapping) and {"mask_file", "mask"} & {*output} else _wrong(label)
        )
        if whole:
            return wrong
        if wrong:
            raise ValueError("the image is not as it should be, and 'mask_file' does not say where")
        return np.zeros(size_of(media), np.uint8)

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Scores float64 (H, W) of the reference's size, or one float; of a map for a whole image the highest score.

        One number for a task of pixels is the score of them all.

        Raises:
            UnreadableAnswer: no map, no JSON regions and no number.
        """
        import numpy as np

        whole = bool(sample.extra.get("whole"))
        size = None if whole or sample.reference is None else sample.reference.shape
        if any(part.kind == "image" for part in parts):
            scores = _map_of(parts, size)
            return float(scores.max()) if whole else scores
        text = text_of(parts, _CHARS)
        if any(isinstance(value, (list, Mapping)) for value in find_literals(text)):
            scores = _painted(text, size, sample)
            return float(scores.max()) if whole else scores
        score = _score(text)
        return score if size is None else np.full(size, score)

    def metric(self, task: Task) -> str:
        """The AP of anomaly maps is that of scores, not COCO's."""
        return "average_precision" if task.metric == "ap" else task.metric


def _wrong(label: Any) -> int:
    """0 for a label that says that all is well, else 1."""
    if isinstance(label, (bool, int)) and label in (0, 1):
        return int(label)
    if not isinstance(label, str) or not normal(label):
        raise ValueError("the output names no mask file and no label such as 'good' or 'defect'")
    return int(normal(label) not in {"good", "normal", "no", "ok", "none", "0", "no anomaly", "not anomalous", "false"})


def _score(text: str) -> float:
    """One score in an answer: a number, or a yes ("defect") as 1 and a no ("good") as 0."""
    for said in (text, *final_answers(text)[:1]):
        words = normal(bare(said))
        if words in {"good", "normal", "no", "ok", "none", "no anomaly", "nothing"}:
            return 0.0
        if words in {"yes", "anomaly", "anomalous", "defect", "defective", "abnormal", "bad"}:
            return 1.0
    score = read_number(text)
    if not abs(score) <= 1e6:
        raise UnreadableAnswer("the score is beyond a million")
    return score


def _map_of(parts: Sequence[Part], size: tuple[int, ...] | None) -> Any:
    try:
        values = _shares(only(parts, "image"))
    except UnreadableAnswer:
        raise
    except GenlevelError as error:
        raise UnreadableAnswer(str(error)) from None
    return values if size is None or values.shape == size else resized(values, size).clip(values.min(), values.max())


def _shares(part: Part) -> Any:
    """Float64 (H, W): grey values as shares of white, an alpha channel that is not opaque, or an array as it is.

    A map that holds 0 and 1 alone is taken as it is too.
    """
    import numpy as np

    from genlevel.media import MediaError, load_mask, part_bytes
    from genlevel.tasktypes.arrays import load_array

    head = part_bytes(part)[:6] if part.path is None else b""
    if (part.path is not None and part.path.suffix.lower() in _ARRAYS) or head[:2] == b"PK" or head == b"\x93NUMPY":
        array = load_array(part)
        if array.ndim != 2 or array.dtype.kind not in "iufb" or array.size == 0:
            raise MediaError(
                f"{part.path or 'the answer'}: a map is a 2-d array of numbers, not {array.dtype} {array.shape}"
            )
        values = array.astype(np.float64)
        if not (np.isfinite(values).all() and np.abs(values).max() <= 1e6):
            raise MediaError(f"{part.path or 'the answer'}: a map must be finite and at most a million")
        whole = array.dtype.kind == "u" and values.max() > 1
        return values / float(np.iinfo(array.dtype).max) if whole else values
    channel = _alpha(part)
    mask = load_mask(part) if channel is None else channel
    values = mask.astype(np.float64)
    return values / np.iinfo(mask.dtype).max if mask.max() > 1 else values


def _alpha(part: Part) -> Any:
    """The alpha channel of an image that has one that is not opaque; None of any other."""
    import numpy as np

    from genlevel.media import load_image, part_bytes
    from genlevel.media.opencv import opencv

    data = part_bytes(part)
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[25:26] not in (b"\x04", b"\x06"):
        return None
    load_image(part)  # refuses what is broken or too large
    pixels = opencv().imdecode(np.frombuffer(data, np.uint8), opencv().IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
        return None
    channel = pixels[:, :, 3]
    return None if (channel == np.iinfo(channel.dtype).max).all() else channel


def _painted(text: str, size: tuple[int, ...] | None, sample: Sample) -> Any:
    """Regions of an answer as a map: each pixel has the highest score of those that it is in, 1 without a score."""
    import numpy as np

    for value in find_literals(text):
        try:
            canvas = np.zeros(size_of(sample.input) if size is None else size, np.float64)
            shape = (int(canvas.shape[0]), int(canvas.shape[1]))
            for item in _regions(value):
                score = first(item, "score", "confidence", "alpha")
                score = 1.0 if score is None else score
                if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1e6:
                    raise ValueError("a score is a number of at least 0")
                region = _region(item, shape)
                canvas[region] = np.maximum(canvas[region], float(score))
        except (ValueError, RecursionError) as error:
            raise UnreadableAnswer(f"the regions cannot be read: {error}") from None
        return canvas
    raise UnreadableAnswer("the answer holds neither an image nor JSON regions")


def _region(item: Mapping[str, Any], shape: tuple[int, int]) -> Any:
    """The pixels of a polygon, run lengths or a box."""
    import numpy as np

    from genlevel.tasktypes.rle import decode_mask

    box = first(item, "box", "bbox")
    if box is None or first(item, "polygon", "polygons", "rle", "segmentation", "counts") is not None:
        return decode_mask(item, shape)
    x, y, width, height = read_box(box, BoxFormat())
    inside = np.zeros(shape, np.bool_)
    top, left, bottom, right = (max(0, round(n)) for n in (y, x, y + height, x + width))
    inside[top:bottom, left:right] = True
    return inside


def _regions(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        inner = first(value, "regions", "masks", "anomalies", "objects", "detections", "segments")
        return _regions(inner) if isinstance(inner, list) else [value]
    if isinstance(value, list) and len(value) <= _MOST and all(isinstance(item, Mapping) for item in value):
        return value
    raise ValueError(f"regions are a list of at most {_MOST} objects with 'polygon', 'rle' or 'box'")
