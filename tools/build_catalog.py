"""Build the package's catalog CSVs from the published tables of both editions.

    python tools/build_catalog.py SOURCE_FOLDER

SOURCE_FOLDER holds ``edition-2024/tasks.csv`` and ``edition-2025/tasks.csv``. What is added here: a task type for each task, and
clean ids where the published name has a misprint (the misprinted id stays as an alias, because published tables use it).
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/genlevel/catalog/data"
COLUMNS = (
    "id,modality,paradigm,skill_code,skill,name,short_name,dataset,task_type,metric,metric_as_printed,"
    "direction,scale,specialist,sota,notes,aliases"
).split(",")

# Task type by skill; a dict chooses by metric, with "" as the rest.
BY_SKILL: dict[str, str | dict[str, str]] = {
    "I-C-2": "image-to-html",
    "I-C-3": {"accuracy": "image-classification", "miou": "semantic-segmentation"},
    "I-C-4": "object-detection",
    "I-C-6": "document-question-answering",
    "I-C-9": "visual-question-answering",
    "I-C-10": "image-captioning",
    "I-C-11": "depth-estimation",
    "I-C-12": "instance-segmentation",
    "I-C-13": "image-to-text",
    "I-C-14": {"accuracy": "image-classification", "bleu1": "image-to-text"},
    "I-C-15": "semantic-segmentation",
    "I-C-16": "visual-grounding",
    "I-C-17": "visual-question-answering",
    "I-C-18": {"ap": "anomaly-detection", "accuracy": "image-classification"},
    "I-C-19": "semantic-segmentation",
    "I-C-20": "keypoint-detection",
    "I-C-21": "multi-image-question-answering",
    "I-C-22": "multimodal-dialogue",
    "I-C-23": "multi-image-question-answering",
    "I-C-24": "image-counting",
    "I-C-25": "visual-question-answering",
    "I-C-26": {"dice": "semantic-segmentation", "": "object-detection"},
    "I-C-27": {"miou": "semantic-segmentation", "": "image-matting"},
    "I-C-28": {"f1": "multimodal-extraction", "": "image-classification"},
    "I-C-29": "panoptic-segmentation",
    "I-C-31": "scene-graph-generation",
    "I-C-32": "rgbd-segmentation",
    "I-C-34": "object-detection",
    "I-C-35": "scene-graph-generation",
    "I-C-38": {"f1": "multimodal-extraction", "": "change-captioning"},
    "I-C-39": "visual-storytelling",
    "I-G-1": "edge-to-image",
    "I-G-2": "eeg-to-image",
    "I-G-3": "image-restoration",
    "I-G-4": "image-restoration",
    "I-G-5": "image-inpainting",
    "I-G-6": "image-style-transfer",
    "I-G-7": "image-to-mask",
    "I-G-8": "image-to-sketch",
    "I-G-9": "image-editing",
    "I-G-10": "layout-to-image",
    "I-G-11": "mask-to-image",
    "I-G-12": "sketch-to-image",
    "I-G-13": "audio-to-image",
    "I-G-14": "image-editing",
    "I-G-15": "text-to-image",
    "V-C-1": "video-question-answering",
    "V-C-2": {"s_measure": "video-salient-object-detection", "": "video-question-answering"},
    "V-C-3": "video-question-answering",
    "V-C-4": "video-question-answering",
    "V-C-5": "video-object-segmentation",
    "V-C-6": "video-object-segmentation",
    "V-C-7": "video-object-segmentation",
    "V-C-8": "referring-video-object-segmentation",
    "V-C-9": "referring-video-object-segmentation",
    "V-C-10": "spatio-temporal-detection",
    "V-C-11": "referring-video-object-segmentation",
    "V-C-12": "spatio-temporal-detection",
    "V-C-13": "video-depth-estimation",
    "V-C-14": "video-object-matching",
    "V-C-15": "visual-tracking",
    "V-C-16": "visual-tracking",
    "V-C-17": "visual-tracking",
    "V-C-18": "visual-tracking",
    "V-C-19": "optical-flow-estimation",
    "V-C-20": "video-question-answering",
    "V-G-1": "text-to-video",
    "V-G-2": "text-to-video",
    "V-G-3": "text-to-video",
    "V-G-4": "image-to-video",
    "V-G-5": "video-restoration",
    "V-G-6": {"frame_accuracy": "video-editing", "user_preference_rate": "video-style-transfer", "": "video-restoration"},
    "A-C-2": {"f1": "speech-event-extraction", "": "audio-classification"},
    "A-C-6": "audio-captioning",
    "A-C-7": "audio-question-answering",
    "A-G-1": "audio-editing",
    "A-G-2": "text-to-speech",
    "A-G-3": "text-to-speech",
    "A-G-4": "text-to-speech",
    "A-G-5": "text-to-audio",
    "A-G-6": "image-to-speech",
    "A-G-7": "video-to-audio",
    "A-G-8": "voice-conversion",
    "A-G-9": "speech-translation",
    "A-G-10": "music-generation",
    "A-G-11": "music-style-transfer",
    "D-C-4": "point-cloud-segmentation",
    "D-C-5": "point-cloud-segmentation",
    "D-C-6": "point-cloud-instance-segmentation",
    "D-C-7": "odometry",
    "D-C-8": "point-cloud-part-segmentation",
    "D-C-9": "3d-tracking",
    "D-C-10": "normal-estimation",
    "D-C-11": "3d-object-detection",
    "D-C-12": "3d-question-answering",
    "D-C-13": "motion-captioning",
    "D-G-1": "point-cloud-completion",
    "D-G-2": "point-cloud-to-mesh",
    "D-G-3": "text-to-point-cloud",
    "D-G-4": "text-to-mesh",
    "D-G-5": "image-to-point-cloud",
    "D-G-6": "image-to-mesh",
    "D-G-7": "rgbd-to-point-cloud",
    "D-G-8": "rgbd-to-mesh",
    "D-G-9": "text-to-motion",
    "L-2": {"accuracy": "multiple-choice", "bleu1": "question-answering", "": "text-classification"},
    "L-9": "translation",
    "L-10": "summarization",
    "L-11": "dialogue",
    "L-12": "text-generation",
    "L-13": "time-series-forecasting",
    "L-14": "text-classification",
    "L-15": "text-classification",
    "L-16": "text-classification",
    "L-17": "text-classification",
    "L-18": "token-extraction",
    "L-19": "token-extraction",
    "L-20": "token-extraction",
    "L-21": "token-extraction",
    "L-22": "token-extraction",
}
# The rest of a family: what a skill without a row above is.
BY_FAMILY = {
    "I-C": "image-classification",
    "A-C": "audio-classification",
    "D-C": "point-cloud-classification",
    "L": {"accuracy": "multiple-choice", "": "question-answering"},
}
BY_NAME = {
    "Image Deblurring": "image-restoration",
    "Image Colorization": "image-colorization",
    "Video Frame Interpolation": "video-frame-interpolation",
    "Video Event Relation Prediction": "video-classification",
    "Multimodal Sarcasm Detection": "video-classification",
    "Mathematical Word Problem Solving": "mathematical-reasoning",
    "Mathematical Proof Generation": "text-generation",
    "Code Explanation": "text-generation",
    "Code Defect Detection": "multiple-choice",
    "Code Generation": "code-generation",
    "Code Repair": "code-generation",
    "Text-to-SQL Generation": "text-to-sql",
    "Temporal Event Reasoning": "text-classification",
    "Event Coreference Resolution": "text-classification",
    "Aspect Category Detection": "token-extraction",
    "Aspect Term Extraction": "token-extraction",
    "Target-oriented Opinion Words Extraction": "token-extraction",
    "Aspect-Opinion Pair Extraction": "token-extraction",
    "End-to-End ABSA": "token-extraction",
    "Aspect Sentiment Triplet Extraction": "token-extraction",
    "Aspect-Category-Sentiment Detection": "token-extraction",
    "Aspect Sentiment Quad Prediction": "token-extraction",
    "Dialogue-Level Sentiment Quadruple Extraction": "token-extraction",
    "Comparative Opinion Quintuple Extraction": "token-extraction",
    "Sports Image Classification": "image-classification",
    "Graph Classification": "image-classification",
}
BY_KIND_2024 = {
    "Object Counting": "image-counting",
    "OCR": "image-to-text",
    "Image Classification": "image-classification",
    "Text-to-Image Retrieval": "text-to-image-retrieval",
    "Image Captioning": "image-captioning",
    "Depth Estimation": "depth-estimation",
    "Image Matting": "image-matting",
    "KeyPoint Detection": "keypoint-detection",
    "Object Detection": "object-detection",
    "Visual Grounding": "visual-grounding",
    "Semantic Segmentation": "semantic-segmentation",
    "Instance Segmentation": "instance-segmentation",
    "Panoptic Segmentation": "panoptic-segmentation",
    "Anomaly Detection": "anomaly-detection",
    "VQA": "visual-question-answering",
    "Text-to-Image": "text-to-image",
    "Sketch-to-Image": "sketch-to-image",
    "Layout-to-Image": "layout-to-image",
    "Super-Resolution": "image-super-resolution",
    "Image Inpainting": "image-inpainting",
    "Text-based Image Editing": "image-editing",
    "Semantic Image Synthesis": "mask-to-image",
    "Low-light Image Enhancement": "image-restoration",
    "Image Denoising": "image-restoration",
    "Image Deblurring": "image-restoration",
    "Text Classification": "text-classification",
    "Information Extraction": "token-extraction",
    "Text Generation": "question-answering",
}
METRIC_2024 = {
    "MAE": "mae",
    "ANLS": "anls",
    "ACC": "accuracy",
    "Recall@1": "recall_at_1",
    "ROUGE-L": "rouge_l",
    "MSE": "mse",
    "AP": "ap",
    "AP@0.1": "ap10",
    "mIoU": "miou",
    "PQ": "pq",
    "AUC": "auc",
    "FID": "fid",
    "PSNR": "psnr",
    "LPIPS": "lpips",
    "F1": "f1",
}
METRIC_BY_DATASET_2024 = {
    "NYU-v2": ("delta1", "printed as ACC: the share of pixels within a factor of 1.25 of the true depth"),
    "DocVQA": ("anls", ""),
    "PIE-Bench": ("lpips", "printed x100: 33.91 is 0.3391 on the metric's own scale"),
    "AM-2k": ("mse", "unit not printed; specialists report MSE on this set in units of 1e-3 to 1e-2"),
}
RAW = {"mae", "mse", "rmse", "rms", "fid", "psnr", "lpips"}
# Misprints in published names whose ids would carry them; the fix applies to the id only.
SPELLING = {
    "imaghe": "image",
    "externel": "external",
    "lmage": "image",
    "recongition": "recognition",
    "gernation": "generation",
    "geneation": "generation",
    "datebase": "database",
    "sythetic": "synthetic",
    "excercise": "exercise",
    "crowd-sense": "crowd-scene",
    "artifact-deduction": "artifact-reduction",
}


def choose(rule: str | dict[str, str], metric: str) -> str:
    return rule if isinstance(rule, str) else rule.get(metric, rule.get("", ""))


def task_type_2025(row: dict[str, str]) -> str:
    if row["name"] in BY_NAME:
        return BY_NAME[row["name"]]
    code = row["skill_code"]
    if code in BY_SKILL:
        found = choose(BY_SKILL[code], row["metric"])
        if found == "video-question-answering" and "Captioning" in row["name"]:
            return "video-captioning"
        return found
    family = code.rsplit("-", 1)[0]
    return choose(BY_FAMILY[family], row["metric"])


def clean_id(task_id: str) -> str:
    for wrong, right in SPELLING.items():
        task_id = re.sub(rf"(?<![a-z]){wrong}(?![a-z])", right, task_id)
    return task_id


def rows_2025(source: Path) -> list[dict[str, str]]:
    rows = []
    for row in read(source / "edition-2025/tasks.csv"):
        new = {c: row.get(c, "") for c in COLUMNS}
        new["id"] = clean_id(row["task_id"])
        new["aliases"] = row["task_id"] if new["id"] != row["task_id"] else ""
        new["task_type"] = task_type_2025(row)
        rows.append(new)
    return rows


def rows_2024(source: Path) -> list[dict[str, str]]:
    rows = []
    for row in read(source / "edition-2024/tasks.csv"):
        metric, note = METRIC_BY_DATASET_2024.get(row["dataset"], (METRIC_2024[row["metric_as_printed"]], ""))
        new = dict.fromkeys(COLUMNS, "") | {k: v for k, v in row.items() if k in COLUMNS}
        new |= {
            "id": row["task_id"],
            "name": f"{row['task']} on {row['dataset']}",
            "short_name": row["dataset"],
            "skill": row["task"],
            "task_type": BY_KIND_2024[row["task"]],
            "metric": metric,
            "scale": "raw" if metric in RAW else "percent",
            "notes": note,
        }
        rows.append(new)
    return rows


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    source = Path(sys.argv[1])
    for edition, rows in (("2024", rows_2024(source)), ("2025", rows_2025(source))):
        ids = [r["id"] for r in rows]
        assert len(set(ids)) == len(ids), "ids must be unique"
        assert all(r["task_type"] for r in rows), [r["id"] for r in rows if not r["task_type"]]
        with (TARGET / f"{edition}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
