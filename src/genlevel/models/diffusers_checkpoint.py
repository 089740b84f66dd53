"""A diffusers checkpoint before a weight is loaded: what it can do, whether it is safe to load, and what tells it from others."""

from __future__ import annotations

import hashlib
import importlib
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genlevel.errors import ModelError
from genlevel.models.diffusers_ways import Way, WayName, ways_of
from genlevel.records import PartKind

__all__ = ["Checkpoint", "fingerprint", "open_checkpoint", "quiet"]

_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".msgpack"})
_BLOCKS, _BLOCK = 64, 64 * 1024
_SMALL: Final = 16 * 2**20


@dataclass(frozen=True)
class Checkpoint:
    """A folder in the form that diffusers saves, and the ways in which it can be asked."""

    folder: Path
    pipeline: type
    ways: Mapping[WayName, Way]

    @property
    def takes(self) -> frozenset[PartKind]:
        """The kinds of part that some way takes."""
        kinds: set[PartKind] = {"text"}
        if self.ways.keys() & {"image", "mask", "control"}:
            kinds.add("image")
        if "video" in self.ways:
            kinds.add("video")
        return frozenset(kinds)

    @property
    def makes(self) -> frozenset[PartKind]:
        """The kinds of part that some way makes."""
        return frozenset(way.makes for way in self.ways.values())


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' warnings and progress on stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in ("transformers", "diffusers"):
            logging = importlib.import_module(f"{library}.utils.logging")
            logging.set_verbosity_error()
            logging.disable_progress_bar()
        yield


def open_checkpoint(folder: Path, *, controlnet: bool, pickled: bool) -> Checkpoint:
    """Look at a checkpoint's files.

    Args:
        folder: as ``save_pretrained`` writes it, with a ``model_index.json``.
        controlnet: whether there is a ControlNet to go with it.
        pickled: whether weights in Python's pickle format are taken.

    Raises:
        ModelError: it is no such folder, or needs code or weights that are not taken, or nothing that genlevel can ask.
    """
    index = _json(folder / "model_index.json")
    name = index.get("_class_name")
    if not isinstance(name, str):
        raise ModelError(f"{folder}: the pipeline is code of its own ({name}); such checkpoints are not run")
    _check_components(folder, index, pickled)
    with quiet():
        import diffusers

        base = getattr(diffusers, name, None)
        if not (isinstance(base, type) and issubclass(base, diffusers.DiffusionPipeline)):
            raise ModelError(f"{folder}: diffusers {diffusers.__version__} has no pipeline '{name}'")
        found = ways_of(base, frozenset(index), _shares_weights(folder), controlnet)
    if not found:
        raise ModelError(f"{folder}: a {name} cannot be asked with text, images or a video; its kind is not supported")
    if controlnet and "control" not in found:
        raise ModelError(f"{folder}: there is no pipeline of a {name} with a ControlNet")
    return Checkpoint(folder, base, found)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); give a folder in the form that diffusers saves"
        ) from None
    except ValueError as error:
        raise ModelError(f"{path}: is no JSON ({' '.join(str(error).split())})") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path}: is no JSON object")
    return value


def _check_components(folder: Path, index: Mapping[str, Any], pickled: bool) -> None:
    """Refuse code that comes with the checkpoint, and pickled weights, which are code when they are read."""
    for name, entry in index.items():
        if not isinstance(entry, list) or len(entry) != 2 or name.startswith("_"):
            continue
        if Path(name).name != name:
            raise ModelError(f"{folder}: component '{name}' is no name of a folder")
        part = folder / name
        if entry[0] is None or not part.is_dir():
            continue
        if any(part.glob("*.py")):
            raise ModelError(f"{part}: holds Python code; checkpoints with code of their own are not run")
        pickles = sorted(file.name for file in part.iterdir() if file.suffix.lower() in _PICKLES)
        if pickles and not pickled and not any(part.glob("*.safetensors")):
            raise ModelError(
                f"{part}: {pickles[0]} is a pickle, which can run code when it is read; "
                "save it as safetensors, or give pickle=1 if you trust it"
            )


def _shares_weights(folder: Path) -> bool:
    """Whether a UNet takes plain latents, so that other pipelines of its family can use it.

    One for inpainting or editing takes the mask or the source in further channels.
    """
    unet, vae = folder / "unet" / "config.json", folder / "vae" / "config.json"
    if not (unet.is_file() and vae.is_file()):
        return True
    return bool(_json(unet).get("in_channels") == _json(vae).get("latent_channels"))


def fingerprint(folder: Path) -> str:
    """A SHA-256 over a checkpoint: names and sizes of its files, the small ones whole, of weights blocks at equal distances.

    Fine-tunes of one model differ in every part of their weights, and reading all of many gigabytes would take minutes.

    Raises:
        ModelError: a file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = sorted(p for p in folder.rglob("*") if p.is_file() and not any(s.startswith(".") for s in p.parts[-1:]))
        for path in files:
            size = path.stat().st_size
            digest.update(f"{path.relative_to(folder).as_posix()} {size}\0".encode("utf-8", "surrogateescape"))
            with path.open("rb") as file:
                if size <= _SMALL:
                    digest.update(file.read())
                    continue
                for number in range(_BLOCKS):
                    file.seek(number * (size - _BLOCK) // (_BLOCKS - 1))
                    digest.update(file.read(_BLOCK))
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()
