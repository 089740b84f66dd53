"""Networks that come as TorchScript files, or as weights for a network of this package.

A TorchScript file is a program, not just numbers: whoever wrote it decides what it computes. Use only files you trust.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from genlevel.errors import NotScorable
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import fill, load_state, torch_or_explain


def is_script(path: Path) -> bool:
    """Whether ``path`` is a TorchScript file: an archive with code in it, where weights alone have none."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
    return any(name.endswith("constants.pkl") for name in names)


@lru_cache(maxsize=4)
def load_network(path: Path, device: str, build: Callable[[], Any]) -> Any:
    """The network of ``build`` with the weights in ``path``, on ``device``.

    Raises:
        NotScorable: if the file holds something else.
    """
    return fill(build(), load_state(path), path).to(device)


@lru_cache(maxsize=4)
def load_script(path: Path, device: str) -> Any:
    """The network in ``path``, on ``device``, ready to use.

    Raises:
        NotScorable: if it is no TorchScript file.
    """
    torch = torch_or_explain()
    try:
        with warnings.catch_warnings():
            # TorchScript is the published format of these files, whatever torch recommends for new ones.
            warnings.simplefilter("ignore")
            return torch.jit.load(str(path), map_location=device).eval()
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotScorable(f"{path}: cannot be read as TorchScript ({first[:120]})") from None


def call_script(network: Any, path: Path, *inputs: Any, **options: Any) -> Any:
    """What a TorchScript ``network`` gives for ``inputs``.

    Raises:
        NotScorable: if it does not take them; then it is another network than expected.
    """
    try:
        with inference(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return network(*inputs, **options)
    except RuntimeError as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or ["RuntimeError"]
        raise NotScorable(f"{path}: is another network than expected ({lines[-1].strip()[:120]})") from None
