"""A chat model that sees (the classes of Qwen2-VL, half a billion random numbers), with images of several sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.gpu.asking import ask, image_parts, text_of
from benchmarks.gpu.bench import Bench
from genlevel.models.batching import Answer
from genlevel.records import Part, Request
from tests.models.tiny_checkpoints import CHAT, save, settings, tokenizer

NEW = 32
_SIZES = ((224, 224), (336, 252), (448, 336), (640, 480), (252, 504), (168, 168))


def run(bench: Bench) -> None:
    """One at a time, batches, and whether answers are the same; in the checkpoint's bfloat16 and in float32."""
    folder = bench.folder / "qwen"
    bench.step("checkpoint", lambda: write(folder, bench))
    parts = image_parts([_SIZES[i % len(_SIZES)] for i in range(bench.size(96, 6))])
    asked = [
        Request("t", str(i), "visual-question-answering", (Part("text", f"What is in picture {i}?"), part))
        for i, part in enumerate(parts)
    ]
    few = asked[: bench.size(16, 2)]
    spec = f"transformers:{folder}?device_map={bench.device}&max_new_tokens={NEW}"
    alone: dict[str, list[Answer]] = {}

    def timed(options: str, these: list[Request], dtype: str) -> dict[str, Any]:
        found = ask(bench, f"{spec}&{options}&dtype={dtype}", these)
        kept = alone.setdefault(dtype, found.answers)
        equal = sum(text_of(a) == text_of(b) for a, b in zip(kept, found.answers, strict=False))
        return {**found.line(NEW), "same_as_alone": f"{equal}/{min(len(kept), len(these))}"}

    for dtype in ("bfloat16", "float32"):
        bench.step(f"one at a time, {dtype}", lambda d=dtype: timed("batch=1", few, d))
        bench.step(f"batch=8, {dtype}", lambda d=dtype: timed("batch=8", asked, d))
        bench.step(f"batch=auto, {dtype}", lambda d=dtype: timed("batch=auto", asked, d))


def write(folder: Path, bench: Bench) -> dict[str, Any]:
    """The checkpoint; it never ends early."""
    import torch
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    chat = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    words = tokenizer("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>", chat=chat)
    ids = words.convert_tokens_to_ids
    size, heads = bench.size(1536, 32), bench.size(12, 4)
    quarter = size // heads // 8
    config = Qwen2VLConfig(
        text_config={
            "hidden_size": size, "intermediate_size": 4 * size, "num_hidden_layers": bench.size(16, 2),
            "num_attention_heads": heads, "num_key_value_heads": heads // 2, "vocab_size": len(words),
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0,
                                "mrope_section": [size // heads // 2 - 2 * quarter, quarter, quarter]},
            "pad_token_id": words.pad_token_id, "eos_token_id": words.eos_token_id, "bos_token_id": None,
        },
        vision_config={"depth": bench.size(16, 2), "embed_dim": bench.size(1024, 32), "num_heads": bench.size(16, 2),
                       "hidden_size": size, "patch_size": 14, "mlp_ratio": 4},
        image_token_id=ids("<|image_pad|>"), video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"), vision_end_token_id=ids("<|vision_end|>"),
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device(bench.device):
        model = Qwen2VLForConditionalGeneration(config).eval()
    pictures = Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=28 * 28 * bench.size(1024, 4))
    save(folder, model.to(torch.bfloat16), pictures, words)
    settings(folder, eos_token_id=None)
    return {"parameters_M": sum(p.numel() for p in model.parameters()) / 1e6}
