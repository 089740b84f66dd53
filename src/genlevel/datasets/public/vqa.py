"""Questions about images: VQA v2 and OK-VQA, VizWiz, GQA, DocVQA."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import identifier, listed, mapping, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import elements, members
from genlevel.errors import RecordError

__all__ = ["DOCVQA", "GQA", "OK_VQA", "VIZWIZ", "VQAV2"]


def _answers(annotation: Mapping[str, Any]) -> list[str]:
    """The annotators' answers, repeats kept."""
    found = [
        item if isinstance(item, str) else text(mapping(item), "answer")
        for item in listed(mapping(annotation), "answers")
    ]
    if not found:
        raise ValueError("has no answer")
    # Two million answers are some ten thousand different ones.
    return [sys.intern(answer) for answer in found]


def _asked(file: str, question: str, answers: list[str]) -> dict[str, Any]:
    return {"input": {"image_file": file, "question": question}, "output": {"text": answers}}


@dataclass(frozen=True)
class Vqa(Reader):
    """A file of questions and one of the ten annotators' answers to each, joined by the question's id."""

    questions: str
    annotations: str

    @property
    def layout(self) -> str:  # type: ignore[override]
        """The two files and the pictures of COCO 2014."""
        return f"{self.questions}\n{self.annotations}\nval2014/COCO_val2014_000000000042.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The questions and the annotations."""
        places = ("", "annotations/", "questions/")
        files = (self.questions, self.annotations)
        questions, annotations = (need(folder, *(f"{p}{name}" for p in places)) for name in files)
        return questions, annotations

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a question, in the order of the questions."""
        answers: dict[str, Any] = {}
        for item in elements(labels[1], "annotations"):
            if isinstance(item, RecordError):
                yield item
                continue
            at, annotation = item
            try:
                answers[identifier(mapping(annotation), "question_id")] = _answers(annotation)
            except ValueError as error:
                key = annotation.get("question_id") if isinstance(annotation, Mapping) else None
                answers[str(key)] = RecordError(f"{labels[1]}, annotation {at}: {error}")
        for item in elements(labels[0], "questions"):
            if isinstance(item, RecordError):
                yield item
            else:
                yield f"question {item[0]}", partial(self._entry, folder, answers, item[1])

    def _entry(self, folder: Folder, answers: Mapping[str, Any], question: Any) -> Entry:
        key = identifier(mapping(question), "question_id")
        found = answers.get(key)
        if found is None:
            raise ValueError(f"question {key} has no annotation")
        if isinstance(found, RecordError):
            raise found
        image = identifier(question, "image_id")
        name = f"COCO_val2014_{int(image):012d}.jpg" if image.isdecimal() and len(image) < 13 else image
        file = folder.media(name, "val2014", "images/val2014", "images")
        return key, _asked(file, text(question, "question"), found)


@dataclass(frozen=True)
class VizWiz(Reader):
    """A list of pictures, each with a question and ten answers."""

    layout: str = "Annotations/val.json\nval/VizWiz_val_00000000.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The annotations of the validation split."""
        return (need(folder, "Annotations/val.json", "val.json"),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        for item in elements(labels[0]):
            yield item if isinstance(item, RecordError) else (f"entry {item[0]}", partial(self._entry, folder, item[1]))

    def _entry(self, folder: Folder, item: Any) -> Entry:
        name = text(mapping(item), "image")
        return name.rpartition(".")[0] or name, _asked(
            folder.media(name, "val", "images/val", "images"), text(item, "question"), _answers(item)
        )


@dataclass(frozen=True)
class Gqa(Reader):
    """An object of questions by id, each with one answer in a word or two."""

    layout: str = "testdev_balanced_questions.json\nimages/n161313.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The balanced questions of the development test split, else of the validation split."""
        names = ("testdev_balanced_questions.json", "val_balanced_questions.json")
        return (need(folder, *(f"{place}{name}" for name in names for place in ("", "questions/", "questions1.2/"))),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a question."""
        for item in members(labels[0]):
            if isinstance(item, RecordError):
                yield item
            else:
                yield f"question {item[0]}", partial(self._entry, folder, *item)

    def _entry(self, folder: Folder, key: str, item: Any) -> Entry:
        file = folder.media(f"{identifier(mapping(item), 'imageId')}.jpg", "images", "allImages/images")
        return key, _asked(file, text(item, "question"), [text(item, "answer")])


@dataclass(frozen=True)
class DocVqa(Reader):
    """Questions about scanned pages, each with a list of accepted answers."""

    layout: str = "val_v1.0_withQT.json\ndocuments/xnbl0037_1.png"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The questions of the validation split."""
        names = ("val_v1.0_withQT.json", "val_v1.0.json")
        return (need(folder, *(f"{p}{n}" for n in names for p in ("", "val/", "spdocvqa_qas/"))),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a question."""
        for item in elements(labels[0], "data"):
            yield item if isinstance(item, RecordError) else (f"entry {item[0]}", partial(self._entry, folder, item[1]))

    def _entry(self, folder: Folder, item: Any) -> Entry:
        file = folder.stale(text(mapping(item), "image"), "documents", "val/documents", "spdocvqa_images")
        return identifier(item, "questionId"), _asked(file, text(item, "question"), _answers(item))


VQAV2: Final = Vqa("v2_OpenEnded_mscoco_val2014_questions.json", "v2_mscoco_val2014_annotations.json")
OK_VQA: Final = Vqa("OpenEnded_mscoco_val2014_questions.json", "mscoco_val2014_annotations.json")
VIZWIZ: Final = VizWiz()
GQA: Final = Gqa()
DOCVQA: Final = DocVqa()
