"""Specimens of tasks with sound."""

from __future__ import annotations

import numpy as np

from genlevel.records import Part
from genlevel.specimens.base import (
    NOUNS,
    Array,
    Maker,
    Rng,
    Specimen,
    frames,
    one,
    png,
    said,
    sentence,
    shown,
    tone,
    wav,
)
from genlevel.specimens.draw import film, scene

_EMOTIONS = ("happy", "sad", "calm")


def classification(rng: Rng, metric: str) -> Specimen:
    """High or low."""
    label = one(rng, ("high", "low"))
    wave = np.sin(np.arange(2400) * (0.8 if label == "high" else 0.2)) * 0.5
    return Specimen({"audio_file": wav(wave), "options": ["high", "low"]}, {"text": label}, said(label))


def question(rng: Rng, metric: str) -> Specimen:
    """A question about a sound; where sentences are compared, the answer is one."""
    answer = f"a {one(rng, NOUNS)}" if metric == "accuracy" else sentence(rng)
    return Specimen({"audio_file": wav(tone(rng)), "question": "What is to be heard?"}, {"text": answer}, said(answer))


def caption(rng: Rng, metric: str) -> Specimen:
    """What is to be heard."""
    text = sentence(rng)
    return Specimen({"audio_file": wav(tone(rng))}, {"text": text}, said(text))


def _heard(metric: str, label: str) -> tuple[Part, ...]:
    """The emotion that a recogniser heard, which E-Acc needs beside the sound."""
    return said(label) if metric == "e_acc" else ()


def _noisy(rng: Rng, wave: Array) -> Array:
    return np.asarray(np.clip(wave + rng.normal(0, 0.05, len(wave)), -1, 1))


def from_sound(rng: Rng, metric: str) -> Specimen:
    """A sound with noise, and without; with its words and its mood."""
    wave, mood = tone(rng), one(rng, _EMOTIONS)
    clean = wav(wave, "clean")
    output = {"audio_file": clean, "transcript": sentence(rng), "emotion": mood}
    given = {"audio_file": wav(_noisy(rng, wave), "noisy"), "prompt": f"Make it sound {mood}, without the noise."}
    return Specimen(given, output, (*shown("audio", clean), *_heard(metric, mood)))


def from_text(rng: Rng, metric: str) -> Specimen:
    """A sound from its description."""
    file = wav(tone(rng))
    return Specimen({"prompt": sentence(rng)}, {"audio_file": file}, shown("audio", file))


def speech(rng: Rng, metric: str) -> Specimen:
    """A text, and it read aloud."""
    file = wav(tone(rng))
    given = {"text": sentence(rng), "prompt": "Read the text aloud."}
    return Specimen(given, {"audio_file": file}, shown("audio", file))


def from_image(rng: Rng, metric: str) -> Specimen:
    """A picture described aloud; its words will do."""
    made = scene(rng, 1)
    text = f"A {made.things[0].label} on a grey ground."
    return Specimen({"image_file": png(made.image)}, {"text": [text]}, said(text))


def from_video(rng: Rng, metric: str) -> Specimen:
    """The sound of a video."""
    file = wav(tone(rng))
    return Specimen({"video_folder": frames(film(rng).frames)}, {"audio_file": file}, shown("audio", file))


MAKERS: dict[str, Maker] = {
    "audio-classification": classification,
    "audio-question-answering": question,
    "audio-captioning": caption,
    "automatic-speech-recognition": caption,
    "audio-denoising": from_sound,
    "audio-to-audio": from_sound,
    "text-to-audio": from_text,
    "text-to-speech": speech,
    "image-to-audio": from_image,
    "video-to-audio": from_video,
}
