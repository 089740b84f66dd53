"""Numbers that papers and the documentation of libraries print beside their inputs."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics

GUIDE = "It is a guide to action which ensures that the military always obeys the commands of the party"
GUIDES = [
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being under the command of the Party",
    "It is the practical guide for the army always to heed the directions of the party",
]
DOGS = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
MORE_DOGS = [
    ["The dog bit the man.", "The dog had bit the man."],
    ["It was not unexpected.", "No one was surprised."],
    ["The man bit him first.", "The man had bitten the dog."],
]
SPOKEN = ["this is the prediction", "there is an other sample"]
WRITTEN = ["this is the reference", "there is another one"]
FOUND = [{"label": "0", "box": [258.0, 41.0, 348.0, 244.0], "score": 0.536}]
TRUE = [{"label": "0", "box": [214.0, 41.0, 348.0, 244.0]}]
CATS = ["the cat is on the mat"], [["there is a cat on the mat", "a cat is on the mat"]]
JOHN = ["My name is John"], ["Is your name John"]
NEAR = [2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0]
RANKED = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]

# Metric, answers, references, options, the printed number and with how many digits it is printed.
PRINTED: dict[str, tuple[str, Any, Any, dict[str, Any], float, float]] = {
    "scikit-learn, accuracy_score": ("accuracy", [0, 2, 1, 3], [0, 1, 2, 3], {}, 0.5, 1e-12),
    "scikit-learn, balanced_accuracy_score": (
        "macro_accuracy", [0, 1, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0], {}, 0.625, 1e-12,
    ),
    "scikit-learn, f1_score macro": ("macro_f1", [0, 2, 1, 0, 0, 1], [0, 1, 2, 0, 1, 2], {}, 0.267, 5e-4),
    "scikit-learn, f1_score micro": ("micro_f1", [0, 2, 1, 0, 0, 1], [0, 1, 2, 0, 1, 2], {}, 0.33, 5e-3),
    "scikit-learn, mean_absolute_error": ("mae", *NEAR, {}, 0.5, 1e-12),
    "scikit-learn, mean_squared_error": ("mse", *NEAR, {}, 0.375, 1e-12),
    "scikit-learn, root_mean_squared_error": ("rmse", *NEAR, {}, 0.612, 5e-4),
    "scikit-learn, roc_auc_score": ("auc", *RANKED, {}, 0.75, 1e-12),
    "scikit-learn, average_precision_score": ("average_precision", *RANKED, {}, 0.83, 5e-3),
    "SciPy, pearsonr": (
        "pcc", [10, 9, 2.5, 6, 4, 3, 2], [1, 2, 3, 4, 5, 6, 7], {}, -0.828503883588428, 1e-12,
    ),
    "torchmetrics, PearsonCorrCoef": ("pcc", *NEAR, {}, 0.9849, 5e-5),
    "torchmetrics, WordErrorRate": ("wer", SPOKEN, WRITTEN, {"normalise": "none"}, 0.5, 1e-12),
    "torchmetrics, CharErrorRate": ("cer", SPOKEN, WRITTEN, {"normalise": "none"}, 0.3415, 5e-5),
    "torchmetrics, BLEUScore": ("bleu4", *CATS, {"tokenizer": "space"}, 0.7598, 5e-5),
    "torchmetrics, ROUGEScore rouge1": ("rouge1", *JOHN, {"stemmer": False}, 0.75, 1e-12),
    "torchmetrics, ROUGEScore rouge2": ("rouge2", *JOHN, {"stemmer": False}, 0.0, 1e-12),
    "torchmetrics, ROUGEScore rougeL": ("rouge_l", *JOHN, {"stemmer": False}, 0.5, 1e-12),
    "torchmetrics, SQuAD": ("f1", ["1976"], ["1976"], {}, 1.0, 1e-12),
    "torchmetrics, retrieval_reciprocal_rank": ("mrr", [{"scores": [0.2, 0.3, 0.5]}], [1], {}, 0.5, 1e-12),
    "torchmetrics, PeakSignalNoiseRatio": (
        "psnr", [np.array([[0.0, 1.0], [2.0, 3.0]])], [np.array([[3.0, 2.0], [1.0, 0.0]])], {"data_range": 3.0},
        2.5527, 5e-5,
    ),
    "torchmetrics, MeanAveragePrecision map": ("ap", [FOUND], [TRUE], {}, 0.6, 5e-5),
    "torchmetrics, MeanAveragePrecision map_50": ("ap50", [FOUND], [TRUE], {}, 1.0, 1e-12),
    "torchmetrics, MeanAveragePrecision map_75": ("ap75", [FOUND], [TRUE], {}, 1.0, 1e-12),
    "nltk, sentence_bleu": (
        "bleu4", [GUIDE], [GUIDES],
        {"aggregate": "sentence", "multireference": "pooled", "smoothing": "none", "tokenizer": "space"}, 0.5045, 1e-4,
    ),
    "sacrebleu, README": ("bleu4", DOGS, MORE_DOGS, {"tokenizer": "13a"}, 0.48530827, 5e-9),
    "jiwer, README": ("wer", ["hello duck"], ["hello world"], {"normalise": "none"}, 0.5, 1e-12),
}  # fmt: skip


@pytest.mark.parametrize("where", PRINTED)
def test_printed_numbers(where: str) -> None:
    name, answers, references, options, printed, digits = PRINTED[where]
    assert metrics.compute(name, answers, references, **options) == pytest.approx(printed, abs=digits)
