"""Metrics that contain a network of the published size, with random weights: rows of the CPU and of the GPU, and their speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.bench import Bench, convolutions
from genlevel import metrics
from genlevel.metrics.learned.inference import inference
from tests.models import tiny_specialists
from tests.parity.seeded_weights import seeded_frames, seeded_state
from tests.parity.tiny_models import write_dino

Data = tuple[list[Any], list[Any], dict[str, Any]]
Table = Mapping[str, Any]


def run(bench: Bench) -> None:
    """A line for each metric: a few samples on both devices, then more of them on the GPU."""
    for name, few, many, make in (
        ("fid", 8, 256, _inception),
        ("lpips", 4, 128, _lpips),
        ("dists", 2, 64, _dists),
        ("clip_score", 8, 256, _clip),
        ("dino_score", 2, 16, _dino),
        ("dynamic_degree", 1, 4, _raft),
        ("raft flow", 1, 4, _raft),
        ("motion_smoothness", 1, 4, _amt),
        ("musiq", 2, 64, _musiq),
        ("bert_score", 8, 256, _bert),
        ("fad", 2, 32, _vggish),
        ("wer", 2, 16, _whisper),
        ("fvd", 1, 16, _fvd),
    ):
        counts = (bench.size(few, 1), bench.size(many, 2))
        bench.step(name, lambda n=name, c=counts, m=make: _raced(bench, n, c, m))


def _raced(bench: Bench, name: str, counts: tuple[int, int], make: Callable[[Bench, int], Data]) -> dict[str, Any]:
    few, many = counts
    answers, references, options = make(bench, many)

    measure = _OTHERS.get(name) or partial(_measured, name)

    def rows(device: str, count: int) -> tuple[Table, float]:
        start = time.perf_counter()
        found = measure(answers[:count], references[:count], {**options, "device": device})
        return found, count / (time.perf_counter() - start)

    rows("cpu", 1)
    cpu, slow = rows("cpu", few)
    rows(bench.device, few)
    gpu, _ = rows(bench.device, few)
    _, fast = rows(bench.device, many)
    found = {"cpu_per_s": slow, "device_per_s": fast, "apart": _apart(cpu, gpu)}
    if bench.cuda:
        # Within, the setting is nobody's to change, so this one holds.
        with inference(), convolutions(exact=False):
            rounded, quick = rows(bench.device, few)[0], rows(bench.device, many)[1]
        found |= {"apart_with_tf32": _apart(cpu, rounded), "device_per_s_with_tf32": quick}
    return found


def _measured(name: str, answers: list[Any], references: list[Any], options: dict[str, Any]) -> Table:
    return metrics.get(name, **options).measure(answers, references).to_arrays()


def _heard(answers: list[Any], references: list[Any], options: dict[str, Any]) -> Table:
    """The words that the recogniser hears, as their number of errors."""
    from genlevel.metrics.learned_audio.asr import transcripts

    return {"value": np.array([metrics.compute("wer", transcripts(answers, **options), references)])}


def _flows(answers: list[Any], references: list[Any], options: dict[str, Any]) -> Table:
    """RAFT's flow itself, of which the metric only says whether it is large."""
    from genlevel.metrics.learned.motion import raft_flows
    from genlevel.metrics.learned.raft import Raft
    from genlevel.metrics.learned.torchscript import load_network

    network = load_network(Path(options["weights"]), options["device"], Raft)
    return {"flow": np.stack([f for video in answers for f in raft_flows(network, video, device=options["device"])])}


_OTHERS: dict[str, Callable[[list[Any], list[Any], dict[str, Any]], Table]] = {"wer": _heard, "raft flow": _flows}


def _apart(a: Table, b: Table) -> float:
    """The largest difference of two tables of rows, each column by its own largest number."""
    worst = 0.0
    for name in a:
        x, y = (np.asarray(table[name], float) for table in (a, b))
        worst = max(worst, float(np.abs(x - y).max(initial=0.0) / max(np.abs(x).max(initial=0.0), 1e-12)))
    return worst


def _saved(bench: Bench, network: Any, name: str, gain: float = 1.0) -> str:
    import torch

    path = bench.folder / name
    torch.save(seeded_state(network, gain), path)
    return str(path)


def _frames(bench: Bench, count: int, seed: int, height: int = 256, width: int = 256) -> list[Any]:
    height, width = bench.size(height, 64), bench.size(width, 64)
    rng = np.random.default_rng(seed)
    return [
        f + rng.integers(0, 40, f.shape, np.uint8) for f in (seeded_frames(1, height, width, seed)[0] // 2,) * count
    ]


def _videos(bench: Bench, count: int, frames: int, side: int) -> list[Any]:
    return [seeded_frames(frames, side, side, seed) for seed in range(count)]


def _inception(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned.inception import Inception

    path = _saved(bench, Inception(), "inception.pth")
    return _frames(bench, count, 1), _frames(bench, count, 2), {"weights": path}


def _heads(kind: str, file: str) -> str:
    """A file of small layers that torchmetrics ships."""
    spec = find_spec("torchmetrics")
    if spec is None or spec.origin is None:
        raise ImportError("torchmetrics, which ships the heads, is not installed")
    return str(Path(spec.origin).parent / "functional" / "image" / kind / file)


def _lpips(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned import trunks

    path = _saved(bench, trunks.alexnet(), "alex.pth", 1.4)
    options = {"weights": path, "heads": _heads("lpips_models", "alex.pth")}
    return _frames(bench, count, 3), _frames(bench, count, 4), options


def _dists(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned import trunks

    path = _saved(bench, trunks.vgg16(), "vgg.pth", 1.4)
    options = {"weights": path, "heads": _heads("dists_models", "weights.pt")}
    return _frames(bench, count, 3), _frames(bench, count, 4), options


def _clip(bench: Bench, count: int) -> Data:
    from benchmarks.gpu.specialists import _clip as write

    folder = bench.folder / "clip"
    folder.mkdir()
    write(folder, bench)
    return _frames(bench, count, 5), [f"a cat and {i} dogs" for i in range(count)], {"weights": str(folder)}


def _dino(bench: Bench, count: int) -> Data:
    import torch
    from transformers import ViTConfig, ViTModel

    folder = write_dino(bench.folder / "dino")
    if not bench.tiny:
        torch.manual_seed(0)
        ViTModel(ViTConfig(patch_size=16), add_pooling_layer=False).eval().save_pretrained(folder)
        _resized(folder, 224)
    return _videos(bench, count, bench.size(16, 3), bench.size(256, 64)), [None] * count, {"weights": str(folder)}


def _resized(folder: Path, side: int) -> None:
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    ViTImageProcessorPil(size={"height": side, "width": side}).save_pretrained(folder)


def _fvd(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned.i3d import I3d

    clips = _videos(bench, count, 16, bench.size(224, 64))
    return clips, clips[::-1], {"weights": _saved(bench, I3d(), "i3d.pth", 1.4)}


def _raft(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned.raft import Raft

    videos = _videos(bench, count, bench.size(8, 2), bench.size(256, 64))
    return videos, [None] * count, {"weights": _saved(bench, Raft(), "raft.pth", 0.7)}


def _amt(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned.amt import AmtS

    videos = _videos(bench, count, bench.size(9, 3), bench.size(256, 64))
    return videos, [None] * count, {"weights": _saved(bench, AmtS(), "amt.pth", 0.5)}


def _musiq(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned.musiq import Musiq

    pictures = _frames(bench, count, 6, 288, 512)
    return pictures, [None] * count, {"weights": _saved(bench, Musiq(), "musiq.pth")}


def _bert(bench: Bench, count: int) -> Data:
    """A BERT of letters, of the size of BERT base."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = bench.folder / "bert"
    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    size = {} if not bench.tiny else {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(words), **size)).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)
    rng = np.random.default_rng(0)

    def text() -> str:
        return " ".join("".join(rng.choice(list(letters), rng.integers(2, 8))) for _ in range(rng.integers(3, 30)))

    sides = [[text() for _ in range(count)] for _ in range(2)]
    return sides[0], sides[1], {"weights": str(folder), "layer": bench.size(10, 1)}


def _waves(count: int) -> list[Any]:
    rng = np.random.default_rng(0)
    return [(rng.normal(0, 0.2, 16_000 * (2 + i % 4)).astype(np.float32), 16_000) for i in range(count)]


def _vggish(bench: Bench, count: int) -> Data:
    from genlevel.metrics.learned_audio.vggish import VggIsh

    waves = _waves(count)
    return waves, waves[::-1], {"weights": _saved(bench, VggIsh(), "vggish.pth")}


def _whisper(bench: Bench, count: int) -> Data:
    folder = bench.folder / "whisper"
    folder.mkdir()
    tiny_specialists.write_whisper(folder)
    return _waves(count), ["a word"] * count, {"asr": str(folder)}
