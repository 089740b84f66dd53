"""Answers a second of a local checkpoint: one at a time, in batches found by trying, and the library's own pipeline.

python -m benchmarks.local_batches [--device cuda] [--prompts 192]

The checkpoint is a small Llama with random weights, made for the occasion; prompts have 4 to 400 characters. All write 32 tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from genlevel.models import load
from genlevel.records import Part, Request

NEW = 32


def write(
    folder: Path,
    size: int,
    layers: int,
    *,
    heads: int = 8,
    room: int = 1024,
    dtype: str = "float32",
    device: str = "cpu",
) -> None:
    """A checkpoint with a byte-level tokenizer; it never ends early.

    Args:
        folder: where it is saved.
        size: numbers a token.
        layers: how many.
        heads: of attention; half as many of keys and values.
        room: tokens that it has places for.
        dtype: of the weights.
        device: where the random numbers are drawn; they differ from device to device.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    words = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>")
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=size, intermediate_size=3 * size, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=heads // 2, max_position_embeddings=room,
        pad_token_id=words.pad_token_id, eos_token_id=None, bos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device(device):
        model = LlamaForCausalLM(config)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    words.save_pretrained(folder)


def requests(count: int, longest: int = 400) -> list[Request]:
    """Prompts of 4 to ``longest`` characters."""
    rng = random.Random(0)
    texts = ["".join(rng.choices("abcdefgh ", k=rng.randint(4, longest))) for _ in range(count)]
    return [Request("t", str(i), "question-answering", (Part("text", text),)) for i, text in enumerate(texts)]


async def ours(folder: Path, asked: list[Request], options: str) -> tuple[float, float]:
    """Seconds and CPU seconds for all, the weights loaded before."""
    model = load(f"transformers:{folder}?max_new_tokens={NEW}&{options}")
    await model.start([])
    await model.generate_many(asked[:2])
    start = time.perf_counter(), time.process_time()
    for at in range(0, len(asked), model.batch_size):
        answers = await model.generate_many(asked[at : at + model.batch_size])
        assert all(answer.usage.output_tokens == NEW for answer in answers)
    spent = time.perf_counter() - start[0], time.process_time() - start[1]
    await model.close()
    return spent


def pipeline(folder: Path, asked: list[Request], device: str, batch: int) -> tuple[float, float]:
    import transformers

    made = transformers.pipeline("text-generation", model=str(folder), device=device)
    made.tokenizer.padding_side = "left"
    texts = [request.parts[0].text for request in asked]
    settings = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "batch_size": batch}
    made(texts[:2], **settings)
    start = time.perf_counter(), time.process_time()
    made(texts, **settings)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--prompts", type=int, default=192)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    asked = requests(args.prompts)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, args.size, args.layers)
        ways = {
            "one at a time": lambda: asyncio.run(ours(folder, asked, f"batch=1&device_map={args.device}")),
            "batch=8": lambda: asyncio.run(ours(folder, asked, f"batch=8&device_map={args.device}")),
            "batch=auto": lambda: asyncio.run(ours(folder, asked, f"device_map={args.device}")),
            "the library's pipeline, batch_size=8": lambda: pipeline(folder, asked, args.device, 8),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(args.turns):
            for name, way in ways.items():
                taken[name].append(way())
    medians = {
        name: [statistics.median(column) for column in zip(*spent, strict=True)] for name, spent in taken.items()
    }
    base = medians["one at a time"]
    for name, (wall, cpu) in medians.items():
        print(
            f"{name:40} {args.prompts / wall:8.1f} answers/s ({base[0] / wall:5.2f} times one at a time)   "
            f"{1000 * cpu / args.prompts:8.1f} ms of CPU each ({base[1] / cpu:5.2f} times less)",
            flush=True,
        )


if __name__ == "__main__":
    main()
