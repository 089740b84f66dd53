"""Finding the picture that a text means among many, or the text that a picture means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import bare, final_answers, normal, text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.keys import first, header_option, input_of, media_of, output_of, resolve, texts
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.numbers import find_numbers
from genlevel.tasktypes.prompts import compose

__all__ = ["ImageTextRetrieval"]

_CHARS: Final = 1_000_000
_MOST: Final = 100_000
_CANDIDATES: Final = ("candidates", "image_candidates", "candidate_images", "gallery")
_FORM: Final = "Answer with the numbers of the candidates, from 1, the best first, as a JSON list: [3, 1, 2]."


class ImageTextRetrieval(TaskType):
    """Candidates ranked by how well they fit: pictures for a text, or texts for a picture.

    Example: ``{"input": {"caption": "A dog runs.", "candidates": ["a.png", "b.png"]}, "output": {"answer": "b.png"}}``; for
    texts ``{"input": {"image_file": "a.png", "candidates": ["A dog runs.", "A cat sleeps."]}, "output": {"answer": 0}}``.
    Candidates that all records share stand as ``candidates`` in the header's ``others``.
    """

    name = "image-text-retrieval"
    title = "Retrieval between texts and images"
    writes = "ranking"
    takes = frozenset({"image", "text"})
    makes = frozenset({"text"})
    answer_format = 'a JSON list of the candidates\' numbers from 1, the best first, or {"scores": [one a candidate]}'

    def read(self, record: Record) -> Sample:
        """The reference is a list of positions of right candidates, from 0."""
        shown = input_of(record)
        names = first(shown, *_CANDIDATES) or header_option(record, "candidates")
        key = None
        if names is None:
            key = next(
                (k for k in ("image_file_list", "image_files", "image_list", "images", "captions") if k in shown), ""
            )
            names = shown.get(key)
        if not isinstance(names, list) or not 0 < len(names) <= _MOST or not all(isinstance(n, str) for n in names):
            raise RecordError(f"{record.where}: 'candidates' is no list of 1 to {_MOST} images or texts")
        rest = {k: v for k, v in shown.items() if k != key}
        asked = media_of(record, {k: v for k, v in rest.items() if k not in _CANDIDATES})
        pictures = not asked
        if pictures:
            media = [Part("image", path=resolve(record, name)) for name in names]
            default, listed = (
                "Which of the images does the text describe?",
                f"The {len(names)} images are the candidates.",
            )
        else:
            media = asked
            default = "Which of the texts describes the image?"
            listed = "\n".join(f"{i}. {' '.join(name.split())}" for i, name in enumerate(names, 1))
        text = "\n".join((compose(rest, default, hidden=_CANDIDATES), listed, _FORM))
        answer = output_of(record, ("image_file", "image", "index", "indices"))
        reference = None if answer is None else self._right(answer, tuple(names), record.where)
        return Sample(record.id, (*media, Part("text", text)), reference, tuple(names), {"pictures": pictures})

    def _right(self, answer: Any, names: tuple[str, ...], where: str) -> list[int]:
        """Positions of the right candidates, which are given by name, or by position from 0."""
        items = answer if isinstance(answer, list) else [answer]
        found = []
        for item in items:
            place = (
                item if isinstance(item, int) and not isinstance(item, bool) else _place(texts(item, where)[0], names)
            )
            if place is None or not 0 <= place < len(names):
                raise RecordError(
                    f"{where}: the right answer {str(item)[:80]!r} is none of the {len(names)} candidates"
                )
            found.append(place)
        if not found:
            raise RecordError(f"{where}: the output is an empty list")
        return found

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Positions from 0, the best first, or ``{"scores": float64 (n,)}``.

        Raises:
            UnreadableAnswer: no candidate's number or name, a number beyond them, or another number of scores.
        """
        text = text_of(parts, _CHARS)
        count = len(sample.choices)
        for value in find_literals(text):
            scores = first(value, "scores", "similarities") if isinstance(value, Mapping) else None
            if scores is not None:
                return {"scores": _scores(scores, count)}
            items = first(value, "ranking", "answer", "candidates", "result") if isinstance(value, Mapping) else value
            if items is not None:
                return self._ranked(items if isinstance(items, list) else [items], sample.choices)
        if (place := _place(bare(text), sample.choices)) is not None:
            return [place]
        said = next(iter(final_answers(text)), text)
        if (place := _place(bare(said), sample.choices)) is not None:
            return [place]
        numbers = find_numbers(said)
        if not numbers:
            raise UnreadableAnswer("the answer names no candidate")
        return self._ranked(numbers, sample.choices)

    def _ranked(self, items: Sequence[Any], names: tuple[str, ...]) -> list[int]:
        if not items or len(items) > _MOST:
            raise UnreadableAnswer(f"a ranking holds 1 to {_MOST} candidates")
        places = []
        for item in items:
            place: int | None = None
            if isinstance(item, str):
                place = _place(item, names)
                numbers = find_numbers(item) if place is None else []
                item = numbers[0] if len(numbers) == 1 else item
            if place is None and isinstance(item, (int, float)) and not isinstance(item, bool):
                place = int(item) - 1 if 0 < item <= len(names) and item == int(item) else None
            if place is None or not 0 <= place < len(names):
                raise UnreadableAnswer(f"{str(item)[:40]!r} is none of the {len(names)} candidates, which count from 1")
            places.append(place)
        return list(dict.fromkeys(places))


def _place(text: str, names: tuple[str, ...]) -> int | None:
    """Where a name stands among the candidates: as written, else by its words, else as a file's base name; None if unclear."""
    for form in (str.strip, normal, _base):
        found = [place for place, name in enumerate(names) if form(name) == form(text)] if form(text) else []
        if len(found) == 1:
            return found[0]
    return None


def _base(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip().casefold()


def _scores(value: Any, count: int) -> Any:
    from genlevel.tasktypes.arrays import number_array

    scores = number_array(value)
    if scores is None or scores.shape != (count,):
        raise UnreadableAnswer(f"'scores' is no list of {count} finite numbers, one a candidate")
    return scores
