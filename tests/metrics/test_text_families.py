"""What holds for every metric of text: edges, weights, shards, and scripts without spaces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.errors import MetricError
from genlevel.metrics.evidence import Evidence
from genlevel.metrics.text import caption_words, spaced, split_unspaced
from genlevel.metrics.treebank import sentences, words

OVERLAP = [
    *("exact_match", "f1", "anls", "bleu1", "bleu2", "bleu3", "bleu4", "rouge1", "rouge2", "rouge_l", "rouge_l_coco"),
    *("meteor", "cider", "codebleu", "vqa_accuracy"),
]
RATES = ["wer", "cer"]
LABELS = ["accuracy", "macro_accuracy", "macro_f1", "micro_f1"]
ALL = [*OVERLAP, *RATES, *LABELS]
TEXTS = ["the cat sat on the mat", "a dog", "x = 1", "今天天气很好", "", "dogs run fast in the big park", "two"]
GOLDS = ["the cat is on the mat", "a cat", "x = 2", "今天天气不错", "empty", "a dog runs fast in the park", "2"]


@pytest.mark.parametrize("name", ALL)
def test_shards_are_the_whole(name: str) -> None:
    answers = [*TEXTS, None, TEXTS[0], GOLDS[5]] * 3
    golds = [*GOLDS, "gone", TEXTS[0], GOLDS[5]] * 3
    metric = metrics.get(name)
    whole = metric.measure(answers, golds)
    shards = [metric.measure(answers[i : i + 7], golds[i : i + 7]) for i in range(0, 30, 7)]
    joined = Evidence.concat([*shards[:2], metric.measure([], []), *shards[2:]])
    assert whole.to_arrays().keys() == joined.to_arrays().keys()
    for column, values in whole.to_arrays().items():
        assert values.dtype == joined.to_arrays()[column].dtype
        assert np.array_equal(values, joined.to_arrays()[column]), column
    assert metric.reduce(whole) == metric.reduce(joined)
    stored = Evidence.from_arrays(joined.to_arrays())
    assert metric.reduce(stored) == metric.reduce(whole)


@pytest.mark.parametrize("name", ALL)
def test_weights(name: str) -> None:
    metric = metrics.get(name)
    evidence = metric.measure([*TEXTS, None], [*GOLDS, "gone"])
    n = len(evidence)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1 / n), 5).astype(float)
    values = metric.reduce(evidence, weights)
    assert values.shape == (5,)
    assert np.array_equal(values, [metric.reduce(evidence, row) for row in weights]) or values == pytest.approx(
        [float(metric.reduce(evidence, row)) for row in weights], abs=1e-12
    )
    assert metric.reduce(evidence, np.ones(n)) == pytest.approx(float(metric.reduce(evidence)), abs=1e-15)
    assert metric.reduce(evidence).shape == ()
    if name != "cider":  # its frequencies are those of the rows, not of the weights
        row = weights[0].astype(int)
        assert metric.reduce(evidence.take(np.repeat(np.arange(n), row))) == pytest.approx(values[0], abs=1e-12)
    assert np.isfinite(metric.reduce(evidence, np.zeros(n))) or name in RATES


@pytest.mark.parametrize("name", ALL)
def test_nothing_and_nothing_right(name: str) -> None:
    metric = metrics.get(name)
    assert metric.reduce(metric.measure([], [])) == metric.worst
    missing = metric.reduce(metric.measure([None, None], ["a b", "c d"]))
    assert missing == (1.0 if name in RATES else 0.0)
    with pytest.raises(MetricError, match="1 answers for 2"):
        metric.measure(["a"], ["a", "b"])


@pytest.mark.parametrize("name", [*OVERLAP, *RATES, "macro_accuracy", "macro_f1"])
def test_a_sample_without_reference_is_named(name: str) -> None:
    for nothing in (None, []):
        with pytest.raises(MetricError, match="sample 1"):
            metrics.compute(name, ["a", "b"], ["a", nothing])


@pytest.mark.parametrize("name", [n for n in [*OVERLAP, *RATES] if n != "codebleu"])
@pytest.mark.parametrize(
    "text",
    [
        "今天天气很好我们去公园玩吧",
        "今日はとても天気がいいですね",
        "วันนี้อากาศดีมากเลย",
        "오늘은 날씨가 정말 좋아요 그렇죠",
        "сегодня очень хорошая погода здесь",
        "اليوم الطقس جميل جدا هنا",
        "आज मौसम बहुत अच्छा है",
    ],
)
def test_no_language_scores_zero(name: str, text: str) -> None:
    metric = metrics.get(name)
    other = "zzz zzz zzz zzz zzz"
    golds = [[text], [text], [other] if name == "cider" else [text]]
    scores = metric.reduce(metric.measure([text, text[: len(text) // 2], other], golds), np.eye(3))
    if name in ("meteor", "cider"):
        assert scores[0] > 0.9  # METEOR keeps a penalty for its one chunk, CIDEr depends on the set
    else:
        assert scores[0] == pytest.approx(0.0 if name in RATES else 1.0)
    if name in ("f1", "bleu1", "bleu2", "rouge1", "rouge2", "rouge_l", "rouge_l_coco", "meteor"):
        assert 0 < scores[1] < scores[0], "half of the text is worth something"
    if name in RATES:
        assert scores[1] < 1


def test_a_near_miss_in_chinese_by_hand() -> None:
    gold, near = "今天天气很好", "今天天气不错"  # 4 of 6 letters, in order
    for name in ("f1", "rouge1", "rouge_l", "bleu1"):
        assert metrics.compute(name, [near], [gold]) == pytest.approx(4 / 6), name
    assert metrics.compute("rouge1", [near], [gold], scripts="latin") == 0.0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我有2只cats。", ["我", "有", "2", "只", "cats", "。"]),
        ("กินข้าว", ["กิ", "น", "ข้", "า", "ว"]),
        ("がぎ", ["が", "ぎ"]),
        ("か\u3099", ["か\u3099"]),
        ("오늘 날씨", ["오늘", "날씨"]),
        ("မြန်မာ", ["မြ", "န်", "မာ"]),
    ],
)
def test_letters_of_unspaced_scripts(text: str, tokens: list[str]) -> None:
    assert spaced(text) == tokens


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_splitting_keeps_every_character(text: str) -> None:
    assert split_unspaced(text).replace(" ", "") == text.replace(" ", "")
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    words(text), caption_words(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It works. It is done.", ["It works.", "It is done."]),
        ("Mr. Smith left. He ran.", ["Mr. Smith left.", "He ran."]),
        ("The U.S. Army won.", ["The U.S. Army won."]),
        ('He said "Go!" Then he left.', ['He said "Go!"', "Then he left."]),
        ("pi is 3.14 today. ok", ["pi is 3.14 today. ok"]),
        ("J. Doe wrote it? Yes.", ["J. Doe wrote it?", "Yes."]),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_long_and_odd_text_is_fast() -> None:
    for text in (
        "a" * 200_000,
        ". " * 50_000,
        "." + " " * 100_000 + "x",
        "'" * 50_000,
        "a.)" * 50_000,
        "我" * 50_000,
        "<td>" * 50_000,
    ):
        words(text)
        metrics.compute("bleu1", [text], ["a b"])


@pytest.mark.parametrize(("name", "options"), [
    ("bleu1", {"aggregate": "x"}), ("bleu4", {"smoothing": "x"}), ("bleu1", {"multireference": "x"}),
    ("bleu1", {"tokenizer": "x"}),
    ("rouge1", {"statistic": "x"}), ("rouge1", {"scripts": "x"}), ("wer", {"normalise": "x"}), ("f1", {"normalise": "x"}),
    ("mrr", {"ties": "x"}), ("codebleu", {"weights": (1, 2)}), ("f1", {"no_such": 1}),
])  # fmt: skip
def test_wrong_options_are_named(name: str, options: dict) -> None:
    with pytest.raises(MetricError, match=r"x|weights|no_such"):
        metrics.compute(name, ["a"], ["a"], **options)


def test_micro_f1_of_single_labels_is_accuracy_also_where_answers_are_missing() -> None:
    answers, references = ["cat", None, "dog", None, "cow"], ["cat", "dog", "dog", "cow", "pig"]
    assert metrics.compute("micro_f1", answers, references) == pytest.approx(
        metrics.compute("accuracy", answers, references)
    )


def test_micro_f1_silence_is_worth_no_more_than_a_wrong_answer() -> None:
    references = [["a", "b"], ["c", "d"]]
    silent = metrics.compute("micro_f1", [["a", "b"], None], references)
    wrong = metrics.compute("micro_f1", [["a", "b"], ["x", "y"]], references)
    found_nothing = metrics.compute("micro_f1", [["a", "b"], []], references)
    assert silent == wrong == pytest.approx(0.5)
    assert found_nothing == pytest.approx(2 * 2 / (2 + 4))
