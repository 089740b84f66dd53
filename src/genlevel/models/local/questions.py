"""Specialists of visual question answering: BLIP, which writes its answer, and ViLT, which chooses it."""

from __future__ import annotations

from collections.abc import Sequence

from genlevel.models.batching import Answer
from genlevel.models.local.generation import generate, replies
from genlevel.models.local.labels import likeliest
from genlevel.models.local.parts import alike, only_image, question_of
from genlevel.models.local.runner import Runner, said
from genlevel.records import PartKind, Request

__all__ = ["VisualQuestions"]


class VisualQuestions(Runner):
    """A question about an image, answered in a word or two."""

    task_types = frozenset({"image-counting", "multiple-choice-visual-question-answering", "visual-question-answering"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images and text."""
        return frozenset({"image", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """The question alone is asked, without the words on how to answer."""
        tokenizer = self.checkpoint.processor().tokenizer
        # BLIP's decoder looks at padding too, so only questions of one length share a call.
        lengths = [len(tokenizer(question_of(request))["input_ids"]) for request in requests]
        found: dict[int, Answer] = {}
        for members in alike(lengths):
            found.update(zip(members, self._answers([requests[index] for index in members]), strict=True))
        return [found[index] for index in range(len(requests))]

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        import torch

        processor = self.checkpoint.processor()
        images, texts = [only_image(r) for r in requests], [question_of(r) for r in requests]
        inputs = processor(images=images, text=texts, padding=True, truncation=True, return_tensors="pt")
        if self.checkpoint.model.can_generate():
            made = generate(self.checkpoint, inputs, requests)
            return replies(processor.tokenizer.batch_decode(made.tokens, skip_special_tokens=True), made)
        with torch.inference_mode():
            rows = self.checkpoint.model(**self.checkpoint.put(inputs)).logits.float().tolist()
        names = {int(number): str(name) for number, name in self.checkpoint.config.id2label.items()}
        return [said(likeliest(row, names, r.choices)) for row, r in zip(rows, requests, strict=True)]
