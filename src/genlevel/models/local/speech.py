"""Speech: to text (Whisper and its kin, CTC), and from text (VITS, Bark, MusicGen)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.generation import generate, replies
from genlevel.models.local.labels import only_sound, takes_padding_for_sound
from genlevel.models.local.parts import question_of, sound
from genlevel.models.local.runner import OneByOne, Runner, said
from genlevel.records import Part, PartKind, Reply, Request

__all__ = ["Ctc", "Speech", "Voice"]

_SECONDS: Final = 30
"""What Whisper hears at a time; longer sounds are gone through piece by piece."""


class Speech(Runner):
    """Whisper, Moonshine, Speech2Text and others that write what they hear."""

    task_types = frozenset({"automatic-speech-recognition"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Sounds; the text of a request is not read."""
        return frozenset({"audio", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Transcripts. Whisper's long and short sounds go in batches of their own."""
        extractor = self.checkpoint.processor("feature_extractor")
        rate = int(extractor.sampling_rate)
        waves = [sound(only_sound(request), rate) for request in requests]
        long = [self._whisper and len(wave) > _SECONDS * rate for wave in waves]
        found: list[Answer | None] = [None] * len(requests)
        for length in (False, True):
            members = [index for index, is_long in enumerate(long) if is_long is length]
            if members:
                given = self._transcribe([waves[i] for i in members], [requests[i] for i in members], rate, long=length)
                for index, answer in zip(members, given, strict=True):
                    found[index] = answer
        return [answer for answer in found if answer is not None]

    @property
    def _whisper(self) -> bool:
        return bool(self.checkpoint.config.model_type == "whisper")

    def _transcribe(self, waves: Sequence[Any], requests: Sequence[Request], rate: int, *, long: bool) -> list[Answer]:
        extractor = self.checkpoint.processor("feature_extractor")
        more: dict[str, Any] = {} if self._whisper and not long else {"padding": True}
        said_more: dict[str, Any] = {}
        if self._whisper:
            more["return_attention_mask"] = True
            if long:
                more |= {"padding": "longest", "truncation": False}
                said_more["return_timestamps"] = True
            if self.options.language:
                said_more["language"] = self.options.language
        inputs = extractor(list(waves), sampling_rate=rate, return_tensors="pt", **more)
        made = generate(self.checkpoint, inputs, requests, **said_more)
        processor = self.checkpoint.processor()
        tokenizer = getattr(processor, "tokenizer", processor)
        return replies(tokenizer.batch_decode(made.tokens, skip_special_tokens=True), made)


class Ctc(Runner):
    """wav2vec2, HuBERT and others with a letter for each moment."""

    task_types = frozenset({"automatic-speech-recognition"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Sounds; the text of a request is not read."""
        return frozenset({"audio", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Transcripts; one by one where the model takes padding for sound."""
        import torch

        processor = self.checkpoint.processor()
        extractor = processor.feature_extractor
        if len(requests) > 1 and takes_padding_for_sound(extractor):
            return [answer for request in requests for answer in self.answer([request])]
        rate = int(extractor.sampling_rate)
        waves = [sound(only_sound(request), rate) for request in requests]
        inputs = self.checkpoint.put(extractor(waves, sampling_rate=rate, padding=True, return_tensors="pt"))
        with torch.inference_mode():
            tokens = self.checkpoint.model(**inputs).logits.argmax(dim=-1)
        texts = processor.batch_decode(tokens)
        return [said(text) if text.strip() else RequestFailed("the model heard nothing") for text in texts]


class Voice(OneByOne):
    """VITS, Bark, MusicGen: a sound from a text."""

    makes: frozenset[PartKind] = frozenset({"audio"})

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        kind = str(checkpoint.config.model_type)
        plays, speaks = kind == "bark" or kind.startswith("musicgen"), not kind.startswith("musicgen")
        self.task_types = frozenset(["text-to-audio"] * plays + ["text-to-speech"] * speaks)

    @property
    def takes(self) -> frozenset[PartKind]:
        """Text: what is to be said or played."""
        return frozenset({"text"})

    def one(self, request: Request) -> Answer:
        """The sound of a text, drawn from its own seed."""
        import torch

        from genlevel.media import encode_wav
        from genlevel.models.local.unified import seeded

        model = self.checkpoint.model
        processor = self.checkpoint.processor()
        given = self.checkpoint.put(processor(text=[question_of(request)], return_tensors="pt"))
        with torch.inference_mode(), seeded(request.seed, model.device):
            made = model.generate(**given) if model.can_generate() else model(**given).waveform
        wave = made.float().reshape(-1).cpu().numpy()
        return Reply((Part("audio", data=encode_wav(wave, self._rate()), media_type="audio/wav"),))

    def _rate(self) -> int:
        model = self.checkpoint.model
        places = (model.config, getattr(model.config, "audio_encoder", None), getattr(model, "generation_config", None))
        for place in places:
            for name in ("sampling_rate", "sample_rate"):
                rate = getattr(place, name, None)
                if isinstance(rate, int) and rate > 0:
                    return rate
        raise RequestFailed("the checkpoint does not say how many samples a second it makes", 0)
