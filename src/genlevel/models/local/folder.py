"""A checkpoint's folder: found, checked, and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from genlevel.errors import ModelError
from genlevel.models.spec import Spec

__all__ = ["find_folder", "folder_sha256", "read_config"]

_WHOLE: Final = 64 * 2**20
"""Files of up to so many bytes are hashed whole."""
_BLOCK: Final = 64 * 2**10
_BLOCKS: Final = 64
_IGNORED: Final = frozenset({".md", ".png", ".jpg", ".jpeg", ".gif", ".lock"})
_CONFIG_BYTES: Final = 16 * 2**20


def find_folder(spec: Spec, revision: str = "", download: bool = False) -> Path:
    """The folder that a SPEC names: a path, or a hub id whose files are in the local cache.

    Nothing is fetched unless ``download`` is on.

    Raises:
        ModelError: there is no such folder, and no such model in the cache.
    """
    path = Path(spec.name).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise ModelError(f"model '{spec}': {path} is a file; give the checkpoint's folder")
    if not _is_hub_id(spec.name):
        raise ModelError(f"model '{spec}': there is no folder {path}")
    return _from_hub(spec, revision, download)


def _is_hub_id(name: str) -> bool:
    owner, slash, rest = name.partition("/")
    return bool(owner and slash and rest) and "/" not in rest and not name.startswith((".", "~", "/"))


def _from_hub(spec: Spec, revision: str, download: bool) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ModelError(
            f"model '{spec}': there is no such folder, and for a hub id pip install 'genlevel[transformers]' is missing"
        ) from None
    try:
        found = snapshot_download(spec.name, revision=revision or None, local_files_only=not download)
    except Exception as error:  # offline, no such repository, gated, no space: many classes, each with its own words
        reason = " ".join(str(error).split())[:200] if download else "it is not in the local cache"
        advice = "" if download else "; give a folder, or add download=1 to fetch it"
        raise ModelError(f"model '{spec}': there is no such folder, and as a hub id: {reason}{advice}") from None
    return Path(found)


def read_config(folder: Path, spec: Spec) -> dict[str, Any]:
    """The folder's ``config.json``.

    Raises:
        ModelError: it is missing or no JSON object.
    """
    path = folder / "config.json"
    try:
        if path.stat().st_size > _CONFIG_BYTES:
            raise ModelError(f"model '{spec}': {path} is larger than {_CONFIG_BYTES} bytes")
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ModelError(
            f"model '{spec}': {folder} has no config.json; give the folder that save_pretrained wrote"
        ) from None
    except OSError as error:
        raise ModelError(f"model '{spec}': {path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise ModelError(f"model '{spec}': {path} is no JSON") from None
    if not isinstance(config, dict):
        raise ModelError(f"model '{spec}': {path} is no JSON object")
    return config


def folder_sha256(folder: Path) -> str:
    """A hash of a checkpoint's files by name: of each up to 64 MiB whole, of larger ones in samples.

    Of a larger file count its size, its first mebibyte (where a safetensors file lists its tensors), its end, and 64 blocks of
    64 KiB at equal distances. Training moves all weights, so another checkpoint of the same shape differs there; a change of a
    few bytes elsewhere is not seen. Times do not count, nor do pictures, readmes and hidden files.
    """
    digest = hashlib.sha256()
    for name, path in sorted(_files(folder).items()):
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(_file_digest(path))
    return digest.hexdigest()


def _files(folder: Path) -> Mapping[str, Path]:
    found = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if not hidden and len(relative.parts) <= 3 and path.suffix.lower() not in _IGNORED and path.is_file():
            found[relative.as_posix()] = path
    return found


def _file_digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        digest.update(f"{size}\0".encode())
        with path.open("rb") as file:
            if size <= _WHOLE:
                while block := file.read(2**20):
                    digest.update(block)
                return digest.digest()
            digest.update(file.read(2**20))
            for step in range(_BLOCKS):
                file.seek((size - _BLOCK) * (step + 1) // _BLOCKS)
                digest.update(file.read(_BLOCK))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.digest()
