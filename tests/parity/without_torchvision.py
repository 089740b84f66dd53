"""Reference packages that import torchvision at their top without needing it for what is compared here.

There is no torchvision for a CPU-only torch in the package registry, so an empty stand-in takes its place during the import.
"""

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence
from typing import Any

import pytest


class _AnyName(type):
    """A class in which every name exists, as an empty class of the same kind."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _AnyName(name, (), {})


class _Anything(types.ModuleType):
    """A module in which every name exists, as an empty class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _AnyName(name, (), {})


class _StandIn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds torchvision and everything below it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.split(".")[0] != "torchvision":
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Anything(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def reference_module(name: str) -> Any:
    """Import ``name`` or skip the test module; torchvision is replaced by a stand-in if it is missing."""
    pytest.importorskip("torch")
    if importlib.util.find_spec("torchvision") is not None:
        return pytest.importorskip(name)
    with contextlib.suppress(ImportError):
        # It asks once and remembers; asked during the import below, it would later look for what is not there.
        from transformers.utils import is_torchvision_available

        assert not is_torchvision_available()
    finder = _StandIn()
    sys.meta_path.append(finder)
    try:
        return pytest.importorskip(name)
    finally:
        sys.meta_path.remove(finder)
        for module in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[module]
