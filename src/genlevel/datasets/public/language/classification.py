"""Sets of texts with one class each: tables, folders of files, lines with a label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Item, Reader
from genlevel.datasets.public.fields import mapping
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language import classes
from genlevel.datasets.public.language.base import Maker, Raw, TextSet, below, cells, json_lines, made_items, whole_text
from genlevel.datasets.public.language.makers import classified, paired
from genlevel.errors import DataError, RecordError

__all__ = [
    "AG_NEWS",
    "DBPEDIA",
    "FAKENEWSNET",
    "IMDB",
    "MAKERS",
    "NEWSGROUPS",
    "QUORA",
    "SNIPS",
    "SNLI",
    "SST",
    "TREC",
    "YELP",
]

MAKERS: Final[dict[str, Maker]] = {
    "20-newsgroups": classified("To which newsgroup was the message sent?", classes.NEWSGROUPS),
    "ag-news": classified("Which section of the news is the article from?", classes.AG_NEWS),
    "dbpedia": classified("What is the text about?", classes.DBPEDIA),
    "fakenewsnet": classified("This is the headline of a news story. Is the story real or fake?", ("real", "fake")),
    "imdb": classified("Is the review of the film positive or negative?", classes.SENTIMENT),
    "quora": paired("Do both questions ask the same?", "question 1", "question 2", classes.QUORA),
    "snips": classified("What does the speaker want?", classes.SNIPS),
    "snli": paired("How does the hypothesis stand to the premise?", "premise", "hypothesis", classes.SNLI),
    "sst": classified("Is the sentence from a review of a film positive or negative?", classes.SENTIMENT),
    "trec": classified("What kind of answer does the question ask for?", classes.TREC),
    "yelp": classified("How many stars did the writer of the review give?", classes.YELP),
}


def _table(
    columns: Callable[[list[str]], Mapping[str, Any]], delimiter: str = ",", *, quoted: bool = True, header: str = ""
) -> Any:
    """What reads a table: ``columns`` makes a raw entry of a row's cells; a first row that begins with ``header`` is none."""

    def raws(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
        for at, (line, row) in enumerate(cells(labels[0], delimiter, quoted=quoted)):
            if at == 0 and header and row[0].casefold() == header:
                continue
            try:
                raw = columns(row)
            except (IndexError, ValueError) as error:
                why = "has too few cells" if isinstance(error, IndexError) else str(error)
                yield RecordError(f"{labels[0]}, line {line}: {why}")
            else:
                yield f"line {line}", str(raw.get("id") or at), raw

    return raws


def _from_one(cell: str, count: int) -> int:
    """A class's number from 1 as one from 0."""
    if not cell.isascii() or not cell.isdecimal() or not 1 <= int(cell[:6]) <= count:
        raise ValueError(f"the class {cell!r:.40} is none of 1 to {count}")
    return int(cell) - 1


def _prose(*parts: str) -> str:
    """Texts of a table, whose line ends are written as two characters."""
    return "\n".join(part.replace("\\n", "\n").strip() for part in parts if part.strip())


AG_NEWS: Final = TextSet(
    "test.csv  (class 1 to 4, title, description)",
    (("test.csv", "ag_news_csv/test.csv"),),
    _table(lambda row: {"label": _from_one(row[0], 4), "text": _prose(row[1], row[2].replace("\\", " "))}),
    MAKERS["ag-news"],
)
YELP: Final = TextSet(
    "yelp_review_full_csv/test.csv  (stars 1 to 5, text)",
    (("test.csv", "yelp_review_full_csv/test.csv"),),
    _table(lambda row: {"label": _from_one(row[0], 5), "text": _prose(row[1])}),
    MAKERS["yelp"],
)
DBPEDIA: Final = TextSet(
    "dbpedia_csv/test.csv  (class 1 to 14, title, abstract)",
    (("test.csv", "dbpedia_csv/test.csv"),),
    _table(lambda row: {"label": _from_one(row[0], 14), "text": _prose(row[1], row[2])}),
    MAKERS["dbpedia"],
)
SST: Final = TextSet(
    "SST-2/dev.tsv  (sentence, label 0 or 1; the test labels are hidden)",
    (("dev.tsv", "SST-2/dev.tsv"),),
    _table(lambda row: {"text": row[0], "label": row[1].strip()}, "\t", quoted=False, header="sentence"),
    MAKERS["sst"],
)


def _question_pairs(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    """The columns id, qid1, qid2, question1, question2, is_duplicate, in GLUE's table (no quotes) and in Quora's own."""
    quoted = labels[0].name.casefold().startswith("quora")
    pick = lambda row: {"id": row[0], "first": row[3], "second": row[4], "label": row[5].strip()}  # noqa: E731
    yield from _table(pick, "\t", quoted=quoted, header="id")(labels)


QUORA: Final = TextSet(
    "QQP/dev.tsv, or quora_duplicate_questions.tsv  (id, qid1, qid2, question1, question2, is_duplicate)",
    (("dev.tsv", "QQP/dev.tsv", "quora_duplicate_questions.tsv"),),
    _question_pairs,
    MAKERS["quora"],
)


def _snli(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    for item in json_lines(labels[0]):
        if isinstance(item, RecordError):
            yield item
            continue
        line, value = item
        pair = value if isinstance(value, Mapping) else {}
        raw = {"first": pair.get("sentence1"), "second": pair.get("sentence2"), "label": pair.get("gold_label", "")}
        yield f"line {line}", str(pair.get("pairID") or line), raw


SNLI: Final = TextSet(
    "snli_1.0_test.jsonl  (gold_label, sentence1, sentence2, pairID)",
    (("snli_1.0_test.jsonl", "snli_1.0/snli_1.0_test.jsonl"),),
    _snli,
    MAKERS["snli"],
)


def _trec(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    for at, line in enumerate(whole_text(labels[0], "latin-1").split("\n"), 1):
        if line.strip():
            label, _, question = line.strip().partition(" ")
            yield f"line {at}", str(at), {"label": label.partition(":")[0], "text": question}


TREC: Final = TextSet(
    "TREC_10.label  (NUM:dist How far is it ...; ISO 8859-1)", (("TREC_10.label",),), _trec, MAKERS["trec"]
)


def _of_intents(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    from genlevel.datasets.public.stream import elements

    for path in labels:
        intent = path.stem.partition("_")[2]
        for item in elements(path, intent):
            if isinstance(item, RecordError):
                yield item
                continue
            at, entry = item
            pieces = entry.get("data") if isinstance(entry, Mapping) else None
            words = [p.get("text") for p in pieces if isinstance(p, Mapping)] if isinstance(pieces, list) else []
            said = "".join(w for w in words if isinstance(w, str)).strip()
            yield f"{path.name}, entry {at}", f"{intent}-{at}", {"label": intent, "text": said}


def _of_sequences(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    said, intents = (whole_text(path).rstrip("\n").split("\n") for path in labels)
    if len(said) != len(intents):
        raise DataError(f"{labels[0]}: has {len(said)} lines and {labels[1].name} {len(intents)}")
    for at, (sentence, intent) in enumerate(zip(said, intents, strict=True), 1):
        yield f"line {at}", str(at), {"label": intent.strip(), "text": sentence.strip()}


@dataclass(frozen=True)
class Snips(Reader):
    """Sentences to an assistant and their intents: a file for each intent, or lines in two files."""

    layout: str = "AddToPlaylist/validate_AddToPlaylist.json ...\n\nor test/seq.in\ntest/label"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The validation file of each intent, or sentences and labels of the test split."""
        names = [f"{intent}/validate_{intent}.json" for intent in classes.SNIPS]
        found = [folder.path_of(name, f"2017-06-custom-intent-engines/{name}") for name in names]
        if all(found):
            return tuple(path for path in found if path is not None)
        said, intents = folder.path_of("test/seq.in"), folder.path_of("test/label")
        if said is None or intents is None:
            raise DataError(
                "has no validate_<intent>.json for each of the seven intents, and no test/seq.in with test/label"
            )
        return said, intents

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a sentence."""
        for raw in _of_sequences(labels) if labels[0].name == "seq.in" else _of_intents(labels):
            if isinstance(raw, RecordError):
                yield raw
            else:
                yield from made_items(raw, MAKERS["snips"])


SNIPS: Final = Snips()


@dataclass(frozen=True)
class ClassFolders(Reader):
    """A folder of text files for each class below one of ``places``; ``names`` leads from the folder to the class."""

    layout: str
    places: tuple[str, ...]
    names: Mapping[str, str]
    maker: Maker
    encoding: str = "utf-8-sig"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder that holds the classes' folders."""
        for place in self.places:
            if all(folder.find(f"{place}/{name}".strip("/")) for name in self.names):
                return (folder.path / (folder.find(place) or ""),)
        raise DataError(f"has no {self.places[0]} with the folders {', '.join(list(self.names)[:3])}, ...")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a file."""
        inner = Folder(labels[0])
        for name, label in self.names.items():
            for path in below(inner, name, ""):
                try:
                    content = whole_text(path, self.encoding)
                except DataError as error:
                    yield RecordError(str(error))
                    continue
                key = f"{name}/{path.name.removesuffix('.txt')}"
                yield from made_items((key, key, {"text": content, "label": label}), self.maker)


NEWSGROUPS: Final = ClassFolders(
    "20news-bydate-test/alt.atheism/53068 ...",
    ("20news-bydate-test", ""),
    {name: name for name in classes.NEWSGROUPS},
    MAKERS["20-newsgroups"],
    "latin-1",
)
IMDB: Final = ClassFolders(
    "aclImdb/test/neg/0_2.txt\naclImdb/test/pos/0_10.txt",
    ("test", "aclImdb/test"),
    {"neg": "negative", "pos": "positive"},
    MAKERS["imdb"],
)

_NEWS: Final = ("politifact_real.csv", "politifact_fake.csv", "gossipcop_real.csv", "gossipcop_fake.csv")


def _fake_news(labels: tuple[Path, ...]) -> Iterator[Raw | RecordError]:
    for path in labels:
        label = path.stem.rpartition("_")[2]
        columns = lambda row: {"id": row[0], "text": row[2]}  # noqa: E731
        for raw in _table(columns, header="id")((path,)):
            if isinstance(raw, RecordError):
                yield raw
            else:
                place, key, content = raw
                yield f"{path.name}, {place}", key, {**mapping(content), "label": label}


FAKENEWSNET: Final = TextSet(
    "\n".join(f"dataset/{name}" for name in _NEWS) + "  (id, news_url, title, tweet_ids)",
    tuple((name, f"dataset/{name}") for name in _NEWS),
    _fake_news,
    MAKERS["fakenewsnet"],
)
