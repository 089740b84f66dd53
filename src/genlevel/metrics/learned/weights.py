"""Which weights a metric needs, where they are published, and where they are looked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from genlevel.errors import NotScorable

ENVIRONMENT = "GENLEVEL_WEIGHTS"
_WRAPPERS = ("state_dict", "model_state_dict", "model", "params_ema", "params")
_PARALLEL = "module."


@dataclass(frozen=True, slots=True)
class Weights:
    """A published file, or folder in the Hugging Face layout. ``sha256`` may be a prefix where only that is published.

    ``others`` are names under which the same thing is also found, looked for after ``file``.
    """

    title: str
    file: str
    published: str
    sha256: str = ""
    others: tuple[str, ...] = ()

    def find(self, given: str = "") -> Path:
        """The path of the weights: ``given`` if any, else ``file`` below the folder that ``GENLEVEL_WEIGHTS`` names.

        Raises:
            NotScorable: in one line, which file, where it is published and where to put it.
        """
        folder = os.environ.get(ENVIRONMENT, "")
        path = Path(given) if given else Path(folder) / self.file
        others = [] if given else [Path(folder) / other for other in self.others]
        for candidate in (path, *others) if given or folder else ():
            if candidate.exists():
                return candidate
        where = f"{path} does not exist" if given or folder else f"{ENVIRONMENT} is not set"
        digest = f", SHA-256 {self.sha256}{'...' if len(self.sha256) < 64 else ''}" if self.sha256 else ""
        raise NotScorable(
            f"needs {self.title}: {self.file} from {self.published}{digest}; put it into the folder that {ENVIRONMENT} names, "
            f"or give weights=PATH ({where})"
        )


# Weights of networks whose modules cannot be imported without torch.
INCEPTION = Weights(
    "the FID Inception network",
    "weights-inception-2015-12-05-6726825d.pth",
    "https://github.com/toshas/torch-fidelity/releases/tag/v0.2.0 (or pt_inception-2015-12-05-6726825d.pth of pytorch-fid)",
    "6726825d",
)
ALEXNET = Weights(
    "torchvision's AlexNet", "alexnet-owt-7be5be79.pth", "https://download.pytorch.org/models/", "7be5be79"
)
VGG16 = Weights("torchvision's VGG16", "vgg16-397923af.pth", "https://download.pytorch.org/models/", "397923af")
_LPIPS = "https://github.com/richzhang/PerceptualSimilarity/tree/master/lpips/weights/v0.1 (or the lpips package)"
LPIPS_HEADS = {
    net: Weights(f"the LPIPS v0.1 heads for {net}", f"lpips-v0.1-{net}.pth", f"{_LPIPS}, there {net}.pth")
    for net in ("alex", "vgg")
}
DISTS_HEADS = Weights(
    "the DISTS weights",
    "dists-weights.pt",
    "https://github.com/dingkeyan93/DISTS/tree/master/DISTS_pytorch, there weights.pt",
)
VGGISH = Weights(
    "VGGish (torchvggish)",
    "vggish-10086976.pth",
    "github.com/harritaylor/torchvggish/releases/tag/v0.1",
    "10086976",
)


def hub_folder(path: Path) -> str:
    """``path`` as a string, if it is a folder with a model's ``config.json``.

    Raises:
        NotScorable: if it is anything else.
    """
    if not (path / "config.json").is_file():
        raise NotScorable(f"{path}: is not a folder in the Hugging Face layout (it has no config.json)")
    return str(path)


def torch_or_explain() -> Any:
    """The torch module.

    Raises:
        NotScorable: naming the extra that brings it.
    """
    try:
        import torch
    except ImportError:
        raise NotScorable("needs torch: pip install 'genlevel[learned]'") from None
    return torch


_EXTRAS = {
    "code": ("tree_sitter", "tree_sitter_python"),
    "onnx": ("onnxruntime",),
    "learned": ("torch", "transformers"),
}


def missing_packages(needs: Sequence[str]) -> str:
    """The first extra or package among a metric's needs that is not installed, in one line; '' where all are."""
    for need in needs:
        kind, _, name = need.partition(": ")
        wanted = _EXTRAS.get(name, ()) if kind == "extra" else (name,) if kind == "package" else ()
        for package in wanted:
            if find_spec(package) is None:
                how = f"genlevel[{name}]" if kind == "extra" else name
                return f"needs {package}: pip install '{how}'"
    return ""


def missing_files(metric: object, files: Iterable[tuple[str, Weights]]) -> str:
    """The first weights that are neither where the metric's option says nor in the folder of weights; '' where all are."""
    for option, weights in files:
        try:
            weights.find(getattr(metric, option))
        except NotScorable as error:
            return str(error)
    return ""


def read_checkpoint(path: Path) -> Any:
    """What a ``.pth``, ``.tar`` or ``.safetensors`` file holds: tensors in dictionaries, and numbers beside them.

    Raises:
        NotScorable: if it holds anything else, is cut off, or is a folder. Nothing but tensors is unpickled.
    """
    torch = torch_or_explain()
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(str(path))
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotScorable(f"{path}: cannot be read as weights ({first[:120]})") from None


def load_state(path: Path) -> dict[str, Any]:
    """A state dict from a file, unwrapped where it lies under one of the usual names, in float32.

    The ``module.`` that training on several GPUs puts before every name is cut off.

    Raises:
        NotScorable: if the file is no state dict. Nothing but tensors is unpickled.
    """
    state = read_checkpoint(path)
    for wrapper in _WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    return as_state(state, path)


def as_state(state: Any, path: Path) -> dict[str, Any]:
    """``state`` if it maps names to tensors, those of half precision as float32."""
    torch = torch_or_explain()
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()) or not state:
        raise NotScorable(f"{path}: is not a state dict (names to tensors)")
    if all(name.startswith(_PARALLEL) for name in state):
        state = {name.removeprefix(_PARALLEL): tensor for name, tensor in state.items()}
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def fill(module: Any, state: dict[str, Any], path: Path, *, unused: tuple[str, ...] = ()) -> Any:
    """Load ``state`` into ``module`` and return it ready to use; every parameter must be there, with its shape.

    Raises:
        NotScorable: naming the first name that is missing or does not fit.
    """
    wanted = module.state_dict()
    for name, tensor in wanted.items():
        if name.endswith("num_batches_tracked"):
            state.setdefault(name, tensor)
        if name not in state:
            raise NotScorable(f"{path}: has no '{name}', so these are other weights than expected")
        if state[name].shape != tensor.shape:
            raise NotScorable(f"{path}: '{name}' has shape {tuple(state[name].shape)}, expected {tuple(tensor.shape)}")
    extra = [n for n in state if n not in wanted and not n.startswith(unused)]
    if extra and unused != ("",):
        raise NotScorable(f"{path}: holds '{extra[0]}', so these are other weights than expected")
    module.load_state_dict({n: state[n] for n in wanted})
    return module.eval().requires_grad_(False)
