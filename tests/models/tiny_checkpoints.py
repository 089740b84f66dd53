"""Checkpoints with random weights, built from a configuration and saved as the library saves them: real classes, real files."""

from pathlib import Path
from typing import Any

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for c in m['content'] %}{% if c['type'] == 'image' %}IMAGE{% elif c['type'] == 'audio' %}AUDIO"
    "{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LAYERS = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def tokenizer(*special: str, chat: str = "", **named: str) -> Any:
    """A byte-level tokenizer; ``named`` are special tokens that it knows by name."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    known = {"pad_token": "<pad>", "eos_token": "<eos>", **named}
    base = {
        k: v
        for k, v in known.items()
        if k in {"pad_token", "eos_token", "bos_token", "unk_token", "cls_token", "sep_token"}
    }
    extra = {k: v for k, v in known.items() if k not in base}
    marks = ["<|im_start|>", "<|im_end|>", *special]
    if extra:
        inner.add_special_tokens(marks)
        made = PreTrainedTokenizerFast(tokenizer_object=inner, extra_special_tokens=extra, **base)
    else:
        made = PreTrainedTokenizerFast(tokenizer_object=inner, additional_special_tokens=marks, **base)
    if chat:
        made.chat_template = chat
    return made


def save(folder: Path, model: Any, *parts: Any, scale: float = 1.0) -> Path:
    """Write weights, configuration and processors; larger weights make answers depend on the input."""
    import torch

    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(scale)
    for part in parts:
        part.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def seeded(build: Any, config: Any) -> Any:
    import torch

    torch.manual_seed(0)
    return build(config).eval()


def write_causal(folder: Path, *, chat: str = CHAT) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    words = tokenizer(chat=chat)
    config = LlamaConfig(
        **LAYERS, vocab_size=len(words), max_position_embeddings=256, num_key_value_heads=2, initializer_range=0.3,
        pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id, bos_token_id=None,
    )  # fmt: skip
    return save(folder, seeded(LlamaForCausalLM, config), words)


def write_seq2seq(folder: Path) -> Path:
    from transformers import T5Config, T5ForConditionalGeneration

    words = tokenizer()
    config = T5Config(
        vocab_size=len(words), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu",
        pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id, decoder_start_token_id=words.pad_token_id,
        initializer_factor=3.0, tie_word_embeddings=False,
    )  # fmt: skip
    return save(folder, seeded(T5ForConditionalGeneration, config), words)


def write_qwen2_vl(folder: Path) -> Path:
    """With an image processor and a tokenizer, and no file for its video processor: as older checkpoints are."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    chat = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    words = tokenizer("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>", chat=chat)
    ids = words.convert_tokens_to_ids
    config = Qwen2VLConfig(
        text_config={
            **LAYERS, "num_key_value_heads": 2, "vocab_size": len(words), "max_position_embeddings": 512,
            "initializer_range": 0.3,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0},
            "pad_token_id": words.pad_token_id, "eos_token_id": words.eos_token_id, "bos_token_id": None,
        },
        vision_config={"depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 32, "patch_size": 14, "mlp_ratio": 2,
                       "initializer_range": 0.3},
        image_token_id=ids("<|image_pad|>"), video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"), vision_end_token_id=ids("<|vision_end|>"),
    )  # fmt: skip
    pictures = Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=28 * 28 * 4)
    return save(folder, seeded(Qwen2VLForConditionalGeneration, config), pictures, words)
