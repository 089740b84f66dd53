"""Tasks with sound: asked about it and answered in text, or answered with sound."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import gcd
from typing import TYPE_CHECKING, Any, ClassVar, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import read_label, text_of
from genlevel.tasktypes.keys import first, input_of
from genlevel.tasktypes.media_out import MediaAnswer, only
from genlevel.tasktypes.reading import TextAnswer

if TYPE_CHECKING:
    from genlevel.metrics.base import Metric

__all__ = [
    "AudioCaptioning",
    "AudioClassification",
    "AudioDenoising",
    "AudioQuestionAnswering",
    "AudioToAudio",
    "AutomaticSpeechRecognition",
    "TextToAudio",
]

_RATES: Final = (1_000, 384_000)
# Metrics that hear a sound as it is, with its rate. All others compare sample by sample.
_UNFITTED: Final = frozenset(
    [
        "fad",
        "clap_score",
        "style_clap",
        "chroma_similarity",
        "mcd",
        "mel_distance",
        "predicted_mos",
        "dnsmos",
        "mos",
        "e_acc",
        "wer",
        "cer",
        "cider",
    ]
)
_OF_WORDS: Final = frozenset({"wer", "cer", "cider"})
_FILE: Final = re.compile(r"[^\n]{1,200}\.(?:wav|flac|mp3|ogg|opus|m4a|aiff?)", re.IGNORECASE)


class AudioClassification(TextAnswer):
    """One label for a sound.

    Example: ``{"input": {"audio_file": "a.wav", "options": ["major", "minor"]}, "output": {"text": "major"}}``.
    """

    name = "audio-classification"
    title = "Audio classification"
    answer_format = "the label alone"
    takes = frozenset({"audio", "text"})
    media = "audio"
    reads = "label"
    prompt = "What is heard?"
    form = "Answer with the label alone."
    keys = ("intent_label",)


class AudioQuestionAnswering(TextAnswer):
    """A question about a sound, with a short answer.

    Example: ``{"input": {"audio_file": "a.wav", "question": "How many voices?"}, "output": {"text": "two"}}``.
    """

    name = "audio-question-answering"
    title = "Audio question answering"
    answer_format = "a short answer"
    takes = frozenset({"audio", "text"})
    media = "audio"
    reads = "label"
    prompt = "Answer the question about the sound."
    form = "Answer briefly, with the answer alone."


class AudioCaptioning(TextAnswer):
    """A description of a sound.

    Example: ``{"input": {"audio_file": "a.wav"}, "output": {"text": "A dog barks twice."}}``.
    """

    name = "audio-captioning"
    title = "Audio captioning"
    answer_format = "the caption alone"
    takes = frozenset({"audio", "text"})
    media = "audio"
    prompt = "Describe the sound in one sentence."
    form = "Answer with the description alone."


class AutomaticSpeechRecognition(TextAnswer):
    """The words that are spoken.

    Example: ``{"input": {"audio_file": "a.wav"}, "output": {"text": "good morning"}}``.
    """

    name = "automatic-speech-recognition"
    title = "Automatic speech recognition"
    answer_format = "the words alone"
    takes = frozenset({"audio", "text"})
    media = "audio"
    prompt = "Write down what is said."
    form = "Answer with the words alone."


class AudioAnswer(MediaAnswer):
    """A task answered with sound.

    Metrics that compare sample by sample get float32 (n,), brought to the reference's rate and length. The others get the
    sound as it is, ``(samples, rate)``; metrics of its words or meaning have a text as the reference.
    """

    writes = "sound"
    makes = frozenset({"audio"})
    out = "audio"
    asks = frozenset({"clap_score", "wer", "cer", "cider", "e_acc"})
    reads_aloud: ClassVar[bool] = False
    """Whether the words to be heard stand in the input."""
    free = frozenset({"mos", "predicted_mos", "dnsmos"})
    wishes = ("transcript", "transcription", "target_text", "caption", "text", "description", "prompt")
    output_keys: ClassVar[tuple[str, ...]] = ("audio_file", "audio", "wav", "file", "text")

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Float32 mono samples (n,), or with their rate; ``extra["rate"]`` is their rate in Hz."""
        samples, rate = _mono(part)
        if len(samples) == 0 or not _RATES[0] <= rate <= _RATES[1]:
            raise RecordError(f"{record.where}: the reference has {len(samples)} samples at {rate} Hz")
        return (samples, rate) if self.measured in _UNFITTED else samples, {"rate": rate}

    def wish(self, record: Record, shown: Mapping[str, Any]) -> Any:
        """The words that are to be heard; for ``e_acc`` the emotion, and never the name of a file."""
        output = record.value.get("output")
        spoken = self.measured in _OF_WORDS and not self.reads_aloud
        if spoken and output in (None, "", {}, []):
            return None
        places = [output if isinstance(output, Mapping) else {"text": output}, {} if spoken else shown]
        keys = ("emotion", "label", "style") if self.measured == "e_acc" else self.wishes
        for value in (first(place, key) for place in places for key in keys):
            texts = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str) and v.strip()]
            if texts and not any(_FILE.fullmatch(text.strip()) for text in texts):
                return texts if len(texts) > 1 else texts[0]
        if self.measured in self.free:
            return ""
        raise RecordError(f"{record.where}: has no text to compare with; expected '{keys[0]}'")

    def _reference(self, record: Record) -> tuple[Any, dict[str, Any]]:
        output = record.value.get("output")
        if self.measured == "style_clap" and not (isinstance(output, Mapping) and first(output, "audio_file", "audio")):
            return self.wish(record, input_of(record)), {}
        return super()._reference(record)

    def scoring_needs(self, metric: Metric) -> tuple[str, ...]:
        """Where words are compared, what writes them down too."""
        heard = self.measured in _OF_WORDS and "text" not in self.makes
        return (*metric.needs, "extra: learned", "weights: a speech recogniser") if heard else metric.needs

    def lacks(self, metric: Metric) -> str:
        """The recogniser, where words are compared and the answer cannot be text."""
        if self.measured not in _OF_WORDS or "text" in self.makes:
            return metric.lacks()
        from genlevel.metrics.learned.weights import missing_files, missing_packages
        from genlevel.metrics.learned_audio.asr import WEIGHTS

        needs = self.scoring_needs(metric)
        return metric.lacks() or missing_packages(needs) or missing_files(metric, (("asr", WEIGHTS),))

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float32 mono samples, as many as the reference has: at its rate, cut, or with silence at the end. Else a pair.

        For ``e_acc`` a text beside the sound may hold the emotion that a recogniser heard in it; then that is the answer.

        Raises:
            UnreadableAnswer: no sound, or one that cannot be decoded.
        """
        part = only(parts, "audio")
        try:
            samples, rate = _mono(part)
        except GenlevelError as error:
            raise UnreadableAnswer(str(error)) from None
        if len(samples) == 0 or not _RATES[0] <= rate <= _RATES[1]:
            raise UnreadableAnswer(f"the answer has {len(samples)} samples at {rate} Hz")
        if self.measured == "e_acc" and any(part.kind == "text" and part.text.strip() for part in parts):
            wanted = sample.reference if isinstance(sample.reference, list) else [sample.reference]
            return read_label(text_of(parts), [label for label in wanted if isinstance(label, str)])
        if self.measured in _UNFITTED:
            return samples, rate
        if sample.reference is None:
            return samples
        return _fitted(samples, rate, len(sample.reference), int(sample.extra["rate"]))


def _mono(part: Part) -> tuple[Any, int]:
    """Samples of all channels in the mean, and the rate."""
    import numpy as np

    from genlevel.media import load_audio

    samples, rate = load_audio(part)
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    return np.nan_to_num(mono.astype(np.float32), posinf=1.0, neginf=-1.0), int(rate)


def _fitted(samples: Any, rate: int, length: int, wanted: int) -> Any:
    """Samples at the wanted rate, exactly ``length`` of them."""
    import numpy as np

    # No more is resampled than is used.
    samples = samples[: -(-(length + 64) * rate // wanted) + 64]
    if rate != wanted:
        from scipy.signal import resample_poly

        common = gcd(rate, wanted)
        if max(rate, wanted) // common > 20_000:
            places = np.arange(length) * (rate / wanted)
            samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
        else:
            samples = resample_poly(samples, wanted // common, rate // common).astype(np.float32)
    fitted = np.zeros(length, np.float32)
    count = min(length, len(samples))
    fitted[:count] = samples[:count]
    return fitted


class AudioDenoising(AudioAnswer):
    """A noisy sound made clean.

    Example: ``{"input": {"audio_file": "noisy/a.wav"}, "output": {"audio_file": "clean/a.wav"}}``.
    """

    name = "audio-denoising"
    title = "Audio denoising"
    answer_format = "a sound of the same length"
    takes = frozenset({"audio", "text"})
    media = "audio"
    prompt = "Remove the noise from the sound."


class AudioToAudio(AudioAnswer):
    """A sound changed as the prompt says.

    Example: ``{"input": {"audio_file": "a.wav", "prompt": "An octave lower."}, "output": {"audio_file": "low/a.wav"}}``.
    """

    name = "audio-to-audio"
    title = "Audio to audio"
    answer_format = "a sound"
    takes = frozenset({"audio", "text"})
    media = "audio"
    prompt = "Change the sound."


class TextToAudio(AudioAnswer):
    """A sound made from a description.

    Example: ``{"input": {"prompt": "A tone of 440 Hz for one second."}, "output": {"audio_file": "a.wav"}}``.
    """

    name = "text-to-audio"
    title = "Text to audio"
    answer_format = "a sound"
    takes = frozenset({"text"})
    prompt = ""
