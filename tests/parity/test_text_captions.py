"""CIDEr-D against pycocoevalcap, METEOR against nltk, VQA accuracy against its leave-one-out definition."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics.evidence import Evidence
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
