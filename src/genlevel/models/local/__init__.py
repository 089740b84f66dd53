"""``transformers:PATH``: a checkpoint of the transformers library, in a folder or in the local cache of the hub.

PATH is a folder as ``save_pretrained`` writes it. A hub id such as org/name works if its files are in the local cache, or with
download=1; nothing is fetched otherwise. Needs pip install 'genlevel[transformers]'.

The architecture in config.json says how a checkpoint is asked: chats with images, sound and video (shown as frames), texts,
captioners, readers of documents, speech, classifiers, CLIP and CLAP, detectors, segmenters, SAM, depth, pose, upscalers. Janus
and Emu3 also draw, Qwen's Omni models also speak. docs/models.md lists what was tried with which class.

Options, all of which may be left out:
  task            the family that asks it, where the architecture alone does not tell, e.g. text-generation
  dtype           auto (the checkpoint's own; default), float32, bfloat16 or float16
  device_map      cpu, cuda, cuda:1, mps; or auto, balanced, sequential for several GPUs (default: cuda if there is one)
  attn            the attention backend, e.g. sdpa, flash_attention_2, eager (default: the library's choice)
  batch           requests at a time: auto (default) begins with 4, doubles while it works and halves when memory runs out
  max_batch       the most that auto goes to (default: 64)
  window          requests among which like is put with like (default: 64, or four times batch)
  max_new_tokens  of an answer (default: 512)
  temperature     default 0, the likeliest token; above 0 sampled from the request's own seed, whatever shares its batch;
                  'default' takes the checkpoint's own settings
  top_p, top_k    for sampling
  num_beams       beams (default: as the checkpoint says)
  chat_template   a file with a Jinja template, or 'none' for the prompt as it is (default: the checkpoint's own)
  system          a system message
  threshold       what detectors and segmenters leave out (default: detectors nothing, others as the library does)
  language        of Whisper's transcripts (default: it finds out)
  frames          how many frames of a video (default: 8, at equal distances, the first and the last among them)
  detector        for pose: the folder of an object detector that knows persons (default: the whole image is one person)
  revision, download     of a hub id
  trust_remote_code      1 runs code that lies in the folder (default: 0)
  pickle          1 takes weights that are a pickle, *.bin (default: 0)
  partial         1 takes a folder that lacks weights; they are random numbers then (default: 0)
  takes, makes    kinds of part, with commas, to narrow what the checkpoint can do
  types           types of task, with commas, that it is asked; 'all' for any (default: those that its family is made for)
"""

from __future__ import annotations

from genlevel.models.local.model import TransformersModel
from genlevel.models.spec import Spec

__all__ = ["TransformersModel", "from_spec"]


def from_spec(spec: Spec) -> TransformersModel:
    """The model of a SPEC."""
    return TransformersModel(spec)
