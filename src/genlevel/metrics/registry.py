"""Which metrics there are, and where. Listing them imports none."""

from __future__ import annotations

from genlevel.registry import Registry

METRICS = Registry(
    "metric",
    "genlevel.metrics",
    {
        "accuracy": "genlevel.metrics.classification:Accuracy",
        "anls": "genlevel.metrics.qa:Anls",
        "bleu1": "genlevel.metrics.bleu:Bleu1",
        "bleu2": "genlevel.metrics.bleu:Bleu2",
        "bleu3": "genlevel.metrics.bleu:Bleu3",
        "bleu4": "genlevel.metrics.bleu:Bleu4",
        "exact_match": "genlevel.metrics.qa:ExactMatch",
        "f1": "genlevel.metrics.qa:TokenF1",
        "macro_accuracy": "genlevel.metrics.classification:MacroAccuracy",
        "macro_f1": "genlevel.metrics.classification:MacroF1",
        "micro_f1": "genlevel.metrics.classification:MicroF1",
        "rouge1": "genlevel.metrics.rouge:Rouge1",
        "rouge2": "genlevel.metrics.rouge:Rouge2",
        "rouge_l": "genlevel.metrics.rouge:RougeL",
        "rouge_l_coco": "genlevel.metrics.rouge:RougeLCoco",
    },
)
