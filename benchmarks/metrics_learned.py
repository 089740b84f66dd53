"""Metrics that contain a network against the field's libraries, with the same random weights of real size.

What a line says stands in :mod:`benchmarks._race`, but for the memory: it is how far the process grew during our call, since
torch's memory is not Python's. Networks without an installed peer race themselves, used as their authors' scripts use them.
Run it with ``python -m benchmarks.metrics_learned [METRIC ...]``.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from benchmarks._race import Race, Value, compute, mean, run
from tests.parity.seeded_weights import seeded_frames, seeded_state
from tests.parity.tiny_models import write_clip
from tests.parity.without_torchvision import reference_module

_FOLDER = Path(tempfile.gettempdir())


def races() -> Iterator[Callable[[], list[Race]]]:
    """Groups of races; each makes its weights when it is its turn, and is left out where a peer is not installed."""
    yield inception
    yield distances
    yield perceptual
    yield clip
    yield videos
    yield pictures


def grown(function: Value) -> float:
    """How far the process grew above its start while ``function`` ran, in MiB; 0 where the system does not tell."""
    status, done, most = Path("/proc/self/statm"), threading.Event(), 0
    if not status.exists():
        function()
        return 0.0

    def pages() -> int:
        return int(status.read_text().split()[1])

    start = pages()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, pages() - start)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    function()
    done.set()
    watcher.join()
    return most * 4096 / 2**20


def saved(network: Any, name: str, gain: float = 1.0) -> Path:
    """A file with seeded weights for ``network``."""
    import torch

    path = _FOLDER / name
    torch.save(seeded_state(network, gain), path)
    return path


def frames(count: int, height: int, width: int, seed: int = 0) -> list[Any]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def tensor(picture: Any) -> Any:
    import torch

    return torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).float()


def inception() -> list[Race]:
    """Features of pictures of 256 pixels and their FID, against torch-fidelity's network."""
    import torch

    theirs = reference_module("torch_fidelity.feature_extractor_inceptionv3")
    fid = reference_module("torch_fidelity.metric_fid")
    from genlevel.metrics.learned.inception import Inception

    path = saved(Inception(), "inception.pth")
    network = theirs.FeatureExtractorInceptionV3("i", ["2048"], feature_extractor_weights_path=str(path))
    made, real = frames(4, 256, 256, 1), frames(4, 256, 256, 2)

    def reference() -> float:
        moments = []
        with torch.inference_mode():
            for group in (made, real):
                rows = network(torch.cat([tensor(p) for p in group]).byte())[0]
                moments.append(fid.fid_features_to_statistics(rows))
        return float(fid.fid_statistics_to_metric(*moments, verbose=False)["frechet_inception_distance"])

    return [Race("fid", "torch-fidelity", 8, compute("fid", made, real, weights=str(path)), reference)]


def distances() -> list[Race]:
    """The distances of given features, of 768 numbers, 2,000 a side for FID, 800 for the others."""
    import torch

    from genlevel.metrics.evidence import Evidence
    from genlevel.metrics.learned import generation

    fid, kid, prc = (reference_module(f"torch_fidelity.metric_{name}") for name in ("fid", "kid", "prc"))
    rng = np.random.default_rng(0)

    def rows(count: int) -> Evidence:
        a, b = rng.normal(0.05, 1, (count, 768)), rng.normal(0, 1, (count, 768))
        return Evidence(answered=np.ones(count, bool), answer=a.astype(np.float32), reference=b.astype(np.float32))

    many, few = rows(2000), rows(800)

    def tensors(evidence: Evidence) -> list[Any]:
        return [torch.from_numpy(evidence[name].astype(np.float64)) for name in ("answer", "reference")]

    def their_fid() -> float:
        moments = [fid.fid_features_to_statistics(side) for side in tensors(many)]
        return float(fid.fid_statistics_to_metric(*moments, verbose=False)["frechet_inception_distance"])

    def their_kid() -> float:
        options = {"kid_subsets": 1, "kid_subset_size": 800, "rng_seed": 0, "verbose": False}
        return float(kid.kid_features_to_metric(*tensors(few), **options)["kernel_inception_distance_mean"])

    def their_precision() -> float:
        return float(prc.prc_features_to_metric(*tensors(few), verbose=False)["precision"])

    return [
        Race("fid", "torch-fidelity, features", 2000, lambda: float(generation.Fid().reduce(many)), their_fid),
        Race("kid", "torch-fidelity, features", 800, lambda: float(generation.Kid().reduce(few)), their_kid),
        Race(
            "fid_precision",
            "torch-fidelity, features",
            800,
            lambda: float(generation.FidPrecision().reduce(few)),
            their_precision,
        ),
    ]


def perceptual() -> list[Race]:
    """LPIPS (AlexNet) against the package lpips, DISTS against torchmetrics, on pictures of 256 pixels."""
    import torch

    lpips = reference_module("lpips")
    dists = reference_module("torchmetrics.functional.image.dists")
    from genlevel.metrics.learned import trunks

    made, real = frames(3, 256, 256, 3), frames(3, 256, 256, 4)
    alex, vgg = trunks.alexnet().eval(), trunks.vgg16().eval()
    paths = saved(alex, "alex.pth", 1.4), saved(vgg, "vgg.pth", 1.4)
    for trunk, path in zip((alex, vgg), paths, strict=True):
        trunk.load_state_dict(torch.load(path, weights_only=True))
    tv = SimpleNamespace(alexnet=lambda **_: SimpleNamespace(features=alex.features))
    with mock.patch.object(lpips.pretrained_networks, "tv", tv):
        their_lpips = lpips.LPIPS(net="alex", verbose=False)
    given = {
        "vgg16": lambda **_: SimpleNamespace(features=vgg.features),
        "VGG16_Weights": SimpleNamespace(DEFAULT=None),
    }
    with mock.patch.multiple(dists, _TORCHVISION_AVAILABLE=True, create=True, **given):
        their_dists = dists.DISTSNetwork()
    heads = Path(lpips.__file__).parent / "weights" / "v0.1" / "alex.pth"
    dists_heads = Path(dists.__file__).parent / "dists_models" / "weights.pt"

    def lpips_package() -> float:
        with torch.inference_mode():
            return mean(
                their_lpips(tensor(a) / 127.5 - 1, tensor(b) / 127.5 - 1) for a, b in zip(made, real, strict=True)
            )

    def dists_torchmetrics() -> float:
        with torch.inference_mode():
            return mean(their_dists(tensor(a) / 255, tensor(b) / 255) for a, b in zip(made, real, strict=True))

    return [
        Race("lpips", "lpips", 3, compute("lpips", made, real, weights=str(paths[0]), heads=str(heads)), lpips_package),
        Race("dists", "torchmetrics", 3, compute("dists", made, real, weights=str(paths[1]), heads=str(dists_heads)),
             dists_torchmetrics),
    ]  # fmt: skip


def clip() -> list[Race]:
    """CLIPScore with a tiny CLIP, where what is around the network counts, against transformers (torchmetrics wants its 4)."""
    import torch
    from transformers import CLIPModel, CLIPProcessor

    folder = write_clip(_FOLDER / "clip")
    made, texts = frames(128, 96, 128, 5), [f"a cat and {i} dogs" for i in range(128)]
    model, processor = CLIPModel.from_pretrained(folder).eval(), CLIPProcessor.from_pretrained(folder)

    def reference() -> float:
        with torch.inference_mode():
            found = model(**processor(text=texts, images=made, return_tensors="pt", padding=True))
        return float(100 * (found.image_embeds * found.text_embeds).sum(1).clamp(min=0).mean())

    return [Race("clip_score", "transformers", 128, compute("clip_score", made, texts, weights=str(folder)), reference)]


def videos() -> list[Race]:
    """RAFT on neighbours, each pair on its own as VBench does; AMT-S and I3D against the bare network."""
    import torch

    from genlevel.metrics.learned.amt import AmtS
    from genlevel.metrics.learned.i3d import I3d, prepared
    from genlevel.metrics.learned.motion import likeness, moves, peak_speed
    from genlevel.metrics.learned.raft import Raft
    from genlevel.metrics.learned.torchscript import load_network

    video = seeded_frames(3, 128, 128)
    paths = [saved(Raft(), "raft.pth", 0.7), saved(AmtS(), "amt.pth", 0.5), saved(I3d(), "i3d.pth", 1.4)]
    raft, amt, i3d = (load_network(p, "cpu", kind) for p, kind in zip(paths, (Raft, AmtS, I3d), strict=True))
    x = torch.cat([tensor(frame) for frame in video])

    @torch.inference_mode()
    def each_pair() -> float:
        flows = [raft(x[i : i + 1], x[i + 1 : i + 2])[0].permute(1, 2, 0).numpy() for i in range(2)]
        return float(moves([peak_speed(flow) for flow in flows], 128))

    @torch.inference_mode()
    def between() -> float:
        made = [amt(x[i - 1 : i] / 255, x[i + 1 : i + 2] / 255)[0].permute(1, 2, 0) for i in (1,)]
        return mean(likeness((m * 255).byte().numpy(), video[i]) for m, i in zip(made, (1,), strict=True))

    clips = [seeded_frames(16, 112, 112, seed) for seed in range(2)]
    fvd = [compute("fvd", clips, clips[::-1], weights=str(paths[2])), 0.0]

    @torch.inference_mode()
    def features() -> float:
        for clip_ in (*clips, *clips):
            i3d(prepared(tensor_of(clip_)))
        return fvd[1]  # the same videos on both sides

    def tensor_of(clip_: Any) -> Any:
        return torch.from_numpy(clip_.transpose(3, 0, 1, 2)[None].copy()).float()

    return [
        Race("dynamic_degree", "same network, pair by pair", 2,
             compute("dynamic_degree", [video], [None], weights=str(paths[0])), each_pair),
        Race("motion_smoothness", "same network alone", 1,
             compute("motion_smoothness", [video], [None], weights=str(paths[1])), between),
        Race("fvd", "same network alone", 4, fvd[0], features),
    ]  # fmt: skip


def pictures() -> list[Race]:
    """MUSIQ against the bare network; one picture as a still of a video is."""
    import torch

    from genlevel.metrics.learned.musiq import Musiq
    from genlevel.metrics.learned.torchscript import load_network

    path = saved(Musiq(), "musiq.pth")
    network, frame = load_network(path, "cpu", Musiq), seeded_frames(1, 288, 512)

    @torch.inference_mode()
    def alone() -> float:
        return float(np.clip(float(network(tensor(frame[0]) / 255)), 0, 100))

    return [Race("musiq", "same network alone", 1, compute("musiq", [frame], [None], weights=str(path)), alone)]


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    global _FOLDER
    with tempfile.TemporaryDirectory() as folder:
        _FOLDER = Path(folder)
        run(races(), memory=grown)


if __name__ == "__main__":
    main()
