"""Images against Pillow, an independent codec, and against what was encoded."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genlevel.errors import GenlevelError
from genlevel.media import MediaError, encode_png, image_size, load_image, load_mask, media_type, part_bytes
from genlevel.records import Part

Pillow = pytest.importorskip("PIL.Image")
RNG = np.random.default_rng(5)
PICTURE = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)


def saved(image, kind: str, **options) -> Part:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return Part("image", data=out.getvalue())


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9).map(lambda s: (*s, 3))))
@settings(max_examples=30, deadline=None)
def test_png_round_trip(pixels):
    part = Part("image", data=encode_png(pixels))
    assert np.array_equal(load_image(part), pixels)
    assert image_size(part) == pixels.shape[:2]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP"])
def test_lossless_kinds_as_pillow_wrote_them(kind):
    part = saved(Pillow.fromarray(PICTURE), kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert np.array_equal(load_image(part), PICTURE)
    assert image_size(part) == (13, 17)


@pytest.mark.parametrize("kind", ["GIF", "JPEG"])
def test_lossy_kinds_as_pillow_reads_them(kind):
    part = saved(Pillow.fromarray(PICTURE).resize((170, 130)), kind)
    with Pillow.open(io.BytesIO(part.data)) as image:
        expected = np.asarray(image.convert("RGB"), int)
    assert np.abs(load_image(part) - expected).mean() < 1
    assert image_size(part) == (130, 170)


def test_grey_becomes_three_equal_channels():
    pixels = load_image(saved(Pillow.fromarray(PICTURE[:, :, 0]), "PNG"))
    assert pixels.shape == (13, 17, 3)
    assert np.array_equal(pixels[:, :, 2], PICTURE[:, :, 0])


def test_16_bit_is_scaled_and_a_mask_keeps_it():
    deep = np.array([[0, 257, 32768, 65535]], np.uint16)
    part = Part("image", data=encode_png(deep))
    assert load_image(part)[0, :, 0].tolist() == [0, 1, 128, 255]
    assert load_mask(part).dtype == np.uint16
    assert np.array_equal(load_mask(part), deep)


def test_transparency_is_laid_on_white():
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    assert load_image(Part("image", data=encode_png(rgba)))[0].tolist() == [[10, 20, 30], [255] * 3, [204] * 3]


def test_jpeg_is_turned_upright():
    wide = Pillow.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 8, 0).repeat(16, 1))
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to view
    turned = load_image(saved(wide, "JPEG", exif=exif))
    assert turned.shape == (32, 8, 3)
    assert turned[2, 4, 0] < 50 < 200 < turned[29, 4, 0]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("colour", [0, 3])
def test_mask_gives_stored_values(bits, colour):
    labels = RNG.integers(0, 2**bits, (6, 11), dtype=np.uint8)
    data = raw_png(labels, bits, colour)
    with Pillow.open(io.BytesIO(data)) as image:
        if colour == 3:
            assert np.array_equal(np.asarray(image), labels)  # Pillow agrees on what the palette's indices are
    assert np.array_equal(load_mask(Part("image", data=data)), labels)


def raw_png(labels: np.ndarray, bits: int, colour: int) -> bytes:
    """A PNG written here, with any bit depth and a random palette."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = b"".join(b"\0" + pack(row, bits) for row in labels)
    palette = RNG.integers(0, 256, 3 * 2**bits, dtype=np.uint8).tobytes()
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", labels.shape[1], labels.shape[0], bits, colour, 0, 0, 0)),
            chunk(b"PLTE", palette) if colour == 3 else b"",
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def pack(row: np.ndarray, bits: int) -> bytes:
    text = "".join(f"{value:0{bits}b}" for value in row)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def test_coloured_image_is_no_mask():
    with pytest.raises(MediaError, match="coloured"):
        load_mask(Part("image", data=encode_png(PICTURE)))
    grey = np.repeat(PICTURE[:, :, :1], 3, axis=2)
    assert np.array_equal(load_mask(Part("image", data=encode_png(grey))), grey[:, :, 0])


def test_npy_mask(tmp_path):
    labels = np.arange(12, dtype=np.int32).reshape(3, 4)
    np.save(tmp_path / "m.npy", labels)
    assert np.array_equal(load_mask(Part("image", path=tmp_path / "m.npy")), labels)
    np.save(tmp_path / "m.npy", labels / 2)
    with pytest.raises(MediaError, match="whole numbers"):
        load_mask(Part("image", path=tmp_path / "m.npy"))


def test_an_image_that_is_text_says_so(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(MediaError, match=r"a\.png: not an image that can be read \(it is text\)"):
        load_image(Part("image", path=path))
    with pytest.raises(MediaError, match="it is text"):
        image_size(Part("image", path=path))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_truncated_and_empty(kind, capfd):
    data = saved(Pillow.fromarray(PICTURE).resize((64, 64)), kind).data
    for cut in (0, 1, 10, len(data) // 2, len(data) - 3):
        with pytest.raises(MediaError) as caught:
            load_image(Part("image", data=data[:cut]))
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_absurd_size_is_refused_before_decoding():
    data = bytearray(encode_png(np.zeros((4, 4), np.uint8)))
    data[16:24] = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    with pytest.raises(MediaError, match="2147483647 x 2147483647 pixels; at most"):
        load_image(Part("image", data=bytes(data)))
    with pytest.raises(MediaError, match="at most 100 are taken"):
        load_image(Part("image", data=encode_png(PICTURE)), max_pixels=100)


def test_bytes_limit_and_odd_files(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(bytes(100))
    assert part_bytes(Part("image", path=path), 100) == bytes(100)
    for part in (Part("image", path=path), Part("image", data=bytes(100))):
        with pytest.raises(MediaError, match="100 bytes"):
            part_bytes(part, 99)
    for path, words in ((tmp_path / "no", "cannot be read"), (tmp_path, "not a regular file|cannot be read")):
        with pytest.raises(MediaError, match=words):
            load_image(Part("image", path=path))
    with pytest.raises(MediaError, match="neither data nor a path"):
        part_bytes(Part("image"))
    with pytest.raises(MediaError, match="not a regular file"):
        part_bytes(Part("image", path=Path("/dev/zero")))


def test_media_type_by_given_suffix_then_content(tmp_path):
    path = tmp_path / "PHOTO.JPG"
    path.write_bytes(encode_png(PICTURE))
    assert media_type(Part("image", path=path)) == "image/jpeg"
    assert media_type(Part("image", path=path, media_type="image/x")) == "image/x"
    path = path.rename(tmp_path / "photo.bin")
    assert media_type(Part("image", path=path)) == "image/png"
    assert media_type(Part("image", data=encode_png(PICTURE))) == "image/png"
    assert media_type(Part("text", text="a")) == "text/plain"


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros((2, 2, 2), np.uint8), np.zeros((0, 2), np.uint8)])
def test_encode_refuses_what_is_no_image(array):
    with pytest.raises(MediaError):
        encode_png(array)


@given(st.binary(max_size=300), st.sampled_from(["", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]), st.data())
@settings(max_examples=150, deadline=None)
def test_garbage_never_raises_anything_else(noise, kind, data):
    """Plain noise, and noise written over a good file."""
    content = noise
    if kind:
        good = bytearray(saved(Pillow.fromarray(PICTURE), kind).data)
        at = data.draw(st.integers(0, len(good)))
        good[at : at + len(noise)] = noise
        content = bytes(good)
    for load in (load_image, load_mask, image_size):
        try:
            load(Part("image", data=content))
        except GenlevelError as error:
            assert isinstance(error, MediaError)
            assert "\n" not in str(error)
