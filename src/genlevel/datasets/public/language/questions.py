"""Questions about texts: SQuAD 2.0, HotpotQA, CoQA, NewsQA, RACE, ReCoRD, MS MARCO, MultiRC; and summaries (CNN / Daily Mail)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.annotations import parse
from genlevel.datasets.public.base import Item, Reader
from genlevel.datasets.public.fields import listed, mapping, objects, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language.base import Made, Maker, Raw, TextSet, below, json_lines, made_items, whole_text
from genlevel.datasets.public.language.makers import UNANSWERABLE, answered, chosen, summed
from genlevel.datasets.public.stream import elements, members
from genlevel.errors import DataError, RecordError

__all__ = [
    "CNN_DAILY_MAIL",
    "COQA",
    "HOTPOTQA",
    "MAKERS",
    "MS_MARCO",
    "MULTIRC",
    "NEWSQA",
    "RACE",
    "RECORD",
    "SQUAD",
]

_plain = answered()
_maybe = answered(f"Answer the question from the text. If the text does not answer it, answer '{UNANSWERABLE}'.")
_passages = answered("Answer the question from the passages. If they do not answer it, answer 'No Answer Present.'")
_cloze = answered("Say what stands in the place of @placeholder.")


def _squad(raw: Mapping[str, Any]) -> Iterable[Made]:
    """``context``, ``question``, ``answers`` (maybe none): objects with ``text``, or one object with the list ``text``."""
    answers = raw["answers"]
    found = listed(answers, "text") if isinstance(answers, Mapping) else [mapping(a).get("text") for a in answers]
    return _maybe({**raw, "answers": found or [UNANSWERABLE]})


def _hotpot(raw: Mapping[str, Any]) -> Iterable[Made]:
    """``question``, ``answer``, ``context``: pairs of title and sentences, or an object with a list of each."""
    context = raw["context"]
    pairs = zip(context["title"], context["sentences"], strict=True) if isinstance(context, Mapping) else context
    paragraphs = [f"{title}: {''.join(sentences)}" for title, sentences in pairs]
    return _plain({"context": "\n".join(paragraphs), "question": raw["question"], "answers": [text(raw, "answer")]})


def _coqa(raw: Mapping[str, Any]) -> Iterator[Made]:
    """A story and a conversation about it: ``story``, ``questions``, ``answers`` (a list of lists of texts)."""
    questions, answers = listed(raw, "questions"), listed(raw, "answers")
    if len(questions) != len(answers) or not questions:
        raise ValueError(f"has {len(questions)} questions and {len(answers)} answers")
    said: list[str] = []
    for at, (question, right) in enumerate(zip(questions, answers, strict=True), 1):
        right = right if isinstance(right, list) else [right]
        turn = {"context": raw["story"], "question": question, "answers": right, "conversation": list(said)}
        yield from ((f"turn {at}", value) for _, value in _plain(turn))
        said += [f"Q: {question}", f"A: {right[0]}"]


def _race(raw: Mapping[str, Any]) -> Iterator[Made]:
    """A text with questions: ``article``, ``questions``, ``options``, ``answers``; or one of each, as the hub's copy has it."""
    if "questions" not in raw:
        single = {
            "context": raw["article"],
            "question": raw["question"],
            "options": raw["options"],
            "answer": raw["answer"],
        }
        yield from chosen(single)
        return
    rows = zip(listed(raw, "questions"), listed(raw, "options"), listed(raw, "answers"), strict=True)
    for at, (question, options, answer) in enumerate(rows):
        one = {"context": raw["article"], "question": question, "options": options, "answer": answer}
        yield from ((f"question {at}", value) for _, value in chosen(one))


def _record(raw: Mapping[str, Any]) -> Iterable[Made]:
    """``passage``, ``query``, ``answers`` (texts, or objects with ``text``)."""
    answers = [a if isinstance(a, str) else mapping(a).get("text") for a in listed(raw, "answers")]
    passage = text(raw, "passage").replace("\n@highlight\n", "\n")
    return _cloze({"context": passage, "question": raw["query"], "answers": answers})


def _marco(raw: Mapping[str, Any]) -> Iterable[Made]:
    """``query``, ``answers``, ``passages``: objects with ``passage_text``, or one object with that list."""
    passages = raw["passages"]
    found = (
        listed(passages, "passage_text")
        if isinstance(passages, Mapping)
        else [text(mapping(p), "passage_text") for p in passages]
    )
    return _passages({"context": "\n\n".join(map(str, found)), "question": raw["query"], "answers": raw["answers"]})


def _multirc(raw: Mapping[str, Any]) -> Iterable[Made]:
    """``paragraph``, ``question``, ``answers``: objects with ``text`` and whether it is right (``label`` or ``isAnswer``)."""
    answers = objects(raw, "answers")
    right = [text(a, "text") for a in answers if a.get("label", a.get("isAnswer")) in (1, True)]
    return _plain({"context": raw["paragraph"], "question": raw["question"], "answers": right})


MAKERS: Final[dict[str, Maker]] = {
    "cnn-daily-mail": summed,
    "coqa": _coqa,
    "hotpotqa": _hotpot,
    "ms-marco": _marco,
    "multirc": _multirc,
    "newsqa": _maybe,
    "race": _race,
    "record": _record,
    "squad": _squad,
}


def _squad_file(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    for place, paragraph in _inner(labels[0], "paragraphs"):
        for question in paragraph.get("qas") or ():
            if isinstance(question, Mapping):
                answers = [] if question.get("is_impossible") else question.get("answers")
                raw = {"context": paragraph.get("context"), "question": question.get("question"), "answers": answers}
                yield place, str(question.get("id")), raw
            else:
                yield RecordError(f"{labels[0]}, {place}: a question that is no object")


def _inner(path: Path, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects in the lists ``key`` of the articles under ``data``.

    Raises:
        DataError: an article is no object with such a list.
    """
    for item in elements(path, "data"):
        if isinstance(item, RecordError):
            raise DataError(str(item))
        at, article = item
        inner = article.get(key) if isinstance(article, Mapping) else None
        if not isinstance(inner, list) or not all(isinstance(i, Mapping) for i in inner):
            raise DataError(f"{path}: article {at} has no list '{key}' of objects")
        for number, one in enumerate(inner):
            yield f"article {at}, part {number}", one


SQUAD: Final = TextSet("dev-v2.0.json  (the test set is hidden)", (("dev-v2.0.json",),), _squad_file, MAKERS["squad"])


def _entries(path: Path, key: str | None, name: str) -> Iterator[tuple[str, str, Mapping[str, Any]] | RecordError]:
    """The objects of a list; their ids are under ``name``."""
    for item in elements(path, key):
        if isinstance(item, RecordError):
            yield item
        elif not isinstance(item[1], Mapping):
            yield RecordError(f"{path}, entry {item[0]}: is no object")
        else:
            yield f"entry {item[0]}", str(item[1].get(name) or item[0]), item[1]


HOTPOTQA: Final = TextSet(
    "hotpot_dev_distractor_v1.json  (the test set is hidden)",
    (("hotpot_dev_distractor_v1.json",),),
    lambda labels: _entries(labels[0], None, "_id"),
    MAKERS["hotpotqa"],
)


def _coqa_file(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    for entry in _entries(labels[0], "data", "id"):
        if isinstance(entry, RecordError):
            yield entry
            continue
        place, key, value = entry
        try:
            sets = [objects(value, "answers")]
            more = value.get("additional_answers")
            sets += [objects(mapping(more), person) for person in sorted(more)] if more else []
            answers = [[text(a, "input_text") for a in turn] for turn in zip(*sets, strict=True)]
            questions = [text(q, "input_text") for q in objects(value, "questions")]
        except ValueError as error:
            yield RecordError(f"{labels[0]}, {place}: {error}")
        else:
            yield place, key, {"story": value.get("story"), "questions": questions, "answers": answers}


COQA: Final = TextSet(
    "coqa-dev-v1.0.json  (the test set is hidden)", (("coqa-dev-v1.0.json",),), _coqa_file, MAKERS["coqa"]
)


def _newsqa(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    for entry in _entries(labels[0], "data", "storyId"):
        if isinstance(entry, RecordError):
            yield entry
            continue
        place, key, story = entry
        if story.get("type") not in {"test", None}:
            continue
        content = story.get("text")
        for at, question in enumerate(story.get("questions") or ()):
            where = f"{place}, question {at}"
            try:
                answer = _consensus(mapping(question), content)
            except ValueError as error:
                yield RecordError(f"{labels[0]}, {where}: {error}")
                continue
            if answer is not None:
                yield where, f"{key}#{at}", {"context": content, "question": question.get("q"), "answers": [answer]}


def _consensus(question: Mapping[str, Any], content: Any) -> str | None:
    """The answer on which the people agreed; None where they agreed on none, or that the question is a bad one."""
    agreed = mapping(question.get("consensus"))
    if agreed.get("noAnswer"):
        return UNANSWERABLE
    if agreed.get("badQuestion") or "s" not in agreed:
        return None
    start, end = agreed.get("s"), agreed.get("e")
    if not isinstance(start, int) or not isinstance(end, int) or not isinstance(content, str):
        raise ValueError("the answer has no start and end in a text")
    if not 0 <= start < end <= len(content) + 1:
        raise ValueError(f"the answer from {start} to {end} lies outside the text of {len(content)} characters")
    return content[start:end].strip()


NEWSQA: Final = TextSet(
    "combined-newsqa-data-v1.json  (made by the publisher's scripts from CNN's stories)",
    (("combined-newsqa-data-v1.json",),),
    _newsqa,
    MAKERS["newsqa"],
)


@dataclass(frozen=True)
class _Race(Reader):
    """A file for each text, with its questions."""

    layout: str = "RACE/test/middle/1.txt ...\nRACE/test/high/1.txt ...  (article, questions, options, answers)"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The files of the test split, of middle and high schools."""
        for place in ("test", "RACE/test"):
            found = below(folder, place, ".txt") if folder.find(place) is not None else ()
            if found:
                return found
        raise DataError("has no test/middle/*.txt and test/high/*.txt")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a question."""
        for path in labels:
            key = f"{path.parent.name}/{path.stem}"
            try:
                value = parse(whole_text(path).encode("utf-8", "replace"), path)
            except DataError as error:
                yield RecordError(str(error))
            else:
                yield from made_items((key, key, value if isinstance(value, dict) else {}), MAKERS["race"])


RACE: Final = _Race()


def _record_file(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    """ReCoRD's own file, or a line for each passage as SuperGLUE has it."""
    own = labels[0].suffix.casefold() == ".json"
    items = _entries(labels[0], "data", "id") if own else _jsonl(labels[0])
    for entry in items:
        if isinstance(entry, RecordError):
            yield entry
            continue
        place, key, value = entry
        passage, questions = value.get("passage"), value.get("qas")
        if not isinstance(passage, Mapping) or not isinstance(questions, list):
            yield RecordError(f"{labels[0]}, {place}: has no 'passage' with 'qas'")
            continue
        for at, question in enumerate(questions):
            asked = question if isinstance(question, Mapping) else {}
            raw = {"passage": passage.get("text"), "query": asked.get("query"), "answers": asked.get("answers")}
            yield f"{place}, question {at}", str(asked.get("id") or asked.get("idx") or f"{key}-{at}"), raw


def _jsonl(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]] | RecordError]:
    for item in json_lines(path):
        if isinstance(item, RecordError):
            yield item
        elif not isinstance(item[1], Mapping):
            yield RecordError(f"{path}, line {item[0]}: is no object")
        else:
            yield f"line {item[0]}", str(item[1].get("idx", item[0])), item[1]


RECORD: Final = TextSet(
    "dev.json, or ReCoRD/val.jsonl of SuperGLUE  (the test set is hidden)",
    (("dev.json", "val.jsonl", "ReCoRD/val.jsonl"),),
    _record_file,
    MAKERS["record"],
)


def _marco_file(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    """An object of columns, each an object by the row's number: they are read side by side."""
    columns = ("query", "answers", "passages")
    for row in zip(*(members(labels[0], column) for column in columns), strict=False):
        broken = next((cell for cell in row if isinstance(cell, RecordError)), None)
        if broken is not None:
            yield broken
            continue
        names = {cell[0] for cell in row if not isinstance(cell, RecordError)}
        if len(names) != 1:
            raise DataError(
                f"{labels[0]}: its columns list their rows in different order ({', '.join(sorted(names))[:60]})"
            )
        key = names.pop()
        content = {name: cell[1] for name, cell in zip(columns, row, strict=True) if not isinstance(cell, RecordError)}
        yield f"row {key}", key, content


MS_MARCO: Final = TextSet(
    "dev_v2.1.json  (the test answers are hidden)", (("dev_v2.1.json",),), _marco_file, MAKERS["ms-marco"]
)


def _multirc_file(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    """MultiRC's own file, or a line for each paragraph as SuperGLUE has it."""
    own = labels[0].suffix.casefold() == ".json"
    for entry in _entries(labels[0], "data", "id") if own else _jsonl(labels[0]):
        if isinstance(entry, RecordError):
            yield entry
            continue
        place, key, value = entry
        passage = value.get("paragraph" if own else "passage")
        questions = passage.get("questions") if isinstance(passage, Mapping) else None
        if not isinstance(passage, Mapping) or not isinstance(questions, list):
            yield RecordError(f"{labels[0]}, {place}: has no passage with 'questions'")
            continue
        for at, question in enumerate(questions):
            asked = question if isinstance(question, Mapping) else {}
            raw = {"paragraph": passage.get("text"), "question": asked.get("question"), "answers": asked.get("answers")}
            yield f"{place}, question {at}", f"{key}-{at}", raw


MULTIRC: Final = TextSet(
    "dev_83-fixedIds.json, or MultiRC/val.jsonl of SuperGLUE  (the test set is hidden)",
    (("dev_83-fixedIds.json", "val.jsonl", "MultiRC/val.jsonl", "splitv2/dev_83-fixedIds.json"),),
    _multirc_file,
    MAKERS["multirc"],
)

_STORIES: Final = ("cnn/stories", "dailymail/stories", "cnn_stories", "dailymail_stories")


@dataclass(frozen=True)
class _Stories(Reader):
    """A file for each story: the article, then highlights that are the summary."""

    layout: str = (
        "cnn/stories/<SHA-1 of the address>.story ...\ndailymail/stories/*.story ...\n"
        "all_test.txt  (addresses of the test split)"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The stories of the test split: those in all_test.txt where it is there, else all."""
        found = [
            path for place in _STORIES if folder.find(place) is not None for path in below(folder, place, ".story")
        ]
        if not found:
            raise DataError("has no cnn/stories/*.story and no dailymail/stories/*.story")
        urls = folder.path_of("all_test.txt", "url_lists/all_test.txt")
        if urls is None:
            return tuple(found)
        addresses = [line.strip() for line in whole_text(urls).split("\n") if line.strip()]
        wanted = {hashlib.sha1(a.encode(), usedforsecurity=False).hexdigest() for a in addresses}
        return tuple(path for path in found if path.stem in wanted)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a story."""
        for path in labels:
            try:
                article, *highlights = whole_text(path).split("@highlight")
            except DataError as error:
                yield RecordError(str(error))
                continue
            raw = {"document": article.strip(), "summary": "\n".join(h.strip() for h in highlights if h.strip())}
            yield from made_items((path.name, path.stem, raw), MAKERS["cnn-daily-mail"])


CNN_DAILY_MAIL: Final = _Stories()
