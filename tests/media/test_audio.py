"""Sound against the standard library's wave module and against what was encoded."""

from __future__ import annotations

import contextlib
import io
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genlevel.media import MediaError, encode_wav, load_audio
from genlevel.records import Part

TONE = np.sin(np.arange(4000) / 7).astype(np.float32) * 0.5


@given(hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1, 1)), st.sampled_from([8000, 44100]))
@settings(max_examples=30, deadline=None)
def test_wav_round_trip(samples, rate):
    back, back_rate = load_audio(Part("audio", data=encode_wav(samples, rate)))
    assert back_rate == rate
    assert back.dtype == np.float32
    assert np.abs(back - samples).max() <= 1 / 16384


def test_the_wave_module_reads_what_was_written():
    stereo = np.stack([TONE, -TONE], axis=1)
    with wave.open(io.BytesIO(encode_wav(stereo, 16000))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth(), file.getnframes()) == (2, 16000, 2, 4000)
        stored = np.frombuffer(file.readframes(4000), "<i2").reshape(-1, 2)
    assert np.array_equal(stored, np.rint(stereo.astype(float) * 32767))
    assert load_audio(Part("audio", data=encode_wav(stereo, 16000)))[0].shape == (4000, 2)


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "AIFF"])
def test_other_kinds(kind):
    out = io.BytesIO()
    soundfile.write(out, TONE, 16000, format=kind)
    samples, rate = load_audio(Part("audio", data=out.getvalue()))
    assert rate == 16000
    assert samples.ndim == 1
    assert abs(len(samples) - 4000) < 3000  # MP3 pads with silence
    assert 0.4 < np.abs(samples).max() < 0.62


def test_float_files_are_clipped_and_must_be_finite():
    out = io.BytesIO()
    soundfile.write(out, np.array([0.5, 3.0, -3.0], np.float32), 8000, format="WAV", subtype="FLOAT")
    assert load_audio(Part("audio", data=out.getvalue()))[0].tolist() == [0.5, 1.0, -1.0]
    out = io.BytesIO()
    soundfile.write(out, np.array([0.5, np.nan], np.float32), 8000, format="WAV", subtype="FLOAT")
    with pytest.raises(MediaError, match="not finite"):
        load_audio(Part("audio", data=out.getvalue()))


def test_limits_and_bad_files(tmp_path, capfd):
    good = encode_wav(TONE, 8000)
    with pytest.raises(MediaError, match="4000 samples of 1 channels; at most 3999"):
        load_audio(Part("audio", data=good), max_values=3999)
    path = tmp_path / "a.wav"
    path.write_text("not a sound")
    with pytest.raises(MediaError, match=r"a\.wav: not a sound that can be read"):
        load_audio(Part("audio", path=path))
    for data in (b"", good[:20], good[:44]):
        with pytest.raises(MediaError):
            load_audio(Part("audio", data=data))
    # A header that promises 4 GB gives what is there.
    huge = good[:40] + b"\xff\xff\xff\xff" + good[44:]
    with contextlib.suppress(MediaError):
        assert len(load_audio(Part("audio", data=huge))[0]) <= 4000
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros((2, 2, 2)), np.array([np.inf])])
def test_encode_refuses_what_is_no_sound(samples):
    with pytest.raises(MediaError):
        encode_wav(samples, 8000)
    with pytest.raises(MediaError, match="rate"):
        encode_wav([0.0], 0)


@given(st.binary(max_size=200), st.sampled_from(["", "WAV", "FLAC", "OGG", "MP3", "AIFF"]), st.data())
@settings(max_examples=120, deadline=None)
def test_garbage_never_raises_anything_else(noise, kind, data):
    content = noise
    if kind:
        out = io.BytesIO()
        soundfile.write(out, TONE, 16000, format=kind)
        good = bytearray(out.getvalue())
        at = data.draw(st.integers(0, min(len(good), 200)))
        good[at : at + len(noise)] = noise
        content = bytes(good)
    try:
        samples, rate = load_audio(Part("audio", data=content))
    except MediaError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(samples).all() and rate > 0
