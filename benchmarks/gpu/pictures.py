"""A pipeline of Stable Diffusion's shape, 512 pixels, 20 steps: images a second, and what a seed draws alone and in a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.gpu.asking import Asked, ask
from benchmarks.gpu.bench import Bench, convolutions
from genlevel.models.batching import Answer
from genlevel.records import Part, Reply, Request
from tests.models import tiny_diffusers


def run(bench: Bench) -> None:
    """In bfloat16, the GPU's default, then in float32, whose images should hardly depend on the batch."""
    folder = bench.folder / "sd"
    bench.step("checkpoint", lambda: _write(folder, bench))
    steps = bench.size(20, 2)
    asked = [
        Request("t", str(i), "text-to-image", (Part("text", f"cat {i}"),), frozenset({"image"}), 100 + i)
        for i in range(bench.size(32, 4))
    ]  # fmt: skip
    spec = f"diffusers:{folder}?device={bench.device}&steps={steps}"

    def drawn(options: str, count: int) -> Asked:
        return ask(bench, f"{spec}&{options}", asked[:count], 1)

    for dtype, large in (("bfloat16", 32), ("float32", 16)):
        alone: list[Answer] = []

        def first(dtype: str = dtype, alone: list[Answer] = alone) -> dict[str, Any]:
            found = drawn(f"batch=1&dtype={dtype}", bench.size(4, 2))
            alone.extend(found.answers)
            return found.line()

        def batch(size: str, count: int, dtype: str = dtype, alone: list[Answer] = alone) -> dict[str, Any]:
            found = drawn(f"batch={size}&dtype={dtype}", count)
            return {**found.line(), **_apart(alone, found.answers)}

        bench.step(f"one at a time, {dtype}", first)
        bench.step(f"the same again, {dtype}", lambda b=batch: b("1", bench.size(4, 2)))
        bench.step(f"batch=4, {dtype}", lambda b=batch: b("4", bench.size(16, 4)))
        bench.step(f"batch=auto, {dtype}", lambda b=batch, n=large: b("auto", bench.size(n, 4)))
    bench.step("float32 on the CPU", lambda: _beside_the_cpu(bench, folder, asked))


def _beside_the_cpu(bench: Bench, folder: Path, asked: list[Request]) -> dict[str, Any]:
    """One image, 2 steps; the GPU once as it is and once with exact convolutions."""
    spec = f"diffusers:{folder}?dtype=float32&steps=2&device="
    cpu = ask(bench, spec + "cpu", asked[:1], 0)
    found = {"cpu_s_2_steps": cpu.seconds}
    found |= _apart(cpu.answers, ask(bench, spec + bench.device, asked[:1], 0).answers)
    with convolutions(exact=True):
        better = _apart(cpu.answers, ask(bench, spec + bench.device, asked[:1], 0).answers)
    return {**found, **{f"{name}_exact": value for name, value in better.items()}}


def _apart(alone: list[Answer], found: list[Answer]) -> dict[str, Any]:
    """How many images are the same, and how far pixels (0 to 255) are apart at most and on average."""
    import numpy as np

    from genlevel.media import load_image

    pairs = [(a, b) for a, b in zip(alone, found, strict=False) if isinstance(a, Reply) and isinstance(b, Reply)]
    apart = [np.abs(load_image(a.parts[0]).astype(int) - load_image(b.parts[0]).astype(int)) for a, b in pairs]
    return {
        "same": f"{sum(not d.any() for d in apart)}/{len(apart)}",
        "most_apart": max((int(d.max()) for d in apart), default=None),
        "mean_apart": float(np.mean([d.mean() for d in apart])) if apart else None,
        "spread": float(np.mean([load_image(a.parts[0]).std() for a, _ in pairs])) if pairs else None,
    }


def _write(folder: Path, bench: Bench) -> dict[str, Any]:
    """Half the width of Stable Diffusion 1's network; its autoencoder of half the width."""
    if bench.tiny:
        tiny_diffusers.stable_diffusion(folder)
        return {}
    import torch
    from diffusers import AutoencoderKL, StableDiffusionPipeline

    with torch.device(bench.device):
        vae = AutoencoderKL(
            block_out_channels=(64, 128, 256, 256), layers_per_block=2, latent_channels=4, sample_size=512,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        )  # fmt: skip
        # Its scheduler and its texts' network are small and stay where they are made.
    made = tiny_diffusers.parts(
        bench.folder / "parts", sample_size=64, block_out_channels=(160, 320, 640, 640), layers_per_block=2,
        norm_num_groups=32, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    )  # fmt: skip
    made["vae"] = vae.cpu()
    StableDiffusionPipeline(**made, safety_checker=None, feature_extractor=None).save_pretrained(folder)
    return {"parameters_M": sum(p.numel() for p in made["unet"].parameters()) / 1e6}
