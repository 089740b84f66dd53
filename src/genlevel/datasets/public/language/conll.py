"""Files with a word a line, as the shared tasks of CoNLL have them: entities, roles, and corrected sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Item, Reader
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language import classes
from genlevel.datasets.public.language.base import Maker, Raw, TextSet, below, made_items, whole_text
from genlevel.datasets.public.language.makers import corrected, extracted, of_tags
from genlevel.errors import DataError, RecordError

__all__ = ["CONLL_2003", "CONLL_2014", "MAKERS", "NER", "ONTONOTES", "UPB", "bracketed"]

MAKERS: Final[dict[str, Maker]] = {
    "conll-2003": of_tags(classes.CONLL_2003),
    "conll-2014": corrected,
    "ner": of_tags(),
    "ontonotes": of_tags(),
    "upb": extracted(
        'Name the arguments of every predicate as "(predicate sense, role, head word of the argument)", '
        "such as (give.01, A1, book), in a JSON list of texts; [] if there is none."
    ),
}
_EDIT: Final = re.compile(r"A (-?\d{1,9}) (-?\d{1,9})\|\|\|(.*)")


def _blocks(path: Path, *, comments: bool = True) -> Iterator[tuple[int, list[list[str]]]]:
    """The sentences of a file, each with the number of its first line and its rows of cells.

    Lines that begin with # are left out where the format has comments; elsewhere that is a word.
    """
    rows: list[list[str]] = []
    start = 1
    for at, line in enumerate([*whole_text(path).split("\n"), ""], 1):
        if comments and line.startswith("#"):
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        if any(cell.strip() for cell in cells):
            if not rows:
                start = at
            rows.append(cells)
        elif rows:
            yield start, rows
            rows = []


def _tagged(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    """The word in the first column, the tag in the last."""
    tags: set[str] = set()
    sentences: list[tuple[int, list[str], list[str]]] = []
    for start, rows in _blocks(labels[0], comments=False):
        if rows[0][0] == "-DOCSTART-":
            continue
        if any(len(row) < 2 for row in rows):
            yield RecordError(
                f"{labels[0]}, line {start}: a sentence with a line of one cell; a word and its tag are needed"
            )
            continue
        sentences.append((start, [row[0] for row in rows], [row[-1] for row in rows]))
        tags.update(row[-1].partition("-")[2] for row in rows)
    kinds = sorted(tags - {""})[:100]
    for at, (start, words, marks) in enumerate(sentences):
        yield f"line {start}", str(at), {"tokens": words, "tags": marks, "kinds": kinds}


CONLL_2003: Final = TextSet(
    "eng.testb  (word, part of speech, chunk, entity)",
    (("eng.testb", "test.txt", "conll2003/eng.testb"),),
    _tagged,
    MAKERS["conll-2003"],
)
NER: Final = TextSet(
    "test.txt  (a word a line, its tag such as B-PER in the last column)",
    (("test.txt", "test.conll", "test.bio", "test.iob2", "test.tsv"),),
    _tagged,
    MAKERS["ner"],
)


def bracketed(cells: Sequence[str]) -> list[str]:
    """Tags in IOB2 of a column with brackets: ``(PERSON*``, ``*)``, ``(GPE)``, ``*``.

    Raises:
        ValueError: the brackets do not fit, or are nested.

    >>> bracketed(["(PERSON*", "*)", "*", "(GPE)"])
    ['B-PERSON', 'I-PERSON', 'O', 'B-GPE']
    """
    tags, kind = [], ""
    for cell in cells:
        match = re.fullmatch(r"(?:\(([^()*]+))?\*?(\))?", cell)
        if match is None or cell == "" or (match[1] and kind) or (match[2] and not (match[1] or kind)):
            raise ValueError(f"{cell!r:.30} does not fit the brackets before it")
        own = match[1] or kind
        tags.append(f"{'B' if match[1] else 'I'}-{own}" if own else "O")
        kind = "" if match[2] else own
    if kind:
        raise ValueError(f"the bracket of {kind!r:.30} is not closed")
    return tags


@dataclass(frozen=True)
class _Columns(Reader):
    """Sentences in many files: ``where`` are the folders to look in, ``ends`` how the files' names end."""

    layout: str
    where: tuple[str, ...]
    ends: tuple[str, ...]
    raw: Callable[[list[list[str]]], Mapping[str, Any]]
    maker: Maker

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """All files of the test split."""
        for place in self.where:
            found = below(folder, place, *self.ends) if folder.find(place) is not None or not place else ()
            if found:
                return found
        raise DataError(f"has no *{self.ends[0]} in {' or '.join(p for p in self.where if p)}")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a sentence."""
        for path in labels:
            name = path.relative_to(folder.path).as_posix()
            try:
                for start, rows in _blocks(path):
                    try:
                        raw = self.raw(rows)
                    except (ValueError, IndexError) as error:
                        why = "a line has too few cells" if isinstance(error, IndexError) else str(error)
                        yield RecordError(f"{path}, line {start}: {why}")
                    else:
                        yield from made_items((f"{name}, line {start}", f"{name}:{start}", raw), self.maker)
            except DataError as error:
                yield RecordError(str(error))


_ONTONOTES_KINDS: Final = (
    "CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT", "PERSON",
    "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
)  # fmt: skip


def _ontonotes(rows: list[list[str]]) -> Mapping[str, Any]:
    words = [row[3] for row in rows]
    if any(word == "[WORD]" for word in words):
        raise ValueError("holds no words but [WORD]: put the words in with the scripts of CoNLL-2012 first")
    return {"tokens": words, "tags": bracketed([row[10] for row in rows]), "kinds": list(_ONTONOTES_KINDS)}


ONTONOTES: Final = _Columns(
    "conll-2012/v4/data/test/data/english/annotations/.../*.v4_gold_conll",
    (
        "conll-2012/v4/data/test/data/english/annotations",
        "v4/data/test/data/english/annotations",
        "test/data/english/annotations",
        "test",
        "",
    ),
    ("gold_conll",),
    _ontonotes,
    MAKERS["ontonotes"],
)


def _roles(rows: list[list[str]]) -> Mapping[str, Any]:
    """The first ten columns are those of CoNLL-U, then the predicate's sense, then a column of roles for each predicate."""
    words = [row for row in rows if row[0].isdecimal()]
    text = " ".join(row[1] for row in words)
    # A mark Y may stand before the sense, as in CoNLL-2009.
    at = 11 if any(len(row) > 11 and row[10] == "Y" for row in words) else 10
    senses = [row[at] for row in words if row[at] not in {"_", ""}]
    labels = []
    for row in words:
        roles = row[at + 1 :]
        if len(roles) < len(senses):
            raise ValueError(f"has {len(senses)} predicates and {len(roles)} columns of roles")
        labels += [
            f"({sense}, {role}, {row[1]})" for sense, role in zip(senses, roles, strict=False) if role not in {"_", ""}
        ]
    return {"text": text, "labels": labels}


UPB: Final = _Columns(
    "UP_English-EWT/en_ewt-up-test.conllu  (ten columns of CoNLL-U, the predicate's sense, a column of roles for each predicate)",
    ("UP_English-EWT", "UP_English", ""),
    ("test.conllu", "test.conll", "test.conllup"),
    _roles,
    MAKERS["upb"],
)


def _m2(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    sentence, edits, start, count = "", [""], 0, 0
    for at, line in enumerate([*whole_text(labels[0]).split("\n"), ""], 1):
        if line.startswith("S "):
            sentence, edits, start = line[2:], [], at
        elif line.startswith("A ") and sentence:
            edits.append(line)
        elif not line.strip() and sentence:
            try:
                yield f"line {start}", str(count), {"sentence": sentence, "corrections": _corrections(sentence, edits)}
            except ValueError as error:
                yield RecordError(f"{labels[0]}, line {start}: {error}")
            sentence, count = "", count + 1
        elif line.strip():
            yield RecordError(f"{labels[0]}, line {at}: begins with neither 'S ' nor 'A '")


def _corrections(sentence: str, lines: Sequence[str]) -> list[str]:
    """The sentence as each annotator corrected it, in the order of their numbers."""
    words = sentence.split()
    by_person: dict[str, list[tuple[int, int, str]]] = {}
    for line in lines:
        match = _EDIT.fullmatch(line)
        fields = match[3].split("|||") if match else []
        if match is None or len(fields) < 5:
            raise ValueError(f"{line!r:.60} is no edit")
        edits = by_person.setdefault(fields[4].strip(), [])
        if fields[0] != "noop":
            begin, end = int(match[1]), int(match[2])
            if not 0 <= begin <= end <= len(words):
                raise ValueError(f"an edit of the words {begin} to {end} of {len(words)}")
            edits.append((begin, end, fields[1]))
    found = []
    for edits in by_person.values() or [[]]:
        edited = list(words)
        for begin, end, instead in sorted(edits, reverse=True):
            edited[begin:end] = [] if instead == "-NONE-" else instead.split("||")[0].split()
        found.append(" ".join(edited))
    return list(dict.fromkeys(found))


CONLL_2014: Final = TextSet(
    "noalt/official-2014.combined.m2",
    (
        (
            "noalt/official-2014.combined.m2",
            "official-2014.combined.m2",
            "conll14st-test-data/noalt/official-2014.combined.m2",
        ),
    ),
    _m2,
    MAKERS["conll-2014"],
)
