"""Tasks between images and sounds or signals: sound to image, brain waves to image, image to speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from genlevel.errors import GenlevelError, NotScorable, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import TEXT_LIMIT, read_label, read_text, text_of
from genlevel.tasktypes.audio import AudioAnswer
from genlevel.tasktypes.keys import first, input_of, media_of, names_media, resolve, texts
from genlevel.tasktypes.media_out import only
from genlevel.tasktypes.pictures import PictureAnswer
from genlevel.tasktypes.prompts import compose

if TYPE_CHECKING:
    from genlevel.metrics.base import Metric

__all__ = ["AudioToImage", "EegToImage", "ImageToAudio"]

_VALUES: Final = 500_000
"""Most numbers of one recording."""
_TEXTS: Final = ("caption", "captions", "transcript", "description", "text", "label", "category", "class")
_EEG: Final = ("eeg_file", "eeg", "signal_file", "signal")


def said(record: Record, keys: Sequence[str] = _TEXTS) -> list[str]:
    """Texts in a record's output; none where it names a file alone."""
    output = record.value.get("output")
    if isinstance(output, Mapping):
        key = next((k for k in keys if first(output, k) is not None), None)
        value = None if key is None else first(output, key)
    else:
        value = output
    if value in (None, "", [], {}) or (
        isinstance(value, str) and names_media("image_file", [value]) and _is_file(value)
    ):
        return []
    return texts(value, record.where)


def _is_file(name: str) -> bool:
    return name.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".wav", ".mp3", ".flac", ".ogg"))


class AudioToImage(PictureAnswer):
    """A picture of what is heard.

    Example: ``{"input": {"audio_file": "a.wav"}, "output": {"caption": "a barking dog", "image_file": "dog/a.png"}}``. For
    CLIPScore the caption is what the picture is compared with, for all else the picture.
    """

    name = "audio-to-image"
    title = "Audio to image"
    answer_format = "an image"
    takes = frozenset({"audio", "text"})
    media = "audio"
    prompt = "Make the picture that fits the sound."
    # Captions stand under more names here.
    asks = frozenset()

    def _reference(self, record: Record) -> tuple[Any, dict[str, Any]]:
        captions = said(record)
        output = record.value.get("output")
        pictured = (
            isinstance(output, Mapping) and first(output, "image_file", "image", "target_file", "file") is not None
        )
        if captions and (self.measured == "clip_score" or not pictured):
            return captions, {"captions": True}
        return super()._reference(record)

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Uint8 (H, W, 3), of the reference's size where that is a picture."""
        if sample.extra.get("captions"):
            sample = Sample(sample.id, sample.input)
        return super().parse(parts, sample)


class EegToImage(PictureAnswer):
    """A picture of what somebody saw while the brain waves were taken.

    Example: ``{"input": {"eeg_file": "a.npy", "rate": 1000}, "output": {"label": "piano", "image_file": "piano/a.png"}}``.
    The waves are an array (channels, samples) and are shown as a table. For accuracy the answer needs, beside the picture,
    the label that a classifier of pictures gave it, as text: name that classifier beside the score.
    """

    name = "eeg-to-image"
    title = "EEG to image"
    answer_format = "an image, and for accuracy the label that a classifier gave it, as text"
    takes = frozenset({"text"})
    makes = frozenset({"image", "text"})
    prompt = "Make the picture that was seen while these brain waves were taken."

    def read(self, record: Record) -> Sample:
        """The reference is uint8 (H, W, 3), or for accuracy the labels."""
        shown = input_of(record)
        key = next((k for k in _EEG if first(shown, k) is not None), None)
        value = None if key is None else first(shown, key)
        if value is None:
            raise RecordError(f"{record.where}: 'input' names no EEG file; expected 'eeg_file'")
        waves = _waves(record, value)
        rate = first(shown, "rate", "sampling_rate", "sample_rate")
        hidden = (*_EEG, "rate", "sampling_rate", "sample_rate")
        given = f" at {rate:g} Hz" if isinstance(rate, (int, float)) and not isinstance(rate, bool) else ""
        head = f"EEG of {waves.shape[0]} channels, a line each, with {waves.shape[1]} samples{given}:"
        table = "\n".join(" ".join(f"{n:.4g}" for n in row) for row in waves)
        text = f"{compose(shown, self.prompt, hidden=hidden)}\n{head}\n{table}"
        parts = (*media_of(record, {k: v for k, v in shown.items() if k != key}), Part("text", text))
        reference, extra = self._reference(record)
        return Sample(record.id, parts, reference, (), extra)

    def scoring_needs(self, metric: Metric) -> tuple[str, ...]:
        """For accuracy the label of a classifier of pictures."""
        return ("recogniser",) if self.measured == "accuracy" else metric.needs

    def _reference(self, record: Record) -> tuple[Any, dict[str, Any]]:
        labels = said(record, ("label", "category", "class", "text", "caption"))
        output = record.value.get("output")
        pictured = (
            isinstance(output, Mapping) and first(output, "image_file", "image", "target_file", "file") is not None
        )
        if labels and (self.measured in ("accuracy", "clip_score") or not pictured):
            return labels, {"labels": True}
        return super()._reference(record)

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Uint8 (H, W, 3); for accuracy the label that stands beside the picture.

        Raises:
            UnreadableAnswer: no picture.
            NotScorable: for accuracy, no label of it.
        """
        labelled = bool(sample.extra.get("labels"))
        image = super().parse(parts, Sample(sample.id, sample.input) if labelled else sample)
        if not labelled or self.measured == "clip_score":
            return image
        if not any(part.kind == "text" and part.text.strip() for part in parts):
            raise NotScorable("accuracy needs the label that a classifier gave each picture, as text beside it")
        return read_label(text_of(parts), sample.reference)


def _waves(record: Record, value: Any) -> Any:
    """Float64 (channels, samples)."""
    import numpy as np

    from genlevel.tasktypes.arrays import load_array, number_array

    array: Any
    if isinstance(value, str):
        try:
            array = load_array(Part("points", path=resolve(record, value)))
        except RecordError:
            raise
        except GenlevelError as error:
            raise RecordError(f"{record.where}: {error}") from None
    else:
        array = number_array(value)
    if array is None or array.ndim not in (1, 2) or array.dtype.kind not in "iuf" or not 0 < array.size <= _VALUES:
        raise RecordError(
            f"{record.where}: an EEG is an array (channels, samples) of 1 to {_VALUES} numbers, as NPY or list"
        )
    waves = np.atleast_2d(array).astype(np.float64)
    if not np.isfinite(waves).all():
        raise RecordError(f"{record.where}: the EEG must be finite")
    return waves


class ImageToAudio(AudioAnswer):
    """A picture described in speech, or the sound that it makes.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"text": ["A dog barks."], "audio_file": "a.wav"}}``. Where a text
    is compared (CIDEr and the like), the answer is its words: as text, or as speech that the metric's recogniser writes down.
    """

    name = "image-to-audio"
    title = "Image to audio"
    answer_format = "a sound; for a spoken description its words as text will do too"
    takes = frozenset({"image", "text"})
    makes = frozenset({"audio", "text"})
    media = "image"
    prompt = "Describe the image aloud."
    asks = frozenset()

    def _reference(self, record: Record) -> tuple[Any, dict[str, Any]]:
        words = said(record)
        output = record.value.get("output")
        sound = isinstance(output, Mapping) and first(output, "audio_file", "audio", "wav", "file") is not None
        if words and (not sound or self.measured in _OF_WORDS):
            return words, {"words": True}
        return super()._reference(record)

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float32 samples as for other sounds; where words count, a text or ``(samples, rate)``.

        Raises:
            UnreadableAnswer: neither sound nor, where words count, text.
        """
        if not sample.extra.get("words"):
            return super().parse(parts, sample)
        if any(part.kind == "text" and part.text.strip() for part in parts):
            return read_text(text_of(parts, TEXT_LIMIT))
        from genlevel.media import load_audio

        try:
            samples, rate = load_audio(only(parts, "audio"))
        except UnreadableAnswer:
            raise
        except GenlevelError as error:
            raise UnreadableAnswer(str(error)) from None
        return samples, int(rate)


_OF_WORDS: Final = frozenset(
    {
        "cider",
        "wer",
        "cer",
        "meteor",
        "meteor_15",
        "spice",
        "bleu1",
        "bleu2",
        "bleu3",
        "bleu4",
        "rouge1",
        "rouge2",
        "rouge_l",
    }
)
