"""What all task types with an answer in text have in common: prompt, options, references and the reader that fits them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Part, PartKind, Record, Sample
from genlevel.tasktypes.answers import (
    TEXT_LIMIT,
    final_answers,
    normal,
    read_label,
    read_number,
    read_text,
    read_yes_no,
    text_of,
)
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.choices import LETTERS, letter_index, read_choice, read_letter
from genlevel.tasktypes.keys import header_type, input_of, media_of, output_of, texts
from genlevel.tasktypes.numbers import as_number
from genlevel.tasktypes.options import Options, listed_labels, options_of
from genlevel.tasktypes.prompts import compose
from genlevel.tasktypes.sets import read_set, split_labels

__all__ = ["Reading", "TextAnswer"]

Reading = Literal["label", "choice", "text", "set", "number"]

_SET_TYPES: Final = frozenset(
    {
        "ner",
        "extraction",
        "relation extraction",
        "event detection",
        "parsing",
        "multi label classification",
        "multilabel classification",
    }
)
_CHOICE_TYPES: Final = frozenset({"multiplechoiceqa", "multiple choice", "multiple choice qa", "multiplechoice"})
_LABEL_TYPES: Final = frozenset({"classification"})
_FORMS: Final[dict[str, str]] = {
    "lettered": "Answer with the letter of the right option.",
    "choice": "Answer with one of the choices, word for word.",
    "letter": "Answer with the letter alone.",
    "yes_no": "Answer yes or no.",
    "number": "Answer with a number alone.",
    "set": "Answer with the items alone, separated by commas.",
}

_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "letter": {"type": "string", "enum": list(LETTERS)},
    "yes_no": {"type": "string", "enum": ["yes", "no"]},
    "number": {"type": "number"},
}


class TextAnswer(TaskType):
    """A task whose answer is text.

    Subclasses say what the text is (``reads``), which media the input must have, and the default prompt. The record has the
    last word: options make it a choice, the header's ``type`` tells one label from a set of labels.
    """

    takes: ClassVar[frozenset[PartKind]] = frozenset({"text"})
    makes: ClassVar[frozenset[PartKind]] = frozenset({"text"})
    media: ClassVar[PartKind | None] = None
    """The kind of medium without which a record cannot be asked."""
    reads: ClassVar[Reading] = "text"
    prompt: ClassVar[str] = ""
    """The default prompt."""
    form: ClassVar[str] = ""
    """How to answer, added unless the record says so itself."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Where in ``output`` the answer stands, before the usual keys."""
    beside: ClassVar[tuple[str, ...]] = ()
    """Where the answer may stand in an entry without ``output``."""
    hidden: ClassVar[tuple[str, ...]] = ()
    """Keys of the entry that are never shown."""

    def read(self, record: Record) -> Sample:
        """The record as a sample; ``extra["reading"]`` names how its answer is read."""
        shown = self.shown(record)
        media = self.media_parts(record, shown)
        answer = output_of(record, self.keys, self.beside)
        reading = self._reading(record)
        if reading == "set":
            return self._set(record, shown, media, answer)
        references = None if answer is None else texts(self.plain(answer), record.where)
        options = options_of(shown, record.where, closed=reading == "choice" or _is_letter(references))
        found = _resolved(options, references, record.where) if options.texts else None
        if found is None:
            return self._open(record, shown, media, options, references)
        lettered = options.given or (options.separate and _can_letter(options.texts))
        form = _FORMS["lettered" if lettered else "choice"]
        text = compose(shown, self.prompt, options=options, letters=lettered, form=form, hidden=self.hidden)
        extra = {"reading": "choice", "lettered": lettered}
        reference = None if references is None else _one_or_all(found)
        return Sample(record.id, (*media, Part("text", text)), reference, options.texts, extra)

    def schema(self, sample: Sample) -> Mapping[str, Any] | None:
        """One of the options, a number, or yes or no."""
        reading = sample.extra.get("reading")
        if reading == "choice" and len(set(sample.choices)) == len(sample.choices):
            return {"type": "string", "enum": list(sample.choices)}
        return _SCHEMAS.get(str(reading))

    def shown(self, record: Record) -> dict[str, Any]:
        """The input without the keys that hold the answer."""
        shown = input_of(record)
        own = record.value.get("input")
        for key in (step.split(".", 1)[0] for step in self.beside):
            if key in record.value and not (isinstance(own, Mapping) and key in own):
                shown.pop(key, None)
        return shown

    def plain(self, answer: Any) -> Any:
        """The record's answer as a text, a number or a list of them."""
        return answer

    def media_parts(self, record: Record, shown: Mapping[str, Any]) -> list[Part]:
        """The media of the input.

        Raises:
            RecordError: the medium that the task type needs is not named.
        """
        parts = media_of(record, shown)
        if self.media is not None and not any(_serves(part, self.media) for part in parts):
            raise RecordError(f"{record.where}: 'input' names no {self.media} file")
        return parts

    def _reading(self, record: Record) -> Reading:
        kind = header_type(record)
        if kind in _SET_TYPES:
            return "set"
        if kind in _CHOICE_TYPES:
            return "choice"
        return "label" if kind in _LABEL_TYPES and self.reads == "set" else self.reads

    def _set(self, record: Record, shown: Mapping[str, Any], media: list[Part], answer: Any) -> Sample:
        text = compose(shown, self.prompt, form=_FORMS["set"], hidden=self.hidden)
        labels: list[str] | None = None
        splits = not isinstance(answer, (list, tuple, dict))
        if isinstance(answer, dict):
            import json

            labels = read_set(json.dumps(answer), splits=False)
        elif answer is not None:
            given = [answer] if splits else answer
            pieces = texts(given, record.where) if given else []
            labels = list(dict.fromkeys(p for t in pieces for p in (split_labels(t) if splits else _whole(t))))
        return Sample(record.id, (*media, Part("text", text)), labels, (), {"reading": "set", "splits": splits})

    def _open(
        self,
        record: Record,
        shown: Mapping[str, Any],
        media: list[Part],
        options: Options,
        references: list[str] | None,
    ) -> Sample:
        """A sample without options of its own."""
        bare = compose(shown, self.prompt, options=options, hidden=self.hidden)
        kind, choices = _open_kind(self._reading(record), bare, references)
        form = self.form if kind == self.reads or kind == "label" else _FORMS.get(kind, "")
        text = compose(shown, self.prompt, options=options, form=form, hidden=self.hidden)
        reference: Any = None
        if references is not None and kind == "number":
            reference = _number(references[0], record.where)
        elif references is not None:
            reference = _one_or_all([next((c for c in choices if normal(c) == normal(r)), r) for r in references])
        extra = {"reading": kind, "lettered": False}
        if references and options.separate and self.reads in {"choice", "label"}:
            # The question is then an open one: 'genlevel data check' lists it.
            extra["unlisted"] = references[0]
        return Sample(record.id, (*media, Part("text", text)), reference, choices, extra)

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """The answer as the sample's ``extra["reading"]`` says."""
        reading = sample.extra.get("reading", self.reads)
        if reading == "text":
            return self.text(text_of(parts, TEXT_LIMIT), sample)
        text = text_of(parts)
        references = _texts(sample.reference)
        if reading == "choice":
            return sample.choices[read_choice(text, sample.choices, lettered=bool(sample.extra.get("lettered")))]
        if reading == "letter":
            letter = read_letter(text)
            return next((r for r in references if r.strip().upper() == letter), letter)
        if reading == "set":
            return read_set(text, splits=bool(sample.extra.get("splits", True)))
        if reading == "number":
            return read_number(text)
        if reading == "yes_no":
            word = read_yes_no(text)
            return next((r for r in references if _YES_NO.get(normal(r)) == word), word)
        return self.label(text, references)

    def text(self, text: str, sample: Sample) -> str:
        """An answer that is itself the text."""
        return text if text in _texts(sample.reference) else read_text(text)

    def label(self, text: str, references: Sequence[str]) -> str:
        """A label, or a short answer that is right or wrong; a number equals a number of the same value."""
        found = read_label(text, references)
        numbers = {r: n for r in references if (n := as_number(r)) is not None}
        if found not in references and numbers:
            try:
                value = read_number(text)
            except UnreadableAnswer:
                return found
            return next((r for r, n in numbers.items() if n == value), found)
        # What overlaps counts here, so that a sentence is compared whole, with its full stop.
        whole = self.measured in _OVERLAP and found not in references and not final_answers(text)
        return read_text(text) if whole else found


_OVERLAP: Final = frozenset(
    {
        "bleu1",
        "bleu2",
        "bleu3",
        "bleu4",
        "rouge1",
        "rouge2",
        "rouge_l",
        "rouge_l_coco",
        "cider",
        "meteor",
        "spice",
        "bert_score",
    }
)
_YES_NO: Final = {"yes": "yes", "no": "no", "true": "yes", "false": "no"}


def _open_kind(reading: Reading, prompt: str, references: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """How the answer to a question without options is read, and the labels that the prompt itself lists."""
    if reading == "choice":
        return ("letter" if references is None or _is_letter(references) else "label"), ()
    if reading != "label":
        return reading, ()
    listed = listed_labels(prompt, None if references is None else tuple(references))
    if listed:
        return "choice", listed
    return ("yes_no" if _is_yes_no(references, prompt) else "label"), ()


def _serves(part: Part, kind: PartKind) -> bool:
    """Whether a part is the medium that a task needs; the frames of a video may be single images."""
    return part.kind == kind or (kind == "video" and part.kind == "image")


def _texts(reference: Any) -> list[str]:
    items = reference if isinstance(reference, (list, tuple)) else [reference]
    return [item for item in items if isinstance(item, str)]


def _one_or_all(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items


def _whole(text: str) -> list[str]:
    return [cleaned] if (cleaned := " ".join(text.split()).casefold()) else []


def _is_letter(references: Sequence[str] | None) -> bool:
    return references is not None and all(len(r.strip(" .()")) == 1 and r.strip(" .()").isupper() for r in references)


def _can_letter(options: Sequence[str]) -> bool:
    """Whether letters before the options help: not if the options are letters, or too many."""
    return len(options) <= len(LETTERS) and not any(len(normal(o)) == 1 and normal(o).isalpha() for o in options)


def _is_yes_no(references: Sequence[str] | None, prompt: str) -> bool:
    if references is None:
        return "yes or no" in prompt.lower()
    words = {normal(r) for r in references}
    return len(words) == 1 and words <= _YES_NO.keys()


def _number(text: str, where: str) -> float:
    value = as_number(text)
    if value is None:
        try:
            return read_number(text)
        except UnreadableAnswer:
            raise RecordError(f"{where}: the output {text[:60]!r} is no number") from None
    return value


def _resolved(options: Options, references: Sequence[str] | None, where: str) -> list[str] | None:
    """The options that are right; [] if that is secret; None if the answer is not among the options.

    An answer is an option's text, its letter ("B", "B.", "B. text"), or a whole number: the option's position from 0.

    Raises:
        RecordError: a letter or position beyond the options.
    """
    if references is None:
        return []
    by_words: dict[str, str] = {}
    for text in options.texts:
        by_words.setdefault(normal(text), text)
    found: list[str] = []
    for reference in references:
        option = next((o for o in options.texts if o.strip() == reference.strip()), None)
        if option is None and normal(reference):
            option = by_words.get(normal(reference))
        if option is None:
            bare = reference.strip(" .()[]")
            if len(bare) == 1 and bare.isalpha() and bare.isascii():
                index = letter_index(bare, len(options.texts))
            elif bare.isdecimal() and len(bare) < 4:
                index = int(bare) if int(bare) < len(options.texts) else None
            else:
                try:
                    index = read_choice(reference, options.texts)
                except UnreadableAnswer:
                    return None
            if index is None and not options.separate:
                return None
            if index is None:
                raise RecordError(f"{where}: the answer {reference!r} is beyond the {len(options.texts)} options")
            option = options.texts[index]
        found.append(option)
    return found
