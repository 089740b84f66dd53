"""Specialists of the published sizes with random weights: images (sounds) a second on the CPU and on the GPU, in float32."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.agreement import distance
from benchmarks.gpu.asking import ask, image_parts
from benchmarks.gpu.bench import Bench
from genlevel.records import Part, Request
from tests.models import tiny_specialists as tiny
from tests.models.tiny_checkpoints import save, settings
from tests.parity.tiny_models import clip_tokenizer, write_clip

_SIZES = ((640, 480), (480, 640), (512, 512), (800, 600))


def run(bench: Bench) -> None:
    """A line for each, of a batch of 16 and of one at a time."""
    seen = image_parts([_SIZES[i % len(_SIZES)] for i in range(bench.size(64, 2))])
    sounds = _sounds(bench.size(32, 1))
    image = frozenset({"image"})
    for name, write, task, parts, more in (
        ("ViT base", _vit, "image-classification", seen, {}),
        ("CLIP ViT-B/32", _clip, "image-classification", seen, {"choices": ("cat", "a dog", "sky")}),
        ("DETR ResNet-50", _detr, "object-detection", seen, {}),
        ("SegFormer", _segformer, "image-segmentation", seen, {}),
        ("DPT base", _dpt, "depth-estimation", seen, {"makes": image}),
        ("Whisper tiny", _whisper, "automatic-speech-recognition", sounds, {}),
    ):
        asked = [Request("t", str(i), task, (part,), **more) for i, part in enumerate(parts)]
        bench.step(f"{name}: checkpoint", lambda w=write, n=name: _written(bench, n, w))
        bench.step(name, lambda n=name, a=asked: _raced(bench, n, a))


def _written(bench: Bench, name: str, write: Callable[[Path, Bench], Path]) -> dict[str, Any]:
    folder = bench.folder / name.split()[0]
    folder.mkdir()
    write(folder, bench)
    return {}


def _raced(bench: Bench, name: str, asked: Sequence[Request]) -> dict[str, Any]:
    spec = f"transformers:{bench.folder / name.split()[0]}?dtype=float32&max_new_tokens=32&device_map="
    few = asked[: bench.size(4, 1)]
    cpu = ask(bench, f"{spec}cpu&batch=4", few, 1)
    one = ask(bench, f"{spec}{bench.device}&batch=1", asked[: bench.size(16, 1)], 1)
    many = ask(bench, f"{spec}{bench.device}&batch=16", asked, bench.size(16, 1))
    apart = [distance(a, b) for a, b in zip(cpu.answers, many.answers, strict=False)]
    return {
        "cpu_per_s": cpu.rate,
        "one_at_a_time_per_s": one.rate,
        "batch_16_per_s": many.rate,
        "failed": many.failed + one.failed + cpu.failed or None,
        "difference": max((d for d in apart if isinstance(d, float)), default=None),
        "others": "; ".join(sorted({d for d in apart if isinstance(d, str)}))[:80] or None,
        "peak_GB": many.memory or None,
    }


def _built(build: Any, config: Any, bench: Bench) -> Any:
    import torch

    torch.manual_seed(0)
    with torch.device(bench.device):
        return build(config).eval()


def _sounds(count: int) -> list[Part]:
    import numpy as np

    from genlevel.media import encode_wav

    rng = np.random.default_rng(0)
    waves = [rng.normal(0, 0.2, int(16_000 * (2 + i % 8))).astype(np.float32) for i in range(count)]
    return [Part("audio", data=encode_wav(wave, 16_000), media_type="audio/wav") for wave in waves]


def _vit(folder: Path, bench: Bench) -> Path:
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    if bench.tiny:
        return tiny.write_vit(folder)
    return save(folder, _built(ViTForImageClassification, ViTConfig(num_labels=1000), bench), ViTImageProcessorPil())


def _clip(folder: Path, bench: Bench) -> Path:
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    if bench.tiny:
        return write_clip(folder)
    words = clip_tokenizer()
    end = words.convert_tokens_to_ids("<|endoftext|>")
    text = {"vocab_size": len(words), "bos_token_id": end - 1, "eos_token_id": end}
    return save(folder, _built(CLIPModel, CLIPConfig(text_config=text), bench), words, CLIPImageProcessorPil())


def _detr(folder: Path, bench: Bench) -> Path:
    from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig
    from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil

    if bench.tiny:
        return tiny.write_detr(folder)
    backbone = ResNetConfig(out_features=["stage4"])
    config = DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, num_labels=91
    )
    return save(folder, _built(DetrForObjectDetection, config, bench), DetrImageProcessorPil())


def _segformer(folder: Path, bench: Bench) -> Path:
    from transformers import SegformerConfig, SegformerForSemanticSegmentation
    from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

    if bench.tiny:
        return tiny.write_segformer(folder)
    model = _built(SegformerForSemanticSegmentation, SegformerConfig(num_labels=150), bench)
    return save(folder, model, SegformerImageProcessorPil())


def _dpt(folder: Path, bench: Bench) -> Path:
    from transformers import DPTConfig, DPTForDepthEstimation
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    if bench.tiny:
        return tiny.write_dpt(folder)
    return save(folder, _built(DPTForDepthEstimation, DPTConfig(is_hybrid=False), bench), DPTImageProcessorPil())


def _whisper(folder: Path, bench: Bench) -> Path:
    """The size of Whisper tiny; the tests' vocabulary, whose marks are never written, nor the end."""
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    tiny.write_whisper(folder)
    if bench.tiny:
        return folder
    small = WhisperConfig.from_pretrained(folder)
    sizes = {
        "d_model": 384, "encoder_layers": 4, "decoder_layers": 4, "encoder_attention_heads": 6, "decoder_attention_heads": 6,
        "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536, "max_target_positions": 448, "init_std": 0.02,
    }  # fmt: skip
    config = WhisperConfig.from_dict({**small.to_dict(), **sizes})
    marks = json.loads((folder / "generation_config.json").read_text())
    save(folder, _built(WhisperForConditionalGeneration, config, bench))
    return settings(folder, **{**marks, "suppress_tokens": [*marks["suppress_tokens"], config.eos_token_id]})
