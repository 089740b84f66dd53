"""ROUGE, token F1, exact match, ANLS and F1 of labels against reference implementations and formulas."""

from __future__ import annotations

import random
import re
import string
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics.rouge import encode_scripts

sys.path.insert(0, str(Path(__file__).parent))
from textgen import corpus


@pytest.mark.parametrize(("name", "kind"), [("rouge1", "rouge1"), ("rouge2", "rouge2"), ("rouge_l", "rougeL")])
@pytest.mark.parametrize("stemmer", [True, False])
def test_rouge_is_googles(name: str, kind: str, stemmer: bool) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    answers, references = corpus(120, refs=3, seed=1)
    answers += ["", "!!!", "Élève naïve Straße", "x_y-z, THE Flies flying; m² 5% №4"]
    references += [["a"], ["..."], ["élève naive strasse"], ["the fly flies: m2 5 % No4", "x y z"]]
    scorer = RougeScorer([kind], use_stemmer=stemmer)
    expected = [scorer.score_multi(refs, a)[kind].fmeasure for a, refs in zip(answers, references, strict=True)]
    assert metrics.compute(name, answers, references, stemmer=stemmer) == pytest.approx(np.mean(expected), abs=1e-15)


@settings(max_examples=1000, deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=0x24F) | st.characters(min_codepoint=0x1E00, max_codepoint=0x1EFF)))
def test_latin_text_reaches_rouge_as_it_is(text: str) -> None:
    assert encode_scripts(text) == text


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="你好天气дом ελκατกินข้าว हिन्दी العربية 한국어 abc.,", max_size=30))
def test_other_scripts_are_kept_by_the_reference_tokeniser(text: str) -> None:
    import unicodedata

    from rouge_score.tokenize import tokenize

    letters = [c for c in unicodedata.normalize("NFC", text).lower() if unicodedata.category(c)[0] in "LM"]
    spelt = "".join(tokenize(encode_scripts(text), None))
    decoded = re.sub(r"q(\d+)", lambda m: chr(int(m[1])), spelt)
    assert decoded == "".join(letters)


def test_coco_rouge_is_pycocoevalcaps() -> None:
    from pycocoevalcap.rouge.rouge import Rouge

    answers, references = corpus(150, refs=5, seed=2, low=1)
    answers = [a or "x" for a in answers]
    expected = Rouge().compute_score({i: r for i, r in enumerate(references)}, {i: [a] for i, a in enumerate(answers)})[
        0
    ]
    assert metrics.compute("rouge_l_coco", answers, references, tokenizer="space") == pytest.approx(expected, abs=1e-12)


def squad_tokens(text: str) -> list[str]:
    """SQuAD's normalisation, written from its description: lower case, punctuation, articles, white space."""
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text, flags=re.UNICODE).split()


def squad_f1(answer: str, gold: str) -> float:
    a, g = squad_tokens(answer), squad_tokens(gold)
    if not a or not g:
        return float(a == g)
    same = sum((Counter(a) & Counter(g)).values())
    if not same:
        return 0.0
    p, r = same / len(a), same / len(g)
    return 2 * p * r / (p + r)


LATIN = st.text(alphabet="aAnthe bcX.,'-é1 ", max_size=24)


@settings(max_examples=400, deadline=None)
@given(LATIN, st.lists(LATIN, min_size=1, max_size=3))
def test_squad_scores_follow_the_formula(answer: str, golds: list[str]) -> None:
    assert metrics.compute("f1", [answer], [golds]) == pytest.approx(max(squad_f1(answer, g) for g in golds), abs=1e-12)
    equal = any(" ".join(squad_tokens(answer)) == " ".join(squad_tokens(g)) for g in golds)
    assert metrics.compute("exact_match", [answer], [golds]) == float(equal)


def edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, last = [i, *row[1:]], row
        for j, y in enumerate(b, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
    return row[-1]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abC ", max_size=9), st.lists(st.text(alphabet="abC ", max_size=9), min_size=1, max_size=3))
def test_anls_follows_the_formula(answer: str, golds: list[str]) -> None:
    def similarity(gold: str) -> float:
        x, y = " ".join(answer.lower().split()), " ".join(gold.lower().split())
        distance = edits(x, y) / max(len(x), len(y)) if x or y else 0.0
        return 1 - distance if distance < 0.5 else 0.0

    assert metrics.compute("anls", [answer], [golds]) == pytest.approx(max(map(similarity, golds)), abs=1e-12)


def test_label_scores_are_scikit_learns() -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    rng = random.Random(0)
    labels = [rng.choice("abcd") for _ in range(300)]
    answers = [label if rng.random() < 0.6 else rng.choice("abcde") for label in labels]
    assert metrics.compute("accuracy", answers, labels) == pytest.approx(accuracy_score(labels, answers), abs=1e-15)
    known = [a if a != "e" else "a" for a in answers]
    assert metrics.compute("macro_accuracy", known, labels) == pytest.approx(
        balanced_accuracy_score(labels, known), abs=1e-12
    )
    expected = f1_score(labels, answers, average="macro", zero_division=0)
    assert metrics.compute("macro_f1", answers, labels) == pytest.approx(expected, abs=1e-12)
    numbers = [ord(a) for a in answers], [ord(a) for a in labels]
    assert metrics.compute("macro_f1", *numbers) == pytest.approx(expected, abs=1e-12)

    given = [rng.sample("abcdef", rng.randint(0, 4)) for _ in range(200)]
    wanted = [rng.sample("abcdef", rng.randint(0, 4)) for _ in range(200)]
    binary = MultiLabelBinarizer(classes=list("abcdef"))
    expected = f1_score(binary.fit_transform(wanted), binary.fit_transform(given), average="micro")
    assert metrics.compute("micro_f1", given, wanted) == pytest.approx(expected, abs=1e-12)


def test_weights_are_repetition() -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score

    rng = np.random.default_rng(0)
    labels, answers = rng.choice(list("abc"), 60).tolist(), rng.choice(list("abcd"), 60).tolist()
    weights = rng.integers(0, 4, (5, 60)).astype(float)
    weights[0, [i for i, label in enumerate(labels) if label == "a"]] = 0  # one class without weight
    for name, reference in (
        ("macro_f1", lambda y, p: f1_score(y, p, average="macro", zero_division=0)),
        ("macro_accuracy", None),
    ):
        metric = metrics.get(name)
        values = metric.reduce(metric.measure(answers, labels), weights)
        for value, row in zip(values, weights.astype(int), strict=True):
            repeated = np.repeat(labels, row), np.repeat(answers, row)
            if reference is None:
                expected = np.mean([np.mean(repeated[1][repeated[0] == c] == c) for c in np.unique(repeated[0])])
            else:
                expected = reference(*repeated)
            assert value == pytest.approx(expected, abs=1e-12)
    assert balanced_accuracy_score(["a", "b"], ["a", "a"]) == metrics.compute("macro_accuracy", ["a", "a"], ["a", "b"])
