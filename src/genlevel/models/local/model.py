"""The model of a ``transformers:`` SPEC: a checkpoint and the family that knows how to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.base import Dataset
from genlevel.errors import RequestFailed
from genlevel.models.base import Model
from genlevel.models.batching import Answer, BatchSizes, answer_in_batches, release
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.folder import folder_sha256
from genlevel.models.local.options import read_options
from genlevel.models.local.runner import Runner
from genlevel.models.spec import Spec
from genlevel.records import Reply, Request

__all__ = ["TransformersModel"]

_FORM: Final = 1
"""Raised when requests are put in other words or answers converted in another way: stored answers then are others."""


class TransformersModel(Model):
    """A local checkpoint. Weights are loaded at the start of a run, once; batches run in a thread, one at a time."""

    def __init__(self, spec: Spec) -> None:
        self._options = read_options(spec)
        self._checkpoint = Checkpoint(self._options)
        module, _, name = self._checkpoint.family.runner.partition(":")
        self._runner: Runner = getattr(import_module(module), name)(self._checkpoint)
        self.name = self._checkpoint.folder.name if self._checkpoint.folder.name else spec.name
        self.takes = spec.kinds("takes", self._runner.takes)
        self.makes = spec.kinds("makes", self._runner.makes)
        self.task_types = spec.task_types(self._runner.task_types)
        self.batch_size = self._options.window
        self._sizes = BatchSizes(most=self._options.max_batch, fixed=self._options.batch)
        self._sha256 = ""

    def identity(self) -> Mapping[str, Any]:
        """The files' hash, the library, the precision and everything of the SPEC that changes an answer.

        Not the device and the batch size: they move numbers in the last digits only.
        """
        import torch
        import transformers

        options = self._options
        self._sha256 = self._sha256 or self._checkpoint.sha256
        given = {
            name: options.spec.options[name]
            for name in ("task", "attn", "chat_template", "system", "threshold", "language", "frames", "takes", "makes")
            if name in options.spec.options
        }
        if options.chat_template:
            given["chat_template"] = options.chat_template
        if options.detector:
            given["detector"] = folder_sha256(Path(options.detector))
        return {
            "kind": "transformers",
            "name": self.name,
            "sha256": self._sha256,
            "family": self._checkpoint.family.name,
            "dtype": options.dtype,
            **options.generation,
            **given,
            "transformers": transformers.__version__,
            "torch": torch.__version__.partition("+")[0],
            "form": _FORM,
        }

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Load the weights, off the event loop."""
        await asyncio.to_thread(self._checkpoint.load)

    async def generate(self, request: Request) -> Reply:
        """Answer one request."""
        (answer,) = await self.generate_many([request])
        if isinstance(answer, RequestFailed):
            raise answer
        return answer

    async def generate_many(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Answer requests in batches, off the event loop."""
        return await asyncio.to_thread(self._answers, requests)

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        return answer_in_batches(requests, self._runner.answer, self._sizes, free=release)

    async def close(self) -> None:
        """Let go of the weights."""
        self._checkpoint.model = None
