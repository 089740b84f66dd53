"""Video: MP4 round trips, folders of frames, and files that are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.media import MediaError, encode_mp4, encode_png, load_frames
from genlevel.records import Part


def moving_square(frames: int = 6) -> np.ndarray:
    video = np.full((frames, 48, 64, 3), 60, np.uint8)
    for t in range(frames):
        video[t, 10:26, 4 * t : 4 * t + 16] = (220, 40, 90)
    return video


def test_mp4_round_trip_from_bytes_and_file(tmp_path):
    video = moving_square()
    data = encode_mp4(video, 8)
    back = load_frames(Part("video", data=data))
    assert back.shape == video.shape
    assert back.dtype == np.uint8
    assert np.abs(back.astype(int) - video).mean() < 4  # lossy
    assert back[0, 18, 8, 0] > 180 > 120 > back[0, 18, 8, 1]  # red stays red: channels in order
    path = tmp_path / "a.MP4"
    path.write_bytes(data)
    assert np.array_equal(load_frames(Part("video", path=path)), back)


def test_folder_of_frames_in_order_of_numbers(tmp_path):
    for i in (10, 2, 1):
        (tmp_path / f"frame{i}.png").write_bytes(encode_png(np.full((4, 5, 3), i, np.uint8)))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_text("x")
    frames = load_frames(Part("video", path=tmp_path))
    assert frames[:, 0, 0, 0].tolist() == [1, 2, 10]
    with pytest.raises(MediaError, match="at most 2"):
        load_frames(Part("video", path=tmp_path), limit=2)
    (tmp_path / "frame3.png").write_bytes(encode_png(np.zeros((4, 6, 3), np.uint8)))
    with pytest.raises(MediaError, match="frame 2 is"):
        load_frames(Part("video", path=tmp_path))


def test_empty_folder_and_missing_file(tmp_path):
    with pytest.raises(MediaError, match="no frames"):
        load_frames(Part("video", path=tmp_path))
    with pytest.raises(MediaError, match="no such file"):
        load_frames(Part("video", path=tmp_path / "a.mp4"))


def test_limit_and_truncation(capfd):
    data = encode_mp4(moving_square(), 8)
    with pytest.raises(MediaError, match="more than 5 frames"):
        load_frames(Part("video", data=data), limit=5)
    for cut in (0, 7, 40, len(data) // 2):
        with pytest.raises(MediaError) as caught:
            load_frames(Part("video", data=data[:cut]))
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "ffconcat version 1.0\nfile '/etc/hostname'\n", "just text"],
)
def test_playlists_never_reach_the_decoder(tmp_path, text):
    path = tmp_path / "a.mp4"
    path.write_text(text)
    with pytest.raises(MediaError, match="not a video that can be read"):
        load_frames(Part("video", path=path))


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 4, 4)),
        np.zeros((2, 4, 4, 4), np.uint8),
        np.zeros((0, 4, 4, 3), np.uint8),
        np.zeros((2, 5, 4, 3), np.uint8),
    ],
)
def test_encode_refuses_what_is_no_video(frames):
    with pytest.raises(MediaError):
        encode_mp4(frames, 8)


def test_encode_refuses_odd_rates():
    for fps in (0, float("nan"), 1e9):
        with pytest.raises(MediaError, match="rate"):
            encode_mp4(moving_square(2), fps)


GOOD = encode_mp4(moving_square(3), 8)


@given(st.binary(max_size=100), st.integers(0, len(GOOD)))
@settings(max_examples=40, deadline=None)
def test_garbage_never_raises_anything_else(noise, at):
    data = bytearray(GOOD)
    data[at : at + len(noise)] = noise
    try:
        load_frames(Part("video", data=bytes(data)), limit=50)
    except MediaError as error:
        assert "\n" not in str(error)
