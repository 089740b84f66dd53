"""Audio tasks of the starter set: tones, chords and timbres to name, sounds to clean, repair and make."""

from __future__ import annotations

import numpy as np

from genlevel.starter.base import RATE, Array, Item, StarterTask, pick, wav

NOTES = ("C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B")
CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7), "diminished": (0, 3, 6), "augmented": (0, 4, 8)}
TIMBRES = ("flute", "clarinet", "violin", "bell", "plucked string", "drum")
INSTRUMENTS = ("organ", "piano", "clarinet", "bell")
PLAYED = (0, 2, 4, 7, 9)
"""The notes of tone synthesis, in semitones above C."""
SECONDS = 0.4


def frequency(semitones: float, octave: int = 4) -> float:
    """Hz of the note ``semitones`` above C of an octave; A of octave 4 is 440."""
    return float(440.0 * 2.0 ** ((semitones - 9) / 12 + octave - 4))


def times(seconds: float = SECONDS) -> Array:
    """The time of every sample, in seconds."""
    return np.arange(int(seconds * RATE)) / RATE


def tone_recognition(rng: np.random.Generator) -> Item:
    """A tone of any octave from 3 to 5, slightly out of tune, with overtones, under loud noise."""
    note = int(rng.integers(len(NOTES)))
    f = frequency(note + rng.normal(0, 0.12), int(rng.integers(3, 6)))
    sound = _partials(rng, f, rng.uniform(0.2, 1.0, 4) / np.arange(1, 5))
    asked = {
        "audio_file": wav(_with_noise(rng, sound, rng.uniform(1.0, 6.0))),
        "prompt": "Which note is it?",
        "options": list(NOTES),
    }
    return Item(asked, {"text": NOTES[note]})


def chord_recognition(rng: np.random.Generator) -> Item:
    """Three tones of one chord in any inversion, under noise."""
    kind, root = pick(rng, CHORDS), int(rng.integers(12))
    inversion = int(rng.integers(3))
    steps = [step + (12 if i < inversion else 0) for i, step in enumerate(CHORDS[kind])]
    sound = sum(
        (_partials(rng, frequency(root + s, 3), rng.uniform(0.3, 1.0, 3) / np.array([1, 2, 3])) for s in steps),
        np.zeros(int(SECONDS * RATE)),
    )
    asked = {
        "audio_file": wav(_with_noise(rng, sound, rng.uniform(0.5, 3.0))),
        "prompt": "Which kind of chord is it?",
        "options": list(CHORDS),
    }
    return Item(asked, {"text": kind})


def timbre_classification(rng: np.random.Generator) -> Item:
    """A note as six instruments would play it, simplified."""
    timbre, f = pick(rng, TIMBRES), frequency(rng.uniform(0, 24), 3)
    t = times()
    n = np.arange(1, 9)
    if timbre == "flute":
        sound = _partials(rng, f, np.array([1, 0.25, 0.1])) * _rise(t, 0.06)
    elif timbre == "clarinet":
        sound = _partials(rng, f, np.where(n % 2, 1.0 / n, 0.04)) * _rise(t, 0.03)
    elif timbre == "violin":
        shake = f * (t + 0.004 / (2 * np.pi * 6) * np.sin(2 * np.pi * 6 * t))
        sound = sum((np.sin(2 * np.pi * k * shake) / k for k in n if k * f < RATE / 2), np.zeros(t.size)) * _rise(
            t, 0.08
        )
    elif timbre == "bell":
        sound = sum(
            (
                np.sin(2 * np.pi * f * q * t) * np.exp(-t * d)
                for q, d in ((1, 4), (2.76, 7), (5.4, 11))
                if f * q < RATE / 2
            ),
            np.zeros(t.size),
        )
    elif timbre == "plucked string":
        sound = _partials(rng, f, 1.0 / n) * np.exp(-7 * t)
    else:
        sound = (rng.normal(0, 0.5, t.size) + np.sin(2 * np.pi * 0.4 * f * t)) * np.exp(-14 * t)
    noise = _with_noise(rng, sound, rng.uniform(0.1, 0.5))
    return Item(
        {"audio_file": wav(noise), "prompt": "Which instrument is it?", "options": list(TIMBRES)}, {"text": timbre}
    )


def noise_removal(rng: np.random.Generator) -> Item:
    """A short melody under white noise."""
    clean = melody(rng)
    return Item(
        {"audio_file": wav(clean + rng.normal(0, rng.uniform(0.05, 0.15), clean.size)), "prompt": "Remove the noise."},
        {"audio_file": wav(clean)},
    )


def clipping_repair(rng: np.random.Generator) -> Item:
    """A melody recorded too loud: its peaks are cut off."""
    clean = melody(rng)
    limit = rng.uniform(0.4, 0.65) * np.abs(clean).max()
    return Item(
        {
            "audio_file": wav(np.clip(clean, -limit, limit)),
            "prompt": "The peaks of this sound are cut off. Restore them.",
        },
        {"audio_file": wav(clean)},
    )


def tone_synthesis(rng: np.random.Generator) -> Item:
    """A note on an instrument, which the prompt names but does not describe."""
    instrument, note = pick(rng, INSTRUMENTS), pick(rng, PLAYED)
    prompt = f"{NOTES[note]} of octave 4 (A is 440 Hz) on the {instrument}, {SECONDS} seconds at {RATE} Hz."
    t, f = times(), frequency(note + rng.normal(0, 0.004))
    phase = 2 * np.pi * f * t
    if instrument == "organ":
        sound = sum((np.sin(k * phase) / k**0.5 for k in (1, 2, 4, 8)), np.zeros(t.size)) * _rise(t, 0.02)
    elif instrument == "piano":
        sound = sum((np.sin(k * phase) / k * np.exp(-4 * k * t) for k in range(1, 6)), np.zeros(t.size))
    elif instrument == "clarinet":
        sound = sum((np.sin(k * phase) / k for k in (1, 3, 5)), np.zeros(t.size)) * _rise(t, 0.05)
    else:
        sound = np.sin(phase + 1.5 * np.exp(-6 * t) * np.sin(1.4 * phase)) * np.exp(-5 * t)
    return Item({"prompt": prompt}, {"audio_file": wav(_scaled(sound, rng.uniform(0.5, 0.8)))})


def melody(rng: np.random.Generator) -> Array:
    """Four notes in a row, at most 0.8 loud."""
    length = int(SECONDS * RATE) // 4
    t = np.arange(length) / RATE
    notes = []
    for _ in range(4):
        f = frequency(int(rng.integers(0, 20)), 4)
        tone = sum((a * np.sin(2 * np.pi * k * f * t) for k, a in ((1, 1.0), (2, 0.4), (3, 0.2))), np.zeros(length))
        notes.append(tone * np.minimum(1.0, t / 0.005) * np.exp(-t * rng.uniform(2, 9)))
    return _scaled(np.concatenate(notes), rng.uniform(0.5, 0.8))


def _partials(rng: np.random.Generator, f: float, weights: Array) -> Array:
    """Overtones of ``f`` with these weights and random phases; none above half the rate."""
    t = times()
    sound = np.zeros(t.size)
    for k, weight in enumerate(weights, 1):
        if k * f < RATE / 2:
            sound += weight * np.sin(2 * np.pi * k * f * t + rng.uniform(0, 2 * np.pi))
    return sound


def _rise(t: Array, seconds: float) -> Array:
    return np.minimum(1.0, t / seconds)


def _scaled(sound: Array, peak: float) -> Array:
    result: Array = sound * (peak / max(float(np.abs(sound).max()), 1e-9))
    return result


def _with_noise(rng: np.random.Generator, sound: Array, share: float) -> Array:
    """The sound with white noise of ``share`` of its power's root, at most 0.8 loud."""
    level = share * float(np.sqrt(np.mean(sound**2)))
    return _scaled(sound + rng.normal(0, level, sound.size), 0.8)


TASKS = (
    StarterTask(
        "tone-recognition",
        "audio",
        "comprehension",
        "Pitch recognition",
        "audio-classification",
        "accuracy",
        "harmonic product spectrum",
        tone_recognition,
        test=24,
        train=48,
    ),
    StarterTask(
        "chord-recognition",
        "audio",
        "comprehension",
        "Chord recognition",
        "audio-classification",
        "accuracy",
        "chroma templates",
        chord_recognition,
        test=24,
        train=48,
    ),
    StarterTask(
        "timbre-classification",
        "audio",
        "comprehension",
        "Instrument recognition",
        "audio-classification",
        "accuracy",
        "cepstrum + SVM",
        timbre_classification,
        test=24,
        train=48,
    ),
    StarterTask(
        "noise-removal",
        "audio",
        "generation",
        "Audio restoration",
        "audio-denoising",
        "si_sdr",
        "spectral gating",
        noise_removal,
        test=16,
        train=32,
    ),
    StarterTask(
        "clipping-repair",
        "audio",
        "generation",
        "Audio restoration",
        "audio-to-audio",
        "si_sdr",
        "projections in the cosine domain",
        clipping_repair,
        test=16,
        train=32,
    ),
    StarterTask(
        "tone-synthesis",
        "audio",
        "generation",
        "Audio synthesis",
        "text-to-audio",
        "si_sdr",
        "additive oscillator",
        tone_synthesis,
        test=16,
        train=80,
    ),
)
