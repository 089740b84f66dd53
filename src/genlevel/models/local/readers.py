"""Models that read an image without a chat: captioners, readers of text and of documents.

Each of these architectures has its own way to be asked; the library's documentation of the class says which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.generation import Generated, generate, replies
from genlevel.models.local.parts import alike, only_image, question_of
from genlevel.records import Request

__all__ = ["Reader", "find"]

_CAPTIONS: Final = frozenset({"image-captioning", "image-to-text"})
_QUESTIONS: Final = frozenset({"multiple-choice-visual-question-answering", "visual-question-answering"})
_DOCUMENTS: Final[Mapping[str, frozenset[str]]] = {
    "<s_docvqa>": _QUESTIONS,
    "<s_rvlcdip>": frozenset({"image-classification"}),
}
"""What Donut's checkpoints are made for, by their task's token; the others write down what they read."""


class Reader:
    """How one architecture is asked: ``inputs`` makes its tensors, ``texts`` reads what it writes; and what it is made for."""

    def __init__(
        self,
        task_types: frozenset[str],
        inputs: Callable[[Checkpoint, Sequence[Request]], Mapping[str, Any]],
        texts: Callable[[Checkpoint, Generated], list[str]] | None = None,
        prompted: bool = False,
    ) -> None:
        self.task_types = task_types
        self._inputs = inputs
        self._texts = texts or _plain
        self._prompted = prompted

    def _length(self, checkpoint: Checkpoint, request: Request) -> int:
        return len(_tokenizer(checkpoint)(question_of(request))["input_ids"]) if self._prompted else 0

    def answer(self, checkpoint: Checkpoint, requests: Sequence[Request]) -> list[Answer]:
        """What the model writes for each image."""
        found: dict[int, Answer] = {}
        # A decoder with places of its own takes no padding in front of a prompt, so prompts of one length share a call.
        for members in alike([self._length(checkpoint, request) for request in requests]):
            chosen = [requests[index] for index in members]
            made = generate(checkpoint, self._inputs(checkpoint, chosen), chosen)
            found.update(zip(members, replies(self._texts(checkpoint, made), made), strict=True))
        return [found[index] for index in range(len(requests))]


def find(checkpoint: Checkpoint) -> Reader | None:
    """The reader for an architecture; None for those that are prompted."""
    kind = checkpoint.config.model_type
    if kind == "vision-encoder-decoder":
        tokens = _task_tokens(checkpoint)
        if not tokens:
            return Reader(_CAPTIONS, _pixels)
        return Reader(_DOCUMENTS.get(tokens[0], frozenset({"image-to-text"})), _document, _fields, prompted=True)
    if kind == "pix2struct":
        asked = checkpoint.processor().image_processor.is_vqa
        return Reader(_QUESTIONS if asked else _CAPTIONS, _patches)
    return _BY_TYPE.get(kind)


def _plain(checkpoint: Checkpoint, made: Generated) -> list[str]:
    tokenizer = _tokenizer(checkpoint)
    found: list[str] = tokenizer.batch_decode(made.tokens, skip_special_tokens=True)
    return found


def _tokenizer(checkpoint: Checkpoint) -> Any:
    processor = checkpoint.processor()
    return getattr(processor, "tokenizer", processor)


def _pictures(requests: Sequence[Request]) -> list[Any]:
    return [only_image(request) for request in requests]


def _pixels(checkpoint: Checkpoint, requests: Sequence[Request]) -> Mapping[str, Any]:
    """The image alone (TrOCR, BLIP captioning)."""
    processor = checkpoint.processor()
    images = processor.image_processor(_pictures(requests), return_tensors="pt")
    return {"pixel_values": images["pixel_values"]}


def _captioned(checkpoint: Checkpoint, requests: Sequence[Request]) -> Mapping[str, Any]:
    """GIT: the image alone for a caption; behind a start token, a question goes on from the image."""
    found = dict(_pixels(checkpoint, requests))
    if requests[0].task_type in _CAPTIONS:
        return found
    tokenizer = _tokenizer(checkpoint)
    start = [] if tokenizer.cls_token_id is None else [tokenizer.cls_token_id]
    ids = [start + tokenizer(question_of(r), add_special_tokens=False)["input_ids"] for r in requests]
    return {**found, **tokenizer.pad({"input_ids": ids}, padding=True, return_tensors="pt")}


def _patches(checkpoint: Checkpoint, requests: Sequence[Request]) -> Mapping[str, Any]:
    """Pix2Struct: a question is drawn above the image where the checkpoint was trained so."""
    processor = checkpoint.processor()
    arguments: dict[str, Any] = {}
    if processor.image_processor.is_vqa:
        arguments["header_text"] = [question_of(request) for request in requests]
    return dict(processor.image_processor(_pictures(requests), return_tensors="pt", **arguments))


def _document(checkpoint: Checkpoint, requests: Sequence[Request]) -> Mapping[str, Any]:
    """Donut: the decoder begins with the token of the task, and of a question."""
    import torch

    tokenizer = _tokenizer(checkpoint)
    tokens = _task_tokens(checkpoint)
    if "<s_docvqa>" in tokens:
        starts = [f"<s_docvqa><s_question>{question_of(r)}</s_question><s_answer>" for r in requests]
    else:
        starts = [tokens[0]] * len(requests)
    rows = [tokenizer(start, add_special_tokens=False)["input_ids"] for start in starts]
    return {**_pixels(checkpoint, requests), "decoder_input_ids": torch.tensor(rows)}


def _task_tokens(checkpoint: Checkpoint) -> list[str]:
    """The tokens that tell a Donut checkpoint what to do; none for other readers."""
    known = _tokenizer(checkpoint).get_added_vocab()
    first = ("<s_docvqa>", "<s_cord-v2>", "<s_rvlcdip>", "<s_iitcdip>", "<s_synthdog>")
    return [token for token in first if token in known]


def _fields(checkpoint: Checkpoint, made: Generated) -> list[str]:
    """What Donut wrote: the answer or class alone, or all fields as JSON."""
    processor = checkpoint.processor()
    tokenizer = _tokenizer(checkpoint)
    texts = []
    for row in tokenizer.batch_decode(made.tokens):
        for token in (tokenizer.eos_token, tokenizer.pad_token):
            row = row.replace(token, "") if token else row
        fields = processor.token2json(re.sub(r"\A\s*<s_answer>", "", row).removesuffix("</s_answer>"))
        if isinstance(fields, dict) and "text_sequence" in fields:
            texts.append(str(fields["text_sequence"]))
        elif (
            isinstance(fields, dict) and len(fields) == 1 and not isinstance(next(iter(fields.values())), (dict, list))
        ):
            texts.append(str(next(iter(fields.values()))))
        else:
            texts.append(json.dumps(fields, ensure_ascii=False))
    return texts


_BY_TYPE: Final[Mapping[str, Reader]] = {
    "blip": Reader(_CAPTIONS, _pixels),
    "git": Reader(_CAPTIONS | _QUESTIONS, _captioned, prompted=True),
}
