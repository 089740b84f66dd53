"""Tiny CLIP and DINO folders with random weights, in the layout of the published ones."""

from pathlib import Path
from typing import Any


def _bytes_as_characters() -> list[str]:
    """The 256 printable characters that byte-level BPE uses."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def clip_tokenizer() -> Any:
    from transformers import CLIPTokenizer

    characters = _bytes_as_characters()
    words = [*characters, *(c + "</w>" for c in characters), "ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"]
    merges = [("c", "a"), ("ca", "t</w>")]
    return CLIPTokenizer(vocab={w: i for i, w in enumerate(words)}, merges=merges, model_max_length=77)


def write_clip(folder: Path, *, width: int = 32) -> Path:
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = clip_tokenizer()
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    ends = {"bos_token_id": end - 1, "eos_token_id": end}
    layers = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = CLIPConfig(
        text_config=layers | {"vocab_size": len(tokenizer), "max_position_embeddings": 77} | ends,
        vision_config=layers | {"image_size": 32, "patch_size": 8},
        projection_dim=width,
        initializer_factor=5.0,
    )
    torch.manual_seed(0)
    model = CLIPModel(config).eval()
    with torch.no_grad():  # the usual start hardly looks at its input, and all cosines would be alike
        model.vision_model.embeddings.patch_embedding.weight.normal_(0.0, 0.3)
        model.vision_model.embeddings.class_embedding.zero_()
        model.text_model.embeddings.token_embedding.weight.normal_(0.0, 1.0)
        for layers_of in (model.vision_model.encoder, model.text_model.encoder):
            for name, weight in layers_of.named_parameters():
                if name.endswith("_proj.weight"):
                    weight.normal_(0.0, 0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def write_dino(folder: Path) -> Path:
    import torch
    from transformers import ViTConfig, ViTModel
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    config = ViTConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8,
        initializer_range=0.3,
    )  # fmt: skip
    torch.manual_seed(0)
    ViTModel(config, add_pooling_layer=False).eval().save_pretrained(folder)
    ViTImageProcessorPil(
        size={"height": 32, "width": 32}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
    ).save_pretrained(folder)
    return folder
