"""Text from tiny local checkpoints, next to what the library itself gives for the same prompt, one at a time."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.media import encode_png, encode_wav
from genlevel.models import load
from genlevel.records import Part, Reply, Request
from tests.models import tiny_checkpoints as tiny

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

QUESTIONS = (
    "Hello there, what is this?",
    "Hi",
    "A much longer question than the others, so that they are padded: why?",
)
NEW = 10


def text_request(text: str, seed: int = 0, **more) -> Request:
    return Request("t", text[:9], "question-answering", (Part("text", text),), seed=seed, **more)


def picture(height: int, width: int, seed: int) -> Part:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return Part("image", data=encode_png(pixels), media_type="image/png")


async def answers(spec: str, requests):
    model = load(tiny.on_cpu(spec))
    await model.start([])
    try:
        return list(await model.generate_many(requests))
    finally:
        await model.close()


def texts(replies) -> list[str]:
    for reply in replies:
        assert isinstance(reply, Reply), reply
    return [reply.parts[0].text for reply in replies]


@pytest.fixture(scope="module")
def causal(tmp_path_factory) -> Path:
    return tiny.write_causal(tmp_path_factory.mktemp("causal"))


@pytest.fixture(scope="module")
def seq2seq(tmp_path_factory) -> Path:
    return tiny.write_seq2seq(tmp_path_factory.mktemp("seq2seq"))


def alone(folder: Path, auto: str, prompts):
    """What the library writes for each prompt by itself."""
    import transformers

    model = getattr(transformers, auto).from_pretrained(folder).eval()
    words = transformers.AutoTokenizer.from_pretrained(folder)
    made = []
    for prompt in prompts:
        inputs = words(prompt, return_tensors="pt")
        out = model.generate(**inputs, do_sample=False, max_new_tokens=NEW)
        start = inputs["input_ids"].shape[1] if auto == "AutoModelForCausalLM" else 1
        made.append((words.decode(out[0, start:], skip_special_tokens=True).strip(), inputs["input_ids"].shape[1]))
    return made


@pytest.mark.parametrize("batch", ["auto", "1", "3"])
async def test_a_chat_model_writes_in_a_batch_what_it_writes_alone(causal, batch):
    chats = [f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n" for q in QUESTIONS]
    expected = alone(causal, "AutoModelForCausalLM", chats)
    given = await answers(
        f"transformers:{causal}?max_new_tokens={NEW}&batch={batch}", [text_request(q) for q in QUESTIONS]
    )
    assert texts(given) == [text for text, _ in expected]
    assert [reply.usage.input_tokens for reply in given] == [count for _, count in expected]
    assert all(1 <= reply.usage.output_tokens <= NEW for reply in given)


async def test_an_encoder_decoder_gets_the_prompt_as_it_is(seq2seq):
    expected = alone(seq2seq, "AutoModelForSeq2SeqLM", QUESTIONS)
    given = await answers(f"transformers:{seq2seq}?max_new_tokens={NEW}", [text_request(q) for q in QUESTIONS])
    assert texts(given) == [text for text, _ in expected]
    assert [reply.usage.input_tokens for reply in given] == [count for _, count in expected]


async def test_system_message_and_template_options(causal, tmp_path):
    (tmp_path / "t.jinja").write_text("{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}")
    prompts = [f"[system] Be brief.[user] {q}" for q in QUESTIONS]
    given = await answers(
        f"transformers:{causal}?max_new_tokens={NEW}&system=Be brief.&chat_template={tmp_path / 't.jinja'}",
        [text_request(q) for q in QUESTIONS],
    )
    assert texts(given) == [text for text, _ in alone(causal, "AutoModelForCausalLM", prompts)]
    bare = await answers(
        f"transformers:{causal}?max_new_tokens={NEW}&chat_template=none", [text_request(q) for q in QUESTIONS]
    )
    assert texts(bare) == [text for text, _ in alone(causal, "AutoModelForCausalLM", QUESTIONS)]


async def test_sampling_starts_from_the_requests_seed_whoever_shares_the_batch(causal):
    spec = f"transformers:{causal}?max_new_tokens={NEW}&temperature=1"
    requests = [text_request(q, seed) for seed, q in enumerate(QUESTIONS)]
    together = texts(await answers(spec, requests))
    assert together == texts(await answers(spec + "&batch=1", requests))
    assert together == list(reversed(texts(await answers(spec, list(reversed(requests))))))
    other = texts(await answers(spec, [text_request(q, seed + 100) for seed, q in enumerate(QUESTIONS)]))
    assert other != together


def test_draws_have_the_probabilities_of_the_softmax():
    from genlevel.models.local.sampling import seeded_sampling

    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    count, temperature = 4000, 0.7
    drawn = Counter()
    for start in range(0, count, 500):
        steps = seeded_sampling(range(start, start + 500), "cpu", temperature)
        drawn.update(steps(None, logits.repeat(500, 1)).argmax(dim=1).tolist())
    weights = [math.exp(x / temperature) for x in logits.tolist()]
    for token, weight in enumerate(weights):
        p = weight / sum(weights)
        assert abs(drawn[token] / count - p) < 4.5 * math.sqrt(p * (1 - p) / count)
    steps = seeded_sampling(range(300), "cpu", 1.0, top_k=2)
    assert set(steps(None, logits.repeat(300, 1)).argmax(dim=1).tolist()) == {0, 1}
    steps = seeded_sampling(range(300), "cpu", 1.0, top_p=0.5)
    assert set(steps(None, logits.repeat(300, 1)).argmax(dim=1).tolist()) == {0}


@pytest.mark.parametrize("write", [tiny.write_qwen2_vl, tiny.write_llava, tiny.write_chameleon])
async def test_images_and_text_together_are_answered_as_alone(write, tmp_path):
    """Next to the library called with the prompt written out by hand."""
    import transformers
    from PIL import Image

    folder = write(tmp_path)
    shown = [picture(40, 60, 0), picture(30, 90, 1)]
    requests = [
        Request("t", str(i), "visual-question-answering", (part, Part("text", question)))
        for i, (part, question) in enumerate(zip(shown, QUESTIONS, strict=False))
    ]
    given = await answers(f"transformers:{folder}?max_new_tokens={NEW}", requests)
    marks = {"write_qwen2_vl": "<|vision_start|><|image_pad|><|vision_end|>"}.get(write.__name__, "<image>")
    prompts = [marks + question for question in QUESTIONS[:2]]
    if write is tiny.write_qwen2_vl:
        prompts = [f"<|im_start|>user\n{p}<|im_end|>\n<|im_start|>assistant\n" for p in prompts]
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    if write is tiny.write_qwen2_vl:
        from genlevel.models.local.without_video import load_without_video

        processor = load_without_video(transformers.AutoProcessor, model.config, str(folder))
    else:
        processor = transformers.AutoProcessor.from_pretrained(folder)
    expected = []
    for part, prompt in zip(shown, prompts, strict=True):
        from genlevel.media import load_image

        inputs = processor(text=[prompt], images=[Image.fromarray(load_image(part))], return_tensors="pt")
        out = model.generate(**inputs, do_sample=False, max_new_tokens=NEW)
        new = out[0, inputs["input_ids"].shape[1] :]
        expected.append(processor.tokenizer.decode(new, skip_special_tokens=True).strip())
    assert texts(given) == expected


async def test_sound_and_text_are_answered_as_alone(tmp_path):
    import transformers

    folder = tiny.write_qwen2_audio(tmp_path)
    waves = [np.random.default_rng(i).normal(0, 0.2, 16000 * (i + 1) // 2).astype(np.float32) for i in range(2)]
    requests = [
        Request("t", str(i), "audio-question-answering", (Part("audio", data=encode_wav(w, 16000)), Part("text", q)))
        for i, (w, q) in enumerate(zip(waves, QUESTIONS, strict=False))
    ]
    given = await answers(f"transformers:{folder}?max_new_tokens={NEW}", requests)
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForMultimodalLM.from_pretrained(folder).eval()
    for wave, question, reply in zip(waves, QUESTIONS, given, strict=False):
        heard = np.rint(np.clip(wave, -1, 1) * 32767) / 32768  # as a WAV holds it
        prompt = f"<|im_start|>user\n<|audio_bos|><|AUDIO|><|audio_eos|>{question}<|im_end|>\n<|im_start|>assistant\n"
        inputs = processor(text=prompt, audio=[heard.astype(np.float32)], sampling_rate=16000, return_tensors="pt")
        out = model.generate(**inputs, do_sample=False, max_new_tokens=NEW)
        new = out[0, inputs["input_ids"].shape[1] :]
        assert reply.parts[0].text == processor.tokenizer.decode(new, skip_special_tokens=True).strip()


async def test_a_broken_image_fails_alone_and_a_long_prompt_says_how_long(causal, tmp_path):
    folder = tiny.write_llava(tmp_path)
    good = Request("t", "1", "visual-question-answering", (picture(40, 40, 0), Part("text", "What?")))
    bad = Request("t", "2", "visual-question-answering", (Part("image", data=b"\x89PNG"), Part("text", "What?")))
    first, second, third = await answers(f"transformers:{folder}?max_new_tokens=3", [good, bad, good])
    assert isinstance(first, Reply) and first.parts == third.parts
    assert isinstance(second, RequestFailed)
    short, long = await answers(
        f"transformers:{causal}?max_new_tokens=3", [text_request("Hi"), text_request("x" * 400)]
    )
    assert isinstance(short, Reply)
    assert isinstance(long, RequestFailed) and "the model has places for 256" in str(long)


def test_what_depends_on_the_files_and_options_is_in_the_identity(causal, tmp_path):
    import shutil

    base = load(f"transformers:{causal}").identity()
    assert base == load(f"transformers:{causal}").identity()
    assert base == load(f"transformers:{causal}?batch=7&device_map=cpu").identity()
    for option in (
        "max_new_tokens=5",
        "temperature=1",
        "dtype=bfloat16",
        "system=x",
        "chat_template=none",
        "num_beams=2",
    ):
        assert load(f"transformers:{causal}?{option}").identity() != base, option
    copy = tmp_path / causal.name
    shutil.copytree(causal, copy)
    assert load(f"transformers:{copy}").identity() == base, "the place does not count"
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert load(f"transformers:{copy}").identity() != base


def test_large_files_are_hashed_in_samples(tmp_path, monkeypatch):
    from genlevel.models.local import folder

    monkeypatch.setattr(folder, "_WHOLE", 1000)
    monkeypatch.setattr(folder, "_BLOCK", 16)
    path = tmp_path / "model.safetensors"
    data = np.random.default_rng(0).bytes(2**20 + 64 * 100)
    path.write_bytes(data)
    before = folder.folder_sha256(tmp_path)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert folder.folder_sha256(tmp_path) != before
    path.write_bytes(np.random.default_rng(1).bytes(len(data)))
    assert folder.folder_sha256(tmp_path) != before
    path.write_bytes(data)
    assert folder.folder_sha256(tmp_path) == before


def broken(causal, tmp_path, how):
    """A copy of a checkpoint with one thing wrong."""
    import json
    import shutil

    copy = tmp_path / "ck"
    shutil.copytree(causal, copy)
    config = json.loads((copy / "config.json").read_text())
    if how == "no config":
        (copy / "config.json").unlink()
    elif how == "bad config":
        (copy / "config.json").write_text("{")
    elif how == "unknown":
        (copy / "config.json").write_text(json.dumps({**config, "architectures": ["OursForFun"], "model_type": "ours"}))
    elif how == "no tokenizer":
        for path in copy.glob("token*"):
            path.unlink()
    elif how == "no weights":
        (copy / "model.safetensors").unlink()
    elif how == "pickle":
        (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    elif how == "torn weights":
        data = (copy / "model.safetensors").read_bytes()
        (copy / "model.safetensors").write_bytes(data[: len(data) // 2])
    elif how == "no safetensors":
        (copy / "model.safetensors").write_bytes(b"not weights at all")
    elif how == "fewer weights":
        (copy / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    elif how == "other sizes":
        (copy / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))
    return copy


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("no config", "has no config.json"),
        ("bad config", "config.json is no JSON"),
        ("unknown", "OursForFun is no architecture"),
        ("no tokenizer", "no processor that can be loaded"),
        ("no weights", "holds no weights"),
        ("pickle", "pytorch_model.bin, a pickle"),
        ("torn weights", "weights cannot be loaded"),
        ("no safetensors", "weights cannot be loaded"),
        ("fewer weights", "lacks 9 of the model's weights"),
        ("other sizes", "weights cannot be loaded"),
    ],
)
async def test_what_is_wrong_with_a_folder_is_one_line(causal, tmp_path, how, words):
    folder = broken(causal, tmp_path, how)
    with pytest.raises(ModelError) as raised:
        await answers(f"transformers:{folder}", [text_request("Hi")])
    assert words in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("transformers:", "needs a folder"),
        ("transformers:./nowhere", "there is no folder nowhere"),
        ("transformers:nobody/nothing", "not in the local cache"),
        ("transformers:{}?task=cooking", "task=cooking is none of"),
        ("transformers:{}?dtype=int3", "dtype=int3 is none of"),
        ("transformers:{}?heat=1", "unknown option 'heat'"),
        ("transformers:{}?chat_template=nowhere.jinja", "nowhere.jinja cannot be read"),
    ],
)
def test_what_is_wrong_with_a_spec_is_one_line(causal, spec, words):
    with pytest.raises(GenlevelError) as raised:
        load(spec.format(causal))
    assert words in str(raised.value) and "\n" not in str(raised.value)
