"""Metrics of text against the field's libraries, on the same data in one run.

What a line says stands in :mod:`benchmarks._race`. Tokenisation is timed on both sides.
Run it with ``python -m benchmarks.metrics_text [METRIC ...]``.
"""

from __future__ import annotations

import importlib.machinery
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks._race import Race, Value, compute, run

_LEAVES = ("feature_extractor_inceptionv3", "helpers", "interpolate_compat_tensorflow")


def corpus(size: int, refs: int, length: int = 14, seed: int = 0) -> tuple[list[str], list[list[str]]]:
    """Answers of Zipf-distributed words, each with ``refs`` references from which it is a noisy copy."""
    rng = np.random.default_rng(seed)
    vocabulary = np.array([f"{'bcdfgklmnprst'[i % 13]}{'aeiou'[i % 5]}{i % 4000:x}n" for i in range(4000)])
    answers, references = [], []
    for _ in range(size):
        words = vocabulary[np.minimum(rng.zipf(1.3, max(3, int(rng.poisson(length)))) - 1, 3999)]
        copies = []
        for _ in range(refs + 1):
            keep = rng.random(len(words)) > 0.2
            noise = vocabulary[np.minimum(rng.zipf(1.3, len(words)) - 1, 3999)]
            copies.append(" ".join(np.where(keep, words, noise)))
        answers.append(copies[0])
        references.append(copies[1:])
    return answers, references


def torchmetrics_text() -> Any:
    """torchmetrics' functions of text. Its image metrics load first and want an extractor that may not load: they get none."""
    try:
        importlib.import_module("torch_fidelity")
    except ImportError:
        for part in ("torch_fidelity", *(f"torch_fidelity.{leaf}" for leaf in _LEAVES)):
            stand_in = types.ModuleType(part)
            stand_in.__path__ = []
            stand_in.__spec__ = importlib.machinery.ModuleSpec(part, None)
            stand_in.__getattr__ = lambda _: object  # type: ignore[method-assign]
            sys.modules[part] = stand_in
    return importlib.import_module("torchmetrics.functional.text")


def races() -> Iterator[Callable[[], list[Race]]]:
    """Groups of races; each makes its data when it is its turn, and is left out where a peer is not installed."""
    yield labels
    yield bleu
    yield torch_text
    yield rouge
    yield speech
    yield captions
    yield answers_with_many_references
    yield code_and_tables
    yield ranking


def labels() -> list[Race]:
    """Accuracy and macro F1 of string labels."""
    from sklearn.metrics import accuracy_score, f1_score

    rng = np.random.default_rng(0)
    names = np.array([f"class {i}" for i in range(100)])
    gold = names[rng.integers(0, 100, 200_000)]
    given = np.where(rng.random(200_000) < 0.7, gold, names[rng.integers(0, 100, 200_000)]).tolist()
    gold = gold.tolist()
    return [
        Race(
            "accuracy", "scikit-learn", 200_000, compute("accuracy", given, gold), lambda: accuracy_score(gold, given)
        ),
        Race(
            "macro_f1",
            "scikit-learn",
            200_000,
            compute("macro_f1", given, gold),
            lambda: f1_score(gold, given, average="macro"),
        ),
    ]


def bleu() -> list[Race]:
    """Sentence and corpus BLEU."""
    import sacrebleu
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    answers, references = corpus(5000, 1)
    gold = [r[0] for r in references]
    split, smooth = NLTKWordTokenizer().tokenize, SmoothingFunction().method4

    def nltk_mean(order: int) -> float:
        weights = (1 / order,) * order
        return float(
            np.mean([sentence_bleu([split(g)], split(a), weights, smooth) for a, g in zip(answers, gold, strict=True)])
        )

    def sacre(tokenize: str) -> Value:
        return lambda: (
            sacrebleu.corpus_bleu(answers, [gold], tokenize=tokenize, smooth_method="none", force=True).score / 100
        )

    return [
        Race("bleu1", "nltk (mean of sentences)", 5000, compute("bleu1", answers, gold), lambda: nltk_mean(1)),
        Race(
            "bleu4",
            "nltk (mean of sentences)",
            5000,
            compute("bleu4", answers, gold, aggregate="sentence"),
            lambda: nltk_mean(4),
        ),
        Race(
            "bleu4", "sacrebleu none (corpus)", 5000, compute("bleu4", answers, gold, tokenizer="space"), sacre("none")
        ),
        Race("bleu4", "sacrebleu 13a (corpus)", 5000, compute("bleu4", answers, gold, tokenizer="13a"), sacre("13a")),
    ]


def torch_text() -> list[Race]:
    """BLEU, error rates and SQuAD scores as torchmetrics computes them."""
    functional = torchmetrics_text()
    answers, references = corpus(5000, 1, seed=1)
    gold = [r[0] for r in references]
    asked = [{"prediction_text": a, "id": str(i)} for i, a in enumerate(answers)]
    known = [{"answers": {"text": [g], "answer_start": [0]}, "id": str(i)} for i, g in enumerate(gold)]
    plain = {"tokenizer": "space"}
    return [
        Race(
            "bleu4",
            "torchmetrics",
            5000,
            compute("bleu4", answers, gold, **plain),
            lambda: float(functional.bleu_score(answers, references)),
        ),
        Race(
            "wer",
            "torchmetrics",
            5000,
            compute("wer", answers, gold, normalise="none"),
            lambda: float(functional.word_error_rate(answers, gold)),
        ),
        Race(
            "f1",
            "torchmetrics",
            5000,
            compute("f1", answers, gold),
            lambda: float(functional.squad(asked, known)["f1"]) / 100,
        ),
    ]


def rouge() -> list[Race]:
    """ROUGE with stems."""
    from rouge_score.rouge_scorer import RougeScorer

    answers, references = corpus(2000, 1, length=40, seed=2)
    gold = [r[0] for r in references]

    def google(kind: str) -> Value:
        scorer = RougeScorer([kind], use_stemmer=True)
        return lambda: float(np.mean([scorer.score(g, a)[kind].fmeasure for a, g in zip(answers, gold, strict=True)]))

    return [
        Race("rouge1", "rouge-score", 2000, compute("rouge1", answers, gold), google("rouge1")),
        Race("rouge_l", "rouge-score", 2000, compute("rouge_l", answers, gold), google("rougeL")),
    ]


def speech() -> list[Race]:
    """Error rates."""
    import jiwer

    answers, references = corpus(5000, 1, seed=3)
    gold = [r[0] for r in references]
    return [
        Race("wer", "jiwer", 5000, compute("wer", answers, gold, normalise="none"), lambda: jiwer.wer(gold, answers)),
        Race("cer", "jiwer", 5000, compute("cer", answers, gold, normalise="none"), lambda: jiwer.cer(gold, answers)),
    ]


def captions() -> list[Race]:
    """Captions with five references."""
    from nltk.translate.meteor_score import meteor_score
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    answers, references = corpus(3000, 5, length=10, seed=4)
    gold, given = dict(enumerate(references)), {i: [a] for i, a in enumerate(answers)}
    few, few_gold = answers[:500], references[:500]
    no_synonyms = types.SimpleNamespace(synsets=lambda _: [])

    def nltk_meteor() -> float:
        pairs = zip(few, few_gold, strict=True)
        return float(
            np.mean([meteor_score([r.split() for r in refs], a.split(), wordnet=no_synonyms) for a, refs in pairs])
        )

    plain = {"tokenizer": "space"}
    return [
        Race(
            "cider",
            "pycocoevalcap",
            3000,
            compute("cider", answers, references, **plain),
            lambda: float(Cider().compute_score(gold, given)[0]),
        ),
        Race(
            "rouge_l_coco",
            "pycocoevalcap",
            3000,
            compute("rouge_l_coco", answers, references, **plain),
            lambda: float(Rouge().compute_score(gold, given)[0]),
        ),
        Race("meteor", "nltk, no WordNet", 500, compute("meteor", few, few_gold, **plain), nltk_meteor),
    ]


def answers_with_many_references() -> list[Race]:
    """Short answers: ANLS and ten annotators, against the formula written as a loop (there is no library)."""
    from rapidfuzz.distance import Levenshtein

    from genlevel.metrics import vqa

    rng = random.Random(5)
    pool = ["cat", "two dogs", "yes", "no", "red", "a man", "3", "the left one"]
    gold = [[rng.choice(pool) for _ in range(10)] for _ in range(20_000)]
    given = [rng.choice(pool) for _ in gold]

    def leave_one_out() -> float:
        process_answer = vqa.process_answer.__wrapped__  # without its memory
        total = 0.0
        for answer, golds in zip(given, gold, strict=True):
            answer = process_answer(answer)
            total += sum(min(1, sum(g == answer for j, g in enumerate(golds) if j != i) / 3) for i in range(10)) / 10
        return total / len(given)

    def anls_loop() -> float:
        each = [
            max(1 - Levenshtein.normalized_distance(a, g) for g in golds) for a, golds in zip(given, gold, strict=True)
        ]
        return float(np.mean([value if value > 0.5 else 0.0 for value in each]))

    return [
        Race("vqa_accuracy", "leave-one-out loop", 20_000, compute("vqa_accuracy", given, gold), leave_one_out),
        Race("anls", "rapidfuzz loop", 20_000, compute("anls", given, gold), anls_loop),
    ]


def code_and_tables() -> list[Race]:
    """CodeBLEU, whose trees are read by another parser than the package's, and TEDS."""
    import codebleu
    from table_recognition_metric import TEDS

    rng = random.Random(6)
    code = [
        f"def f{i % 7}(a, b):\n    c = a * {i} + b\n    for x in range(c):\n        print(x, a)\n    return c"
        for i in range(300)
    ]
    near = [text.replace("print", "return" if rng.random() < 0.3 else "print").replace("c =", "d =") for text in code]

    def table(cells: list[list[str]]) -> str:
        rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
        return f"<html><body><table>{rows}</table></body></html>"

    grids = [[[f"{rng.random():.3f}" for _ in range(5)] for _ in range(12)] for _ in range(60)]
    tables = [table(grid) for grid in grids]
    other = [table([row[: rng.randint(3, 5)] for row in grid if rng.random() > 0.1]) for grid in grids]
    reference = TEDS()
    return [
        Race("codebleu", "codebleu (other parser)", 300, compute("codebleu", near, code),
             lambda: float(codebleu.calc_codebleu(code, near, lang="python")["codebleu"])),
        Race("teds", "table-recognition-metric", 60, compute("teds", other, tables),
             lambda: float(np.mean([reference(a, g) for a, g in zip(other, tables, strict=True)]))),
    ]  # fmt: skip


def ranking() -> list[Race]:
    """Mean reciprocal rank of one right item among 5,000."""
    scores = np.random.default_rng(7).normal(size=(1000, 5000))
    right = list(range(1000))
    answers = [{"scores": row} for row in scores]

    def by_sorting() -> float:
        places = [int(np.flatnonzero(np.argsort(-row) == r)[0]) + 1 for row, r in zip(scores, right, strict=True)]
        return float(np.mean(1 / np.array(places)))

    return [Race("mrr", "numpy argsort", 1000, compute("mrr", answers, right), by_sorting)]


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(races())


if __name__ == "__main__":
    main()
