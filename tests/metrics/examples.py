"""Random answers and references in the shape that each metric takes, for what must hold of every metric."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.metrics.examples_dense import DENSE_EXAMPLES
from tests.metrics.examples_rest import REST_EXAMPLES

Rng = np.random.Generator
Pairs = tuple[list[Any], list[Any]]
_WORDS = ["the", "a", "cat", "dog", "sat", "on", "mat", "red", "blue", "green", "runs", "fast", "slow", "house", "tree"]


def texts(rng: Rng, n: int) -> Pairs:
    def one() -> str:
        return " ".join(rng.choice(_WORDS, rng.integers(1, 9)))

    references = [[one() for _ in range(rng.integers(1, 3))] for _ in range(n)]
    return [r[0] if rng.random() < 0.3 else one() for r in references], references


def labels(rng: Rng, n: int) -> Pairs:
    references = [str(w) for w in rng.choice(_WORDS[:5], n)]
    return [r if rng.random() < 0.5 else str(rng.choice(_WORDS[:5])) for r in references], references


def label_sets(rng: Rng, n: int) -> Pairs:
    def some() -> list[str]:
        return [str(w) for w in rng.choice(_WORDS, rng.integers(1, 4), replace=False)]

    return [some() for _ in range(n)], [some() for _ in range(n)]


def ten_answers(rng: Rng, n: int) -> Pairs:
    answers, _ = labels(rng, n)
    return answers, [[str(w) for w in rng.choice(_WORDS[:5], 10)] for _ in range(n)]


def numbers(rng: Rng, n: int) -> Pairs:
    references = rng.uniform(1, 20, n)
    return [float(r + rng.normal()) for r in references], [float(r) for r in references]


def depth_maps(rng: Rng, n: int) -> Pairs:
    references = [rng.uniform(0.5, 5.0, (6, 7)) for _ in range(n)]
    return [r * rng.uniform(0.8, 1.2, r.shape) for r in references], references


def boxes(rng: Rng, n: int) -> Pairs:
    def some(scored: bool) -> list[dict[str, Any]]:
        made = []
        for _ in range(rng.integers(1, 4)):
            box = [float(v) for v in (*rng.uniform(0, 50, 2), *rng.uniform(5, 40, 2))]
            made.append(
                {"label": str(rng.choice(["a", "b"])), "box": box, **({"score": float(rng.random())} if scored else {})}
            )
        return made

    references = [some(False) for _ in range(n)]
    answers = [
        [{**b, "score": float(rng.random())} for b in r] if rng.random() < 0.6 else some(True) for r in references
    ]
    return answers, references


def one_box(rng: Rng, n: int) -> Pairs:
    references = [[float(v) for v in (*rng.uniform(0, 50, 2), *rng.uniform(5, 40, 2))] for _ in range(n)]
    return [[v + float(rng.normal()) * 3 for v in r] for r in references], references


def label_maps(rng: Rng, n: int) -> Pairs:
    references = [rng.integers(0, 4, (8, 9)).astype(np.uint8) for _ in range(n)]
    return [
        np.where(rng.random(r.shape) < 0.7, r, rng.integers(0, 4, r.shape)).astype(np.uint8) for r in references
    ], references


def images(rng: Rng, n: int, side: int = 24) -> Pairs:
    references = [rng.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(n)]
    return [
        np.clip(r.astype(int) + rng.integers(-20, 20, r.shape), 0, 255).astype(np.uint8) for r in references
    ], references


def large_images(rng: Rng, n: int) -> Pairs:
    return images(rng, n, 180)


def sounds(rng: Rng, n: int) -> Pairs:
    references = [rng.normal(size=400).astype(np.float32) for _ in range(n)]
    return [r + 0.3 * rng.normal(size=400).astype(np.float32) for r in references], references


def clouds(rng: Rng, n: int) -> Pairs:
    references = [rng.normal(size=(20, 3)) for _ in range(n)]
    return [r + 0.05 * rng.normal(size=r.shape) for r in references], references


def part_labels(rng: Rng, n: int) -> Pairs:
    references = [rng.integers(0, 3, 30) for _ in range(n)]
    return [np.where(rng.random(30) < 0.7, r, 0) for r in references], references


def tracks(rng: Rng, n: int) -> Pairs:
    references = [np.column_stack([rng.uniform(0, 50, (6, 2)), rng.uniform(5, 20, (6, 2))]) for _ in range(n)]
    return [r + rng.normal(size=r.shape) for r in references], references


EXAMPLES: dict[str, Callable[[Rng, int], Pairs]] = {
    **dict.fromkeys(("accuracy", "macro_accuracy", "macro_f1", "exact_match"), labels),
    **dict.fromkeys(("f1", "anls", "bleu1", "bleu2", "bleu3", "bleu4", "rouge1", "rouge2", "rouge_l"), texts),
    **dict.fromkeys(("rouge_l_coco", "meteor", "cider", "wer", "cer"), texts),
    "micro_f1": label_sets,
    "vqa_accuracy": ten_answers,
    **dict.fromkeys(("mae", "mse", "rmse", "pcc"), numbers),
    **dict.fromkeys(
        ("rms", "abs_rel", "delta1", "delta2", "delta3", "log10", "rms_log", "silog", "sq_rel"), depth_maps
    ),
    **dict.fromkeys(("ap", "ap10", "ap50", "ap75"), boxes),
    **dict.fromkeys(("miou", "dice"), label_maps),
    **dict.fromkeys(("psnr", "ssim"), images),
    "ms_ssim": large_images,
    "si_sdr": sounds,
    **dict.fromkeys(("chamfer_distance", "f_score"), clouds),
    "instance_miou": part_labels,
    **dict.fromkeys(("success_auc", "precision_20px"), tracks),
    "grounding_accuracy": one_box,
    **DENSE_EXAMPLES,
    **REST_EXAMPLES,
}
# The form of a metric that needs no weights.
OPTIONS: dict[str, dict[str, Any]] = {"dynamic_degree": {"flow": "farneback"}}
