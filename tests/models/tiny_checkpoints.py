"""Checkpoints with random weights, built from a configuration and saved as the library saves them: real classes, real files."""

import json
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


def on_cpu(spec: str, option: str = "device_map") -> str:
    """A SPEC whose model runs where a test asks the library, whatever GPU there is: answers are compared digit by digit."""
    return f"{spec}{'&' if '?' in spec else '?'}{option}=cpu"


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


def settings(folder: Path, **values: Any) -> Path:
    """Add to the generation settings what published checkpoints have there."""
    path = folder / "generation_config.json"
    known = json.loads(path.read_text())
    known.pop("_from_model_config", None)
    path.write_text(json.dumps({**known, **values}))
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


def write_qwen2_audio(folder: Path) -> Path:
    from transformers import (
        Qwen2AudioConfig,
        Qwen2AudioForConditionalGeneration,
        Qwen2AudioProcessor,
        WhisperFeatureExtractor,
    )

    chat = CHAT.replace("AUDIO", "<|audio_bos|><|AUDIO|><|audio_eos|>")
    words = tokenizer("<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>", chat=chat)
    config = Qwen2AudioConfig(
        audio_config={"num_mel_bins": 16, "encoder_layers": 1, "encoder_attention_heads": 4, "encoder_ffn_dim": 32,
                      "d_model": 32, "max_source_positions": 1500, "init_std": 0.3},
        text_config={"model_type": "qwen2", **LAYERS, "num_key_value_heads": 2, "vocab_size": len(words),
                     "initializer_range": 0.3, "max_position_embeddings": 2048, "pad_token_id": words.pad_token_id,
                     "eos_token_id": words.eos_token_id,
                     "bos_token_id": None},
        audio_token_index=words.convert_tokens_to_ids("<|AUDIO|>"), pad_token_id=words.pad_token_id,
    )  # fmt: skip
    Qwen2AudioProcessor(WhisperFeatureExtractor(feature_size=16), words, chat_template=chat).save_pretrained(folder)
    return save(folder, seeded(Qwen2AudioForConditionalGeneration, config))


def write_llava(folder: Path) -> Path:
    """No chat template: the prompt is taken as it is, behind the image."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    words = tokenizer("<image>")
    config = LlavaConfig(
        vision_config={"model_type": "clip_vision_model", **LAYERS, "image_size": 32, "patch_size": 16, "initializer_range": 0.3},
        text_config={"model_type": "llama", **LAYERS, "num_key_value_heads": 2, "vocab_size": len(words),
                     "initializer_range": 0.3, "max_position_embeddings": 256, "pad_token_id": words.pad_token_id,
                     "eos_token_id": words.eos_token_id,
                     "bos_token_id": None},
        image_token_index=words.convert_tokens_to_ids("<image>"), vision_feature_select_strategy="default",
        pad_token_id=words.pad_token_id,
    )  # fmt: skip
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    LlavaProcessor(
        pictures, words, patch_size=16, vision_feature_select_strategy="default", image_token="<image>",
        num_additional_image_tokens=1,
    ).save_pretrained(folder)  # fmt: skip
    return save(folder, seeded(LlavaForConditionalGeneration, config))


def write_janus(folder: Path) -> Path:
    from transformers import JanusConfig, JanusForConditionalGeneration, JanusProcessor
    from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

    chat = CHAT.replace("IMAGE", "<image_placeholder>")
    words = tokenizer(
        chat=chat, bos_token="<bos>", image_token="<image_placeholder>", boi_token="<begin_of_image>", eoi_token="<end_of_image>",
    )  # fmt: skip
    config = JanusConfig(
        text_config={"model_type": "llama", **LAYERS, "num_key_value_heads": 2, "vocab_size": len(words),
                     "initializer_range": 0.3, "max_position_embeddings": 256, "pad_token_id": words.pad_token_id,
                     "eos_token_id": words.eos_token_id,
                     "bos_token_id": words.bos_token_id},
        vision_config={"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32, "patch_size": 8,
                       "mlp_ratio": 2, "projection_dim": 32, "num_image_tokens": 16, "depth": 2, "initializer_range": 0.3},
        vq_config={"embed_dim": 8, "num_embeddings": 32, "base_channels": 32, "channel_multiplier": [1, 1], "num_res_blocks": 1,
                   "projection_dim": 32, "num_hidden_layers": 2, "hidden_size": 32, "image_token_embed_dim": 32,
                   "num_patches": 4, "initializer_range": 0.3},
        image_token_id=words.convert_tokens_to_ids("<image_placeholder>"),
    )  # fmt: skip
    pictures = JanusImageProcessorPil(image_size=32, size={"height": 32, "width": 32}, min_size=8)
    JanusProcessor(pictures, words, chat_template=chat, num_image_tokens=16).save_pretrained(folder)
    return settings(
        save(folder, seeded(JanusForConditionalGeneration, config)), do_sample=True, guidance_scale=5.0, temperature=1.0,
        generation_kwargs={"boi_token_id": words.convert_tokens_to_ids("<begin_of_image>")}, pad_token_id=words.pad_token_id,
        bos_token_id=words.bos_token_id,
    )  # fmt: skip


def write_chameleon(folder: Path) -> Path:
    from transformers import ChameleonConfig, ChameleonForConditionalGeneration, ChameleonProcessor
    from transformers.models.chameleon.image_processing_pil_chameleon import ChameleonImageProcessorPil

    words = tokenizer("<image>", "<racm3:break>", "<eoss>", "<reserved08706>", *(f"IMGIMG{c}Z" for c in "ABCDEFGHIJ"))
    vocabulary = words.get_vocab()
    config = ChameleonConfig(
        **LAYERS, num_key_value_heads=2, vocab_size=len(words), max_position_embeddings=256, initializer_range=0.3,
        vq_config={"embed_dim": 8, "num_embeddings": 10, "latent_channels": 8, "in_channels": 3, "base_channels": 32,
                   "channel_multiplier": [1, 1], "num_res_blocks": 1, "attn_resolutions": [], "resolution": 8},
        vocabulary_map={**vocabulary, "<image>": vocabulary["<image>"]}, pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id, bos_token_id=None,
    )  # fmt: skip
    pictures = ChameleonImageProcessorPil(size={"shortest_edge": 8}, crop_size={"height": 8, "width": 8})
    ChameleonProcessor(pictures, words, image_seq_length=16).save_pretrained(folder)
    return save(folder, seeded(ChameleonForConditionalGeneration, config))


def write_emu3(folder: Path) -> Path:
    from transformers import Emu3Config, Emu3ForConditionalGeneration, Emu3Processor
    from transformers.models.emu3.image_processing_emu3 import Emu3ImageProcessor

    visual = [f"<|visual token {i:06d}|>" for i in range(10)]
    chat = CHAT.replace("IMAGE", "<image>")
    words = tokenizer(
        *visual, "<|extra_200|>", chat=chat, bos_token="<bos>", image_token="<image>", boi_token="<|image start|>",
        eoi_token="<|image end|>", image_wrapper_token="<|image token|>", eof_token="<|extra_201|>",
    )  # fmt: skip
    config = Emu3Config(
        text_config={**LAYERS, "num_key_value_heads": 2, "vocab_size": len(words),
                     "initializer_range": 0.3, "max_position_embeddings": 512, "pad_token_id": words.pad_token_id,
                     "eos_token_id": words.eos_token_id,
                     "bos_token_id": words.bos_token_id},
        vq_config={"codebook_size": 10, "embed_dim": 8, "latent_channels": 8, "base_channels": 32,
                   "channel_multiplier": [1, 1, 1, 1], "num_res_blocks": 1, "attn_resolutions": [],
                   "num_attention_heads": 1, "hidden_size": 32},
        vocabulary_map=words.get_vocab(), image_token_id=words.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    pictures = Emu3ImageProcessor(min_pixels=16 * 16, max_pixels=32 * 32, spatial_factor=8)
    Emu3Processor(pictures, words, chat_template=chat).save_pretrained(folder)
    return settings(
        save(folder, seeded(Emu3ForConditionalGeneration, config)), do_sample=True, top_k=2048, guidance_scale=3.0
    )


def write_qwen2_5_omni(folder: Path) -> Path:
    """Without its voice, which is large; with the name of the class and the file of voices that the published ones have."""
    import torch
    from transformers import Qwen2_5OmniConfig, Qwen2_5OmniForConditionalGeneration, WhisperFeatureExtractor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    chat = CHAT.replace("IMAGE", "<|vision_bos|><|IMAGE|><|vision_eos|>").replace(
        "AUDIO", "<|audio_bos|><|AUDIO|><|audio_eos|>"
    )
    named = {"image_token": "<|IMAGE|>", "audio_token": "<|AUDIO|>", "video_token": "<|VIDEO|>"}
    named |= {f"{kind}_{end}_token": f"<|{kind}_{end}|>" for kind in ("vision", "audio") for end in ("bos", "eos")}
    words = tokenizer(chat=chat, **named)
    ids = words.convert_tokens_to_ids
    ends = {"pad_token_id": words.pad_token_id, "eos_token_id": words.eos_token_id, "bos_token_id": None}
    thinker = {
        "audio_config": {"num_mel_bins": 16, "encoder_layers": 1, "encoder_attention_heads": 4, "encoder_ffn_dim": 32,
                         "d_model": 32, "max_source_positions": 1500, "n_window": 50, "output_dim": 32,
                         "initializer_range": 0.3},
        "vision_config": {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "patch_size": 14,
                          "out_hidden_size": 32, "fullatt_block_indexes": [1], "window_size": 56,
                          "initializer_range": 0.3},
        "text_config": {**LAYERS, "num_key_value_heads": 2, "vocab_size": len(words), "max_position_embeddings": 4096,
                        "initializer_range": 0.3, **ends,
                        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}},
        "image_token_index": ids("<|IMAGE|>"), "audio_token_index": ids("<|AUDIO|>"), "video_token_index": ids("<|VIDEO|>"),
        "audio_start_token_id": ids("<|audio_bos|>"), "audio_end_token_id": ids("<|audio_eos|>"),
        "vision_start_token_id": ids("<|vision_bos|>"), "vision_end_token_id": ids("<|vision_eos|>"),
    }  # fmt: skip
    config = Qwen2_5OmniConfig(thinker_config=thinker, enable_audio_output=False)
    pictures = Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=28 * 28 * 4)
    ear = WhisperFeatureExtractor(feature_size=16, return_attention_mask=True)
    save(folder, seeded(Qwen2_5OmniForConditionalGeneration, config), pictures, ear, words)
    path = folder / "preprocessor_config.json"
    both = {**pictures.to_dict(), **ear.to_dict(), "processor_class": "Qwen2_5OmniProcessor"}
    path.write_text(json.dumps({k: v for k, v in both.items() if isinstance(v, (str, int, float, list, dict, bool))}))
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "architectures": ["Qwen2_5OmniModel"]}))
    torch.save({"Chelsie": {"cond": torch.zeros(1)}}, folder / "spk_dict.pt")
    return folder
