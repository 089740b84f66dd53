"""Relations between entities: SemEval-2010 task 8, DocRED, DialogRE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.annotations import load, parse
from genlevel.datasets.public.fields import listed, mapping, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language import classes
from genlevel.datasets.public.language.base import Made, Maker, Raw, TextSet, whole_text
from genlevel.datasets.public.language.makers import classified, extracted
from genlevel.datasets.public.stream import elements
from genlevel.errors import DataError, RecordError

__all__ = ["DIALOGRE", "DOCRED", "MAKERS", "SEMEVAL_2010"]

_RELATIONS: Final = 200
_tuples = extracted(
    'Name every relation as "(subject, relation, object)", in a JSON list of texts; [] if there is none.'
)


def _document(raw: Mapping[str, Any]) -> Iterable[Made]:
    """A document with relations: ``title``, ``sents`` (lists of words), ``vertexSet``, ``labels``; ``names`` of relations.

    ``labels`` are objects with ``h``, ``t`` (numbers of entities) and ``r``, or one object of lists as the hub's copy has it.
    """
    entities = [[mapping(mention) for mention in entity] for entity in listed(raw, "vertexSet")]
    names = raw.get("names") or {}
    found = []
    for label in _labels(raw.get("labels")):
        head, tail = (_name(entities, label[side]) for side in ("h", "t"))
        found.append(f"({head}, {names.get(label['r'], label['r'])}, {tail})")
    content = " ".join(" ".join(map(str, sentence)) for sentence in listed(raw, "sents"))
    return _tuples({"text": content, "labels": found, "kinds": sorted(names.values())})


def _labels(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, Mapping):
        columns = ("head", "tail", "relation_text" if value.get("relation_text") else "relation_id")
        rows = zip(*(listed(value, column) for column in columns), strict=True)
        return [{"h": head, "t": tail, "r": relation} for head, tail, relation in rows]
    return [{key: mapping(label)[key] for key in ("h", "t", "r")} for label in listed({"labels": value}, "labels")]


def _name(entities: list[list[Mapping[str, Any]]], at: Any) -> str:
    if not isinstance(at, int) or not 0 <= at < len(entities) or not entities[at]:
        raise ValueError(f"a relation of the entity {at!r:.20}, of {len(entities)}")
    return text(entities[at][0], "name")


def _dialogue(raw: Mapping[str, Any]) -> Iterable[Made]:
    """A dialogue: ``turns``, ``relations`` (objects with ``x``, ``y`` and the list ``r``, or one object of lists)."""
    relations = raw["relations"]
    if isinstance(relations, Mapping):
        rows = zip(*(listed(relations, key) for key in ("x", "y", "r")), strict=True)
        relations = [{"x": x, "y": y, "r": r} for x, y, r in rows]
    found = []
    for relation in relations:
        pair = text(mapping(relation), "x"), text(relation, "y")
        found += [f"({pair[0]}, {name}, {pair[1]})" for name in listed(relation, "r") if name != "unanswerable"]
    turns = listed(raw, "turns")
    return _tuples({"text": "\n".join(map(str, turns)), "labels": found, "kinds": raw.get("kinds")})


MAKERS: Final[dict[str, Maker]] = {
    "dialogre": _dialogue,
    "docred": _document,
    "semeval-2010-task-8": classified("How do <e1> and <e2> stand to each other?", classes.SEMEVAL_2010),
}


def _semeval(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    """A numbered sentence in quotes, its relation, a comment, an empty line."""
    for block in re.split(r"\n[ \t]*\n", whole_text(labels[0])):
        rows = [row.strip() for row in block.strip().split("\n")]
        if not rows[0]:
            continue
        key, _, sentence = rows[0].partition("\t")
        if len(rows) < 2 or not sentence:
            yield RecordError(f"{labels[0]}, sentence {key[:20]!r}: has no sentence, or no line with its relation")
        else:
            yield f"sentence {key}", key, {"text": sentence.strip().strip('"'), "label": rows[1]}


SEMEVAL_2010: Final = TextSet(
    'SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT  (8001, "The <e1>...</e1> ...", Message-Topic(e1,e2))',
    (
        (
            "TEST_FILE_FULL.TXT",
            "SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT",
            "SemEval2010_task8_all_data/SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT",
        ),
    ),
    _semeval,
    MAKERS["semeval-2010-task-8"],
)


def _docred(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    names = _relation_names(labels[0])
    for item in elements(labels[0]):
        if isinstance(item, RecordError):
            yield item
        else:
            at, entry = item
            yield f"document {at}", str(at), {**(entry if isinstance(entry, Mapping) else {}), "names": names}


def _relation_names(path: Path) -> Mapping[str, str]:
    """The names of relations, from rel_info.json beside the documents; {} without it."""
    found = Folder(path.parent).path_of("rel_info.json", "DocRED_baseline_metadata/rel_info.json")
    if found is None:
        return {}
    value = parse(whole_text(found).encode(), found)
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()) or len(value) > _RELATIONS:
        raise DataError(f"{found}: is no object of the names of at most {_RELATIONS} relations")
    return value


DOCRED: Final = TextSet(
    "dev.json  (title, sents, vertexSet, labels; the test labels are hidden)\nrel_info.json  (names of the relations)",
    (("dev.json", "data/dev.json"),),
    _docred,
    MAKERS["docred"],
)


def _dialogre(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    _, entries = load(labels[0])
    pairs = [e for e in entries if isinstance(e, list) and len(e) == 2 and isinstance(e[1], list)]
    said = (
        r
        for _, relations in pairs
        for relation in relations
        if isinstance(relation, Mapping)
        for r in _listed(relation)
    )
    kinds = sorted({name for name in said if isinstance(name, str)} - {"unanswerable"})[:_RELATIONS]
    for at, entry in enumerate(entries):
        turns, relations = entry if isinstance(entry, list) and len(entry) == 2 else (None, None)
        if not isinstance(relations, list):
            yield RecordError(f"{labels[0]}, dialogue {at}: is no pair of turns and relations")
        else:
            yield f"dialogue {at}", str(at), {"turns": turns, "relations": relations, "kinds": kinds}


def _listed(relation: Mapping[str, Any]) -> list[Any]:
    value = relation.get("r")
    return value if isinstance(value, list) else []


DIALOGRE: Final = TextSet(
    "data/test.json, or data_v2/en/data/test.json  (turns; relations with x, y, r)",
    (("data/test.json", "test.json", "data_v2/en/data/test.json"),),
    _dialogre,
    MAKERS["dialogre"],
)
