"""What a reader of the catalogs must know of a row: misprints, units that are not stated, scores that cannot be right."""

from __future__ import annotations

_PAIRED = "a paired metric for a free generation task: it needs one target image"
_UNIT = "the unit of the printed score is not stated"
_SUSPECT = "printed twice with the same score, probably copied"
_REMARK = "the printed name carries an author's remark that the data has a fault"
_FLOW = "looks like a score that is already mapped to 0-100; as an error it would be about {} pixels"

# By metric; a note of the task itself comes first.
BY_METRIC_2025 = {
    "ap10": "printed as AP10: IoU threshold 0.10 or ten detections is not stated",
    "ap": "AP of images or of pixels is not stated",
    "recall_at_50": "the scene graph setting is not stated",
    "sad": _UNIT,
    "mse": "the unit of the printed score is not stated: taken as x 1000, as matting papers print it",
    "rms": _UNIT,
    "clip_image_score": "image to image, cosine x 100",
    "clip_style": "cosine x 100",
    "clap_score": "cosine x 100",
    "style_clap": "cosine x 100",
    "cider": "x 100; 100 is no ceiling",
    "i2v_composite": "mean of four scores (subject, text, flow, smoothness) x 100",
    "gpt_score": "judge and prompt are not public",
    "mos": "rated by people, 1 to 5",
    "user_preference_rate": "a study with people",
    "wer": "in percent; lower is better",
    "e_acc": "no public definition",
    "pcc": "no public definition",
    "ms_ssim": "printed as a fraction, unlike the other similarities",
    "chamfer_distance": "the unit is not stated and differs between the five rows of this metric",
    "temporal_l1_consistency": "printed as L1 distance, but the score is a likeness of neighbouring frames: higher is better",
    "dino_score": "likeness of the subject over frames",
}

# By the last part of the clean id.
BY_TASK_2025 = {
    "docre": "the public data has no folder of this name; Dialogue-Relation-Extraction is taken for it, by elimination",
    "tire-crack-detection": "the printed name carries an author's remark: one category per image, no map",
    "text-manipulation-classification": "the printed name carries an author's remark",
    "human-related-image-captioning": 'misprint in the name: "Imaghe"',
    "external-knowledge-required-image-question-answering": 'misprint in the names: "Externel"',
    "egocentric-daily-tasks-action-planning": 'misprint in the short name: "Planing"',
    "abduction-based-vqa": 'misprint in the short name: "baesd"',
    "dual-image-causal-and-effect-reasoning": 'misprint in the short name: "Reasning"',
    "famous-iconic-women-recognition": 'misprint in the names: "recongition", "recong"',
    "image-scene-graph-parsing": 'misprint in the names: "lmage" with a small L',
    "multimodal-neural-translation": "a translation task with accuracy",
    "bone-fracture-detection": "a detection task with Dice: compares regions",
    "aircraft-detection": "a detection task with Dice: compares regions",
    "text-manipulation-region-matting": "a matting task with mIoU: compares regions",
    "american-sign-language-recognition": "a classification task with F1",
    "eeg-based-image-generation": "accuracy presumably of a classifier on the generated images",
    "jpeg-image-artifact-reduction": 'misprint in the names: "Deduction", presumably for Reduction',
    "text-based-style-transfer": _PAIRED,
    "infection-map-generation": "area under the ROC curve of a map, not of tracking",
    "image-editing-with-multi-image-prompt": _REMARK,
    "mask-to-image-face-generation": _PAIRED,
    "sketch-to-image-hair-generation": f"{_REMARK}; {_PAIRED}",
    "sound-to-image-generation": 'misprint in the names: "Gernation"',
    "text-based-terrestrial-animal-image-generation": _PAIRED,
    "text-based-astronomical-image-generation": _PAIRED,
    "text-to-image-indian-food-generation": _PAIRED,
    "text-to-image-microorganism-generation": _PAIRED,
    "text-to-image-sea-animal-generation": _PAIRED,
    "human-survival-video-question-answering": 'misprint in the short name: "Surviva"',
    "sports-and-exercise-video-captioning": 'misprint in the name: "Excercise"',
    "synthetic-video-depth-estimation": 'misprint in the name: "Sythetic"',
    "long-video-object-tracking-in-crowd-scene": 'misprint in the name: "Crowd Sense"',
    "video-object-tracking-in-crowd-scene": 'misprint in the names: "Crowd Sense", "Crowed"',
    "optical-flow-in-simple-synthetic-scene": _FLOW.format("0.93"),
    "optical-flow-in-complex-scene-estimation": _FLOW.format("1.20"),
    "panoramic-optical-flow-estimation": _FLOW.format("2.14"),
    "background-consistency-text-to-video-generation": (
        'misprint in the name: "Geneation"; CLIP likeness of the background over frames, not of text and image'
    ),
    "scene-text-to-video-generation": "an image quality score for a task about scene content",
    "vehicle-image-to-video-generation": 'misprint in the short name: "Vechicle"',
    "video-translation": 'misprint in the metric: "Fram-Acc"',
    "long-audio-captioning": 'misprint in the metric: "BLUE_1"',
    "wild-audio-captioning": 'misprint in the metric: "BLUE_1"',
    "speechtranslation-en-to-mn": 'misprint in the name: "mogolian"',
    "3d-indoor-appliance-semantic-segmentation": 'misprint in the short name: "Aplicance"',
    "3d-odometry": "0.55 in the workbook, 55.00 in the paper: fraction or percent is not stated",
    "rgb-d-to-point-cloud-reconstruction": _SUSPECT,
    "rgb-d-to-mesh-reconstruction": _SUSPECT,
    "text-to-3d-motion-generation": "a Fréchet distance of motion features, not of images",
    "mathematical-word-problem-solving": "printed as 1: 1 % or all right is not stated",
    "english-chinese-translation": "a ROUGE that drops all but Latin letters and digits gives 0 for Chinese",
    "multilingual-translation": "a ROUGE that drops all but Latin letters and digits gives 0 for other scripts",
    "low-resource-translation": "a ROUGE that drops all but Latin letters and digits gives 0 for other scripts",
    "genetic-association-database": 'misprint in the name: "Datebase"',
}
BY_SKILL_2025 = {
    ("D-G-3", "clip_score"): "text to image, cosine x 100",
    ("D-G-4", "clip_score"): "text to image, cosine x 100",
    ("D-G-5", "clip_score"): "image to image, cosine x 100",
    ("D-G-6", "clip_score"): "image to image, cosine x 100",
}
CEILING = "the specialist is at the ceiling: it can only be tied"

BY_TASK_2024 = {
    "image.comprehension.nyu-v2": "printed as ACC: the share of pixels whose depth is within a factor (delta accuracy)",
    "image.comprehension.refcoco": "printed as AP@0.1: IoU threshold 0.1",
    "image.comprehension.refcoco-plus": "printed as AP@0.1: IoU threshold 0.1",
    "image.comprehension.refcocog": "printed as AP@0.1: IoU threshold 0.1",
    "image.comprehension.am-2k": (
        "the unit of the printed score is not stated: taken as x 100, an MSE of 0.0029; as it stands a matte of zeros comes near it"
    ),
    "image.comprehension.mvtecad": "AUC of images or of pixels is not stated",
    "image.generation.pie-bench": "LPIPS is printed x 100",
    "language.conll-2014": "the specialist scores 0: any score ties",
    "language.upb": "the specialist scores 0: any score ties",
}
LABEL_F1_2024 = "printed as F1; how it averages over labels is not stated"
