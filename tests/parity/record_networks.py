"""Writes ``recorded_networks.json``: what the references' networks give with the weights of :mod:`seeded_weights`.

The references cannot be installed beside this project (they want torchvision, or their licence is not for all uses), so what
they give is recorded. Unpack their archives from PyPI into one folder without installing them and name it:

    pip download --no-deps vbench==0.1.5 pyiqa==0.1.16 cd-fvd==0.1.1
    python -m tests.parity.record_networks FOLDER
"""

import importlib
import json
import sys
import types
import warnings
from pathlib import Path
from typing import Any

from tests.parity.seeded_weights import seeded_frames, seeded_state

RECORD = Path(__file__).with_name("recorded_networks.json")
# So that flows stay within the frames and pixels between black and white.
RAFT_GAIN, AMT_GAIN, I3D_GAIN = 0.7, 0.5, 1.4
PICTURES = ((300, 512), (40, 31), (90, 400))


def every(tensor: Any, step: int) -> list[float]:
    return [float(v) for v in tensor.flatten()[::step]]


def tensor_of(frames: Any) -> Any:
    import torch

    return torch.from_numpy(frames.transpose(0, 3, 1, 2).copy()).float()


def _package(name: str, *folder: str) -> types.ModuleType:
    """An empty package in place of one whose ``__init__`` wants too much."""
    module = types.ModuleType(name)
    module.__path__ = [str(Path(sys.argv[1], *folder))]
    sys.modules[name] = module
    return module


def raft() -> list[float]:
    _package("vbench", "vbench")

    class Options(dict):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__

    network = importlib.import_module("vbench.third_party.RAFT.core.raft").RAFT(
        Options(small=False, mixed_precision=False, alternate_corr=False)
    )
    network.load_state_dict(seeded_state(network, RAFT_GAIN))
    a, b = tensor_of(seeded_frames(2, 128, 136)).split(1)
    return every(network.eval()(a, b, iters=20, test_mode=True)[1], 997)


def amt() -> list[float]:
    import torch

    network = importlib.import_module("vbench.third_party.amt.networks.AMT-S").Model()
    network.load_state_dict(seeded_state(network, AMT_GAIN))
    a, b = (tensor_of(seeded_frames(2, 128, 144)) / 255).split(1)
    return every(network.eval()(a, b, torch.full((1, 1, 1, 1), 0.5), eval=True)["imgt_pred"], 997)


def musiq() -> list[float]:
    for part in ("", ".archs", ".data", ".utils"):
        _package(f"pyiqa{part}", "pyiqa", *part.split(".")[1:])
    _package("pyiqa.matlab_utils", "pyiqa", "matlab_utils").__dict__.update(
        vars(importlib.import_module("pyiqa.matlab_utils.padding"))
    )
    helpers = _package("pyiqa.archs.arch_util")
    helpers.dist_to_mos = lambda score: score  # what it does to one score
    helpers.load_pretrained_network = helpers.get_url_from_name = lambda name: name
    _package("pyiqa.utils.registry").ARCH_REGISTRY = types.SimpleNamespace(register=lambda: lambda kind: kind)
    network = importlib.import_module("pyiqa.archs.musiq_arch").MUSIQ(pretrained=False)
    network.load_state_dict(musiq_state(network))
    return [float(network.eval()(tensor_of(seeded_frames(1, *size)) / 255)) for size in PICTURES]


def musiq_state(network: Any) -> Any:
    """Seeded, with scores spread around 50."""
    state = seeded_state(network)
    state["head.weight"] *= 16
    state["head.bias"] += 50 - state["head.bias"]
    return state


def i3d() -> list[float]:
    _package("cdfvd", "cdfvd")
    network = importlib.import_module("cdfvd.third_party.i3d.pytorch_i3d").InceptionI3d(400, in_channels=3)
    prepare = importlib.import_module("cdfvd.third_party.i3d.utils").preprocess_i3d
    network.load_state_dict(seeded_state(network, I3D_GAIN))
    return every(network.eval()(prepare(seeded_frames(16, 60, 100)[None])), 7)


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    sys.path.insert(0, sys.argv[1])
    with torch.inference_mode():
        record = {make.__name__: make() for make in (raft, amt, musiq, i3d)}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
