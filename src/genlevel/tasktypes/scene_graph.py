"""Relations between the objects of an image."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import bare, final_answers, normal, text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.boxes import BoxFormat, box_format, read_box
from genlevel.tasktypes.grounding import image_parts, size_of
from genlevel.tasktypes.keys import first, input_of, output_of
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.prompts import compose

__all__ = ["SceneGraphGeneration"]

_CHARS: Final = 1_000_000
_MOST: Final = 10_000
_WORD: Final = 400
_LISTS: Final = ("relationships", "relations", "relation", "triplets", "triples", "scene_graph", "edges", "triplet")
_PREDICATE: Final = ("predicate", "relation", "relationship", "rel", "spatial_relation")
_ROUND: Final = re.compile(r"[(<\[]([^()<>\[\]\n]{1,1000})[)>\]]")


class SceneGraphGeneration(TaskType):
    """Triplets of subject, predicate and object, with boxes where the reference has some.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"relations": [["cat", "on", "mat"]]}}``. A relation may have
    ``subject_box`` and ``object_box``, or name objects of ``objects`` (with ``id``, ``label`` and ``box``) by their id. Where
    the input gives ``subject`` and ``object``, the output is the predicate alone.
    """

    name = "scene-graph-generation"
    title = "Scene graph generation"
    writes = "relations"
    takes = frozenset({"image", "text"})
    makes = frozenset({"text"})
    answer_format = (
        'JSON [{"subject", "predicate", "object", "subject_box"?, "object_box"?, "score"?}], the surest first'
    )

    def read(self, record: Record) -> Sample:
        """The reference is a list of ``{"subject", "predicate", "object"}``, with ``subject_box``, ``object_box`` if known."""
        shown = input_of(record)
        media = image_parts(record, shown)
        form = box_format(record)
        ends = _ends(shown)
        answer = output_of(record, _LISTS, ())
        output = record.value.get("output")
        if isinstance(output, Mapping) and first(output, "objects") is not None and first(output, *_LISTS) is not None:
            answer = output
        reference = None
        if answer is not None:
            try:
                reference = _read(answer, form, ends, media)
            except (ValueError, RecursionError) as error:
                raise RecordError(f"{record.where}: {error}") from None
            if not reference:
                raise RecordError(f"{record.where}: the output holds no relation")
        boxed = any("subject_box" in triplet for triplet in reference or ())
        prompt = (
            f"How does the {ends[0]} stand to the {ends[1]} in the image?"
            if ends
            else "Name the relations between the objects in the image."
        )
        text = compose(shown, prompt, hidden=("subject", "object"))
        if "json" not in text.lower():
            text = f"{text}\n{_how(ends, form, boxed=boxed)}"
        return Sample(record.id, (*media, Part("text", text)), reference, (), {"form": form, "ends": ends})

    def parse(self, parts: Sequence[Part], sample: Sample) -> list[dict[str, Any]]:
        """Triplets in the reference's words, where they differ only in case, spacing and punctuation; ``[]``: there are none.

        Raises:
            UnreadableAnswer: no triplets, neither as JSON nor in brackets or lines.
        """
        text = text_of(parts, _CHARS)
        form: BoxFormat = sample.extra.get("form", BoxFormat())
        ends = sample.extra.get("ends")
        for value in find_literals(text):
            if isinstance(value, list) and value and all(isinstance(v, (int, float)) for v in value):
                continue
            try:
                return _known(_read(value, form, ends, sample.input), sample.reference)
            except (ValueError, RecursionError) as error:
                raise UnreadableAnswer(f"the relations cannot be read: {error}") from None
        try:
            return _known(_of_text(text, ends), sample.reference)
        except ValueError:
            raise UnreadableAnswer("the answer holds no relations") from None


def _ends(shown: Mapping[str, Any]) -> tuple[str, str] | None:
    """Subject and object where the input gives them."""
    subject, obj = first(shown, "subject"), first(shown, "object")
    if isinstance(subject, str) and isinstance(obj, str) and subject.strip() and obj.strip():
        return subject[:_WORD], obj[:_WORD]
    return None


def _how(ends: tuple[str, str] | None, form: BoxFormat, *, boxed: bool) -> str:
    if ends:
        return "Answer with the relation alone, in a word or a few."
    boxes = f', "subject_box": {form.written}, "object_box": {form.written}' if boxed else ""
    unit = (
        " Boxes are shares of the image's size."
        if boxed and form.relative
        else " Boxes are in pixels."
        if boxed
        else ""
    )
    return (
        f'Answer with JSON, the surest first: [{{"subject": "...", "predicate": "...", "object": "..."{boxes}}}].{unit}'
    )


def _read(value: Any, form: BoxFormat, ends: tuple[str, str] | None, media: Sequence[Part]) -> list[dict[str, Any]]:
    """Triplets from a decoded value."""
    if isinstance(value, str):
        inner = next(find_literals(value), None)
        return _of_text(value, ends) if inner is None else _read(inner, form, ends, media)
    objects: Mapping[str, Any] = {}
    if isinstance(value, Mapping):
        objects = _by_id(first(value, "objects", "nodes", "entities"))
        inner = first(value, *_LISTS)
        if isinstance(inner, list):
            value = inner
        elif first(value, *_PREDICATE) is not None:
            value = [value]
        else:
            raise ValueError("relations are a list of [subject, predicate, object]")
    if not isinstance(value, (list, tuple)) or len(value) > _MOST:
        raise ValueError(f"relations are a list of at most {_MOST} triplets")
    if len(value) == 3 and all(isinstance(word, str) for word in value) and not any("," in word for word in value):
        value = [value]
    found: list[dict[str, Any]] = []
    for item in value:
        if isinstance(item, str):
            found += _of_text(item, ends)
        else:
            found.append(_triplet(item, objects, form, ends, media))
    return found


def _by_id(value: Any) -> dict[str, Any]:
    """Objects by id, or by position where they have none."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    found: dict[str, Any] = {}
    for place, item in enumerate(value if isinstance(value, list) else ()):
        own = first(item, "id", "object_id") if isinstance(item, Mapping) else None
        found[str(place if own is None else own)] = item
    return found


def _triplet(
    item: Any,
    objects: Mapping[str, Any],
    form: BoxFormat,
    ends: tuple[str, str] | None,
    media: Sequence[Part],
) -> dict[str, Any]:
    if isinstance(item, (list, tuple)):
        if len(item) != 3:
            raise ValueError("a relation is [subject, predicate, object]")
        item = {"subject": item[0], "predicate": item[1], "object": item[2]}
    if not isinstance(item, Mapping):
        raise ValueError("a relation is [subject, predicate, object]")
    predicate = first(item, *_PREDICATE)
    if not isinstance(predicate, str) or not predicate.strip():
        raise ValueError("a relation has no predicate")
    found: dict[str, Any] = {"predicate": predicate[:_WORD]}
    boxes = {}
    for place, role in enumerate(("subject", "object")):
        end = first(item, role, f"{role}_id", f"{role}_label", f"{role}_name")
        if isinstance(end, (int, str)) and not isinstance(end, bool) and str(end) in objects:
            end = objects[str(end)]
        box = first(item, f"{role}_box", f"{role}_bbox")
        if isinstance(end, Mapping):
            box = first(end, "box", "bbox") if box is None else box
            if box is None and {"x", "y", "w", "h"} <= {str(k) for k in end}:
                box = end
            names = first(end, "label", "name", "names", "category", "class")
            end = names[0] if isinstance(names, list) and names else names
        if end is None and ends:
            end = ends[place]
        if not isinstance(end, str) or not end.strip():
            raise ValueError(f"a relation has no {role}")
        found[role] = end[:_WORD]
        if box is not None:
            boxes[f"{role}_box"] = read_box(box, form, size_of(media) if form.relative else None)
    if len(boxes) == 2:
        found.update(boxes)
    score = first(item, "score", "confidence")
    if isinstance(score, (int, float)) and not isinstance(score, bool):
        found["score"] = float(score) if abs(score) <= 1e300 else 0.0
    return found


def _of_text(text: str, ends: tuple[str, str] | None) -> list[dict[str, Any]]:
    """Triplets in brackets, one a line, or with known ends the predicate alone."""
    pieces = [match.group(1) for match in _ROUND.finditer(text)]
    split = [words for piece in (pieces or text.splitlines()) if len(words := _three(piece)) == 3]
    if split:
        if len(split) > _MOST:
            raise ValueError(f"more than {_MOST} relations")
        return [{"subject": s, "predicate": p, "object": o} for s, p, o in split]
    marked = bare(next(iter(final_answers(text)), text))
    if not marked or len(marked) > _WORD or "\n" in marked:
        raise ValueError("the text holds no relation")
    # A relation that is stated without its ends, or as a sentence, is compared as a whole.
    subject, obj = ends or ("", "")
    return [{"subject": subject, "predicate": marked, "object": obj}]


def _three(piece: str) -> list[str]:
    for sign in ("=>", "->", "|", ";", ","):
        words = [bare(word)[:_WORD] for word in piece.split(sign)]
        if len(words) == 3 and all(words):
            return words
    return []


def _known(found: list[dict[str, Any]], reference: Any) -> list[dict[str, Any]]:
    """Words that differ from one of the reference's in case, spacing and punctuation alone become that word."""
    words = {normal(item[role]): item[role] for item in reference or () for role in ("subject", "predicate", "object")}
    return [{key: words.get(normal(v), v) if isinstance(v, str) else v for key, v in item.items()} for item in found]
