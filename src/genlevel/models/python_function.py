"""``python:MODULE:FUNCTION`` or ``python:FILE.py:FUNCTION``: a Python function as a model.

  def answer(request): return "a cat"

The function takes a Request (``request.parts``: text, images, ... in order) and gives the answer: a str, a Part, a list of these,
or a Reply. It may be ``async``; a plain function runs in a thread. What it raises is that sample's failure.

Options, all of which may be left out:
  takes, makes    kinds of part, with commas (default: takes all, makes=text)
  types           types of task, with commas, where it is to be asked no others (default: any)
  batch           call the function with a list of up to so many requests; it gives a list of as many answers
  concurrency     calls at the same time (default: 1 for a plain function, 16 for an async one)
  dispatcher      1 for a system that only routes work to specialists
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.models.base import BatchModel, Model
from genlevel.models.spec import Spec
from genlevel.models.usage import paid
from genlevel.records import PART_KINDS, Part, PartKind, Reply, Request


class PythonModel(Model):
    """A model whose answers come from a function in this process."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str,
        source: str = "",
        takes: frozenset[PartKind] = frozenset(PART_KINDS),
        makes: frozenset[PartKind] = frozenset({"text"}),
        concurrency: int = 0,
        dispatcher: bool = False,
    ) -> None:
        self._function = function
        # An object may have an async __call__.
        self._async = any(inspect.iscoroutinefunction(f) for f in (function, type(function).__call__))
        self._source = source
        self.name = name
        self.takes, self.makes = takes, makes
        self.concurrency = concurrency or (16 if self._async else 1)
        self.dispatcher = dispatcher

    def identity(self) -> Mapping[str, Any]:
        """The function's name and the hash of its files: another version of the code gives other answers."""
        return {"kind": "python", "name": self.name, "source_sha256": self._source}

    async def generate(self, request: Request) -> Reply:
        """Call the function, off the event loop unless it is async."""
        if not self._async:
            return await asyncio.to_thread(lambda: as_reply(_called(self._function, request, [request])))
        try:
            return as_reply(await self._function(request))
        except GenlevelError:
            raise
        except Exception as error:
            raise await asyncio.to_thread(_failure, error, [request]) from error


class PythonBatchModel(PythonModel, BatchModel):
    """A model whose answers come from a function that takes several requests at a time."""

    def __init__(self, function: Callable[..., Any], batch_size: int, **options: Any) -> None:
        super().__init__(function, **options)
        if self._async:
            raise ModelError(f"model 'python:{self.name}': batch is for plain functions; an async one has concurrency")
        self.batch_size = batch_size

    async def generate(self, request: Request) -> Reply:
        """Call the function with a batch of one."""
        return (await asyncio.to_thread(self.generate_batch, [request]))[0]

    def generate_batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Call the function with all requests."""
        values = _called(self._function, list(requests), requests)
        if not isinstance(values, (list, tuple)) or len(values) != len(requests):
            listed = isinstance(values, (list, tuple))
            given = f"{len(values)} answers" if listed else type(values).__name__
            raise RequestFailed(
                f"the function gave {given} to {len(requests)} requests; it has to give a list of as many",
                usage=paid(values if listed else [values]),
            )
        return [as_reply(value) for value in values]


def _called(function: Callable[..., Any], argument: Any, requests: Sequence[Request]) -> Any:
    """The function's value. Whatever it raises, even StopIteration or SystemExit, becomes one sample's failure."""
    try:
        return function(argument)
    except GenlevelError:
        raise
    except (Exception, SystemExit) as error:
        raise _failure(error, requests) from error


def _failure(error: BaseException, requests: Sequence[Request]) -> RequestFailed:
    """What the function raised; for one request with the file that is to blame, as few libraries name it."""
    from genlevel.media.broken import blamed

    reason = f"{type(error).__name__}: {error}"
    return RequestFailed(blamed(reason, requests[0].parts) if len(requests) == 1 else reason)


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
    spec.check(("takes", "makes", "types", "batch", "concurrency", "dispatcher"))
    module_name, _, function_name = spec.name.rpartition(":")
    if not module_name:
        raise ModelError(f"model '{spec}': give the function too, as python:MODULE:FUNCTION")
    module = _import(module_name, spec)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ModelError(f"model '{spec}': {module_name} has no function '{function_name}'")
    options: dict[str, Any] = {
        "name": f"{Path(module_name).stem if module_name.endswith('.py') else module_name}:{function_name}",
        "source": _source_hash(module, function),
        "takes": spec.kinds("takes", frozenset(PART_KINDS)),
        "makes": spec.kinds("makes", frozenset({"text"})),
        "concurrency": spec.integer("concurrency", 0, high=4096),
        "dispatcher": spec.flag("dispatcher"),
    }
    model: PythonModel
    if "batch" in spec.options:
        model = PythonBatchModel(function, spec.integer("batch", 1, low=1, high=100_000), **options)
    else:
        model = PythonModel(function, **options)
    model.task_types = spec.task_types()
    return model


def _source_hash(module: Any, function: Any) -> str:
    """A hash over the named module's file and the file that the function stands in, where that is another one."""
    function = getattr(function, "func", function)  # functools.partial
    kept = [getattr(module, "__file__", None)]
    for thing in (function, inspect.unwrap(function), type(function)):
        with contextlib.suppress(TypeError, OSError):  # a builtin has no file
            kept.append(inspect.getsourcefile(thing))
    files = dict.fromkeys(os.path.realpath(f) for f in kept if f and os.path.isfile(f))
    digests = [hashlib.sha256(Path(f).read_bytes()) for f in files]
    if len(digests) > 1:
        return hashlib.sha256(b"".join(d.digest() for d in digests)).hexdigest()
    return digests[0].hexdigest() if digests else ""


def _import(name: str, spec: Spec) -> Any:
    if name.endswith(".py") and not os.path.isfile(name):
        raise ModelError(f"model '{spec}': there is no file {name}")
    try:
        if not name.endswith(".py"):
            if "" not in sys.path:
                sys.path.insert(0, "")  # a module beside the user, as `python -m` would find it
            return importlib.import_module(name)
        found = importlib.util.spec_from_file_location(Path(name).stem, name)
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        # Where the function's own classes look for their module; under a name that hides no installed package.
        sys.modules.setdefault(Path(name).stem, module)
        found.loader.exec_module(module)
        return module
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ModelError(f"model '{spec}': {name} cannot be imported ({reason})") from None
