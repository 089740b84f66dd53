"""Specialists with random weights, next to the library's own pipelines or its classes called by hand."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from genlevel.errors import RequestFailed
from genlevel.media import encode_mp4, encode_png, encode_wav, load_audio, load_image, load_mask
from genlevel.models import load
from genlevel.records import Part, Reply, Request
from tests.models import tiny_specialists as tiny
from tests.models.tiny_checkpoints import on_cpu
from tests.parity.tiny_models import write_clip

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SIZES = ((40, 60), (30, 90), (64, 64))


def picture(height: int, width: int, seed: int = 0) -> Part:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return Part("image", data=encode_png(pixels), media_type="image/png")


def pil(part: Part):
    from PIL import Image

    return Image.fromarray(load_image(part))


PICTURES = tuple(picture(*size, seed) for seed, size in enumerate(SIZES))


def ask(task: str, *parts, **more) -> Request:
    made = tuple(Part("text", p) if isinstance(p, str) else p for p in parts)
    return Request("t", "1", task, made, more.pop("makes", frozenset({"text"})), **more)


async def answers(folder: Path, requests, options: str = "") -> list:
    model = load(on_cpu(f"transformers:{folder}{options}"))
    await model.start([])
    try:
        return list(await model.generate_many(requests))
    finally:
        await model.close()


def pipeline(task: str, folder: Path):
    return transformers.pipeline(task, model=str(folder), device="cpu")


def texts(replies) -> list[str]:
    for reply in replies:
        assert isinstance(reply, Reply), reply
    return [reply.parts[0].text for reply in replies]


async def test_image_classification_as_the_pipeline(tmp_path):
    folder = tiny.write_vit(tmp_path)
    expected = [found[0]["label"] for found in pipeline("image-classification", folder)([pil(p) for p in PICTURES])]
    assert texts(await answers(folder, [ask("image-classification", p) for p in PICTURES])) == expected
    # Only the options count, in their own words, and a synonym names its label.
    among = ("A three-sided shape?", "Circle", "Three-sided shape")
    given = await answers(folder, [ask("image-classification", p, choices=among) for p in PICTURES])
    ranked = pipeline("image-classification", folder)([pil(p) for p in PICTURES], top_k=3)
    words = {"circle": "Circle", "triangle, three-sided shape": "Three-sided shape"}
    assert texts(given) == [next(words[f["label"]] for f in found if f["label"] in words) for found in ranked]


async def test_clip_chooses_among_the_options_as_the_pipeline(tmp_path):
    folder = write_clip(tmp_path)
    choices = ("cat", "a dog", "sky")
    classifier = pipeline("zero-shot-image-classification", folder)
    expected = [classifier(pil(p), candidate_labels=list(choices))[0]["label"] for p in PICTURES]
    requests = [ask("image-classification", p, "Which?", choices=choices) for p in PICTURES]
    given = await answers(folder, [*requests, ask("image-classification", PICTURES[0])])
    assert texts(given[:3]) == expected
    assert isinstance(given[3], RequestFailed) and "no options" in str(given[3])


async def test_detr_finds_what_the_pipeline_finds(tmp_path):
    folder = tiny.write_detr(tmp_path)
    found = pipeline("object-detection", folder)
    requests = [ask("object-detection", p, "Detect.", choices=("Circle", "Square")) for p in PICTURES]
    counts = [ask("image-counting", p, "How many?") for p in PICTURES]
    given = texts(await answers(folder, [*requests, *counts]))
    for part, text, count in zip(PICTURES, given[:3], given[3:], strict=True):
        everything = sorted(found(pil(part), threshold=0.0), key=lambda f: -f["score"])
        expected = [f for f in everything if f["label"] in ("circle", "square")]
        boxes = json.loads(text)
        assert [b["label"].lower() for b in boxes] == [f["label"] for f in expected] and boxes
        assert np.allclose([b["score"] for b in boxes], [f["score"] for f in expected], atol=1e-5)
        for box, item in zip(boxes, expected, strict=True):
            x, y, width, height = (box["box"][k] for k in ("x", "y", "width", "height"))
            corners = [item["box"][k] for k in ("xmin", "ymin", "xmax", "ymax")]
            assert np.allclose([x, y, x + width, y + height], corners, atol=1.0)  # the pipeline cuts off fractions
        assert int(count) == sum(f["score"] >= 0.5 for f in everything)


async def test_detections_are_read_by_the_task_type_whatever_its_order(tmp_path):
    from genlevel.tasktypes import get
    from genlevel.tasktypes.boxes import BoxFormat

    folder = tiny.write_detr(tmp_path)
    from genlevel.records import Sample

    (given,) = await answers(folder, [ask("object-detection", PICTURES[0], "Detect.")])
    expected = [item["box"] for item in json.loads(given.parts[0].text)]
    for layout in ("xywh", "xyxy", "cxcywh"):
        sample = Sample("1", (PICTURES[0],), None, (), {"form": BoxFormat(layout)})
        read = get("object-detection").parse(given.parts, sample)
        assert np.allclose([r["box"] for r in read], [[b["x"], b["y"], b["width"], b["height"]] for b in expected])
    shares = ask("object-detection", PICTURES[0], "Answer with JSON, as shares of the image's width and height.")
    (relative,) = await answers(folder, [shares])
    sample = Sample("1", (PICTURES[0],), None, (), {"form": BoxFormat("xyxy", relative=True)})
    read = get("object-detection").parse(relative.parts, sample)
    assert np.allclose([r["box"] for r in read], [[b["x"], b["y"], b["width"], b["height"]] for b in expected])


async def test_owl_finds_what_is_named_as_the_library(tmp_path):
    folder = tiny.write_owl(tmp_path)
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.OwlViTForObjectDetection.from_pretrained(folder).eval()
    given = texts(await answers(folder, [ask("object-detection", p, choices=("cat", "dog")) for p in PICTURES]))
    some = 0
    for part, text in zip(PICTURES, given, strict=True):
        with torch.no_grad():
            out = model(**processor(text=[["cat", "dog"]], images=pil(part), return_tensors="pt"))
        (expected,) = processor.post_process_grounded_object_detection(
            out, threshold=0.0, target_sizes=[pil(part).size[::-1]], text_labels=[["cat", "dog"]]
        )
        boxes = json.loads(text)
        some += len(boxes)
        assert sorted(b["label"] for b in boxes) == sorted(expected["text_labels"])
        assert np.allclose(sorted(b["score"] for b in boxes), sorted(expected["scores"].tolist()), atol=1e-5)
    assert some


def masks_of(text: str) -> list[np.ndarray]:
    """As the task types read run lengths."""
    from genlevel.tasktypes.rle import decode_rle

    return [decode_rle(item["rle"], tuple(item["rle"]["size"])) for item in json.loads(text)]


async def test_segformer_gives_the_datasets_numbers(tmp_path):
    folder = tiny.write_segformer(tmp_path)
    classes = {0: "background", 7: "Square", 9: "circle"}
    requests = [ask("image-segmentation", p, classes=classes) for p in PICTURES]
    given = await answers(folder, requests)
    segmenter = pipeline("image-segmentation", folder)
    numbers = {"circle": 9, "square": 7, "triangle, three-sided shape": 255}
    for part, reply in zip(PICTURES, given, strict=True):
        labels = load_mask(reply.parts[0])
        expected = np.zeros(labels.shape, int)
        for segment in segmenter(pil(part), subtask="semantic"):
            expected[np.asarray(segment["mask"]) > 0] = numbers[segment["label"]]
        assert (labels == expected).all()
    (raw,) = await answers(folder, [ask("image-segmentation", PICTURES[0])])
    assert set(np.unique(load_mask(raw.parts[0]))) <= {0, 1, 2}


async def test_mask2former_segments_as_the_pipeline(tmp_path):
    folder = tiny.write_mask2former(tmp_path)
    segmenter = pipeline("image-segmentation", folder)
    kinds = ("image", "instance", "panoptic")
    given = await answers(folder, [ask(f"{kind}-segmentation", PICTURES[0]) for kind in kinds], "?threshold=0.3")
    labels = load_mask(given[0].parts[0])
    names = {v: k for k, v in tiny.LABELS.items()}
    for segment in segmenter(pil(PICTURES[0]), subtask="semantic"):
        assert (labels[np.asarray(segment["mask"]) > 0] == names[segment["label"]]).all()
    expected = segmenter(pil(PICTURES[0]), subtask="panoptic", threshold=0.3, overlap_mask_area_threshold=0.8)
    same(given[2].parts[0].text, [(f["label"], f["score"], np.asarray(f["mask"]) > 0) for f in expected])
    # Instances whole, where the pipeline's map cuts those below others.
    model = transformers.Mask2FormerForUniversalSegmentation.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    with torch.no_grad():
        out = model(**processor(pil(PICTURES[0]), return_tensors="pt"))
    (found,) = processor.post_process_instance_segmentation(
        out, threshold=0.3, target_sizes=[SIZES[0]], return_binary_maps=True
    )
    expected = [
        (tiny.LABELS[info["label_id"]], info["score"], mask.numpy() > 0)
        for info, mask in zip(found["segments_info"], found["segmentation"], strict=True)
    ]
    same(given[1].parts[0].text, [item for item in expected if item[2].any()])


def test_a_segmenters_outputs_come_to_the_cpu_in_float32():
    """The library paints a GPU's masks into a map on the CPU, which torch refuses."""
    from genlevel.models.local.segmentation import on_cpu

    class Elsewhere(torch.Tensor):
        def cpu(self):
            return self.as_subclass(torch.Tensor)

    there = {"masks": torch.ones(2, dtype=torch.bfloat16), "classes": torch.arange(3)}
    given = on_cpu({**{name: value.as_subclass(Elsewhere) for name, value in there.items()}, "more": None})
    assert given.pop("more") is None
    for name, value in given.items():
        assert type(value) is torch.Tensor and (value == there[name]).all()
    assert given["masks"].dtype == torch.float32 and given["classes"].dtype == torch.int64


def same(text: str, expected) -> None:
    """Objects in JSON are those expected: label, score and mask."""
    items = json.loads(text)
    assert len(items) == len(expected) > 0
    for item, mask, (label, score, wanted) in zip(items, masks_of(text), expected, strict=True):
        assert item["label"] == label
        assert item["score"] == pytest.approx(score, abs=1e-4)
        assert (mask == wanted).all()


async def test_oneformer_is_told_the_task(tmp_path):
    """On an image as large as its masks, where the library has nothing to enlarge: for that it needs torchvision."""
    folder = tiny.write_oneformer(tmp_path)
    small = picture(32, 32, 5)
    model = transformers.OneFormerForUniversalSegmentation.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    kinds = ("image", "instance", "panoptic")
    given = await answers(folder, [ask(f"{kind}-segmentation", small) for kind in kinds], "?threshold=0.3")
    for kind, reply in zip(("semantic", "instance", "panoptic"), given, strict=True):
        inputs = processor(pil(small), task_inputs=[kind], return_tensors="pt")
        with torch.no_grad():
            out = model(**{k: inputs[k] for k in ("pixel_values", "pixel_mask", "task_inputs")})
        assert out.masks_queries_logits.shape[-2:] == (32, 32)
        if kind == "semantic":
            (labels,) = processor.post_process_semantic_segmentation(out)
            assert (load_mask(reply.parts[0]) == labels.numpy()).all()
            continue
        (found,) = getattr(processor, f"post_process_{kind}_segmentation")(out, threshold=0.3)
        segments = found["segmentation"].numpy()
        same(
            reply.parts[0].text,
            [(tiny.LABELS[i["label_id"]], i["score"], segments == i["id"]) for i in found["segments_info"]],
        )
    larger = await answers(folder, [ask(f"{kind}-segmentation", PICTURES[0]) for kind in kinds], "?threshold=0.3")
    assert all(mask.shape == SIZES[0] for reply in larger[1:] for mask in masks_of(reply.parts[0].text))


async def test_sam_masks_what_the_box_shows(tmp_path):
    folder = tiny.write_sam(tmp_path)
    box = ask("image-segmentation", PICTURES[0], 'Segment it. {"box": [3, 4, 20, 10]}')
    centre = ask("image-segmentation", PICTURES[0], "Segment it.")
    given = await answers(folder, [box, centre])
    model = transformers.SamModel.from_pretrained(folder).eval()
    processor = transformers.SamProcessor.from_pretrained(folder)
    prompts = ({"input_boxes": [[[3.0, 4.0, 23.0, 14.0]]]}, {"input_points": [[[30.0, 20.0]]], "input_labels": [[1]]})
    for reply, prompt in zip(given, prompts, strict=True):
        inputs = processor(pil(PICTURES[0]), return_tensors="pt", **prompt)
        with torch.no_grad():
            out = model(**inputs)
        (masks,) = processor.image_processor.post_process_masks(
            out.pred_masks, inputs["original_sizes"], inputs["reshaped_input_sizes"]
        )
        best = out.iou_scores[0, 0].argmax()
        assert (load_mask(reply.parts[0]).astype(bool) == masks[0, best].numpy()).all()


def test_doubles_are_dropped_from_the_best_down():
    from genlevel.models.local.prompt_masks import without_doubles

    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 50, (80, 2))
    boxes = np.hstack([corners, corners + rng.uniform(20, 40, (80, 2))])
    scores = rng.uniform(size=80)

    def overlap(a, b):
        low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
        both = np.prod(np.clip(high - low, 0, None))
        return both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)

    kept: list[int] = []
    for index in np.argsort(-scores):
        if all(overlap(boxes[index], boxes[other]) <= 0.7 for other in kept):
            kept.append(int(index))
    assert 0 < len(kept) < 80
    assert without_doubles(boxes.tolist(), scores.tolist()) == kept
    assert without_doubles([], []) == []


async def test_all_masks_of_an_image(tmp_path, monkeypatch):
    """Every mask is one of those that a point of the grid gives."""
    from genlevel.models.local import prompt_masks

    monkeypatch.setattr(prompt_masks, "_STABILITY", 0.0)
    folder = tiny.write_sam(tmp_path)
    (given,) = await answers(folder, [ask("instance-segmentation", PICTURES[0])], "?threshold=0")
    masks = masks_of(given.parts[0].text)
    assert masks and all(mask.shape == SIZES[0] for mask in masks)


async def test_sam_2_beside_torchvision_as_the_library(tmp_path, monkeypatch):
    pytest.importorskip("torchvision")
    from genlevel.models.local import prompt_masks

    monkeypatch.setattr(prompt_masks, "_STABILITY", 0.0)
    folder = tiny.write_sam2(tmp_path)
    box = ask("image-segmentation", PICTURES[0], 'Segment it. {"box": [3, 4, 20, 10]}')
    boxed, found = await answers(folder, [box, ask("instance-segmentation", PICTURES[0])], "?threshold=0")
    model = transformers.Sam2Model.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    inputs = processor(images=pil(PICTURES[0]), input_boxes=[[[3.0, 4.0, 23.0, 14.0]]], return_tensors="pt")
    with torch.no_grad():
        out = model(**{name: inputs[name] for name in ("pixel_values", "input_boxes")})
    (masks,) = processor.post_process_masks(out.pred_masks, inputs["original_sizes"])
    assert (load_mask(boxed.parts[0]).astype(bool) == masks[0, out.iou_scores[0, 0].argmax()].numpy()).all()
    expected = pipeline("mask-generation", folder)(pil(PICTURES[0]), pred_iou_thresh=0.0, stability_score_thresh=0.0)[
        "masks"
    ]
    made = masks_of(found.parts[0].text)
    assert made and {mask.tobytes() for mask in made} == {np.asarray(mask, bool).tobytes() for mask in expected}


async def test_zoedepth_beside_torchvision_as_the_pipeline(tmp_path):
    pytest.importorskip("torchvision")
    folder = tiny.write_zoedepth(tmp_path)
    given = await answers(folder, [ask("depth-estimation", p, makes=frozenset({"image"})) for p in PICTURES])
    estimator = pipeline("depth-estimation", folder)
    for part, size, reply in zip(PICTURES, SIZES, given, strict=True):
        depth = np.load(io.BytesIO(reply.parts[0].data))
        assert depth.shape == size
        assert np.allclose(depth, estimator(pil(part))["predicted_depth"].numpy(), rtol=1e-4, atol=1e-4)


async def test_depth_as_the_pipeline(tmp_path):
    folder = tiny.write_dpt(tmp_path)
    given = await answers(folder, [ask("depth-estimation", p, makes=frozenset({"image"})) for p in PICTURES])
    estimator = pipeline("depth-estimation", folder)
    for part, size, reply in zip(PICTURES, SIZES, given, strict=True):
        depth = np.load(io.BytesIO(reply.parts[0].data))
        assert depth.shape == size and depth.dtype == np.float32
        assert np.allclose(depth, estimator(pil(part))["predicted_depth"].numpy(), rtol=1e-4, atol=1e-4)


async def test_vitpose_on_the_whole_image_and_on_detected_persons(tmp_path):
    folder = tiny.write_vitpose(tmp_path / "pose")
    model = transformers.VitPoseForPoseEstimation.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    (given,) = await answers(folder, [ask("keypoint-detection", PICTURES[0])])
    boxes = [[[0.0, 0.0, 60.0, 40.0]]]
    with torch.no_grad():
        out = model(**processor([pil(PICTURES[0])], boxes=boxes, return_tensors="pt"))
    ((person,),) = processor.post_process_pose_estimation(out, boxes=boxes)
    (found,) = json.loads(given.parts[0].text)
    assert np.allclose(found["keypoints"], person["keypoints"].numpy(), atol=0.02)
    assert found["score"] == pytest.approx(float(person["scores"].mean()), abs=1e-4)
    detector = tiny.write_detr(tmp_path / "detector")
    config = json.loads((detector / "config.json").read_text())
    config["id2label"]["0"] = "person"
    (detector / "config.json").write_text(json.dumps(config))
    (given,) = await answers(folder, [ask("keypoint-detection", PICTURES[0])], f"?detector={detector}&threshold=0")
    persons = [
        f for f in pipeline("object-detection", detector)(pil(PICTURES[0]), threshold=0.0) if f["label"] == "person"
    ]
    assert len(json.loads(given.parts[0].text)) == len(persons)


async def test_an_upscaler_gives_the_model_s_pixels(tmp_path):
    folder = tiny.write_swin2sr(tmp_path)
    given = await answers(folder, [ask("image-super-resolution", p, makes=frozenset({"image"})) for p in PICTURES])
    model = transformers.Swin2SRForImageSuperResolution.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    for part, (height, width), reply in zip(PICTURES, SIZES, given, strict=True):
        with torch.no_grad():
            out = model(**processor(pil(part), return_tensors="pt")).reconstruction[0].clamp(0, 1).numpy()
        expected = out.transpose(1, 2, 0)[: 2 * height, : 2 * width] * 255
        assert np.abs(load_image(reply.parts[0]).astype(float) - expected).max() <= 0.51


@pytest.mark.parametrize(
    ("write", "prompt"),
    [
        (tiny.write_git, ""),
        (tiny.write_git, "What?"),
        (tiny.write_blip, ""),
        (tiny.write_trocr, ""),
        (tiny.write_donut, "What?"),
    ],
)
async def test_readers_write_what_the_library_writes(write, prompt, tmp_path):
    folder = write(tmp_path)
    task = "visual-question-answering" if prompt else "image-captioning"
    given = texts(await answers(folder, [ask(task, p, prompt or "Describe.") for p in PICTURES], "?max_new_tokens=8"))
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    for part, text in zip(PICTURES, given, strict=True):
        inputs = {"pixel_values": processor.image_processor(pil(part), return_tensors="pt")["pixel_values"]}
        cut = 1 if write in (tiny.write_trocr, tiny.write_donut) else 0
        words = processor.tokenizer
        if prompt:
            start = (
                "<s_docvqa><s_question>What?</s_question><s_answer>" if write is tiny.write_donut else f"<cls>{prompt}"
            )
            ids = words(start, add_special_tokens=False, return_tensors="pt")["input_ids"]
            inputs["decoder_input_ids" if write is tiny.write_donut else "input_ids"] = ids
            cut = ids.shape[1]
        out = model.generate(**inputs, do_sample=False, max_new_tokens=8)[0, cut:]
        expected = words.decode(out, skip_special_tokens=write is not tiny.write_donut)
        assert text == expected.replace("<pad>", "").replace("<eos>", "").strip()


async def test_specialists_of_questions_get_the_question_alone(tmp_path):
    form = "Answer briefly, with the answer alone."
    requests = [
        ask("visual-question-answering", part, f"{question}\n{form}", content=question)
        for part, question in zip(PICTURES, ("What?", "Which colour is it?", "Why?"), strict=True)
    ]
    folder = tiny.write_vilt(tmp_path / "vilt")
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.ViltForQuestionAnswering.from_pretrained(folder).eval()
    expected = []
    for request in requests:
        with torch.no_grad():
            logits = model(**processor(pil(request.parts[0]), request.content, return_tensors="pt")).logits[0]
        expected.append(tiny.LABELS[int(logits.argmax())])
    assert texts(await answers(folder, requests)) == expected
    folder = tiny.write_blip_vqa(tmp_path / "blip")
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.BlipForQuestionAnswering.from_pretrained(folder).eval()
    expected = []
    for request in requests:
        inputs = processor(pil(request.parts[0]), request.content, return_tensors="pt")
        out = model.generate(**inputs, max_new_tokens=6, do_sample=False)
        expected.append(processor.decode(out[0], skip_special_tokens=True).strip())
    assert texts(await answers(folder, requests, "?max_new_tokens=6")) == expected


def noise(seconds: float, rate: int, seed: int) -> Part:
    wave = np.random.default_rng(seed).normal(0, 0.2, int(seconds * rate))
    return Part("audio", data=encode_wav(wave, rate), media_type="audio/wav")


async def test_speech_is_written_down_as_the_library_does(tmp_path):
    sounds = [noise(0.5, 16000, 0), noise(0.9, 16000, 1)]
    requests = [ask("automatic-speech-recognition", s, "Write down what is said.") for s in sounds]
    folder = tiny.write_whisper(tmp_path / "whisper")
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.WhisperForConditionalGeneration.from_pretrained(folder).eval()
    for language in ("en", "de"):
        given = texts(await answers(folder, requests, f"?max_new_tokens=9&language={language}"))
        for part, text in zip(sounds, given, strict=True):
            features = processor(
                load_audio(part)[0], sampling_rate=16000, return_tensors="pt", return_attention_mask=True
            )
            out = model.generate(**features, max_new_tokens=9, language=language, do_sample=False)
            assert text == processor.decode(out[0], skip_special_tokens=True).strip()
    # As many tokens as there are places for, and a sound beyond what is heard at a time.
    long = ask("automatic-speech-recognition", noise(31, 16000, 2), "Write down what is said.")
    assert all(text for text in texts(await answers(folder, [*requests, long])))
    folder = tiny.write_ctc(tmp_path / "ctc")
    recogniser = pipeline("automatic-speech-recognition", folder)
    expected = [recogniser(load_audio(part)[0])["text"] for part in sounds]
    assert texts(await answers(folder, requests)) == expected


async def test_sounds_and_videos_are_classified_as_the_library_does(tmp_path):
    folder = tiny.write_audio_classifier(tmp_path / "audio")
    sounds = [noise(0.5, 16000, 0), noise(0.9, 16000, 1)]
    classifier = pipeline("audio-classification", folder)
    expected = [classifier(load_audio(part)[0])[0]["label"] for part in sounds]
    assert texts(await answers(folder, [ask("audio-classification", s) for s in sounds])) == expected
    folder = tiny.write_video_classifier(tmp_path / "video")
    frames = np.random.default_rng(0).integers(0, 255, (7, 32, 48, 3), np.uint8)
    film = Part("video", data=encode_mp4(frames, 5), media_type="video/mp4")
    from genlevel.media import load_frames

    shown = list(load_frames(film)[[0, 2, 4, 6]])
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    model = transformers.VideoMAEForVideoClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        logits = model(**processor([shown], return_tensors="pt")).logits[0]
    assert texts(await answers(folder, [ask("video-classification", film)])) == [
        model.config.id2label[int(logits.argmax())]
    ]


async def test_a_voice_says_the_content_from_the_request_s_seed(tmp_path):
    folder = tiny.write_vits(tmp_path)
    audio = frozenset({"audio"})
    first, again, other = await answers(
        folder,
        [ask("text-to-speech", "Read aloud: hello", content="hello", makes=audio, seed=seed) for seed in (1, 1, 2)],
    )
    assert first.parts == again.parts != other.parts
    model = transformers.VitsModel.from_pretrained(folder).eval()
    words = transformers.AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(1)
    with torch.no_grad():
        wave = model(**words(["hello"], return_tensors="pt")).waveform[0].numpy()
    heard, rate = load_audio(first.parts[0])
    assert rate == 16000 and np.allclose(heard, np.clip(wave, -1, 1), atol=1e-3)
