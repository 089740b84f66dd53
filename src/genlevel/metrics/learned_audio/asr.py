"""Speech to text by a local model, so that a spoken answer can be scored as a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import NotScorable
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import Weights, hub_folder, torch_or_explain
from genlevel.metrics.learned_audio.hub import first_line, quiet, transformers_or_explain
from genlevel.metrics.learned_audio.waves import Samples, Wave, as_wave, is_sound

WEIGHTS = Weights("a speech recogniser", "whisper-large-v3", "huggingface.co/openai/whisper-large-v3")
_WINDOW_SECONDS = 30.0
_SEARCH_SECONDS = 5.0
_LOUDNESS_SECONDS = 0.1


def transcripts(answers: Sequence[Any], asr: str = "", *, device: str = "", language: str = "") -> list[Any]:
    """The answers with each sound among them replaced by its transcript; others as they are.

    An empty sound, or one that is not finite, becomes ``None``.

    Args:
        answers: sounds ``(samples, rate)``, texts, or ``None``.
        asr: folder of the recogniser in the Hugging Face layout; if empty, the one below the folder of weights.
        device: e.g. ``cuda``.
        language: for a recogniser of many languages, e.g. ``zh``; if empty it finds out itself.

    Raises:
        NotScorable: if there are sounds and no recogniser.
    """
    if not any(is_sound(answer) for answer in answers):
        return list(answers)
    recogniser = open_recogniser(WEIGHTS.find(asr), pick_device(device))
    found: list[Any] = []
    for row, answer in enumerate(answers):
        if not is_sound(answer):
            found.append(answer)
            continue
        wave = as_wave(answer, f"answer {row} (from 0)")
        found.append(None if wave is None else recogniser.transcribe(wave, language))
    return found


def cut_at_pauses(samples: Samples, rate: int) -> list[Samples]:
    """Pieces of at most 30 s; each cut is at the quietest 0.1 s of the last 5 s before the limit."""
    longest, step = int(_WINDOW_SECONDS * rate), max(1, int(_LOUDNESS_SECONDS * rate))
    pieces = []
    while len(samples) > longest:
        start = longest - int(_SEARCH_SECONDS * rate)
        tail = samples[start:longest].astype(np.float64)
        count = len(tail) // step
        energy = (tail[: count * step].reshape(count, step) ** 2).sum(axis=1)
        cut = start + int(energy.argmin()) * step + step // 2
        pieces.append(samples[:cut])
        samples = samples[cut:]
    return [*pieces, samples]


class Recogniser:
    """A Whisper-like (sequence to sequence) or a CTC model, decoded greedily.

    Raises:
        NotScorable: if transformers or torch is missing or the folder is not such a model.
    """

    def __init__(self, folder: Path, device: str) -> None:
        hub = transformers_or_explain()
        self.torch = torch_or_explain()
        name = hub_folder(folder)
        try:
            with quiet():
                config = hub.AutoConfig.from_pretrained(name, local_files_only=True)
                self.ctc = any(name.endswith("ForCTC") for name in config.architectures or ())
                kind = hub.AutoModelForCTC if self.ctc else hub.AutoModelForSpeechSeq2Seq
                self.model = kind.from_pretrained(name, local_files_only=True).float().eval().to(device)
                self.processor = hub.AutoProcessor.from_pretrained(name, local_files_only=True)
        except Exception as error:
            raise NotScorable(f"{folder}: cannot be read as a speech recogniser ({first_line(error)})") from None
        self.device = device
        self.rate = int(self.processor.feature_extractor.sampling_rate)
        self.many_languages = bool(getattr(self.model.generation_config, "lang_to_id", None)) if not self.ctc else False

    def transcribe(self, wave: Wave, language: str = "") -> str:
        """The words of a sound, pieces of at most 30 s joined by spaces."""
        pieces = cut_at_pauses(wave.at(self.rate), self.rate)
        return " ".join(filter(None, (self._piece(piece, language).strip() for piece in pieces)))

    def _piece(self, samples: Samples, language: str) -> str:
        inputs = self.processor(samples, sampling_rate=self.rate, return_tensors="pt").to(self.device)
        with inference(), quiet():
            if self.ctc:
                tokens = self.model(**inputs).logits.argmax(dim=-1)
                return str(self.processor.batch_decode(tokens)[0])
            options = {"task": "transcribe"} if self.many_languages else {}
            if language and self.many_languages:
                options["language"] = language
            # Greedy, so that the same sound always gives the same words.
            tokens = self.model.generate(**inputs, do_sample=False, num_beams=1, **options)
        return str(self.processor.batch_decode(tokens, skip_special_tokens=True)[0])


@lru_cache(maxsize=1)
def open_recogniser(folder: Path, device: str) -> Recogniser:
    """The recogniser in ``folder``, read once a process."""
    return Recogniser(folder, device)
