"""The endpoints for media: what is posted, what is read, and what can go wrong. Fields are those of the official client."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from openai.types.audio.speech_create_params import SpeechCreateParams
from openai.types.audio.transcription_create_params import TranscriptionCreateParamsBase
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase
from PIL import Image

from genlevel import models
from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_mp4, encode_png, encode_wav
from genlevel.models.http import Retries
from genlevel.records import Part, Reply, Request, Usage
from tests.media_servers import MediaServer, serve_media

PNG = encode_png(np.full((4, 6, 3), 200, np.uint8))
MASK = encode_png(np.repeat(np.array([[0, 255, 0], [0, 255, 255]], np.uint8)[..., None], 3, axis=2))
WAV = encode_wav(np.zeros(800, np.float32), 16000)
DRAWN = {
    "created": 1,
    "data": [{"b64_json": base64.b64encode(PNG).decode()}],
    "usage": {"input_tokens": 9, "output_tokens": 40},
}


@pytest.fixture(autouse=True)
def no_key_and_no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(Retries, "wait", lambda self, n, asked: 0.001)


async def ask(server: MediaServer, options: str, *parts: Part, **fields: Any) -> Reply:
    model = models.load(f"openai:m?base_url={server.url}&{options}")
    await model.start([])
    try:
        return await model.generate(Request("t", "1", fields.pop("task_type", "x"), parts, **fields))
    finally:
        await model.close()


def known(posted: dict[str, Any], params: Any) -> bool:
    # A seed is no field of OpenAI's, but of the servers that draw with open weights.
    return set(posted) - {"seed"} <= set(params.__annotations__)


async def test_a_picture_is_drawn_from_the_caption_alone() -> None:
    with serve_media(DRAWN) as server:
        reply = await ask(
            server, "api=images&size=64x64&quality=low&seed=sample&price_output=25", Part("text", "Draw: A red circle."),
            makes=frozenset({"image"}), content="A red circle.", seed=17,
        )  # fmt: skip
    (posted,) = server.posted
    assert posted.path == "/images/generations"
    assert posted.fields == {
        "model": "m", "prompt": "A red circle.", "n": 1, "size": "64x64", "quality": "low", "response_format": "b64_json",
        "seed": 17,
    }  # fmt: skip
    assert known(posted.fields, ImageGenerateParamsBase)
    assert reply.parts == (Part("image", data=PNG, media_type="image/png"),)
    assert reply.usage == Usage(9, 40, pytest.approx(40 * 25 / 1e6))


async def test_an_edit_posts_the_picture_and_a_mask_that_is_clear_where_it_is_to_be_painted() -> None:
    with serve_media(503, DRAWN) as server:
        reply = await ask(
            server, "api=images&response_format=none", Part("image", data=PNG), Part("image", data=MASK),
            Part("text", "Fill it."), makes=frozenset({"image"}), task_type="image-inpainting",
        )  # fmt: skip
    assert reply.attempts == 2
    # The second try posts the whole form again.
    assert server.posted[0] == server.posted[1]
    posted = server.posted[1]
    assert posted.path == "/images/edits"
    assert posted.fields == {"model": "m", "prompt": "Fill it.", "n": "1"}
    assert [(name, kind) for name, kind, _, _ in posted.files] == [("image", "image/png"), ("mask", "image/png")]
    assert posted.files[0][3] == PNG
    alpha = np.array(Image.open(io.BytesIO(posted.files[1][3])))[..., 3]
    assert alpha.tolist() == [[255, 0, 255], [255, 0, 0]]
    assert known({**posted.fields, "image": 0, "mask": 0}, ImageEditParamsBase)


async def test_an_edit_with_two_pictures_posts_both() -> None:
    with serve_media(DRAWN) as server:
        await ask(
            server, "api=images", Part("image", data=PNG), Part("image", data=PNG), Part("text", "Like the second.")
        )
    assert [name for name, *_ in server.posted[0].files] == ["image[]", "image[]"]


async def test_speech_reads_the_text_alone_and_is_told_how() -> None:
    parts = (Part("text", "Good morning.\nRead the text aloud, gladly."),)
    with serve_media(WAV) as server:
        reply = await ask(
            server, "api=speech&voice=nova&speed=1.5&price_request=0.01", *parts,
            makes=frozenset({"audio"}), content="Good morning.",
        )  # fmt: skip
        await ask(server, "api=speech&instructions=none", *parts, content="Good morning.")
    assert server.posted[0].path == "/audio/speech"
    assert server.posted[0].fields == {
        "model": "m", "voice": "nova", "speed": 1.5, "response_format": "wav", "input": "Good morning.",
        "instructions": "Read the text aloud, gladly.",
    }  # fmt: skip
    assert known(server.posted[0].fields, SpeechCreateParams)
    assert "instructions" not in server.posted[1].fields
    assert reply.parts == (Part("audio", data=WAV, media_type="audio/wav"),)
    assert reply.usage.cost == 0.01


@pytest.mark.parametrize("api", ["transcriptions", "translations"])
async def test_a_sound_is_written_down(api: str) -> None:
    with serve_media({"text": "good morning"}, {"text": ""}) as server:
        reply = await ask(server, f"api={api}&language=en", Part("audio", data=WAV), Part("text", "What is said?"))
        silence = await ask(server, f"api={api}", Part("audio", data=WAV))
    posted = server.posted[0]
    assert posted.path == f"/audio/{api}"
    assert posted.fields == {"model": "m", "temperature": "0.0", "response_format": "json", "language": "en"}
    assert posted.files == [("file", "audio/wav", "sound.wav", WAV)]
    assert known({**posted.fields, "file": 0}, TranscriptionCreateParamsBase)
    assert reply.parts == (Part("text", "good morning"),)
    assert silence.parts == (Part("text", ""),)


@pytest.mark.parametrize(
    ("options", "parts", "answer", "reason"),
    [
        ("api=images", (Part("text", "x"),), {}, "holds no image"),
        ("api=images", (Part("text", "x"),), {"data": [{"url": "http://x/y.png"}]}, "links are not followed"),
        ("api=images", (Part("text", "x"),), {"data": [{"b64_json": "%%"}]}, "damaged"),
        ("api=images", (Part("text", "x"),), {"data": [{}]}, "damaged"),
        ("api=images", (Part("text", "x"),), [], "holds no image"),
        ("api=images", (Part("text", " "),), DRAWN, "no text to work from"),
        ("api=speech", (Part("text", "x"),), b"", "empty sound"),
        ("api=transcriptions", (Part("audio", data=WAV),), {"words": []}, "no transcription"),
        ("api=transcriptions", (Part("text", "x"),), {"text": "a"}, "has 0"),
        ("api=images", (Part("text", "x"),), 400, "HTTP 400"),
    ],
)
async def test_what_fails_a_sample(options: str, parts: tuple[Part, ...], answer: Any, reason: str) -> None:
    with serve_media(answer) as server, pytest.raises(RequestFailed, match=reason) as caught:
        await ask(server, options, *parts)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("openai:m?api=sing", "api=sing is none of chat, images"),
        ("openai:m?api=images&voice=nova", "unknown option 'voice'"),
        ("openai:m?api=images&response_format=url", "none of none"),
        ("openai:m?api=speech&speed=fast", "not a number"),
        ("openai:m?api=images&api_key_env=NO_SUCH_VARIABLE_HERE", "holds no key"),
    ],
)
def test_wrong_options_are_one_line(spec: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        models.load(spec)


async def test_a_chat_model_that_speaks_and_films() -> None:
    film = encode_mp4(np.zeros((2, 16, 16, 3), np.uint8), 4)
    content = [{"type": "video_url", "video_url": {"url": "data:video/mp4;base64," + base64.b64encode(film).decode()}}]
    message = {"content": content, "audio": {"id": "1", "data": base64.b64encode(WAV).decode(), "transcript": "hi"}}
    with serve_media({"choices": [{"message": message}], "usage": {"prompt_tokens": 2, "cost": 0.25}}) as server:
        reply = await ask(server, "makes=text,audio,video&voice=ash", Part("text", "x"), makes=frozenset({"audio"}))
    assert server.posted[0].fields["modalities"] == ["text", "audio"]
    assert server.posted[0].fields["audio"] == {"voice": "ash", "format": "wav"}
    assert reply.parts == (
        Part("video", data=film, media_type="video/mp4"),
        Part("audio", data=WAV, media_type="audio/wav"),
    )
    assert reply.usage == Usage(2, 0, 0.25)
