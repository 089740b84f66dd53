"""Sound: bytes to samples and back."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genlevel.media.errors import MediaError
from genlevel.media.files import name_of, part_bytes, sniff
from genlevel.media.limits import AUDIO_CHANNELS, AUDIO_VALUES
from genlevel.records import Part

Samples = npt.NDArray[np.float32]

_NO_SOUND: Final = "not a sound that can be read (WAV, FLAC, Ogg, MP3 or AIFF)"


class _Stream(io.BytesIO):
    """Bytes for libsndfile. A broken file makes it seek before the start, and an error in its callback goes to stderr."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def load_audio(part: Part, *, max_values: int = AUDIO_VALUES) -> tuple[Samples, int]:
    """A sound and its rate in Hz: float32 in [-1, 1], shape (n,) for one channel and (n, c) for more.

    WAV, FLAC, Ogg, MP3 and AIFF, as libsndfile reads them. Floating-point files that go beyond ±1 are clipped.

    Raises:
        MediaError: not a sound, no samples, not finite, or more than ``max_values`` samples times channels.
    """
    import soundfile

    name, data = name_of(part), part_bytes(part)
    if not data:
        raise MediaError(f"{name}: the file is empty")
    if not sniff(data[:64]).startswith("audio/"):
        raise MediaError(f"{name}: {_NO_SOUND}")
    try:
        with soundfile.SoundFile(_Stream(data)) as file:
            frames, channels, rate = int(file.frames), int(file.channels), int(file.samplerate)
            if frames <= 0:
                raise MediaError(f"{name}: the sound has no samples")
            if channels > AUDIO_CHANNELS or frames * channels > max_values:
                raise MediaError(
                    f"{name}: {frames} samples of {channels} channels; at most {max_values} values are taken"
                )
            samples: npt.NDArray[Any] = file.read(dtype="float32")
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError, MemoryError):
        raise MediaError(f"{name}: {_NO_SOUND}") from None
    if len(samples) == 0:
        raise MediaError(f"{name}: the sound has no samples")
    if not np.isfinite(samples).all():
        raise MediaError(f"{name}: the sound holds values that are not finite")
    return np.clip(samples, -1.0, 1.0, out=samples), rate


def encode_wav(samples: npt.ArrayLike, rate: int) -> bytes:
    """A 16-bit PCM WAV of samples in [-1, 1], shape (n,) or (n, c); values beyond are clipped.

    A float x becomes round(x * 32767); reading divides by 32768, so a round trip is exact to 1 / 16384.

    Raises:
        MediaError: no samples, wrong shape, not finite, or a rate outside 1..1,000,000 Hz.
    """
    import soundfile

    values = np.asarray(samples, dtype=np.float64)
    if values.ndim not in (1, 2) or values.size == 0 or values.size > AUDIO_VALUES:
        raise MediaError(f"a sound has shape (n,) or (n, channels) and at least one sample, not {values.shape}")
    if values.ndim == 2 and values.shape[1] > AUDIO_CHANNELS:
        raise MediaError(f"a sound has at most {AUDIO_CHANNELS} channels, not {values.shape[1]}")
    if not np.isfinite(values).all():
        raise MediaError("a sound cannot hold values that are not finite")
    if not 1 <= int(rate) <= 1_000_000:
        raise MediaError(f"a sound's rate is 1 to 1000000 Hz, not {rate}")
    stored = np.rint(np.clip(values, -1.0, 1.0) * 32767).astype(np.int16)
    out = io.BytesIO()
    soundfile.write(out, stored, int(rate), format="WAV", subtype="PCM_16")
    return out.getvalue()
