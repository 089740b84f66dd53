"""``python:MODULE:FUNCTION`` or ``python:FILE.py:FUNCTION``: a Python function as a model.

The function takes a Request (``request.parts``: text, images, ... in order) and gives the answer: a string, a Part, a list of
Parts, or a Reply. It may be ``async``. Options: ``makes`` (kinds it can give, e.g. ``makes=text,image``; default text), ``takes``
(default all), ``concurrency`` (default 1 for a plain function, 16 for an async one), ``dispatcher=1`` for a system that
only routes work to specialists.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.spec import Spec
from genlevel.records import PART_KINDS, Part, PartKind, Reply, Request


class PythonModel(Model):
    """A model whose answers come from a function in this process."""

    def __init__(
        self,
        function: Callable[[Request], Any],
        *,
        name: str,
        source: str = "",
        takes: frozenset[PartKind] = frozenset(PART_KINDS),
        makes: frozenset[PartKind] = frozenset({"text"}),
        concurrency: int = 0,
        dispatcher: bool = False,
    ) -> None:
        self._function = function
        self._async = inspect.iscoroutinefunction(function)
        self._source = source
        self.name = name
        self.takes, self.makes = takes, makes
        self.concurrency = concurrency or (16 if self._async else 1)
        self.dispatcher = dispatcher

    def identity(self) -> Mapping[str, Any]:
        """The function's name and the hash of its file: another version of the code gives other answers."""
        return {"kind": "python", "name": self.name, "source_sha256": self._source}

    async def generate(self, request: Request) -> Reply:
        """Call the function, off the event loop unless it is async."""
        try:
            if self._async:
                value = await self._function(request)
            else:
                value = await asyncio.to_thread(self._function, request)
        except GenlevelError:
            raise
        except Exception as error:
            raise RequestFailed(f"{type(error).__name__}: {error}") from error
        return as_reply(value)


def as_reply(value: Any) -> Reply:
    """What a user's function gave, as a Reply.

    Raises:
        RequestFailed: if it is nothing that can be an answer.
    """
    if isinstance(value, Reply):
        return value
    parts = value if isinstance(value, (list, tuple)) else [value]
    made = [Part("text", part) if isinstance(part, str) else part for part in parts]
    for part in made:
        if not isinstance(part, Part):
            raise RequestFailed(
                f"the function gave {type(part).__name__}; an answer is a str, a Part, a list of these or a Reply"
            )
    return Reply(tuple(made))


def from_spec(spec: Spec) -> PythonModel:
    """The model of a SPEC."""
    spec.check(("takes", "makes", "concurrency", "dispatcher"))
    module_name, _, function_name = spec.name.rpartition(":")
    if not module_name:
        raise ModelError(f"model '{spec}': give the function too, as python:MODULE:FUNCTION")
    module = _import(module_name, spec)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ModelError(f"model '{spec}': {module_name} has no function '{function_name}'")
    file = getattr(module, "__file__", None)
    return PythonModel(
        function,
        name=f"{Path(module_name).stem if module_name.endswith('.py') else module_name}:{function_name}",
        source=hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else "",
        takes=_kinds(spec, "takes", frozenset(PART_KINDS)),
        makes=_kinds(spec, "makes", frozenset({"text"})),
        concurrency=int(spec.number("concurrency", 0, high=4096)),
        dispatcher=spec.text("dispatcher", "0") not in {"0", "false", "no"},
    )


def _kinds(spec: Spec, option: str, default: frozenset[PartKind]) -> frozenset[PartKind]:
    if option not in spec.options:
        return default
    kinds = {kind.strip() for kind in spec.options[option].split(",")}
    for kind in kinds:
        if kind not in PART_KINDS:
            raise ModelError(f"model '{spec}': {option}={kind} is no kind of part ({', '.join(PART_KINDS)})")
    return frozenset(cast("set[PartKind]", kinds))


def _import(name: str, spec: Spec) -> Any:
    try:
        if not name.endswith(".py"):
            if "" not in sys.path:
                sys.path.insert(0, "")  # a module beside the user, as `python -m` would find it
            return importlib.import_module(name)
        path = Path(name)
        if not path.is_file():
            raise ModelError(f"model '{spec}': there is no file {name}")
        found = importlib.util.spec_from_file_location(path.stem, path)
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules[path.stem] = module
        found.loader.exec_module(module)
        return module
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"model '{spec}': {name} cannot be imported ({type(error).__name__}: {error})") from None
