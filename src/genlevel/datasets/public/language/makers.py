"""From a raw entry to the value of a record: what is asked, with which options, and what is right.

Every maker says in its docstring which keys it takes. The prompts are genlevel's own: the slides name datasets and scores only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from genlevel.datasets.public.fields import listed, mapping, text
from genlevel.datasets.public.language.base import Made, Maker

__all__ = [
    "UNANSWERABLE",
    "answered",
    "chosen",
    "class_name",
    "classified",
    "corrected",
    "extracted",
    "paired",
    "spans",
    "summed",
]

UNANSWERABLE: Final = "unanswerable"
"""What stands for the answer to a question that its text does not answer."""


def class_name(label: Any, names: Sequence[str] | Mapping[str, str]) -> str | None:
    """The name of a class given by its number from 0, its code or its name; None for a label that is hidden or undecided.

    Raises:
        ValueError: there is no such class.
    """
    if label in (-1, "-1", "-", None):
        return None
    values = list(names.values()) if isinstance(names, Mapping) else list(names)
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < len(values):
        return values[label]
    if isinstance(label, str):
        if isinstance(names, Mapping) and label in names:
            return names[label]
        if label in values:
            return label
    raise ValueError(f"the label {label!r:.60} is none of {len(values)} classes")


def classified(prompt: str, names: Sequence[str] | Mapping[str, str]) -> Maker:
    """One class of a text: ``text``, ``label``. Entries whose label is hidden or undecided give no sample."""
    options = list(names.values()) if isinstance(names, Mapping) else list(names)

    def make(raw: Mapping[str, Any]) -> Iterator[Made]:
        name = class_name(raw["label"], names)
        if name is not None:
            shown = {"prompt": prompt, "text": text(raw, "text"), "options": options}
            yield "", {"input": shown, "output": {"label": name}}

    return make


def paired(prompt: str, first: str, second: str, names: Sequence[str] | Mapping[str, str]) -> Maker:
    """One class of two texts: ``first``, ``second`` (shown under the names given), ``label``."""
    options = list(names.values()) if isinstance(names, Mapping) else list(names)

    def make(raw: Mapping[str, Any]) -> Iterator[Made]:
        name = class_name(raw["label"], names)
        if name is not None:
            both = {first: text(raw, "first"), second: text(raw, "second")}
            yield "", {"input": {"prompt": prompt, **both, "options": options}, "output": {"label": name}}

    return make


def extracted(prompt: str) -> Maker:
    """A set of labels in a text: ``text``, ``labels``, and ``kinds`` (the types to choose from) where they are known."""

    def make(raw: Mapping[str, Any]) -> Iterator[Made]:
        labels = listed(raw, "labels")
        if not all(isinstance(label, str) for label in labels):
            raise ValueError("'labels' holds something else than texts")
        kinds = raw.get("kinds")
        asked = f"{prompt} Types: {', '.join(kinds)}." if kinds else prompt
        yield "", {"input": {"prompt": asked, "text": text(raw, "text")}, "output": {"labels": labels}}

    return make


def answered(prompt: str = "") -> Maker:
    """A short answer: ``context``, ``question``, ``answers`` (a list; any is right), and ``conversation`` where there is one."""

    def make(raw: Mapping[str, Any]) -> Iterator[Made]:
        answers = [a for a in listed(raw, "answers") if isinstance(a, str) and a.strip()]
        if not answers:
            raise ValueError("has no answer")
        shown: dict[str, Any] = {"prompt": prompt} if prompt else {}
        shown["context"] = text(raw, "context")
        if raw.get("conversation"):
            shown["conversation"] = raw["conversation"]
        shown["question"] = text(raw, "question")
        yield "", {"input": shown, "output": {"answer": list(dict.fromkeys(answers))}}

    return make


def chosen(raw: Mapping[str, Any]) -> Iterable[Made]:
    """One of several options: ``context``, ``question``, ``options``, ``answer`` (a letter)."""
    options, answer = listed(raw, "options"), text(raw, "answer").strip()
    if len(answer) != 1 or not 0 <= ord(answer) - ord("A") < len(options):
        raise ValueError(f"the answer {answer!r:.20} is none of {len(options)} options")
    shown = {"context": text(raw, "context"), "question": text(raw, "question"), "options": options}
    yield "", {"input": shown, "output": {"answer": answer}}


def summed(raw: Mapping[str, Any]) -> Iterable[Made]:
    """A summary: ``document``, ``summary``."""
    yield "", {"input": {"document": text(raw, "document")}, "output": {"summary": text(raw, "summary")}}


def corrected(raw: Mapping[str, Any]) -> Iterable[Made]:
    """A sentence with its grammar corrected: ``sentence``, ``corrections`` (a list; any is right)."""
    found = [text({"correction": c}, "correction") for c in listed(raw, "corrections")]
    if not found:
        raise ValueError("has no correction")
    value = {"input": {"Ungrammatical Statement": text(raw, "sentence")}, "output": {"Standard English": found}}
    yield "", value


def spans(tokens: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The entities of tags in IOB1 or IOB2, as ``"entity (TYPE)"`` in order.

    Raises:
        ValueError: not a tag for each token, or what is no such tag.

    >>> spans(["New", "York", "'s", "mayor", "Koch"], ["B-LOC", "I-LOC", "O", "O", "I-PER"])
    ['New York (LOC)', 'Koch (PER)']
    """
    if len(tokens) != len(tags):
        raise ValueError(f"has {len(tokens)} words and {len(tags)} tags")
    found: list[tuple[str, list[str]]] = []
    kind = ""
    for token, tag in zip(tokens, tags, strict=True):
        mark, _, own = tag.partition("-")
        if tag != "O" and (mark not in {"B", "I"} or not own):
            raise ValueError(f"{tag!r:.30} is no tag such as B-LOC or O")
        if own and (mark == "B" or own != kind):
            found.append((own, [token]))
        elif own:
            found[-1][1].append(token)
        kind = own
    return [f"{' '.join(words)} ({own})" for own, words in found]


def of_tags(names: Sequence[str] = ()) -> Maker:
    """Named entities: ``tokens``, ``tags`` (texts, or numbers of ``names``), and ``kinds`` where they are known."""
    kinds = sorted({name.partition("-")[2] for name in names} - {""})
    make_set = extracted('Name every named entity as "entity (TYPE)", in a JSON list of texts; [] if there is none.')

    def make(raw: Mapping[str, Any]) -> Iterable[Made]:
        tokens = [text({"word": t}, "word") for t in listed(raw, "tokens")]
        tags = [names[t] if isinstance(t, int) and 0 <= t < len(names) else t for t in listed(raw, "tags")]
        if not all(isinstance(tag, str) for tag in tags):
            raise ValueError("'tags' holds a number that stands for none")
        labels = spans(tokens, tags)
        return make_set(mapping({"text": " ".join(tokens), "labels": labels, "kinds": raw.get("kinds") or kinds}))

    return make
