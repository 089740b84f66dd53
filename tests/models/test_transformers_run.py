"""The whole way: `genlevel run` and `genlevel score` with a checkpoint in a folder, next to the library called directly."""

import json
from pathlib import Path

import numpy as np
import pytest

from genlevel import cli
from genlevel.media import encode_png
from tests.models import tiny_checkpoints, tiny_specialists

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def images(folder: Path, count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    made = [rng.integers(0, 255, (32 + 8 * i, 48, 3), np.uint8) for i in range(count)]
    (folder / "images").mkdir(parents=True)
    for index, pixels in enumerate(made):
        (folder / "images" / f"{index}.png").write_bytes(encode_png(pixels))
    return made


def dataset(root: Path, task_type: str, metric: str, records, **header) -> Path:
    """A data folder with its own catalog of one task."""
    folder = root / "data" / "thing"
    (root / "data" / "catalog.csv").write_text(
        f"id,modality,paradigm,name,task_type,metric\nthing,image,comprehension,Thing,{task_type},{metric}\n"
    )
    (folder / "annotation.json").write_text(json.dumps({"task": "thing", **header, "data": records}))
    return root / "data"


def run(data: Path, spec: str, out: Path, capsys) -> tuple[list[str], dict]:
    """The answers in the data's order, and the score."""
    spec = tiny_checkpoints.on_cpu(spec)
    assert cli.main(["run", "--model", spec, "--data", str(data), "--out", str(out), "--no-score", "--quiet"]) == 0
    lines = [json.loads(line) for line in (out / "predictions" / "thing.jsonl").read_text().splitlines()]
    answers = {line["id"]: line for line in lines}
    capsys.readouterr()
    assert cli.main(["score", str(out), "--format", "json"]) == 0
    (score,) = json.loads(capsys.readouterr().out)["tasks"]
    return [answers[key] for key in sorted(answers)], score


def pil(pixels: np.ndarray):
    from PIL import Image

    return Image.fromarray(pixels)


def test_a_detector(tmp_path, capsys):
    """Half of the references are the library's surest boxes, so AP is what COCO's own tools say of the library's boxes."""
    folder = tiny_specialists.write_detr(tmp_path / "detr")
    made = images(tmp_path / "data" / "thing", 4)
    pipeline = transformers.pipeline("object-detection", model=str(folder), device="cpu")
    found = [sorted(pipeline(pil(pixels), threshold=0.0), key=lambda f: -f["score"]) for pixels in made]
    records, truth = [], []
    for index, items in enumerate(found):
        best = items[0]
        box = [best["box"][k] for k in ("xmin", "ymin", "xmax", "ymax")]
        box = [box[0], box[1], box[2] - box[0], box[3] - box[1]] if index % 2 == 0 else [0, 0, 4, 4]
        truth.append((best["label"], box))
        records.append(
            {
                "id": str(index),
                "input": {"image_file": f"images/{index}.png"},
                "output": {"text": {best["label"]: [box]}},
            }
        )
    data = dataset(tmp_path, "object-detection", "ap50", records)
    answers, score = run(data, f"transformers:{folder}?batch=3", tmp_path / "run", capsys)
    for answer, items in zip(answers, found, strict=True):
        boxes = json.loads(answer["parts"][0]["text"])
        assert [b["label"] for b in boxes] == [f["label"] for f in items]
    assert score["value"] == pytest.approx(100 * coco_ap50(found, truth), abs=0.5)
    assert 0 < score["value"] < 100 and score["answered"] == 4


def coco_ap50(found, truth) -> float:
    """AP at 0.5 over the classes of the references, by COCO's definition, of the pipeline's own boxes."""
    import hotcoco

    labels = sorted({label for label, _ in truth})
    annotations = [
        {
            "id": i + 1,
            "image_id": i,
            "category_id": labels.index(label),
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        for i, (label, box) in enumerate(truth)
    ]
    dataset = {"images": [{"id": i, "width": 48, "height": 64} for i in range(len(truth))], "annotations": annotations,
               "categories": [{"id": i, "name": label} for i, label in enumerate(labels)]}  # fmt: skip
    results = [
        {"image_id": i, "category_id": labels.index(f["label"]), "score": f["score"],
         "bbox": [f["box"]["xmin"], f["box"]["ymin"], f["box"]["xmax"] - f["box"]["xmin"], f["box"]["ymax"] - f["box"]["ymin"]]}
        for i, items in enumerate(found) for f in items if f["label"] in labels
    ]  # fmt: skip
    coco = hotcoco.COCO(dataset)
    evaluation = hotcoco.COCOeval(coco, coco.load_res(results), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[1])


def test_a_segmenter(tmp_path, capsys):
    """References are the library's maps with a corner changed; mean IoU is counted by hand."""
    folder = tiny_specialists.write_segformer(tmp_path / "segformer")
    made = images(tmp_path / "data" / "thing", 3)
    model = transformers.SegformerForSemanticSegmentation.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    records, pairs = [], []
    for index, pixels in enumerate(made):
        with torch.no_grad():
            out = model(**processor(pil(pixels), return_tensors="pt"))
        (labels,) = processor.post_process_semantic_segmentation(out, target_sizes=[pixels.shape[:2]])
        said = labels.numpy() + 1  # the dataset numbers its classes from 1
        truth = said.copy()
        truth[:12, :20] = 2
        pairs.append((said, truth))
        (tmp_path / "data" / "thing" / f"mask{index}.png").write_bytes(encode_png(truth.astype(np.uint8)))
        classes = {"0": "nothing", "1": "circle", "2": "Square", "3": "triangle"}
        shown = {"image_file": f"images/{index}.png", "classes": classes}
        records.append({"id": str(index), "input": shown, "output": {"mask_file": f"mask{index}.png"}})
    data = dataset(tmp_path, "image-segmentation", "miou", records)
    _, score = run(data, f"transformers:{folder}", tmp_path / "run", capsys)
    said, truth = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1))
    ious = [((said == k) & (truth == k)).sum() / ((said == k) | (truth == k)).sum() for k in sorted({*said, *truth})]
    assert score["value"] == pytest.approx(100 * np.mean(ious), abs=1e-4)
    assert 0 < score["value"] < 100


def test_a_chat_model_of_images(tmp_path, capsys):
    """Two of three answers are the library's own; sampled answers are the same when the run is made again."""
    folder = tiny_checkpoints.write_llava(tmp_path / "llava")
    made = images(tmp_path / "data" / "thing", 3)
    model = transformers.LlavaForConditionalGeneration.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    records = []
    for index, pixels in enumerate(made):
        question = "Which one is it? Answer with one word." + " Please." * index
        inputs = processor(text=["<image>" + question], images=[pil(pixels)], return_tensors="pt")
        out = model.generate(**inputs, do_sample=False, max_new_tokens=6)
        said = processor.tokenizer.decode(out[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True).strip()
        shown = {"image_file": f"images/{index}.png", "prompt": question}
        records.append({"id": str(index), "input": shown, "output": {"text": said if index else "something else"}})
    data = dataset(tmp_path, "image-to-text", "exact_match", records)
    answers, score = run(data, f"transformers:{folder}?max_new_tokens=6", tmp_path / "run", capsys)
    assert [a["parts"][0]["text"] for a in answers][1:] == [r["output"]["text"] for r in records][1:]
    assert score["answered"] == 3 and score["value"] == pytest.approx(200 / 3, abs=1e-4)
    spec = f"transformers:{folder}?max_new_tokens=6&temperature=1"
    first, _ = run(data, spec, tmp_path / "one", capsys)
    second, _ = run(data, spec + "&batch=1", tmp_path / "two", capsys)
    assert [a["parts"] for a in first] == [a["parts"] for a in second] != [a["parts"] for a in answers]
