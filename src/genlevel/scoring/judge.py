"""A language model as a judge: asked one prompt after another while a task is scored."""

from __future__ import annotations

import asyncio
from types import TracebackType

from genlevel import models
from genlevel.errors import RequestFailed
from genlevel.records import Part, Request


class Judge:
    """From prompt to reply, by the model of a SPEC. Use as a context manager.

    A request that fails for good gives an empty reply: the judge failed, and the sample is left to the coverage.

    Raises:
        ModelError: when no request can work.
    """

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self._model = models.load(spec)
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Judge:
        self._loop.run_until_complete(self._model.start(()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._model.close())
        self._loop.close()

    def __call__(self, prompt: str) -> str:
        """The judge's reply to a prompt."""
        request = Request("judge", "", "text-generation", (Part("text", prompt),))
        try:
            reply = self._loop.run_until_complete(self._model.generate(request))
        except RequestFailed:
            return ""
        return "\n".join(part.text for part in reply.parts if part.kind == "text")
