"""BLEU against nltk, sacrebleu and pycocoevalcap, and the tokenisers against theirs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics.text import mteval13a
from genlevel.metrics.treebank import sentence_words

sys.path.insert(0, str(Path(__file__).parent))
from textgen import corpus

nltk_bleu = pytest.importorskip("nltk.translate.bleu_score")


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize(("ours", "theirs"), [("floor", "method1"), ("exp", "method3"), ("method4", "method4")])
def test_sentence_bleu_is_the_mean_of_nltks(order: int, ours: str, theirs: str) -> None:
    answers, references = corpus(150, refs=3, seed=order)
    smooth = getattr(nltk_bleu.SmoothingFunction(), theirs)
    weights = (1.0 / order,) * order
    pooled = [
        nltk_bleu.sentence_bleu([r.split() for r in refs], a.split(), weights, smooth)
        for a, refs in zip(answers, references, strict=True)
    ]
    best = [
        max(nltk_bleu.sentence_bleu([r.split()], a.split(), weights, smooth) for r in refs)
        for a, refs in zip(answers, references, strict=True)
    ]
    options = {"aggregate": "sentence", "tokenizer": "space", "smoothing": ours}
    assert metrics.compute(f"bleu{order}", answers, references, multireference="pooled", **options) == pytest.approx(
        np.mean(pooled), abs=1e-12
    )
    assert metrics.compute(f"bleu{order}", answers, references, **options) == pytest.approx(np.mean(best), abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_corpus_bleu_equals_sacrebleu_and_pycocoevalcap(order: int) -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    from pycocoevalcap.bleu.bleu import Bleu

    answers, references = corpus(200, refs=4, seed=10 + order)
    padded = [[refs[i] if i < len(refs) else None for refs in references] for i in range(4)]
    theirs = sacrebleu.metrics.BLEU(tokenize="none", max_ngram_order=order, smooth_method="none", force=True)
    expected = theirs.corpus_score(answers, padded).score / 100
    ours = metrics.compute(f"bleu{order}", answers, references, aggregate="corpus", tokenizer="space")
    assert ours == pytest.approx(expected, abs=1e-10)
    named = {str(i): [a] for i, a in enumerate(answers)}, {str(i): r for i, r in enumerate(references)}
    coco = Bleu(order).compute_score(named[1], named[0], verbose=0)[0][-1]
    assert ours == pytest.approx(coco, abs=1e-8)


def test_corpus_bleu_13a_equals_sacrebleus_default() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    answers, references = corpus(100, seed=3, low=4)
    answers = [f"{a}, {a[:9]} (e.g. 3,000.5)!" for a in answers]
    single = [f"{r[0]}, {r[0][:7]} (e.g. 3,000.5)?" for r in references]
    expected = sacrebleu.corpus_bleu(answers, [single]).score / 100
    assert metrics.compute("bleu4", answers, single, tokenizer="13a") == pytest.approx(expected, abs=1e-10)


def test_the_papers_two_candidates() -> None:
    # Papineni et al. 2002, section 2.1.1: clipped unigram precision of the two worked examples is 17/18 and 8/14.
    references = [
        "It is a guide to action that ensures that the military will forever heed Party commands",
        "It is the guiding principle which guarantees the military forces always being under the command of the Party",
        "It is the practical guide for the army always to heed the directions of the party",
    ]
    first = "It is a guide to action which ensures that the military always obeys the commands of the party"
    second = "It is to insure the troops forever hearing the activity guidebook that party direct"
    metric = metrics.get("bleu1", multireference="pooled")
    evidence = metric.measure(
        [first, second, "the the the the the the the"], [references, references, ["the cat is on the mat"]]
    )
    assert evidence["matches"][:, 0].tolist() == [17, 8, 2]
    assert evidence["totals"][:, 0].tolist() == [18, 14, 7]


ENGLISH = st.text(
    alphabet=st.sampled_from(
        [*"abcdeISTdmlrvn", *" " * 8, *".,;:!?'\"()[]{}<>-–—…@#$%&*/`´“”‘’«»„0123456789", "é", "ß", "\n"]
    ),
    max_size=60,
)


@settings(max_examples=1500, deadline=None)
@given(ENGLISH)
def test_sentence_words_are_nltks(text: str) -> None:
    from nltk.tokenize import NLTKWordTokenizer

    assert sentence_words(text) == NLTKWordTokenizer().tokenize(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "I'm",
                "can't",
                "won't",
                "cannot",
                "gonna",
                "wanna",
                "'tis",
                "'twas",
                "d'ye",
                "gimme",
                "lemme",
                "gotta",
                "more'n",
                "they'll",
                "He'd",
                "it's",
                "U.S.",
                "3.50",
                "1,000",
                "say:",
                '"Hi,"',
                "(ok)",
                "[x]",
                "{y}",
                "--",
                "a--b",
                "...",
                "..",
                "$5",
                "50%",
                "AT&T",
                "o'clock",
                "dogs'",
                "'quoted'",
                "``q''",
                "end.",
                "Mr.",
                "what?!",
                "x@y.z",
                "#tag",
                "e-mail",
                "snake_case",
                "CANNOT",
                "Cannot",
                "N'T",
                "WE'RE",
                "y'all",
                "whaddya",
            ]
        ),
        max_size=12,
    )
)
def test_sentence_words_of_everyday_english_are_nltks(tokens: list[str]) -> None:
    from nltk.tokenize import NLTKWordTokenizer

    text = " ".join(tokens)
    assert sentence_words(text) == NLTKWordTokenizer().tokenize(text)


@settings(max_examples=500, deadline=None)
@given(ENGLISH)
def test_mteval_tokens_are_sacrebleus(text: str) -> None:
    tokenizer_13a = pytest.importorskip("sacrebleu.tokenizers.tokenizer_13a")
    assert mteval13a(text) == tokenizer_13a.Tokenizer13a()(text).split()
