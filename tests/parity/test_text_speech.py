"""WER and CER against jiwer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics.edit import speech_normalise

sys.path.insert(0, str(Path(__file__).parent))
from textgen import corpus

jiwer = pytest.importorskip("jiwer")


def test_error_rates_are_jiwers() -> None:
    answers, references = corpus(200, seed=4)
    golds = [r[0] for r in references]
    assert metrics.compute("wer", answers, golds, normalise="none") == pytest.approx(
        jiwer.wer(golds, answers), abs=1e-12
    )
    assert metrics.compute("cer", answers, golds, normalise="none") == pytest.approx(
        jiwer.cer(golds, answers), abs=1e-12
    )


WORDS = st.lists(st.text(alphabet="abcéж", min_size=1, max_size=4), max_size=8).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS.filter(bool)), min_size=1, max_size=4))
def test_error_rates_of_random_text_are_jiwers(pairs: list[tuple[str, str]]) -> None:
    answers, golds = [a for a, _ in pairs], [g for _, g in pairs]
    assert metrics.compute("wer", answers, golds, normalise="none") == pytest.approx(
        jiwer.wer(golds, answers), abs=1e-12
    )
    assert metrics.compute("cer", answers, golds, normalise="none") == pytest.approx(
        jiwer.cer(golds, answers), abs=1e-12
    )


def test_chinese_counts_letters() -> None:
    gold, answer = "今天天气很好", "今天 天气真好。"
    assert metrics.compute("wer", [answer], [gold]) == pytest.approx(jiwer.cer(gold, "今天天气真好")) == 1 / 6
    assert metrics.compute("cer", [answer], [gold]) == 1 / 6
    assert metrics.compute("wer", ["我有2只cats"], ["我有3只dogs"]) == 2 / 5


def test_mongolian_in_both_scripts() -> None:
    cyrillic, wrong = "Монгол хэл сайхан.", "монгол хэл сайн"
    assert metrics.compute("wer", [wrong], [cyrillic]) == pytest.approx(jiwer.wer("монгол хэл сайхан", wrong)) == 1 / 3
    traditional = "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ᠃"
    assert metrics.compute("wer", ["ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ"], [traditional]) == 0
    # A variation selector and the vowel separator change the shape of a letter alone.
    assert speech_normalise("ᠬᠡᠯᠡ\u180b") == speech_normalise("ᠬᠡᠯ\u180eᠡ") == "ᠬᠡᠯᠡ"


def test_empty_texts() -> None:
    assert metrics.compute("wer", [None, ""], ["a b", "c"]) == 1.0
    assert metrics.compute("wer", ["", ""], ["", "..."]) == 0.0
    assert metrics.compute("wer", ["x"], [""]) == float("inf")
    assert metrics.compute("wer", [], []) == float("inf")
    assert metrics.compute("cer", ["a  b"], ["ab"], spaces=False) == 0.0
