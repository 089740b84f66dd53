"""CIDEr-D against pycocoevalcap, METEOR against nltk, VQA accuracy against its leave-one-out definition."""

from __future__ import annotations

import os
import random
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.errors import NotScorable
from genlevel.metrics.evidence import Evidence
from genlevel.metrics.porter import stem
from genlevel.metrics.vqa import process_answer

sys.path.insert(0, str(Path(__file__).parent))
from textgen import corpus


def coco_cider(answers: list[str], references: list[list[str]]) -> tuple[float, np.ndarray]:
    from pycocoevalcap.cider.cider import Cider

    return Cider().compute_score({i: r for i, r in enumerate(references)}, {i: [a] for i, a in enumerate(answers)})


@pytest.mark.parametrize("refs", [1, 5])
def test_cider_is_pycocoevalcaps(refs: int) -> None:
    answers, references = corpus(150, refs=refs, seed=refs)
    answers[:3] = ["", "cat", "a a a a a a a a a a"]
    mean, each = coco_cider(answers, references)
    metric = metrics.get("cider", tokenizer="space")
    evidence = metric.measure(answers, references)
    assert metric.scores(evidence) == pytest.approx(each, abs=1e-10)
    assert metric.reduce(evidence) == pytest.approx(mean, abs=1e-10)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abc"), max_size=6).map(" ".join),
            st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(" ".join), min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_cider_of_tiny_sets(pairs: list[tuple[str, list[str]]]) -> None:
    answers, references = [a for a, _ in pairs], [r for _, r in pairs]
    assert metrics.compute("cider", answers, references, tokenizer="space") == pytest.approx(
        coco_cider(answers, references)[0], abs=1e-10
    )


def test_cider_of_shards_is_that_of_the_whole() -> None:
    answers, references = corpus(60, refs=3, seed=9)
    answers[7] = None
    metric = metrics.get("cider")
    whole = metric.measure(answers, references)
    shards = Evidence.concat(metric.measure(answers[i : i + 13], references[i : i + 13]) for i in range(0, 60, 13))
    for name, column in whole.to_arrays().items():
        assert np.array_equal(column, shards.to_arrays()[name]), name
    assert metric.reduce(whole) == metric.reduce(shards)


class OfficialVqa:
    """The official evaluation's accuracy, written out as it runs: every annotator left out in turn."""

    marks = [";", "/", "[", "]", '"', "{", "}", "(", ")", "=", "+", "\\", "_", "-", ">", "<", "@", "`", ",", "?", "!"]

    def punctuation(self, text: str) -> str:
        out = text
        for mark in self.marks:
            near_space = mark + " " in text or " " + mark in text
            out = out.replace(mark, "" if near_space or re.search(r"(\d)(,)(\d)", text) is not None else " ")
        return re.compile(r"(?!<=\d)(\.)(?!\d)").sub("", out, count=int(re.UNICODE))

    def accuracy(self, answer: str, golds: list[str]) -> float:
        answer = process_answer(answer)
        if len(set(golds)) > 1:
            golds = [self.punctuation(gold) for gold in golds]
        each = []
        for left_out in range(len(golds)):
            rest = golds[:left_out] + golds[left_out + 1 :]
            each.append(min(1, sum(gold == answer for gold in rest) / 3))
        return sum(each) / len(each)


VQA_TEXT = st.text(alphabet=st.sampled_from([*"ab1 ,.;-?!'\n"]), max_size=8) | st.sampled_from(
    ["two", "The cat", "dont", "2"]
)


@settings(max_examples=500, deadline=None)
@given(VQA_TEXT, st.lists(VQA_TEXT, min_size=2, max_size=3), st.lists(st.integers(0, 2), min_size=10, max_size=10))
def test_vqa_accuracy_is_leave_one_out(answer: str, pool: list[str], picks: list[int]) -> None:
    golds = [[*pool, process_answer(answer)][p] for p in picks]
    official = OfficialVqa()
    assert metrics.compute("vqa_accuracy", [answer], [golds]) == pytest.approx(
        official.accuracy(answer, golds), abs=1e-12
    )


@pytest.mark.parametrize(
    ("answer", "processed"),
    [
        ("The Dog's", "dog's"),
        ("two, three", "2 3"),
        ("1,000 cats", "1000 cats"),
        ("dont", "don't"),
        ("couldntve", "couldntve"),
        ("couldnt've", "couldn't've"),
        ("red/blue", "red blue"),
        ("3.5", "3.5"),
        ("U.S.", "us"),
        ("none", "0"),
        ("a", ""),
    ],
)
def test_vqa_processing_by_hand(answer: str, processed: str) -> None:
    assert process_answer(answer) == processed


@pytest.mark.parametrize(("agreeing", "expected"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)])
def test_vqa_accuracy_of_ten_annotators(agreeing: int, expected: float) -> None:
    # The values that the VQA challenge page gives for 0, 1, 2, 3 and more agreeing annotators.
    assert metrics.compute("vqa_accuracy", ["yes"], [["yes"] * agreeing + ["no"] * (10 - agreeing)]) == pytest.approx(
        expected
    )


class NoSynonyms:
    """In place of WordNet: no word has a synset."""

    @staticmethod
    def synsets(_: str) -> list:
        return []


def test_meteor_without_synonyms_is_nltks() -> None:
    from nltk.translate.meteor_score import meteor_score

    answers, references = corpus(150, refs=3, seed=5)
    answers += ["", "cats running", "it is a guide to action which ensures that the military always obeys the commands"]
    references += [
        ["a"],
        ["the cat ran quickly run cat"],
        ["it is a guide to action that ensures that the military will heed"],
    ]
    expected = [
        meteor_score([r.split() for r in refs], a.split(), wordnet=NoSynonyms()) if a else 0.0
        for a, refs in zip(answers, references, strict=True)
    ]
    metric = metrics.get("meteor", tokenizer="space")
    evidence = metric.measure(answers, references)
    assert metric.reduce(evidence) == pytest.approx(np.mean(expected), abs=1e-12)
    for row, value in enumerate(expected):
        assert metric.reduce(evidence.take([row])) == pytest.approx(value, abs=1e-12)


def test_meteor_of_the_example_in_nltks_documentation() -> None:
    answer = "It is a guide to action which ensures that the military always obeys the commands of the party"
    gold = "It is a guide to action that ensures that the military will forever heed Party commands"
    assert metrics.compute("meteor", [answer], [gold], tokenizer="space") == pytest.approx(0.6944, abs=5e-5)


WORDNET = Path(os.environ.get("GENLEVEL_WORDNET", "/usr/share/wordnet"))


@pytest.mark.skipif(not (WORDNET / "data.noun").exists(), reason="no WordNet database; install wordnet-base")
def test_meteor_with_synonyms_is_nltks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from nltk.translate.meteor_score import meteor_score

    folder = tmp_path / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    for kind in ("noun", "verb", "adj", "adv"):
        for name in (f"index.{kind}", f"data.{kind}", f"{kind}.exc"):
            (folder / name).write_bytes((WORDNET / name).read_bytes())
    # The map between versions is of no use here, and would need one more Debian package.
    monkeypatch.setattr(WordNetCorpusReader, "map_wn", lambda self, version="wordnet": None)
    (folder / "lexnames").write_text("".join(f"{i:02d}\tx\t1\n" for i in range(45)))
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = WordNetCorpusReader(str(folder), None)
        words = [
            "car",
            "auto",
            "automobile",
            "big",
            "large",
            "dogs",
            "hound",
            "domestic",
            "dog",
            "ran",
            "running",
            "rush",
            "quick",
            "fast",
            "speedy",
            "galore",
            "the",
            "a",
            "mice",
        ]
        answers, references = [], []
        rng = random.Random(0)
        for _ in range(60):
            answers.append(" ".join(rng.choices(words, k=rng.randint(1, 9))))
            references.append([" ".join(rng.choices(words, k=rng.randint(1, 9))) for _ in range(2)])
        expected = [
            meteor_score([r.split() for r in refs], a.split(), wordnet=reader)
            for a, refs in zip(answers, references, strict=True)
        ]
    value = metrics.compute("meteor", answers, references, tokenizer="space", wordnet=str(WORDNET))
    assert value == pytest.approx(np.mean(expected), abs=1e-12)
    assert value > metrics.compute("meteor", answers, references, tokenizer="space") + 0.01


def test_meteor_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotScorable, match="wordnet-base"):
        metrics.compute("meteor", ["a"], ["a"], wordnet=str(tmp_path))


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="abeilnorstyz", max_size=5),
    st.sampled_from(
        [
            "s",
            "ies",
            "sses",
            "ed",
            "eed",
            "ing",
            "y",
            "ational",
            "alli",
            "bli",
            "logi",
            "icate",
            "ness",
            "al",
            "ement",
            "ment",
            "ent",
            "sion",
            "tion",
            "ive",
            "ize",
            "e",
            "ll",
            "ied",
            "able",
        ]
    ),
    st.sampled_from(["", "s", "ly", "ed"]),
)
def test_stems_are_nltks(start: str, middle: str, end: str) -> None:
    from nltk.stem.porter import PorterStemmer

    assert stem(start + middle + end) == PorterStemmer().stem(start + middle + end)
