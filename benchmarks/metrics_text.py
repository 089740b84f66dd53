"""Metrics of text against the field's libraries, on the same data in one run.

What a line says stands in :mod:`benchmarks._race`. Tokenisation is timed on both sides.
Run it with ``python -m benchmarks.metrics_text [METRIC ...]``.
"""

from __future__ import annotations

import random
import types
from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, Value, compute, mean, run, torchmetrics


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


def some_labels() -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(0)
    names = np.array([f"class {i}" for i in range(100)])
    gold = names[rng.integers(0, 100, 200_000)]
    return np.where(rng.random(200_000) < 0.7, gold, names[rng.integers(0, 100, 200_000)]).tolist(), gold.tolist()


def labels() -> list[Race]:
    """Scores of 200,000 labels that are texts, and of 20,000 sets of labels."""
    from sklearn import metrics as sk
    from sklearn.preprocessing import MultiLabelBinarizer

    given, gold = some_labels()
    rng = random.Random(1)
    names = sorted({*gold})
    sets = [[rng.sample(names, rng.randint(1, 4)) for _ in range(20_000)] for _ in range(2)]
    sets[0] = [a if rng.random() < 0.4 else b for a, b in zip(sets[1], sets[0], strict=True)]

    def indicators() -> float:
        binarizer = MultiLabelBinarizer(sparse_output=True).fit([names])
        return float(sk.f1_score(binarizer.transform(sets[1]), binarizer.transform(sets[0]), average="micro"))

    return [
        Race("accuracy", "scikit-learn", 200_000, compute("accuracy", given, gold),
             lambda: float(sk.accuracy_score(gold, given))),
        Race("macro_accuracy", "scikit-learn", 200_000, compute("macro_accuracy", given, gold),
             lambda: float(sk.balanced_accuracy_score(gold, given))),
        Race("macro_f1", "scikit-learn", 200_000, compute("macro_f1", given, gold),
             lambda: float(sk.f1_score(gold, given, average="macro"))),
        Race("micro_f1", "scikit-learn", 20_000, compute("micro_f1", *sets), indicators),
    ]  # fmt: skip


def torch_labels() -> list[Race]:
    """The same by torchmetrics, which takes numbers: it is given the texts' numbers for nothing."""
    torchmetrics()
    import torch
    from torchmetrics.functional import classification as peer

    given, gold = some_labels()
    number = {name: k for k, name in enumerate(sorted({*gold, *given}))}
    numbers = [[number[label] for label in side] for side in (given, gold)]

    def by(function: Any, average: str) -> Value:
        return lambda: float(function(*map(torch.tensor, numbers), num_classes=len(number), average=average))

    return [
        Race("accuracy", "torchmetrics", 200_000, compute("accuracy", given, gold), by(peer.multiclass_accuracy, "micro")),
        Race("macro_accuracy", "torchmetrics", 200_000, compute("macro_accuracy", given, gold),
             by(peer.multiclass_accuracy, "macro")),
        Race("macro_f1", "torchmetrics", 200_000, compute("macro_f1", given, gold), by(peer.multiclass_f1_score, "macro")),
    ]  # fmt: skip


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

    def sacre_order(order: int) -> Value:
        metric = sacrebleu.BLEU(tokenize="none", smooth_method="none", max_ngram_order=order, force=True)
        return lambda: float(metric.corpus_score(answers, [gold]).score) / 100

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
        *(
            Race(
                f"bleu{n}",
                "sacrebleu none (corpus)",
                5000,
                compute(f"bleu{n}", answers, gold, tokenizer="space"),
                sacre_order(n),
            )
            for n in (2, 3)
        ),
        Race("bleu4", "sacrebleu 13a (corpus)", 5000, compute("bleu4", answers, gold, tokenizer="13a"), sacre("13a")),
    ]


def torch_text() -> list[Race]:
    """BLEU, error rates and SQuAD scores as torchmetrics computes them."""
    torchmetrics()
    from torchmetrics.functional import text as peer

    answers, references = corpus(5000, 1, seed=1)
    gold = [r[0] for r in references]
    asked = [{"prediction_text": a, "id": str(i)} for i, a in enumerate(answers)]
    known = [{"answers": {"text": [g], "answer_start": [0]}, "id": str(i)} for i, g in enumerate(gold)]
    long, long_gold = corpus(500, 1, length=40, seed=2)
    plain = {"tokenizer": "space"}

    def squad(field: str) -> Value:
        return lambda: float(peer.squad(asked, known)[field]) / 100

    def rouge_by(kind: str) -> Value:
        # It wants nltk's sentences for a variant that is not asked for.
        return lambda: float(peer.rouge_score(long, [g[0] for g in long_gold], rouge_keys=kind)[f"{kind}_fmeasure"])

    return [
        *(
            Race(f"bleu{n}", "torchmetrics", 5000, compute(f"bleu{n}", answers, gold, aggregate="corpus", **plain),
                 lambda n=n: float(peer.bleu_score(answers, references, n_gram=n)))
            for n in (1, 2, 3, 4)
        ),
        Race("wer", "torchmetrics", 5000, compute("wer", answers, gold, normalise="none"),
             lambda: float(peer.word_error_rate(answers, gold))),
        Race("cer", "torchmetrics", 500, compute("cer", answers[:500], gold[:500], normalise="none"),
             lambda: float(peer.char_error_rate(answers[:500], gold[:500]))),
        Race("f1", "torchmetrics", 5000, compute("f1", answers, gold), squad("f1")),
        Race("exact_match", "torchmetrics", 5000, compute("exact_match", answers, gold), squad("exact_match")),
        *(
            Race(name, "torchmetrics", 500, compute(name, long, long_gold, stemmer=False), rouge_by(kind))
            for name, kind in (("rouge1", "rouge1"), ("rouge2", "rouge2"), ("rouge_l", "rougeL"))
        ),
    ]  # fmt: skip


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
        Race("rouge2", "rouge-score", 2000, compute("rouge2", answers, gold), google("rouge2")),
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


def short_answers() -> list[Race]:
    """ANLS of texts read off pictures and the accuracy of ten annotators, against the formulas in loops (there is no library)."""
    from rapidfuzz.distance import Levenshtein

    from genlevel.metrics import vqa

    rng = random.Random(5)
    pool = ["cat", "two dogs", "yes", "no", "red", "a man", "3", "the left one"]
    gold = [[rng.choice(pool) for _ in range(10)] for _ in range(20_000)]
    given = [rng.choice(pool) for _ in gold]
    # As in DocVQA one to three references of a few words; six answers in ten are right, three misread.
    texts, references = corpus(20_000, 1, length=3, seed=5)
    read = [[g.title() for g in golds] + [f"{g} {k}" for k in range(rng.choice((0, 0, 0, 1, 2)))
                                         for g in golds] for golds in references]  # fmt: skip
    answers = [
        golds[0].upper() if (luck := rng.random()) < 0.6 else golds[-1][1:] + "l" if luck < 0.9 else text
        for text, golds in zip(texts, read, strict=True)
    ]

    def leave_one_out() -> float:
        process_answer = vqa.process_answer.__wrapped__  # without its memory
        total = 0.0
        for answer, golds in zip(given, gold, strict=True):
            answer = process_answer(answer)
            total += sum(min(1, sum(g == answer for j, g in enumerate(golds) if j != i) / 3) for i in range(10)) / 10
        return total / len(given)

    def plain(text: str) -> str:
        return " ".join(text.strip().lower().split())

    def anls_loop() -> float:
        each = []
        for answer, golds in zip(answers, read, strict=True):
            mine = plain(answer)
            each.append(max(1 - Levenshtein.normalized_distance(mine, plain(g)) for g in golds))
        return float(np.mean([value if value > 0.5 else 0.0 for value in each]))

    return [
        Race("vqa_accuracy", "leave-one-out loop", 20_000, compute("vqa_accuracy", given, gold), leave_one_out),
        Race("anls", "rapidfuzz loop", 20_000, compute("anls", answers, read), anls_loop),
    ]


def squad() -> list[Race]:
    """SQuAD's scores as its evaluation script computes them."""
    import re
    import string
    from collections import Counter

    answers, references = corpus(5000, 2, seed=6)

    def normal(text: str) -> str:
        kept = "".join(c for c in text.lower() if c not in {*string.punctuation})
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())

    def overlap(answer: str, gold: str) -> float:
        a, b = normal(answer).split(), normal(gold).split()
        same = sum((Counter(a) & Counter(b)).values())
        return 2 * same / (len(a) + len(b)) if same else 0.0

    pairs = list(zip(answers, references, strict=True))
    return [
        Race("f1", "SQuAD's script", 5000, compute("f1", answers, references),
             lambda: mean(max(overlap(a, g) for g in golds) for a, golds in pairs)),
        Race("exact_match", "SQuAD's script", 5000, compute("exact_match", answers, references),
             lambda: mean(any(normal(a) == normal(g) for g in golds) for a, golds in pairs)),
    ]  # fmt: skip


def code_and_tables() -> list[Race]:
    """CodeBLEU and TEDS."""
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
        Race("codebleu", "codebleu", 300, compute("codebleu", near, code),
             lambda: float(codebleu.calc_codebleu(code, near, lang="python")["codebleu"])),
        Race("teds_struct", "table-recognition-metric", 60, compute("teds_struct", other, tables),
             lambda: mean(TEDS(structure_only=True)(a, g) for a, g in zip(other, tables, strict=True))),
        Race("teds", "table-recognition-metric", 60, compute("teds", other, tables),
             lambda: float(np.mean([reference(a, g) for a, g in zip(other, tables, strict=True)]))),
    ]  # fmt: skip


GROUPS: Groups = (
    labels, torch_labels, bleu, torch_text, rouge, speech, captions, short_answers, squad, code_and_tables,
)  # fmt: skip


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
