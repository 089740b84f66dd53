"""Tasks that tell each object of an image from the next by its mask: instance and panoptic segmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import normal, text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.dense import class_lines, class_names
from genlevel.tasktypes.grounding import image_parts, size_of
from genlevel.tasktypes.keys import first, input_of, output_of, resolve
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.media_out import only
from genlevel.tasktypes.prompts import compose

__all__ = ["InstanceSegmentation", "PanopticSegmentation"]

_CHARS: Final = 4_000_000
_MOST: Final = 10_000
_STEP: Final = 1000
"""A map of 1000 x class + instance."""
_LISTS: Final = (
    "instances",
    "annotations",
    "segments",
    "segments_info",
    "objects",
    "masks",
    "detections",
    "predictions",
)
_LABELS: Final = ("label", "category", "class", "name", "category_name", "class_name", "category_id", "class_id")
_MASK_FILES: Final = ("mask_file", "instance_file", "panoptic_file", "map_file", "mask", "file_name")
_HIDDEN: Final = ("classes", "categories")
_OBJECT: Final = "object"
_WORD: Final = 200

Size = tuple[int, int]


class InstanceSegmentation(TaskType):
    """A mask and a class for each object.

    Example: ``{"input": {"image_file": "a.png", "classes": {"1": "car"}}, "output": {"instances": [{"label": "car",
    "segmentation": [[10, 10, 40, 10, 40, 30]], "crowd": false}]}}``; a segmentation is COCO's polygons or run lengths. Or
    ``{"mask_file": "masks/a.png"}``: one number an object, 0 for none, 1000 x class + instance where there are classes.
    """

    name = "instance-segmentation"
    title = "Instance segmentation"
    writes = "masks"
    takes = frozenset({"image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = (
        'JSON [{"label", "polygon" or "rle": {"size", "counts"}, "score"}], or a PNG with a number an object'
    )

    def read(self, record: Record) -> Sample:
        """The reference is a list of ``{"label", "mask": run lengths}``, with ``crowd`` where it is one."""
        shown = input_of(record)
        media = image_parts(record, shown)
        names = class_names(shown)
        how = (
            'Answer with JSON, one object each: [{"label": "...", "polygon": [[x, y], ...], "score": 0.9}], in pixels, '
            "or with an image of the same size that has a number for each object."
        )
        text = compose(shown, "Segment each object in the image.", facts=class_lines(shown), hidden=_HIDDEN)
        if "json" not in text.lower():
            text = f"{text}\n{how}"
        answer = output_of(record, (*_LISTS, *_MASK_FILES))
        reference, size = None, None
        if answer is not None:
            try:
                name = _file_name(answer)
                if name is not None:
                    ids = _id_map(Part("image", path=resolve(record, name)))
                    reference, size = _of_map(ids, names), ids.shape
                else:
                    size = size_of(media)
                    reference = [_instance(item, size, names) for item in _items(answer)]
            except RecordError:
                raise
            except (GenlevelError, ValueError, RecursionError) as error:
                raise RecordError(f"{record.where}: {error}") from None
        return Sample(record.id, (*media, Part("text", text)), reference, (), {"classes": names, "size": size})

    def parse(self, parts: Sequence[Part], sample: Sample) -> list[dict[str, Any]]:
        """Objects as ``{"label", "mask", "score"}``; ``[]``: there are none.

        Raises:
            UnreadableAnswer: neither JSON masks nor a map of objects.
        """
        names: Mapping[int, str] = sample.extra.get("classes", {})
        known = [str(item["label"]) for item in sample.reference or ()]
        try:
            if any(part.kind == "image" for part in parts):
                ids = _fit(_id_map(only(parts, "image")), sample.extra.get("size"))
                found = _of_map(ids, names, next(iter(known)) if len(set(known)) == 1 else None)
            else:
                size = sample.extra.get("size") or size_of(sample.input)
                value = _literal(text_of(parts, _CHARS))
                found = [_instance(item, size, names, known) for item in _items(value)]
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError, RecursionError) as error:
            raise UnreadableAnswer(f"the masks cannot be read: {error}") from None
        return [{"score": 1.0, **{k: v for k, v in item.items() if k != "crowd"}} for item in found]

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """AP by overlap of masks."""
        return {"kind": "mask"} if self.metric(task).startswith("ap") else {}


class PanopticSegmentation(TaskType):
    """Every pixel in a segment, every segment with a class.

    Example: ``{"input": {"image_file": "a.png", "classes": {"7": "road", "26": "car"}}, "output":
    {"mask_file": "panoptic/a.png", "segments": [{"id": 3, "label": "car"}]}}``. The PNG holds segment ids: grey, 8 or 16 bits,
    or red + 256 x green + 65536 x blue. Without ``segments`` it is 1000 x class + instance. 0 is no segment.
    """

    name = "panoptic-segmentation"
    title = "Panoptic segmentation"
    writes = "segments"
    takes = frozenset({"image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = (
        'a PNG of segment ids and JSON [{"id", "label"}]; or a 16-bit PNG of 1000 x class + instance; or JSON masks'
    )

    def read(self, record: Record) -> Sample:
        """The reference is ``{"map": segment ids (H, W), "segments": [{"id", "label", "crowd"}]}``."""
        shown = input_of(record)
        media = image_parts(record, shown)
        names = class_names(shown)
        how = (
            "Answer with a 16-bit grey image of the same size that holds 1000 x class + instance, or with JSON masks: "
            '[{"label": "...", "polygon": [[x, y], ...]}], in pixels; later ones lie above earlier ones.'
        )
        default = "Segment the image into all its objects and areas."
        text = compose(shown, default, facts=class_lines(shown), hidden=_HIDDEN)
        if "json" not in text.lower():
            text = f"{text}\n{how}"
        output = record.value.get("output")
        answer = output_of(record, (*_MASK_FILES, *_LISTS))
        reference = None
        if answer is not None:
            try:
                name = _file_name(answer)
                if name is not None:
                    listed = first(output, *_LISTS) if isinstance(output, Mapping) else None
                    part = Part("image", path=resolve(record, name))
                    reference = _panoptic(part, listed, names)
                else:
                    reference = _painted(_items(answer), size_of(media), names)
            except RecordError:
                raise
            except (GenlevelError, ValueError, RecursionError) as error:
                raise RecordError(f"{record.where}: {error}") from None
        return Sample(record.id, (*media, Part("text", text)), reference, (), {"classes": names})

    def parse(self, parts: Sequence[Part], sample: Sample) -> dict[str, Any]:
        """``{"map", "segments"}`` of the reference's size.

        Raises:
            UnreadableAnswer: neither a map of segments nor JSON masks.
        """
        names: Mapping[int, str] = sample.extra.get("classes", {})
        reference = sample.reference
        known = [str(segment["label"]) for segment in reference["segments"]] if reference else []
        try:
            if any(part.kind == "image" for part in parts):
                written = "\n".join(part.text for part in parts if part.kind == "text")
                value = next((v for v in find_literals(written) if v), None)
                found = _panoptic(only(parts, "image"), value, names, known)
                return {**found, "map": _fit(found["map"], reference["map"].shape if reference else None)}
            size = reference["map"].shape if reference else size_of(sample.input)
            return _painted(_items(_literal(text_of(parts, _CHARS))), size, names, known)
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError, RecursionError) as error:
            raise UnreadableAnswer(f"the segments cannot be read: {error}") from None


def _literal(text: str) -> Any:
    for value in find_literals(text):
        return value
    raise UnreadableAnswer("the answer holds neither an image nor JSON masks")


def _file_name(answer: Any) -> str | None:
    """The file that an output names; None where it holds the masks themselves."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return answer if isinstance(answer, str) and not answer.lstrip().startswith(("[", "{")) else None


def _items(value: Any) -> list[Mapping[str, Any]]:
    """One object each from a decoded value: a list, ``{label: [masks]}``, or either under one key."""
    if isinstance(value, str):
        value = next(find_literals(value), None)
    if isinstance(value, Mapping):
        inner = first(value, *_LISTS)
        if isinstance(inner, list):
            return _items(inner)
        if first(value, "polygon", "polygons", "rle", "counts", "segmentation", "mask") is not None:
            return [value]
        found = []
        for label, masks in value.items():
            for mask in masks if isinstance(masks, list) else [masks]:
                own = mask if isinstance(mask, Mapping) else {"polygon": mask}
                found.append({"label": label, **own})
        value = found
    if not isinstance(value, list) or len(value) > _MOST or not all(isinstance(item, Mapping) for item in value):
        raise ValueError(f"masks are a list of at most {_MOST} objects with 'label' and 'polygon' or 'rle'")
    return value


def _label(item: Mapping[str, Any], names: Mapping[int, str], known: Sequence[str] = ()) -> str:
    """An object's class by name: as known where it differs in case and punctuation alone; the only one if it has none."""
    value = first(item, *_LABELS)
    if value is None:
        only_one = set(known) or set(names.values())
        if len(only_one) > 1:
            raise ValueError("a mask has no label")
        return next(iter(only_one), _OBJECT)
    if isinstance(value, (list, Mapping)):
        raise ValueError("a label is a name or a number")
    text = str(value).strip()
    if text.isdecimal() and len(text) < 10 and int(text) in names:
        return names[int(text)]
    by_words = {normal(name): name for name in (*names.values(), *known)}
    return by_words.get(normal(text), text[:_WORD])


def _instance(
    item: Mapping[str, Any], size: Size, names: Mapping[int, str], known: Sequence[str] = ()
) -> dict[str, Any]:
    found: dict[str, Any] = {"label": _label(item, names, known), "mask": _run_lengths(item, size)}
    crowd, score = first(item, "iscrowd", "crowd"), first(item, "score", "confidence")
    if crowd is not None:
        found["crowd"] = bool(crowd)
    if isinstance(score, (int, float)) and not isinstance(score, bool):
        found["score"] = float(score) if abs(score) <= 1e300 else 0.0
    return found


def _run_lengths(item: Mapping[str, Any], size: Size) -> Any:
    """An object's mask as checked run lengths, polygons drawn as COCO's own tools do.

    Raises:
        ValueError: no mask, or one of another size.
        MetricError: a mask that is broken.
    """
    from genlevel.metrics import masks
    from genlevel.tasktypes.arrays import number_array

    value: Any = item
    if first(item, "counts") is None:
        value = first(item, "rle", "segmentation", "polygon", "polygons", "mask")
    if isinstance(value, Mapping):
        if first(value, "counts") is None and first(value, "polygon", "polygons", "rle") is not None:
            return _run_lengths(value, size)
        given = first(value, "size")
        if given is not None and (not isinstance(given, list) or [*given] != [*size]):
            raise ValueError(f"a mask has the size {str(given)[:40]} and not {list(size)}, height before width")
        return masks.read({"size": list(size), "counts": first(value, "counts")})
    if not isinstance(value, list) or not value:
        raise ValueError("a mask is {'size', 'counts'} or a polygon [[x, y], ...]")
    array = number_array(value)
    single = array is not None and (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 2))
    return masks.from_polygons([value] if single else value, size)


def _id_map(part: Part) -> Any:
    """Integer (H, W): grey or palette values, or red + 256 x green + 65536 x blue."""
    import numpy as np

    from genlevel.media import MediaError, load_image, load_mask

    try:
        return load_mask(part).astype(np.int32)
    except MediaError as error:
        if "coloured" not in str(error):
            raise
    return _of_colours(load_image(part))


def _of_colours(image: Any) -> Any:
    import numpy as np

    return image.astype(np.int32) @ np.array([1, 256, 65536], np.int32)


def _fit(ids: Any, size: Size | None) -> Any:
    """A map of ids at another size, by nearest pixel."""
    if size is None or ids.shape == tuple(size):
        return ids
    import numpy as np

    rows, columns = ((np.arange(n) * 2 + 1) * m // (2 * n) for n, m in zip(size, ids.shape, strict=True))
    return ids[rows][:, columns]


def _ids(ids: Any) -> list[int]:
    import numpy as np

    found = [int(i) for i in np.unique(ids) if i != 0]
    if len(found) > _MOST:
        raise ValueError(f"the map holds {len(found)} objects; at most {_MOST} are taken")
    return found


def _of_map(ids: Any, names: Mapping[int, str], label: str | None = None) -> list[dict[str, Any]]:
    """Objects of a map; numbers below 1000 are areas without instances where others are 1000 x class + instance."""
    from genlevel.metrics import masks

    present = _ids(ids)
    classed = any(i >= _STEP for i in present)
    single = label or (next(iter(names.values())) if len(names) == 1 else _OBJECT)
    found = []
    for number in present:
        if classed and number < _STEP:
            continue
        name = names.get(number // _STEP, str(number // _STEP)) if classed else single
        found.append({"label": name, "mask": masks.encode(ids == number)})
    return found


def _panoptic(part: Part, listed: Any, names: Mapping[int, str], known: Sequence[str] = ()) -> dict[str, Any]:
    """A map in a file with the classes of its segments, which are listed, or in the numbers themselves."""
    from genlevel.media import load_image

    ids = _id_map(part)
    segments = []
    for item in _items(listed) if listed is not None else ():
        number = first(item, "id", "segment_id")
        if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**31:
            raise ValueError("a segment has no whole number above 0 as its 'id'")
        crowd = bool(first(item, "iscrowd", "crowd"))
        segments.append({"id": number, "label": _label(item, names, known), "crowd": crowd})
    if listed is None:
        segments = [{"id": i, "label": _class_of(i, names), "crowd": False} for i in _ids(ids)]
        return {"map": ids, "segments": segments}
    listed_ids = {segment["id"] for segment in segments}
    if not set(_ids(ids)) <= listed_ids:
        # Colours whose three channels happen to be equal everywhere look grey.
        coloured = _of_colours(load_image(part))
        if set(_ids(coloured)) <= listed_ids:
            ids = coloured
        elif not known:
            missing = sorted(set(_ids(ids)) - listed_ids)
            raise ValueError(f"the segments {str(missing[:4])[1:-1]} of the map have no class")
    return {"map": ids, "segments": segments}


def _class_of(number: int, names: Mapping[int, str]) -> str:
    label = number // _STEP if number >= _STEP else number
    return names.get(label, str(label))


def _painted(
    items: Sequence[Mapping[str, Any]], size: Size, names: Mapping[int, str], known: Sequence[str] = ()
) -> dict[str, Any]:
    """Masks painted one above the other."""
    import numpy as np

    from genlevel.metrics import masks

    canvas = np.zeros(size, np.int32)
    segments = []
    for number, item in enumerate(items, 1):
        canvas[masks.decode(_run_lengths(item, size))] = number
        crowd = bool(first(item, "iscrowd", "crowd"))
        segments.append({"id": number, "label": _label(item, names, known), "crowd": crowd})
    return {"map": canvas, "segments": segments}
