"""Every task type: from a record as it stands in a file to the answer that its metric takes."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel import metrics, tasktypes
from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.media import encode_ply, encode_png, encode_wav
from genlevel.records import PART_KINDS, Part, Record, Sample, Task

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (16, 12, 3), dtype=np.uint8)
MASK = RNG.integers(0, 3, (16, 12), dtype=np.uint8)
BINARY = RNG.integers(0, 2, (16, 12), dtype=np.uint8)
DEPTH = RNG.integers(1, 60_000, (16, 12), dtype=np.uint16)
POINTS = RNG.normal(size=(20, 3))
LABELS = RNG.integers(0, 3, 20)
TONE = np.sin(np.arange(800) / 5).astype(np.float32) * 0.5

INSTANCES = np.zeros((16, 12), np.uint16)
INSTANCES[2:8, 1:5], INSTANCES[2:8, 6:11], INSTANCES[9:15, 2:9] = 1001, 1002, 2001
MATTE = RNG.integers(0, 256, (16, 12), dtype=np.uint8)

# Without the stand-ins that other tests register for themselves.
NAMES = [name for name in tasktypes.TASK_TYPES if not name.startswith("test-")]


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def run_lengths(mask: Any) -> list[int]:
    """COCO's uncompressed counts, column by column, from the definition."""
    flat = [False, *mask.T.ravel().tolist(), None]
    edges = [i for i in range(1, len(flat)) if flat[i] != flat[i - 1]]
    return [b - a for a, b in zip([1, *edges], edges, strict=False)]


FILES = {
    "images/a.png": encode_png(PICTURE),
    "images/small.png": encode_png(PICTURE[::2, ::2]),
    "images/mask.png": encode_png(MASK),
    "images/binary.png": encode_png(BINARY * np.uint8(255)),
    "images/depth.png": encode_png(DEPTH),
    "images/depth.npz": npz(disparity=DEPTH.astype(np.float32)),
    "images/depth.npy": npy(DEPTH.astype(np.float32)),
    "audios/a.wav": encode_wav(TONE, 8000),
    "videos/v/0.png": encode_png(PICTURE),
    "videos/v/1.png": encode_png(PICTURE[::-1].copy()),
    "points/a.ply": encode_ply(POINTS),
    "points/labels.npy": npy(LABELS),
    "images/instances.png": encode_png(INSTANCES.astype(np.uint16)),
    "images/matte.png": encode_png(MATTE),
    "images/trimap.png": encode_png(np.where(MATTE > 100, 255, 128).astype(np.uint8)),
    "images/rgba.png": encode_png(np.dstack([PICTURE, MATTE])),
    "images/ids.png": encode_png(np.dstack([np.zeros_like(MASK), MASK, np.zeros_like(MASK)])),
    "eeg/a.npy": npy(np.arange(12.0).reshape(3, 4)),
    "points/labels.txt": "\n".join(map(str, LABELS)).encode(),
}

IMAGE, AUDIO, VIDEO, CLOUD = (
    {"image_file": "images/a.png"},
    {"audio_file": "a.wav"},
    {"video_folder": "videos/v"},
    {"point_file": "points/a.ply"},
)
FILM = np.stack([MASK, MASK[::-1]])
RUNS = [
    [{"size": [16, 12], "counts": [5, 3, 16 * 12 - 8]}, None],
    [None, {"size": [16, 12], "counts": [0, 20, 16 * 12 - 20]}],
]
SALIENT = np.zeros((2, 16, 12), np.uint8)
SALIENT[:, 3:9, 4:10] = 255
RANGES = RNG.uniform(1, 60, (2, 16, 12)).astype(np.float32)
FLOW = RNG.normal(size=(4, 5, 2)).astype(np.float32)
FLO = b"PIEH" + np.array([5, 4], "<i4").tobytes() + FLOW.astype("<f4").tobytes()
NORMALS = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)
SPACE = [10, 2, 0, 4, 1.8, 1.5, 0.1]
SCENE = [[{"id": "1", "label": "car", "box": SPACE}], [{"id": "1", "label": "car", "box": SPACE}]]
POSES = [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], [1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0]]
MOTION = RNG.normal(size=(6, 4, 3))
OBJ = b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1/1/1 2/2/2 3/3/3 4/4/4\n"
MESH_PLY = (
    b"ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    b"element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"
)
FRAMES = (Part("image", data=encode_png(PICTURE)), Part("image", data=encode_png(PICTURE[::-1].copy())))
STILL = (FRAMES[0], FRAMES[0])
FILES |= {
    **{f"masks/m/m{i}.png": encode_png(mask) for i, mask in enumerate(FILM)},
    **{f"masks/s/s{i}.png": encode_png(mask) for i, mask in enumerate(SALIENT)},
    "depth/v.npz": npz(disparity=RANGES),
    "flow/a.flo": FLO,
    "points/normals.npy": npy(NORMALS),
    "points/poses.txt": "\n".join(" ".join(map(str, pose)) for pose in POSES).encode(),
    "motions/a.npy": npy(MOTION),
    "meshes/a.obj": OBJ,
}
REFERRED = np.zeros((2, 16 * 12), np.uint8)
REFERRED[0, 5:8] = 1
FILES["masks/film.npz"] = npz(masks=np.stack([each.reshape(12, 16).T for each in REFERRED]))

TRACK = [[1, 2, 3, 4], [2, 2, 3, 4]]
RELATION = "(Ann (PER) => per:friends => Bo (PER) (Bo (PER) => per:friends => Ann (PER)"


RLES = json.dumps(
    [
        {"label": name, "rle": {"size": [16, 12], "counts": run_lengths(k == MASK)}}
        for k, name in ((1, "sky"), (2, "Sea"))
    ]
)


@dataclass(frozen=True)
class Case:
    """A record of a task type and an answer that gets the best score."""

    kind: str
    input: Any
    output: Any
    oracle: str | Part | tuple[Part, ...]
    metric: str
    best: float = 1.0
    beside: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    asked: bool = False
    """Whether the reference stands in the input or beside it, so that no label is secret without ``output``."""

    def __str__(self) -> str:
        return f"{self.kind}-{self.header.get('type', '')}-{json.dumps(self.output)[:30]}"

    def record(self, folder: Path, *, secret: bool = False) -> Record:
        value = {"id": "1", **self.beside, "input": self.input, "output": self.output}
        shown = {k: v for k, v in value.items() if v is not None and not (secret and k == "output")}
        return Record("1", shown, folder, "annotation.json, entry 0", self.header)

    def parts(self) -> list[Part]:
        if isinstance(self.oracle, tuple):
            return list(self.oracle)
        return [Part("text", self.oracle) if isinstance(self.oracle, str) else self.oracle]

    @property
    def type(self) -> tasktypes.TaskType:
        return tasktypes.get(self.kind).for_metric(self.metric)


def png(array: Any) -> Part:
    return Part("image", data=encode_png(array))


CASES = [
    Case("image-classification", {**IMAGE, "prompt": "Brand?"}, {"prediction": "Land Rover"}, "Land Rover", "accuracy"),
    Case("image-classification", {**IMAGE, "options": ["cat", "dog"]}, {"text": "dog"}, "B", "accuracy"),
    Case("image-classification", {"image": "./data/x/images/a.png"}, {"category": "dog"}, "The answer is dog.", "accuracy"),
    Case("visual-question-answering", {**IMAGE, "question": "Malignant? Yes or no?"}, {"text": "yes"}, "Yes, it is.", "accuracy"),
    Case("visual-question-answering", {**IMAGE, "question": "How many?"}, {"text": 12}, "There are 12.", "accuracy"),
    Case("visual-question-answering", {**IMAGE, "question": "What?"}, {"text": ["red car", "car"]}, "a car", "accuracy"),
    Case("visual-question-answering", {**IMAGE, "question": "What?"}, {"answer": "a red car"}, "a red car", "rouge_l"),
    Case(
        "multiple-choice-visual-question-answering",
        {**IMAGE, "question": "Which? The candidate choices are ['ozone', \"ethanol's\"].", "prompt": "Select one."},
        {"text": "ethanol's"},
        "ethanol's",
        "accuracy",
    ),
    Case("multiple-choice-visual-question-answering", {**IMAGE, "question": "?", "options": ["x", "yy"]}, {"text": "B"}, "(B) yy", "accuracy"),
    Case("multiple-choice-visual-question-answering", {**IMAGE, "question": "Which?\nA. x1\nB. x2"}, {"text": "B"}, "x2", "accuracy"),
    Case("image-captioning", IMAGE, {"text": ["A dog runs.", "A running dog."]}, "A dog runs.", "rouge_l"),
    Case("image-to-text", IMAGE, {"text": "STOP 12"}, "STOP 12", "anls"),
    Case("image-counting", {**IMAGE, "prompt": "How many birds?"}, {"text": "12"}, "twelve", "mae", 0.0),
    Case("image-counting", IMAGE, {"count": 3}, "I see 3 birds.", "mae", 0.0),
    Case("object-detection", IMAGE, {"text": {"bird": [[1, 2, 5, 6], [7, 7, 3, 3]]}}, '{"bird": [[1, 2, 5, 6], [7, 7, 3, 3]]}', "ap50"),
    Case("object-detection", IMAGE, {"bbox": [{"bird": [1, 2, 5, 6]}, {"cat": [2, 2, 4, 4]}]}, '[{"label": "bird", "box": [1, 2, 5, 6]}, {"label": "Cat", "box": [2, 2, 4, 4]}]', "ap50"),
    Case("object-detection", IMAGE, {"bbox": [{"label": "cat", "bbox": [1, 2, 6, 8]}]}, "[[1, 2, 6, 8]]", "ap50", header={"others": {"bbox_format": "(x_min, y_min, x_max, y_max)"}}),
    Case("image-segmentation", {**IMAGE, "classes": {"0": "none", "1": "a", "2": "b"}}, {"mask_file": "images/mask.png"}, png(MASK), "miou"),
    Case("image-segmentation", IMAGE, {"mask_file": "images/binary.png"}, png(BINARY * np.uint8(255)), "miou"),
    Case("image-segmentation", IMAGE, {"mask_file": "binary.png"}, png(BINARY), "dice"),
    Case("depth-estimation", IMAGE, {"depth_file": "images/depth.png"}, png(DEPTH), "rmse", 0.0),
    Case("depth-estimation", IMAGE, {"depth_file": "depth.npz"}, Part("image", data=npz(depth=DEPTH)), "mae", 0.0),
    Case("depth-estimation", IMAGE, {"depth_file": "depth.npy"}, Part("image", data=npy(DEPTH)), "abs_rel", 0.0, header={"others": {"depth_scale": 0.001}}),
    *[Case(kind, {"image_file": "small.png"}, {"image_file": "images/a.png"}, png(PICTURE), "ssim") for kind in ("image-denoising", "image-super-resolution", "image-to-image", "sketch-to-image", "layout-to-image")],
    Case("image-inpainting", {**IMAGE, "mask_file": "images/binary.png"}, {"image_file": "images/a.png"}, png(PICTURE), "ssim"),
    Case("text-to-image", {"prompt": "A picture."}, {"image_file": "images/a.png"}, png(PICTURE), "ssim"),
    Case("visual-grounding", {**IMAGE, "expression": "the left cup"}, {"bbox": [1, 2, 5, 6]}, "It is at [1, 2, 5, 6].", "ap10"),
    Case("visual-grounding", {**IMAGE, "prompt": "Where is the cup?"}, {"text": {"cup": [[1, 2, 5, 6]]}}, '{"label": "the cup", "box": [1, 2, 5, 6]}', "grounding_accuracy"),
    Case("keypoint-detection", IMAGE, {"persons": [{"keypoints": [[1, 2, 2], [8, 9, 2], [0, 0, 0]], "box": [1, 2, 7, 7], "area": 40}]}, '[{"keypoints": [[1, 2], [8, 9], null]}]', "ap"),
    Case("keypoint-detection", IMAGE, {"keypoints": [1, 2, 2, 8, 9, 1]}, '```json\n{"nose": [1, 2], "left eye": [8, 9]}\n```', "ap50", header={"others": {"keypoints": ["nose", "left_eye"]}}),
    Case("instance-segmentation", {**IMAGE, "classes": {"1": "car", "2": "dog"}}, {"mask_file": "images/instances.png"}, png(INSTANCES), "ap"),
    Case("instance-segmentation", IMAGE, {"instances": [{"label": "car", "segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]}]}, '[{"label": "Car", "polygon": [[1, 1], [9, 1], [9, 9], [1, 9]]}]', "ap50"),
    Case("instance-segmentation", IMAGE, {"annotations": [{"category": "car", "segmentation": {"size": [16, 12], "counts": [5, 3, 184]}}]}, '{"car": [{"size": [16, 12], "counts": [5, 3, 184]}]}', "ap"),
    Case("panoptic-segmentation", {**IMAGE, "classes": {"1": "car", "2": "dog"}}, {"mask_file": "images/instances.png"}, png(INSTANCES), "pq"),
    Case("panoptic-segmentation", IMAGE, {"mask_file": "images/ids.png", "segments": [{"id": 256, "label": "sky"}, {"id": 512, "label": "sea", "iscrowd": 0}]}, RLES, "pq"),
    Case("image-matting", IMAGE, {"matte_file": "images/matte.png"}, png(MATTE), "sad", 0.0),
    Case("image-matting", IMAGE, {"alpha_file": "matte.png"}, png(np.dstack([PICTURE, MATTE])), "mse", 0.0),
    Case("image-matting", IMAGE, {"image_file": "images/rgba.png"}, Part("image", data=npy(MATTE / 255)), "grad", 0.0),
    Case("image-anomaly-detection", IMAGE, {"mask_file": "images/binary.png"}, png(BINARY * np.uint8(200)), "average_precision"),
    Case("image-anomaly-detection", IMAGE, {"mask_file": "binary.png"}, Part("image", data=npy(BINARY.astype(np.float32) - 0.5)), "auc"),
    Case("image-anomaly-detection", IMAGE, {"label": "defect"}, "The score is 0.8", "average_precision"),
    Case("image-anomaly-detection", IMAGE, {"mask_file": "images/binary.png"}, "Yes", "average_precision", header={"others": {"level": "image"}}),
    Case("scene-graph-generation", IMAGE, {"relations": [["cat", "on", "mat"], ["dog", "under", "bed"]]}, '[{"subject": "Dog", "predicate": "under", "object": "bed"}, ["cat", "on", "mat"]]', "recall_at_50"),
    Case("scene-graph-generation", IMAGE, {"objects": [{"id": 1, "label": "cat", "box": [1, 1, 5, 5]}, {"id": 2, "label": "mat", "box": [2, 2, 9, 9]}], "relations": [{"subject": 1, "predicate": "on", "object": 2}]}, '{"subject": "cat", "predicate": "on", "object": "mat", "subject_box": [1, 1, 5, 5], "object_box": [2, 2, 9, 9]}', "recall_at_50"),
    Case("scene-graph-generation", {**IMAGE, "subject": "cat", "object": "mat"}, {"text": "on top of"}, "Answer: on top of.", "recall_at_50"),
    Case("scene-graph-generation", IMAGE, {"text": "(cat, on, mat); (dog, under, bed)"}, "- cat, on, mat\n- dog, under, bed", "recall_at_50"),
    Case("image-text-retrieval", {**IMAGE, "candidates": ["A dog.", "A cat."]}, {"answer": ["A cat."]}, '{"scores": [0.1, 0.9]}', "recall_at_1"),
    Case("image-text-retrieval", {"caption": "A dog.", "candidates": ["images/a.png", "small.png"]}, {"answer": "small.png"}, "[2, 1]", "recall_at_1"),
    Case("image-text-retrieval", {"caption": "A dog.", "image_file_list": ["images/a.png", "small.png"]}, {"answer": 1}, "small.png", "recall_at_1"),
    Case("audio-to-image", AUDIO, {"caption": "a dog", "image_file": "images/a.png"}, png(PICTURE), "ssim"),
    Case("eeg-to-image", {"eeg_file": "eeg/a.npy", "rate": 1000}, {"label": "piano", "image_file": "images/a.png"}, png(PICTURE), "ssim"),
    Case("image-to-audio", IMAGE, {"text": ["A dog barks.", "A barking dog."]}, "A dog barks.", "rouge_l"),
    Case("image-to-audio", IMAGE, {"audio_file": "audios/a.wav"}, Part("audio", data=encode_wav(TONE, 8000)), "si_sdr", 60.0),
    Case("video-frame-interpolation", {"image_file_list": ["v/0.png", "v/1.png"]}, {"image_file": "images/a.png"}, png(PICTURE), "ssim"),
    Case("audio-classification", {**AUDIO, "options": ["major", "minor"]}, {"text": "minor"}, "It is a minor chord.", "accuracy"),
    Case("audio-classification", AUDIO, {"intent_label": "lights on"}, "Lights on.", "accuracy"),
    Case("audio-question-answering", {**AUDIO, "question": "Who speaks?"}, {"text": "a woman"}, "A woman", "accuracy"),
    Case("audio-captioning", AUDIO, {"text": "A dog barks."}, "A dog barks.", "bleu1"),
    Case("automatic-speech-recognition", AUDIO, {"text": "good morning"}, "good morning", "wer", 0.0),
    *[Case(kind, AUDIO, {"audio_file": "audios/a.wav"}, Part("audio", data=encode_wav(TONE, 8000)), "si_sdr", 60.0) for kind in ("audio-denoising", "audio-to-audio")],
    Case("text-to-audio", {"prompt": "A tone."}, {"audio_file": "audios/a.wav"}, Part("audio", data=encode_wav(TONE, 8000)), "si_sdr", 60.0),
    Case("video-classification", {**VIDEO, "options": ["left", "right"]}, {"text": "left"}, "A. left", "accuracy"),
    Case("video-question-answering", {**VIDEO, "question": "Who wins?"}, {"text": "the red car"}, "The red car.", "accuracy"),
    Case("video-captioning", {"video_file_list": ["v/0.png", "v/1.png"]}, {"text": "A red car wins."}, "A red car wins.", "bleu1"),
    Case("visual-tracking", {**VIDEO, "box": TRACK[0], "frame_count": 2}, {"answer": TRACK}, json.dumps(TRACK), "success_auc", 20 / 21),
    Case("visual-tracking", VIDEO, {"answer": TRACK}, '{"0": [1, 2, 3, 4], "1": [2, 2, 3, 4]}', "success_auc", 20 / 21),
    Case("visual-tracking", VIDEO, {"answer": [None, TRACK[1]]}, '[{"frame": 1, "box": null}, {"frame": 2, "box": [2, 2, 3, 4]}]', "success_auc", 20 / 21),
    Case("point-cloud-classification", {**CLOUD, "options": ["chair", "lamp"]}, {"text": "lamp"}, "lamp", "accuracy"),
    Case("point-cloud-question-answering", {**CLOUD, "question": "What?"}, {"text": ["a chair", "chair"]}, "Chair.", "exact_match"),
    Case("point-cloud-segmentation", CLOUD, {"labels": LABELS.tolist()}, json.dumps(LABELS.tolist()), "instance_miou"),
    Case("point-cloud-segmentation", CLOUD, {"label_file": "labels.npy"}, Part("points", data=encode_ply(np.column_stack([POINTS, LABELS]))), "instance_miou"),
    Case("point-cloud-segmentation", CLOUD, {"label_file": "points/labels.txt"}, f"```\n{LABELS.tolist()}\n```", "instance_miou"),
    Case("point-cloud-completion", CLOUD, {"point_file": "points/a.ply"}, Part("points", data=encode_ply(POINTS)), "chamfer_distance", 0.0),
    Case("point-cloud-completion", CLOUD, {"points": POINTS.tolist()}, json.dumps(POINTS.tolist()), "chamfer_distance", 0.0),
    Case("text-classification", {"raw_text": "Good.", "prompt": "<<<raw_text>>> Choose from: positive, negative."}, {"category": "Positive"}, "It is positive.", "micro_f1", header={"type": "classification"}),
    Case("text-classification", {"raw_text": "Good.", "prompt": "<<<raw_text>>> What is it?"}, {"category": "joy"}, "Joy.", "micro_f1"),
    Case("text-classification", {"raw_text": "Good.", "prompt": "Intents of <<<raw_text>>>?"}, {"text": "Greet, praise"}, "praise; greet", "micro_f1", header={"type": "multi label classification"}),
    Case("text-classification", {"raw_text": "When?\nA. now\nB. then", "prompt": "<<<raw_text>>>"}, {"text": "B"}, "B. then", "micro_f1", header={"type": "multiple choice"}),
    Case("text-classification", {"raw_text": "When? a now b then", "prompt": "<<<raw_text>>>"}, {"text": "B"}, "The answer is B", "micro_f1", header={"type": "multiple choice"}),
    Case("text-classification", None, {"target": 1}, "Yes, it has one.", "accuracy", beside={"func": "int f()"}),
    Case("multiple-choice", {"question": "2 + 2?", "options": ["3", "4"]}, {"answer": "B"}, "B", "accuracy", header={"type": "MultipleChoiceQA"}),
    Case("multiple-choice", {"question": "2 + 2?", "options": ["three", "four"]}, {"answer": 1}, "four", "accuracy"),
    Case("question-answering", {"question": "2 + 2?", "options": ["3", "4"]}, {"answer": "B"}, "B", "bleu1"),
    Case("question-answering", {"question": "Who?", "context": "Ann came."}, {"answer": "Ann"}, "Answer: Ann", "bleu1", header={"type": "OpenQA"}),
    Case("question-answering", {"question": "When?"}, {"answer": ["4:00 PM", "four PM"]}, "four PM", "bleu1"),
    Case("question-answering", {"question": "When?", "table": [{"header": ["y"], "rows": [[1969]]}]}, {"answer": 1969}, "1969", "f1"),
    Case("token-extraction", {"raw_text": "Ann met Bo.", "prompt": "People in <<<raw_text>>>"}, {"text": "Ann, Bo"}, "- Bo\n- Ann", "micro_f1", header={"type": "ner"}),
    Case("token-extraction", {"raw_text": "...", "prompt": "<<<raw_text>>> Relations?"}, {"text": RELATION}, RELATION, "micro_f1", header={"type": "extraction"}),
    Case("token-extraction", {"raw_text": "Ann met Bo.", "prompt": "People?"}, {"text": ["Ann Lee, MD", "Bo"]}, '["Bo", "Ann Lee, MD"]', "micro_f1"),
    Case("token-extraction", {"raw_text": "Ann met Bo.", "prompt": "People?"}, {"entities": {"PER": ["Ann", "Bo"]}}, '{"PER": ["Bo", "Ann"]}', "micro_f1"),
    Case("text-generation", {"originalSentence": "He ran."}, {"paraphraseSentence": "He was running."}, "He was running.", "bleu1"),
    Case("text-generation", {"Error Type": "verb", "Ungrammatical Statement": "He run."}, {"Standard English": "He runs."}, "He runs.", "bleu1"),
    Case("text-generation", {"text": "Hi", "style": "formal"}, {"answer": "Good day."}, "Good day.", "bleu1"),
    Case("text-generation", {"table": [{"header": ["a"], "rows": [["b"]]}]}, {"response": {"text": "It is b."}}, "It is b.", "bleu1"),
    Case("text-generation", {"prompt": "Once"}, {"story": "upon a time"}, "upon a time", "bleu1"),
    Case("text-generation", None, {"proof": {"steps": ["a", "b"], "conclusion": "c"}}, "a\nb\nConclusion: c", "bleu1", beside={"statement": "s"}),
    Case("text-generation", None, {"nl": "Adds one."}, "Adds one.", "bleu1", beside={"code": "f(x)"}),
    Case("summarization", None, {"summary": "Short."}, "Short.", "rouge1", beside={"document": "Long."}),
    Case("summarization", None, {"highlights": "Short one."}, "Short one.", "rouge1", beside={"document_list": ["a", "b"]}),
    Case("translation", {"text": "Hello"}, {"translation": "Bonjour"}, "Bonjour", "rouge1", beside={"in": "English", "out": "French"}),
    Case("translation", "Hello", "你好", "你好", "rouge1", beside={"in": "English", "out": "Chinese"}),
    Case("dialogue", None, {"response": "Fine."}, "Fine.", "bleu1", beside={"dialog": ["Hi.", "How are you?"]}, header={"type": "Dialogue"}),
    Case("dialogue", None, {"reference": "Fine."}, "Fine.", "bleu1", beside={"dialog": ["Hi.", "How are you?"]}),
    Case("code-generation", None, {"response": {"content": "x = 1\ny = x"}}, "Here:\n```python\nx = 1\ny = x\n```\nDone.", "bleu1", beside={"language": "Python", "goal": "Set."}),
    Case("code-generation", {"prompt": "Repair.", "sourceCode": "x ="}, {"repairCode": "x = 1"}, "x = 1", "bleu1"),
    Case("text-to-sql", {"context": "CREATE TABLE t", "question": "How many?"}, {"sql": "SELECT COUNT(*) FROM t"}, "```sql\nSELECT COUNT(*)\nFROM t;\n```", "bleu1"),
    Case("mathematical-reasoning", None, {"solution": {"final_answer": "72"}}, "We add 36 + 36 = 72.\nAnswer: 72 km", "accuracy", beside={"problem": {"text": "?", "constraints": []}}),
    Case("mathematical-reasoning", {"question": "?"}, {"text": "1/2"}, r"So \boxed{\frac{1}{2}}", "accuracy"),
    Case("mathematical-reasoning", {"question": "?"}, {"text": 0.5}, "The answer is 1/2.", "accuracy"),
    Case("time-series-forecasting", {"data": [1, 2, 3]}, {"target": [4, 5.5]}, "[4, 5.5]", "rmse", 0.0, header={"type": "Time Series"}),
    Case("time-series-forecasting", {"data": [1, 2, 3]}, {"target": [4, 5]}, "The next values are 4, 5.", "rmse", 0.0),
    Case("time-series-forecasting", {"data": [1, 2, 3]}, {"target": 4}, "4.0", "rmse", 0.0),
    Case("video-object-segmentation", {**VIDEO, "mask_file": "images/mask.png"}, {"mask_folder": "masks/m"}, Part("image", data=npz(masks=FILM)), "region_j"),
    Case("video-object-segmentation", VIDEO, {"1": {"mask": RUNS[0]}, "2": {"mask": RUNS[1]}}, json.dumps({"1": RUNS[0], "2": RUNS[1]}), "region_j"),
    Case("referring-video-object-segmentation", {**VIDEO, "prompt": "the dog"}, {"mask_file": "masks/film.npz"}, json.dumps(RUNS[0]), "region_j"),
    Case("video-salient-object-detection", VIDEO, {"mask_folder": "masks/s"}, Part("image", data=npy(SALIENT)), "s_measure"),
    Case("video-depth-estimation", VIDEO, {"depth_file": "depth/v.npz"}, Part("video", data=npz(disparity=RANGES)), "abs_rel", 0.0),
    Case("optical-flow-estimation", VIDEO, {"flow_file": "flow/a.flo"}, Part("image", data=FLO), "epe", 0.0),
    Case("optical-flow-estimation", VIDEO, {"flow": "flow/a.flo"}, json.dumps(FLOW.tolist()), "fl_all", 0.0),
    Case("normal-estimation", CLOUD, {"normals": NORMALS.tolist()}, json.dumps(NORMALS.tolist()), "angular_error", 0.0),
    Case("normal-estimation", CLOUD, {"normal_file": "points/normals.npy"}, Part("points", data=encode_ply(NORMALS)), "angular_error", 0.0),
    Case("video-grounding", {**VIDEO, "caption": "A dog."}, {"start": 3, "boxes": TRACK}, json.dumps({"3": TRACK[0], "4": TRACK[1]}), "m_viou"),
    Case("video-grounding", {"video_path": "videos/v"}, None, '{"start": 5, "boxes": [[1, 2, 3, 4], [2, 2, 3, 4]]}', "m_viou", beside={"trajectory": {"5": {"bbox": TRACK[0]}, "6": {"bbox": TRACK[1]}}, "caption": "A dog."}, asked=True),
    Case("video-to-video", VIDEO, {"video_folder": "videos/v"}, FRAMES, "psnr", 100.0),
    Case("video-to-video", VIDEO, {"video_file_list": ["v/0.png", "v/1.png"]}, FRAMES, "ssim"),
    Case("text-to-video", {"prompt": "A dog."}, {"video_folder": "videos/v"}, FRAMES, "ssim"),
    Case("text-to-video", {"prompt": "Still."}, {"video_folder": "videos/v"}, STILL, "temporal_l1_consistency", asked=True),
    Case("image-to-video", {**IMAGE, "prompt": "It moves."}, {"video_folder": "videos/v"}, FRAMES, "psnr", 100.0),
    *[Case(kind, shown, {"audio_file": "audios/a.wav"}, Part("audio", data=encode_wav(TONE, 8000)), metric, best) for kind, shown in (("text-to-speech", {"text": "Hi."}), ("video-to-audio", VIDEO)) for metric, best in (("si_sdr", 60.0), ("chroma_similarity", 1.0))],
    Case("3d-object-detection", CLOUD, {"boxes": [{"label": "car", "box": SPACE}]}, json.dumps({"car": [SPACE]}), "map"),
    Case("3d-object-tracking", {"point_file_list": ["a.ply", "a.ply"]}, {"frames": SCENE}, json.dumps({"0": SCENE[0], "1": SCENE[1]}), "amota"),
    Case("point-cloud-odometry", CLOUD, {"pose_file": "points/poses.txt"}, json.dumps(POSES), "ate", 0.0),
    Case("point-cloud-odometry", {"point_file_list": ["a.ply", "a.ply"]}, {"poses": POSES}, json.dumps(POSES), "ate", 0.0),
    Case("point-cloud-instance-segmentation", CLOUD, {"instances": [{"label": "chair", "points": [0, 1, 5]}]}, '[{"label": "chair", "points": [5, 1, 0]}]', "map50"),
    Case("point-cloud-instance-segmentation", CLOUD, {"instances": [1, 1, 0, 2], "labels": ["a", "a", "", "b"]}, '[{"label": "a", "points": [0, 1]}, {"label": "b", "points": [3]}]', "map50"),
    Case("motion-captioning", {"motion_file": "motions/a.npy"}, {"text": ["A person waves with one hand."]}, "A person waves with one hand.", "bleu4"),
    Case("point-cloud-to-mesh", CLOUD, {"mesh_file": "meshes/a.obj"}, Part("points", data=OBJ, media_type="model/obj"), "chamfer_distance", 0.0),
    Case("image-to-3d", {**IMAGE, "depth_file": "images/depth.png"}, {"point_file": "points/a.ply"}, Part("points", data=encode_ply(POINTS)), "chamfer_distance", 0.0),
    Case("text-to-3d", {"prompt": "A box."}, {"mesh_file": "meshes/a.obj"}, Part("points", data=MESH_PLY), "chamfer_distance", 0.0),
    Case("text-to-motion", {"prompt": "Wave."}, {"motion_file": "motions/a.npy"}, json.dumps(MOTION.tolist()), "mse", 0.0),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("task")
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def score(metric: str, answers: Sequence[Any], references: Sequence[Any], kind: str = "") -> float:
    """The score of a set, by the metric and with the options that a task type fixes."""
    task = Task("t", "x", "image", "comprehension", "T", kind, metric, "higher", "raw")
    own = tasktypes.get(kind) if kind else None
    measure = metrics.get(own.metric(task), **own.metric_options(task)) if own else metrics.get(metric)
    return float(measure.reduce(measure.measure(answers, references)))


def test_all_task_types_have_a_case() -> None:
    assert {case.kind for case in CASES} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_descriptions(name: str) -> None:
    kind = tasktypes.get(name)
    assert kind.name == name and kind.title and kind.answer_format and kind.makes
    assert kind.takes <= set(PART_KINDS) and kind.makes <= set(PART_KINDS)
    assert "Example: ``{" in (type(kind).__doc__ or "") or "Of an answer" in (type(kind).__doc__ or "")


def test_all_task_types_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tasktypes.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in page] == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_right_answer_gets_the_best_score(case: Case, folder: Path) -> None:
    kind = case.type
    sample = kind.read(case.record(folder))
    assert sample.input and sample.reference is not None
    assert {part.kind for part in sample.input} <= kind.takes | {"image"}
    assert all(part.path is None or part.path.exists() for part in sample.input)
    value = score(case.metric, [kind.parse(case.parts(), sample)], [sample.reference], case.kind)
    assert value >= case.best if case.best > 1 else value == pytest.approx(case.best)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_secret_labels(case: Case, folder: Path) -> None:
    kind = case.type
    sample = kind.read(case.record(folder, secret=True))
    assert (sample.reference is not None) == case.asked and sample.input
    # Less is known of the answer's form then; it is read, or refused in one line.
    with contextlib.suppress(UnreadableAnswer):
        kind.parse(case.parts(), sample)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(
    "parts", [[], [Part("text", "")], [Part("text", " <think>A</think> ")]], ids=["nothing", "empty", "reasoning"]
)
def test_an_empty_answer_is_unreadable(case: Case, parts: list[Part], folder: Path) -> None:
    kind = case.type
    with pytest.raises(UnreadableAnswer):
        kind.parse(parts, kind.read(case.record(folder)))


GARBAGE = st.text(max_size=60) | st.text("[]{}(),:'\"0123456789.-ABab <>=`*\n", max_size=60)
ANYTHING = st.lists(
    st.builds(Part, st.just("text"), GARBAGE)
    | st.builds(
        lambda kind, data: Part(kind, data=data),
        st.sampled_from([k for k in PART_KINDS if k != "text"]),
        st.binary(max_size=40),
    ),
    max_size=3,
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_garbage_is_wrong_or_unreadable(case: Case, folder: Path) -> None:
    kind = case.type
    sample = kind.read(case.record(folder))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ANYTHING)
    def check(parts: list[Part]) -> None:
        try:
            answer = kind.parse(parts, sample)
        except UnreadableAnswer as error:
            assert "\n" not in str(error) and len(str(error)) < 2000
        else:
            score(case.metric, [answer], [sample.reference], case.kind)

    check()


def test_wrong_answers_are_wrong(folder: Path) -> None:
    for case in CASES:
        if case.metric not in {"accuracy", "micro_f1"}:
            continue
        kind = case.type
        sample = kind.read(case.record(folder))
        try:
            answer = kind.parse([Part("text", "Zanzibar")], sample)
        except UnreadableAnswer:
            continue
        assert score(case.metric, [answer], [sample.reference]) == 0


def changed(case: Case, change: Callable[[dict[str, Any]], Any], folder: Path) -> Record:
    record = case.record(folder)
    value = json.loads(json.dumps(dict(record.value)))
    change(value)
    return Record("1", value, folder, "annotation.json, entry 0", record.header)


def one(kind: str) -> Case:
    return next(case for case in CASES if case.kind == kind)


@pytest.mark.parametrize(
    ("kind", "output"),
    [
        ("multiple-choice", {"answer": "C"}),
        ("multiple-choice", {"answer": 7}),
        ("image-classification", {"text": {"a": 1}}),
        ("image-classification", {"text": []}),
        ("image-classification", {"foo": 1, "bar": 2}),
        ("image-counting", {"text": "many"}),
        ("object-detection", {"text": {"bird": [[1, 2, 3]]}}),
        ("object-detection", {"text": "no boxes"}),
        ("object-detection", {"text": {"bird": [[1, 2, -3, 4]]}}),
        ("image-segmentation", {"mask_file": "nowhere.png"}),
        ("image-segmentation", {"mask_file": "../../etc/passwd"}),
        ("image-segmentation", {"mask_file": "audios/a.wav"}),
        ("image-denoising", {"image_file": 3}),
        ("image-denoising", {"image_file": "audios/a.wav"}),
        ("depth-estimation", {"depth_file": "labels.txt"}),
        ("visual-grounding", {"bbox": [1, 2, 3]}),
        ("visual-grounding", {"text": "nowhere"}),
        ("keypoint-detection", {"persons": [{"keypoints": [[1, 2, 3, 4]]}]}),
        ("keypoint-detection", {"persons": [{"keypoints": [1, 2, 3, 4]}]}),
        ("keypoint-detection", {"persons": [{"keypoints": [[1, 2]], "area": -1}]}),
        ("instance-segmentation", {"mask_file": "images/a.png/../../x.png"}),
        ("instance-segmentation", {"instances": [{"label": "car", "segmentation": [1, 2, 3, 4]}]}),
        ("instance-segmentation", {"instances": [{"label": "car", "segmentation": {"size": [4, 4], "counts": [16]}}]}),
        ("panoptic-segmentation", {"mask_file": "images/instances.png", "segments": [{"id": 1001, "label": "car"}]}),
        ("panoptic-segmentation", {"mask_file": "images/instances.png", "segments": [{"label": "car"}]}),
        ("image-matting", {"matte_file": "images/a.png"}),
        ("image-matting", {"matte_file": "points/a.ply"}),
        ("image-anomaly-detection", {"mask_file": None, "label": "defect"}),
        ("image-anomaly-detection", {"score": [1]}),
        ("scene-graph-generation", {"relations": [["cat", "on"]]}),
        ("scene-graph-generation", {"relations": []}),
        ("image-text-retrieval", {"answer": "A horse."}),
        ("image-text-retrieval", {"answer": 2}),
        ("eeg-to-image", {"image_file": 3}),
        ("image-to-audio", {"audio_file": "images/a.png"}),
        ("audio-denoising", {"audio_file": "images/a.png"}),
        ("visual-tracking", {"answer": [[1, 2, 3]]}),
        ("point-cloud-segmentation", {"labels": [0.5]}),
        ("point-cloud-segmentation", {"labels": [-1]}),
        ("point-cloud-completion", {"points": [[1, 2]]}),
        ("time-series-forecasting", {"target": "soon"}),
    ],
)
def test_a_broken_output_is_an_error_that_names_the_record(kind: str, output: Any, folder: Path) -> None:
    record = changed(one(kind), lambda value: value.update(output=output), folder)
    with pytest.raises(RecordError, match="entry 0"):
        tasktypes.get(kind).read(record)


@pytest.mark.parametrize(
    "kind",
    sorted(
        {c.kind for c in CASES if isinstance(c.input, dict) and any(k.endswith(("_file", "_folder")) for k in c.input)}
    ),
)
def test_missing_media_are_an_error_that_names_the_record(kind: str, folder: Path) -> None:
    def lose(value: dict[str, Any]) -> None:
        for key in value["input"]:
            if key.endswith(("_file", "_folder")):
                value["input"][key] = "lost.xyz"

    with pytest.raises(RecordError, match="entry 0"):
        tasktypes.get(kind).read(changed(one(kind), lose, folder))


class TestSizes:
    """Answers of another size, rate or length than the reference."""

    def sample(self, kind: str, folder: Path) -> Sample:
        return tasktypes.get(kind).read(one(kind).record(folder))

    def test_a_larger_image_is_made_smaller(self, folder: Path) -> None:
        sample = self.sample("image-denoising", folder)
        large = np.repeat(np.repeat(PICTURE, 2, 0), 2, 1)
        np.testing.assert_array_equal(tasktypes.get("image-denoising").parse([png(large)], sample), PICTURE)

    def test_a_smaller_image_is_no_super_resolution(self, folder: Path) -> None:
        sample = self.sample("image-super-resolution", folder)
        with pytest.raises(UnreadableAnswer, match="6 x 8 pixels; 12 x 16"):
            tasktypes.get("image-super-resolution").parse([png(PICTURE[::2, ::2])], sample)

    def test_the_last_image_counts(self, folder: Path) -> None:
        sample = self.sample("image-denoising", folder)
        answer = tasktypes.get("image-denoising").parse(
            [png(PICTURE[::-1].copy()), Part("text", "better:"), png(PICTURE)], sample
        )
        np.testing.assert_array_equal(answer, PICTURE)

    def test_a_larger_mask_keeps_its_labels(self, folder: Path) -> None:
        sample = self.sample("image-segmentation", folder)
        large = np.repeat(np.repeat(MASK, 3, 0), 3, 1)
        np.testing.assert_array_equal(tasktypes.get("image-segmentation").parse([png(large)], sample), MASK)

    @pytest.mark.parametrize(("rate", "extra"), [(16_000, 0), (8_000, 300), (8_000, -300), (44_100, 10)])
    def test_sounds_are_brought_to_the_references_rate_and_length(self, rate: int, extra: int, folder: Path) -> None:
        sample = self.sample("audio-denoising", folder)
        count = (800 * rate) // 8000 + extra
        sound = np.sin(np.arange(count) * 8000 / rate / 5) * 0.5
        stereo = np.column_stack([sound, sound])
        answer = tasktypes.get("audio-denoising").parse([Part("audio", data=encode_wav(stereo, rate))], sample)
        assert answer.shape == (800,) and answer.dtype == np.float32
        inner = slice(50, 450)
        assert np.abs(answer[inner] - TONE[inner]).max() < 0.02

    def test_a_track_that_ends_early_and_one_that_is_too_long(self, folder: Path) -> None:
        sample = self.sample("visual-tracking", folder)
        kind = tasktypes.get("visual-tracking")
        np.testing.assert_array_equal(
            kind.parse([Part("text", "[[1, 2, 3, 4]]")], sample), [[1, 2, 3, 4], [0, 0, 0, 0]]
        )
        with pytest.raises(UnreadableAnswer, match="3 boxes for 2 frames"):
            kind.parse([Part("text", json.dumps([[1, 2, 3, 4]] * 3))], sample)

    def test_one_label_for_each_point(self, folder: Path) -> None:
        sample = self.sample("point-cloud-segmentation", folder)
        with pytest.raises(UnreadableAnswer, match="2 labels for 20 points"):
            tasktypes.get("point-cloud-segmentation").parse([Part("text", "[0, 1]")], sample)

    def test_as_many_values_as_asked_for(self, folder: Path) -> None:
        sample = self.sample("time-series-forecasting", folder)
        with pytest.raises(UnreadableAnswer, match="3 numbers; 2"):
            tasktypes.get("time-series-forecasting").parse([Part("text", "[1, 2, 3]")], sample)


class TestMasksInText:
    """Label maps that a model writes as JSON."""

    def read(self, answer: Any, folder: Path) -> Any:
        kind = tasktypes.get("image-segmentation")
        case = next(c for c in CASES if c.kind == "image-segmentation" and "classes" in c.input)
        return kind.parse(
            [Part("text", answer if isinstance(answer, str) else json.dumps(answer))], kind.read(case.record(folder))
        )

    def test_polygons(self, folder: Path) -> None:
        mask = self.read([{"label": "b", "polygon": [[2, 3], [8, 3], [8, 10], [2, 10]]}], folder)
        expected = np.zeros((16, 12), int)
        expected[3:11, 2:9] = 2
        np.testing.assert_array_equal(mask, expected)

    def test_run_lengths_as_pycocotools_writes_them(self, folder: Path) -> None:
        coco = pytest.importorskip("pycocotools.mask")
        items = []
        for label in (1, 2):
            rle = coco.encode(np.asfortranarray(label == MASK, dtype=np.uint8))
            items.append(
                {"label": label, "rle": {"size": [int(n) for n in rle["size"]], "counts": rle["counts"].decode()}}
            )
        np.testing.assert_array_equal(self.read(items, folder), MASK)

    def test_run_lengths_as_numbers(self, folder: Path) -> None:
        counts = [5, 3, 16 * 12 - 8]
        expected = np.zeros(16 * 12, int)
        expected[5:8] = 1
        answer = {"masks": [{"label": "1", "segmentation": {"size": [16, 12], "counts": counts}}]}
        np.testing.assert_array_equal(self.read(answer, folder), expected.reshape(12, 16).T)

    @pytest.mark.parametrize(
        "answer",
        [
            [{"label": 1, "rle": {"size": [16, 12], "counts": [1, 2]}}],
            [{"label": 1, "rle": {"size": [1600000, 1200000], "counts": [1, 2]}}],
            [{"label": 1, "rle": {"counts": [-5, 197]}}],
            [{"label": 1, "rle": {"counts": "~~~~"}}],
            [{"label": 1, "rle": {"counts": "oooooooooooooooooooo"}}],
            [{"label": 1, "polygon": [[1, 2]]}],
            [{"label": 1, "polygon": [[1, 2], [1e9, 2], [3, 4]]}],
            [{"label": "zebra", "polygon": [[1, 2], [4, 2], [3, 4]]}],
            [{"label": -1, "polygon": [[1, 2], [4, 2], [3, 4]]}],
            [{"label": 1}],
            [1, 2],
            "nothing",
        ],
    )  # fmt: skip
    def test_unreadable(self, answer: Any, folder: Path) -> None:
        with pytest.raises(UnreadableAnswer):
            self.read(answer, folder)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["images/a.png", "A", "yes", "<<<text>>>"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "prompt", "options", "answer", "A", "B", "box", "data", "table", "rows", "header"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@pytest.mark.parametrize("name", NAMES)
def test_any_record_is_read_or_refused(name: str, folder: Path) -> None:
    kind = tasktypes.get(name)
    case = one(name)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        ODD,
        ODD,
        st.booleans(),
        st.sampled_from([*(case.input or {"text": 1}), "prompt", "options", "question", "classes"]),
        ODD,
    )
    def check(odd_input: Any, odd_output: Any, replace: bool, key: str, value: Any) -> None:
        shown = odd_input if replace or not isinstance(case.input, dict) else {**case.input, key: value}
        record = Record(
            "1",
            {"id": "1", "input": shown, "output": odd_output, **case.beside},
            folder,
            "file, entry 0",
            {"others": value, "type": value},
        )
        try:
            sample = kind.read(record)
        except RecordError as error:
            assert "file, entry 0" in str(error)
            return
        with contextlib.suppress(UnreadableAnswer):
            kind.parse([Part("text", "A")], sample)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_a_record_nested_without_end_is_refused(name: str, folder: Path) -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    case = one(name)
    shown = case.input if isinstance(case.input, dict) else {}
    for value in (
        {**case.beside, "input": {**shown, "context": deep}, "output": case.output},
        {**case.beside, "input": shown, "output": {"text": deep}},
    ):
        with contextlib.suppress(RecordError):
            tasktypes.get(name).read(Record("1", {"id": "1", **value}, folder, "file, entry 0"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_nested_without_end_are_unreadable_or_wrong(case: Case, folder: Path) -> None:
    kind = case.type
    sample = kind.read(case.record(folder))
    for text in ("[" * depth + "1" + "]" * depth for depth in (9, 35, 70, 900, 100_000)):
        with contextlib.suppress(UnreadableAnswer):
            kind.parse([Part("text", text)], sample)
    with contextlib.suppress(UnreadableAnswer):
        kind.parse([Part("text", '{"box":' * 900 + "1" + "}" * 900)], sample)
