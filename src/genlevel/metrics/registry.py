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
        "cer": "genlevel.metrics.edit:CharacterErrorRate",
        "wer": "genlevel.metrics.edit:WordErrorRate",
        "vqa_accuracy": "genlevel.metrics.vqa:VqaAccuracy",
        "cider": "genlevel.metrics.cider:Cider",
        "recall_at_1": "genlevel.metrics.retrieval:RecallAt1",
        "recall_at_5": "genlevel.metrics.retrieval:RecallAt5",
        "recall_at_10": "genlevel.metrics.retrieval:RecallAt10",
        "mrr": "genlevel.metrics.retrieval:MeanReciprocalRank",
        "meteor": "genlevel.metrics.meteor:Meteor",
        "codebleu": "genlevel.metrics.codebleu:CodeBleu",
        "teds": "genlevel.metrics.tables:Teds",
        "teds_struct": "genlevel.metrics.tables:TedsStruct",
        "bert_score": "genlevel.metrics.bertscore:BertScore",
        "spice": "genlevel.metrics.spice:Spice",
        "pcc": "genlevel.metrics.correlation:Pearson",
        "gpt_score": "genlevel.metrics.judged:GptScore",
        "mos": "genlevel.metrics.judged:MeanOpinionScore",
        "user_preference_rate": "genlevel.metrics.judged:UserPreferenceRate",
        "e_acc": "genlevel.metrics.judged:EmotionAccuracy",
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
