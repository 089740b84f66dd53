"""vLLM by a stand-in with the signatures of vLLM's own ``LLM.chat`` and ``SamplingParams``: vLLM itself needs a GPU."""

import json
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.media import encode_png
from genlevel.models import load
from genlevel.records import Part, Reply, Request


@dataclass
class SamplingParams:
    """Fields by vLLM's names and defaults; others are refused, as there."""

    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    max_tokens: int | None = 16


@dataclass
class CompletionOutput:
    index: int
    text: str
    token_ids: list[int]
    finish_reason: str | None = "stop"


@dataclass
class RequestOutput:
    request_id: str
    prompt: str | None
    prompt_token_ids: list[int] | None
    outputs: list[CompletionOutput] = field(default_factory=list)
    finished: bool = True


class LLM:
    made: list["LLM"] = []

    def __init__(self, model: str, *, trust_remote_code: bool = False, tensor_parallel_size: int = 1, dtype: str = "auto",
                 quantization: str | None = None, revision: str | None = None, seed: int | None = None,
                 gpu_memory_utilization: float = 0.9, enforce_eager: bool = False, **kwargs: Any) -> None:  # fmt: skip
        if "broken" in model:
            raise ValueError("cannot find\nany model weights")
        assert set(kwargs) <= {"limit_mm_per_prompt", "max_model_len"}
        if "words" in model and "limit_mm_per_prompt" in kwargs:
            raise ValueError("`limit_mm_per_prompt` is only supported for multimodal models.")
        self.options = {"tensor_parallel_size": tensor_parallel_size, **kwargs}
        self.calls: list[tuple[Any, Any, Any]] = []
        self.left: list[RequestOutput] = []
        LLM.made.append(self)

    def get_default_sampling_params(self) -> SamplingParams:
        return SamplingParams(temperature=0.6, top_p=0.95)

    def chat(self, messages: Any, sampling_params: Any = None, use_tqdm: bool = True, lora_request: Any = None,
             chat_template: str | None = None, chat_template_content_format: str = "auto",
             add_generation_prompt: bool = True) -> list[RequestOutput]:  # fmt: skip
        assert use_tqdm is False and len(messages) == len(sampling_params)
        self.calls.append((messages, sampling_params, chat_template))
        outputs = []
        for i, chat in enumerate(messages):
            content = chat[-1]["content"]
            words = content if isinstance(content, str) else " ".join(p.get("text", p["type"]) for p in content)
            if "explode" in words:
                # As in versions that leave in the engine what was added before.
                self.left = outputs
                raise RuntimeError("prompt too long")
            said = "" if "silence" in words else words.upper()
            outputs.append(RequestOutput(str(i), None, [0] * len(words), [CompletionOutput(0, said, [0] * len(said))]))
        left, self.left = self.left, []
        return left + outputs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    stand_in = types.ModuleType("vllm")
    stand_in.LLM, stand_in.SamplingParams, stand_in.__version__ = LLM, SamplingParams, "0.0"
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    LLM.made.clear()
    (tmp_path / "ck").mkdir()
    (tmp_path / "ck" / "config.json").write_text("{}")
    return tmp_path / "ck"


def ask(*parts, seed: int = 0) -> Request:
    return Request("t", "1", "test", tuple(Part("text", p) if isinstance(p, str) else p for p in parts), seed=seed)


async def answers(spec: str, requests):
    model = load(spec)
    await model.start([])
    found = list(await model.generate_many(requests))
    await model.close()
    return found


async def test_requests_go_over_together_and_come_back_in_order(folder):
    image = Part("image", data=encode_png(np.zeros((4, 4, 3), np.uint8)))
    torn = Part("image", data=b"\x89PNG")
    spec = f"vllm:{folder}?system=Be brief.&max_tokens=9&tensor_parallel_size=2&max_images=3&max_model_len=99"
    found = await answers(spec, [ask("one"), ask(image, "two"), ask("silence"), ask("four")])
    assert [f.parts[0].text if isinstance(f, Reply) else str(f) for f in found] == [
        "ONE", "IMAGE_URL TWO", "the model answered with nothing", "FOUR",
    ]  # fmt: skip
    assert (found[0].usage.input_tokens, found[0].usage.output_tokens) == (3, 3)
    (engine,) = LLM.made
    assert engine.options == {"tensor_parallel_size": 2, "max_model_len": 99, "limit_mm_per_prompt": {"image": 3}}
    ((messages, params, template),) = engine.calls
    assert messages[0] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one"}]
    assert messages[1][1]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
    assert params == [SamplingParams(temperature=0.0, max_tokens=9)] * 4 and template is None
    bad, good = await answers(f"vllm:{folder}", [ask(Part("video", data=b"no film"), "x"), ask("good")])
    assert isinstance(bad, RequestFailed) and good.parts[0].text == "GOOD"
    del torn


async def test_each_request_has_its_seed_where_it_is_sampled(folder, tmp_path):
    (tmp_path / "t.jinja").write_text("{{ messages }}")
    spec = f"vllm:{folder}?temperature=0.7&top_p=0.9&top_k=5&chat_template={tmp_path / 't.jinja'}"
    await answers(spec, [ask("a", seed=3), ask("b", seed=4)])
    ((_, params, template),) = LLM.made[-1].calls
    assert params == [SamplingParams(temperature=0.7, top_p=0.9, top_k=5, seed=s, max_tokens=512) for s in (3, 4)]
    assert template == "{{ messages }}"
    await answers(f"vllm:{folder}?temperature=default", [ask("a", seed=3)])
    ((_, params, _),) = LLM.made[-1].calls
    assert params == [SamplingParams(temperature=0.6, top_p=0.95, seed=3, max_tokens=512)]


async def test_what_vllm_raises_reaches_the_engine_which_asks_one_by_one(folder):
    with pytest.raises(RuntimeError, match="prompt too long"):
        await answers(f"vllm:{folder}", [ask("a"), ask("explode")])


async def test_what_an_earlier_call_left_in_the_engine_is_no_answer(folder):
    from genlevel.runner.asking import Failure
    from genlevel.runner.asking import ask as asked

    model = load(f"vllm:{folder}")
    await model.start([])
    found = await asked(model, [ask("one"), ask("two"), ask("explode"), ask("four")])
    await model.close()
    texts = [f.error if isinstance(f, Failure) else f.parts[0].text for f in found]
    assert texts == ["ONE", "TWO", "RuntimeError: prompt too long", "FOUR"]


@pytest.mark.parametrize(
    ("config", "takes"),
    [
        ({"architectures": ["Qwen3ForCausalLM"]}, {"text"}),
        ({"architectures": ["Qwen2VLForConditionalGeneration"], "vision_config": {}}, {"text", "image", "video"}),
        ({"architectures": ["Phi4MMForCausalLM"], "img_processor": 1, "audio_processor": {}},
         {"text", "image", "video", "audio"}),
        ({"architectures": ["UltravoxModel"], "audio_config": {}}, {"text", "audio"}),
        ({"architectures": ["Qwen2_5OmniModel"], "thinker_config": {"audio_config": {}, "vision_config": {}}},
         {"text", "image", "video", "audio"}),
        ({"architectures": ["SomethingNew"]}, {"text", "image", "video", "audio"}),
    ],
)  # fmt: skip
async def test_a_checkpoint_takes_what_its_configuration_has_encoders_for(folder, config, takes):
    (folder / "config.json").write_text(json.dumps(config))
    model = load(f"vllm:{folder}")
    assert model.takes == takes
    await model.start([])
    assert ("limit_mm_per_prompt" in LLM.made[-1].options) is ("image" in takes)
    assert load(f"vllm:{folder}?takes=text,audio").takes == {"text", "audio"}


async def test_a_checkpoint_of_text_that_cannot_be_told_is_loaded_all_the_same(folder):
    words = folder.rename(folder.parent / "words")
    (reply,) = await answers(f"vllm:{words}", [ask("one")])
    assert reply.parts[0].text == "ONE" and "limit_mm_per_prompt" not in LLM.made[-1].options


def test_identity(folder):
    base = load(f"vllm:{folder}").identity()
    assert load(f"vllm:{folder}?window=3&gpu_memory_utilization=0.5").identity() == base
    for option in ("temperature=1", "max_tokens=3", "system=x", "frames=2"):
        assert load(f"vllm:{folder}?{option}").identity() != base


async def test_errors_are_one_line(folder, tmp_path, monkeypatch):
    (tmp_path / "broken").mkdir()
    with pytest.raises(ModelError) as raised:
        await answers(f"vllm:{tmp_path / 'broken'}", [ask("a")])
    assert "vLLM cannot load" in str(raised.value) and "\n" not in str(raised.value)
    for spec, words in (
        ("vllm:", "needs a folder"),
        ("vllm:./nowhere", "there is no folder"),
        (f"vllm:{folder}?heat=1", "heat"),
    ):
        with pytest.raises(GenlevelError, match=words):
            load(spec)
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ModelError, match="pip install vllm"):
        load(f"vllm:{folder}")
