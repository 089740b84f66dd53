"""Models that understand and make: text for questions, media for requests that ask for them."""

import numpy as np
import pytest

from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_png, load_image
from genlevel.models import load
from genlevel.records import Part, Reply, Request
from tests.models import tiny_checkpoints as tiny

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

IMAGE = frozenset({"image"})


def draw(seed: int, text: str = "A red cat", *before: Part) -> Request:
    return Request("t", "1", "text-to-image", (*before, Part("text", text)), IMAGE, seed)


def picture() -> Part:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    return Part("image", data=encode_png(pixels), media_type="image/png")


async def answers(folder, requests, options: str = "") -> list:
    model = load(tiny.on_cpu(f"transformers:{folder}{options}"))
    assert {"text", "image"} <= model.makes and {"text", "image"} <= model.takes
    await model.start([])
    try:
        return list(await model.generate_many(requests))
    finally:
        await model.close()


async def test_janus_draws_and_reads(tmp_path):
    folder = tiny.write_janus(tmp_path)
    question = Request("t", "q", "visual-question-answering", (picture(), Part("text", "What?")))
    first, again, other, said = await answers(folder, [draw(3), draw(3), draw(4), question], "?max_new_tokens=8")
    assert first.parts == again.parts != other.parts
    assert first.parts[0].kind == "image" and said.parts[0].kind == "text"
    model = transformers.JanusForConditionalGeneration.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    prompt = "<|im_start|>user\nA red cat<|im_end|>\n<|im_start|>assistant\n"
    inputs = processor(text=[prompt], generation_mode="image", return_tensors="pt")
    torch.manual_seed(3)
    tokens = model.generate(**inputs, generation_mode="image", do_sample=True)
    pixels = model.decode_image_tokens(tokens)[0].detach().numpy()
    mean, std = np.array(processor.image_processor.image_mean), np.array(processor.image_processor.image_std)
    expected = np.clip((pixels * std + mean) * 255, 0, 255)
    assert np.abs(load_image(first.parts[0]).astype(float) - expected).max() <= 1.0
    assert first.usage.output_tokens == tokens.shape[1] == 16


async def test_emu3_draws_in_a_grid_and_reads(tmp_path):
    folder = tiny.write_emu3(tmp_path)
    question = Request("t", "q", "visual-question-answering", (picture(), Part("text", "What?")))
    replies = await answers(
        folder, [draw(3), draw(3), draw(4), question, draw(1, "Redraw it", picture())], "?max_new_tokens=8"
    )
    first, again, other, said, edited = replies
    assert first.parts == again.parts != other.parts
    assert load_image(first.parts[0]).shape == (32, 32, 3) and said.parts[0].kind == "text"
    # 4 rows of 4 tokens, each with its end of line, and three marks.
    assert first.usage.output_tokens == 4 * 5 + 3
    assert isinstance(edited, RequestFailed) and "from text alone" in str(edited)


def test_emu3_s_grid_is_held_to():
    from genlevel.models.local.unified import _grid

    class Words:
        eof_token, eoi_token, eos_token, pad_token = "eof", "eoi", "eos", "pad"

        def convert_tokens_to_ids(self, token):
            return {"<|extra_200|>": 90, "eof": 91, "eoi": 92, "eos": 93, "pad": 94}[token]

    allowed = _grid(Words(), [1, 2, 3], height=2, width=3, start=5)
    rows = [allowed(0, torch.zeros(5 + place)) for place in range(13)]
    visual = [1, 2, 3]
    assert rows == [visual, visual, visual, [90], visual, visual, visual, [90], [91], [92], [93], [94], [94]]


async def test_a_text_and_an_image_may_be_wanted_and_text_is_given(tmp_path):
    """A task that takes either, such as segmentation, is answered in text by a model of text."""
    folder = tiny.write_janus(tmp_path)
    either = Request(
        "t", "1", "image-segmentation", (picture(), Part("text", "Segment.")), frozenset({"text", "image"})
    )
    (reply,) = await answers(folder, [either], "?max_new_tokens=8")
    assert isinstance(reply, Reply) and reply.parts[0].kind == "text"


def test_speech_comes_with_its_text():
    """Qwen's Omni models by a stand-in with the library's interface: the real ones need a voice file and much memory."""
    from types import SimpleNamespace

    from genlevel.media import load_audio
    from genlevel.models.local.unified import _speak

    wave = torch.sin(torch.arange(2400) / 10) * 0.5

    class Omni:
        device, has_talker = torch.device("cpu"), True

        def generate(self, input_ids, attention_mask, *, generation_mode, thinker_max_new_tokens):
            assert generation_mode == "audio" and thinker_max_new_tokens == 7
            return torch.cat([input_ids, torch.tensor([[5, 6]])], dim=1), wave

    class Words:
        def batch_decode(self, tokens, skip_special_tokens):
            return [" ".join(map(str, row.tolist())) for row in tokens]

    checkpoint = SimpleNamespace(
        model=Omni(),
        config=SimpleNamespace(model_type="qwen2_5_omni"),
        options=SimpleNamespace(max_new_tokens=7),
        put=dict,
        processor=lambda: SimpleNamespace(tokenizer=Words()),
    )
    inputs = {"input_ids": torch.tensor([[1, 2, 3]]), "attention_mask": torch.ones(1, 3)}
    systems: list[str] = []
    runner = SimpleNamespace(checkpoint=checkpoint, inputs=lambda requests, system: systems.append(system) or inputs)
    reply = _speak(runner, Request("t", "1", "text-to-speech", (Part("text", "Hi"),), frozenset({"audio"})))
    assert [part.kind for part in reply.parts] == ["text", "audio"] and reply.parts[0].text == "5 6"
    heard, rate = load_audio(reply.parts[1])
    assert systems[0].startswith("You are Qwen, a virtual human") and systems[0].endswith("text and speech.")
    assert rate == 24_000 and np.allclose(heard, wave.numpy(), atol=1e-4)
    checkpoint.model.has_talker = False
    with pytest.raises(RequestFailed, match="no voice"):
        _speak(runner, Request("t", "1", "text-to-speech", (Part("text", "Hi"),), frozenset({"audio"})))


async def test_qwen_omni_listens_looks_and_writes(tmp_path):
    """The library's own class and processor, without the voice: loaded as published ones are, it writes what its thinker does."""
    import warnings

    from genlevel.media import encode_wav

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = tiny.write_qwen2_5_omni(tmp_path / "omni")
    model = load(tiny.on_cpu(f"transformers:{folder}?max_new_tokens=6"))
    assert (model.takes, model.makes) == ({"text", "image", "video", "audio"}, {"text"})
    tone = np.sin(np.arange(8000) / 9).astype(np.float32) / 2
    sound = Part("audio", data=encode_wav(tone, 16000), media_type="audio/wav")
    asked = [
        Request("t", "1", "question-answering", (Part("text", "Who?"),)),
        Request("t", "2", "visual-question-answering", (picture(), Part("text", "What?"))),
        Request("t", "3", "audio-question-answering", (sound, Part("text", "What?"))),
    ]
    await model.start([])
    found = list(await model.generate_many(asked))
    await model.close()
    assert all(isinstance(reply, Reply) for reply in found), found
    # By hand, with the thinker alone.
    thinker = transformers.Qwen2_5OmniForConditionalGeneration.from_pretrained(folder).thinker.eval()
    words = transformers.AutoTokenizer.from_pretrained(folder)
    prompt = "<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n"
    given = words(prompt, return_tensors="pt")
    tokens = thinker.generate(**given, max_new_tokens=6, do_sample=False)[:, given["input_ids"].shape[1] :]
    assert found[0].parts[0].text == words.decode(tokens[0], skip_special_tokens=True).strip()
    (folder / "spk_dict.pt").unlink()
    again = load(f"transformers:{folder}")
    with pytest.raises(ModelError, match=r"holds no spk_dict\.pt"):
        await again.start([])
