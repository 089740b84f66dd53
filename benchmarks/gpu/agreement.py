"""Small checkpoints of every family, asked on the CPU and on the GPU in float32: the answers, side by side."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.asking import ask, image_parts
from benchmarks.gpu.bench import Bench, convolutions
from genlevel.models.batching import Answer
from genlevel.records import Part, Reply, Request
from tests.models import tiny_checkpoints, tiny_specialists
from tests.parity.tiny_models import write_clip

_SIZES = ((60, 40), (90, 30), (64, 64))
_TEXT, _IMAGE, _AUDIO = frozenset({"text"}), frozenset({"image"}), frozenset({"audio"})
Case = tuple[str, Callable[[Path], Path], Sequence[Request], str]


def run(bench: Bench) -> None:
    """A line for each family: how far its answers lie apart."""
    for name, write, asked, options in cases():
        bench.step(name, lambda n=name, w=write, a=asked, o=options: _compared(bench, n, w, a, o))


def cases() -> list[Case]:
    """Name, writer, requests, options of the SPEC."""
    seen, sounds, film = image_parts(_SIZES), _sounds(), _film()
    texts = [Part("text", text) for text in ("Hello", "What is a cat, and why?", "abc")]

    def each(
        task: str, parts: Sequence[Part], text: str = "", makes: frozenset[Any] = _TEXT, **more: Any
    ) -> list[Request]:
        words = (Part("text", text),) if text else ()
        return [Request("t", str(i), task, (part, *words), makes, 7 + i, **more) for i, part in enumerate(parts)]

    tiny, chat = tiny_specialists, tiny_checkpoints
    names = ("cat", "a dog", "sky")
    box = each("image-segmentation", seen[:1], 'Segment it. {"box": [3, 4, 20, 10]}')
    kinds = [each(f"{kind}-segmentation", seen)[0] for kind in ("image", "instance", "panoptic")]
    spoken = each("text-to-speech", texts[:1], makes=_AUDIO, content="hello")
    return [
        ("causal", chat.write_causal, each("question-answering", texts), "max_new_tokens=8"),
        ("causal, sampled", chat.write_causal, each("question-answering", texts), "max_new_tokens=8&temperature=1"),
        ("seq2seq", chat.write_seq2seq, each("question-answering", texts), "max_new_tokens=8"),
        ("qwen2-vl", chat.write_qwen2_vl, each("visual-question-answering", seen, "What?"), "max_new_tokens=8"),
        ("llava", chat.write_llava, each("visual-question-answering", seen, "What?"), "max_new_tokens=8"),
        ("chameleon", chat.write_chameleon, each("visual-question-answering", seen, "What?"), "max_new_tokens=8"),
        ("qwen2-audio", chat.write_qwen2_audio, each("audio-question-answering", sounds, "What?"), "max_new_tokens=8"),
        ("janus reads", chat.write_janus, each("visual-question-answering", seen, "What?"), "max_new_tokens=8"),
        ("janus draws", chat.write_janus, each("text-to-image", texts[:1], makes=_IMAGE), ""),
        ("emu3 reads", chat.write_emu3, each("visual-question-answering", seen, "What?"), "max_new_tokens=8"),
        ("emu3 draws", chat.write_emu3, each("text-to-image", texts[:1], makes=_IMAGE), ""),
        ("classifier", tiny.write_vit, each("image-classification", seen), ""),
        ("clip", write_clip, each("image-classification", seen, "Which?", choices=names), ""),
        ("detr", tiny.write_detr, each("object-detection", seen, "Detect."), ""),
        ("owl", tiny.write_owl, each("object-detection", seen, choices=names[:2]), ""),
        ("segformer", tiny.write_segformer, each("image-segmentation", seen), ""),
        ("mask2former", tiny.write_mask2former, kinds, "threshold=0.3"),
        ("oneformer", tiny.write_oneformer, kinds, "threshold=0.3"),
        ("sam, a box", tiny.write_sam, box, ""),
        ("sam, everything", tiny.write_sam, each("instance-segmentation", seen[:1]), "threshold=0"),
        ("dpt", tiny.write_dpt, each("depth-estimation", seen, makes=_IMAGE), ""),
        ("vitpose", tiny.write_vitpose, each("keypoint-detection", seen), ""),
        ("swin2sr", tiny.write_swin2sr, each("image-super-resolution", seen, makes=_IMAGE), ""),
        ("git", tiny.write_git, each("image-captioning", seen, "Describe."), "max_new_tokens=8"),
        ("blip", tiny.write_blip, each("image-captioning", seen, "Describe."), "max_new_tokens=8"),
        ("blip-vqa", tiny.write_blip_vqa, each("visual-question-answering", seen, "What?", content="What?"), ""),
        ("vilt", tiny.write_vilt, each("visual-question-answering", seen, "What?", content="What?"), ""),
        ("trocr", tiny.write_trocr, each("image-to-text", seen, "Read."), "max_new_tokens=8"),
        ("donut", tiny.write_donut, each("visual-question-answering", seen, "What?"), "max_new_tokens=8"),
        ("whisper", tiny.write_whisper, each("automatic-speech-recognition", sounds), "max_new_tokens=8"),
        ("ctc", tiny.write_ctc, each("automatic-speech-recognition", sounds), ""),
        ("audio classifier", tiny.write_audio_classifier, each("audio-classification", sounds), ""),
        ("video classifier", tiny.write_video_classifier, each("video-classification", [film]), ""),
        ("vits", tiny.write_vits, spoken, ""),
    ]  # fmt: skip


def _sounds() -> list[Part]:
    import numpy as np

    from genlevel.media import encode_wav

    rng = np.random.default_rng(0)
    waves = [rng.normal(0, 0.2, int(16_000 * seconds)).astype(np.float32) for seconds in (1.0, 1.7)]
    return [Part("audio", data=encode_wav(wave, 16_000), media_type="audio/wav") for wave in waves]


def _film() -> Part:
    from genlevel.media import encode_mp4
    from tests.parity.seeded_weights import seeded_frames

    return Part("video", data=encode_mp4(seeded_frames(6, 48, 64), 8), media_type="video/mp4")


def _compared(
    bench: Bench, name: str, write: Callable[[Path], Path], asked: Sequence[Request], options: str
) -> dict[str, Any]:
    """Answers of the CPU and of the device; the latter once more with exact convolutions."""
    folder = bench.folder / "".join(c if c.isalnum() else "-" for c in name)
    folder.mkdir()
    write(folder)
    spec = f"transformers:{folder}?dtype=float32{'&' if options else ''}{options}&device_map="
    truth = ask(bench, spec + "cpu", asked, 0)
    found: dict[str, Any] = {"answers": len(asked), "failed_on_cpu": truth.failed or None}
    for name, short in (("", False), ("_exact", True)) if bench.cuda else (("", False),):
        with convolutions(exact=short):
            made = ask(bench, spec + bench.device, asked, 0)
        apart = [distance(a, b) for a, b in zip(truth.answers, made.answers, strict=True)]
        found[f"difference{name}"] = max((d for d in apart if isinstance(d, float)), default=0.0)
        found[f"others{name}"] = "; ".join(sorted({d for d in apart if isinstance(d, str)}))[:160] or None
    return found


def distance(a: Answer, b: Answer) -> float | str:
    """The largest difference of numbers (of pixels 0 to 255, of samples, in JSON), or in words what else differs."""
    if not isinstance(a, Reply) or not isinstance(b, Reply):
        return 0.0 if str(a) == str(b) else f"{'answered' if isinstance(a, Reply) else a} / {b}"
    found = [_part_distance(x, y) for x, y in zip(a.parts, b.parts, strict=True)]
    return next((one for one in found if isinstance(one, str)), max(found))


def _part_distance(a: Part, b: Part) -> float | str:
    import numpy as np

    from genlevel.media import load_audio, load_image

    if a.kind == "text":
        return _text_distance(a.text, b.text)
    if a.media_type == "application/x-npy":
        x, y = (np.load(io.BytesIO(part.data or b""), allow_pickle=False) for part in (a, b))
    elif a.kind == "audio":
        x, y = (load_audio(part)[0] for part in (a, b))
    else:
        x, y = (load_image(part).astype(float) for part in (a, b))
    if x.shape != y.shape:
        return f"shapes {x.shape} and {y.shape}"
    return float(np.abs(x - y).max(initial=0.0))


def _text_distance(a: str, b: str) -> float | str:
    if a == b:
        return 0.0
    try:
        x, y = list(_numbers(json.loads(a))), list(_numbers(json.loads(b)))
    except ValueError:
        return f"'{a[:20]}' / '{b[:20]}'"
    if len(x) != len(y):
        return f"{len(x)} and {len(y)} numbers"
    return max((abs(p - q) for p, q in zip(x, y, strict=True)), default=0.0)


def _numbers(value: Any) -> Any:
    """All numbers in a JSON value, in order."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float):
        yield float(value)
