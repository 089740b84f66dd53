"""Checkpoints that answer a prompt: chats with media, models of text alone, and those that take their prompt as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local import readers, unified
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.generation import generate, replies
from genlevel.models.local.parts import alike, frames_of, picture, sound, text_of
from genlevel.models.local.runner import Runner
from genlevel.records import PartKind, Request

__all__ = ["Prompted"]


_ONE_SIZE: Final = frozenset({"emu3"})
"""Models that see the padding around the smaller images of a batch."""
_TRANSLATORS: Final = frozenset({"fsmt", "m2m_100", "marian", "nllb-moe"})
"""Architectures that were made to translate and for nothing else."""


class Prompted(Runner):
    """Generates text; a unified model's image or speech where that is asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self._processor = checkpoint.processor()
        self._tokenizer = getattr(self._processor, "tokenizer", self._processor)
        if not getattr(checkpoint.config, "is_encoder_decoder", False) and hasattr(self._tokenizer, "padding_side"):
            # Prompts of a batch end together: a decoder goes on from the prompt, not from padding.
            self._tokenizer.padding_side = "left"
        self._reader = readers.find(checkpoint)
        self._drawer = unified.find(checkpoint)
        self._template = self._chat_template()
        if self._reader is not None:
            self.task_types = self._reader.task_types
        elif checkpoint.config.model_type in _TRANSLATORS:
            self.task_types = frozenset({"translation"})
        if self._drawer is not None:
            self.makes = self._drawer.makes.union({"text"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Text, and what the processor has parts for; a video is shown as frames."""
        if self._reader is not None:
            return frozenset({"text", "image"})
        kinds: set[PartKind] = {"text"}
        if getattr(self._processor, "image_processor", None) is not None:
            kinds |= {"image", "video"}
        if _ear(self._processor) is not None:
            kinds.add("audio")
        return frozenset(kinds)

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Texts, or what a unified model draws or says."""
        if self._drawer is not None:
            wanted = self._drawer.makes & requests[0].makes
            if wanted and "text" not in requests[0].makes:
                return [self._drawer.make(self, request) for request in requests]
        if self._reader is not None:
            return self._reader.answer(self.checkpoint, requests)
        if self.checkpoint.config.model_type in _ONE_SIZE and len(requests) > 1:
            found: dict[int, Answer] = {}
            for members in alike([_sizes(request) for request in requests]):
                found.update(zip(members, self._texts([requests[index] for index in members]), strict=True))
            return [found[index] for index in range(len(requests))]
        return self._texts(requests)

    def _texts(self, requests: Sequence[Request]) -> list[Answer]:
        inputs = self.inputs(requests)
        made = generate(self.checkpoint, inputs, requests)
        texts = self._tokenizer.batch_decode(made.tokens, skip_special_tokens=True)
        return replies(texts, made)

    def inputs(self, requests: Sequence[Request], *, system: str = "", **more: Any) -> Mapping[str, Any]:
        """The processor's tensors for a batch, on the CPU.

        Args:
            requests: of one kind, so that all have media of the same kinds.
            system: the system message where the user gives none.
            more: further arguments of the processor.
        """
        media = [self._media(request) for request in requests]
        system = self.options.system or system
        texts = [self._prompt(request, shown, system) for request, shown in zip(requests, media, strict=True)]
        arguments: dict[str, Any] = {"padding": True, "return_tensors": "pt", **more}
        start = getattr(self._tokenizer, "bos_token", None)
        if self._template and start and texts[0].startswith(start):
            # The template has written it already.
            arguments["add_special_tokens"] = False
        if self._processor is self._tokenizer:
            inputs = self._tokenizer(texts, **arguments)
        else:
            images = [[thing for kind, thing in shown if kind == "image"] for shown in media]
            sounds = [thing for shown in media for kind, thing in shown if kind == "audio"]
            if any(images):
                arguments["images"] = images
            if sounds:
                arguments |= {"audio": sounds, "sampling_rate": _ear(self._processor).sampling_rate}
            inputs = self._processor(text=texts, **arguments)
        if "token_type_ids" in inputs and "token_type_ids" not in self._forward_names():
            inputs.pop("token_type_ids")
        return dict(inputs)

    def _forward_names(self) -> set[str]:
        import inspect

        return set(inspect.signature(self.checkpoint.model.forward).parameters)

    def _chat_template(self) -> str | None:
        given = self.options.chat_template
        if given == "none":
            return None
        if given:
            return given
        own = getattr(self._processor, "chat_template", None) or getattr(self._tokenizer, "chat_template", None)
        if isinstance(own, dict):
            own = own.get("default")
        return own

    def _media(self, request: Request) -> list[tuple[PartKind, Any]]:
        """The media of a request in order, decoded; a video as images."""
        found: list[tuple[PartKind, Any]] = []
        for part in request.parts:
            if part.kind == "image":
                found.append(("image", picture(part)))
            elif part.kind == "video":
                found += [("image", frame) for frame in frames_of(part, self.options.frames)]
            elif part.kind == "audio":
                found.append(("audio", sound(part, _ear(self._processor).sampling_rate)))
            elif part.kind != "text":
                raise RequestFailed(f"the model takes no {part.kind}", 0)
        return found

    def _prompt(self, request: Request, media: Sequence[tuple[PartKind, Any]], system: str) -> str:
        """The text of a request with the marks of its media, as the chat template writes them."""
        if self._template is None:
            return self._bare(request, media, system)
        if self._processor is self._tokenizer:
            content: Any = text_of(request)
        else:
            content = self._pieces(request, media)
        chat = [{"role": "user", "content": content}]
        if system:
            said: Any = system if isinstance(content, str) else [{"type": "text", "text": system}]
            chat.insert(0, {"role": "system", "content": said})
        try:
            return str(
                self._processor.apply_chat_template(
                    chat, chat_template=self._template, tokenize=False, add_generation_prompt=True
                )
            )
        except Exception as error:  # Jinja's errors, the template's own complaints
            raise RequestFailed(
                f"the chat template does not take the request: {' '.join(str(error).split())}", 0
            ) from None

    def _pieces(self, request: Request, media: Sequence[tuple[PartKind, Any]]) -> list[dict[str, str]]:
        """A chat message's pieces: texts, and a place for each medium, a video's frames among them."""
        videos = sum(part.kind == "video" for part in request.parts)
        single = sum(part.kind in ("image", "audio") for part in request.parts)
        if videos > 1 and (len(media) - single) % videos:
            raise RequestFailed("videos of different numbers of frames cannot be shown together", 0)
        pieces: list[dict[str, str]] = []
        for part in request.parts:
            if part.kind == "text":
                pieces.append({"type": "text", "text": part.text})
            elif part.kind == "video":
                pieces += [{"type": "image"}] * ((len(media) - single) // videos)
            else:
                pieces.append({"type": part.kind})
        return pieces

    def _bare(self, request: Request, media: Sequence[tuple[PartKind, Any]], system: str) -> str:
        """The prompt as it is, behind a mark for each medium where the processor knows marks."""
        marks = [getattr(self._processor, f"{kind}_token", None) or "" for kind, _ in media]
        texts = [system, text_of(request)]
        return "".join(map(str, marks)) + "\n\n".join(text for text in texts if text)


def _sizes(request: Request) -> tuple[tuple[int, int], ...]:
    from genlevel.media import image_size

    return tuple(image_size(part) for part in request.parts if part.kind == "image")


def _ear(processor: Any) -> Any:
    """The part of a processor that takes sound; None without."""
    return getattr(processor, "audio_processor", None) or getattr(processor, "feature_extractor", None)
