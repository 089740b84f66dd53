"""lmms-eval on the comparison's data: ``python run_lmms_eval.py DATA KIND URL CONCURRENCY OUT``."""

import contextlib
import json
import os
import runpy
import sys
from pathlib import Path

with contextlib.suppress(ImportError):
    import torch

    # Published torchvision does not load beside a torch without CUDA unless these are declared before; no model runs here.
    if not torch.cuda.is_available():
        _schemas = torch.library.Library("torchvision", "DEF")
        _schemas.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _schemas.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

data, kind, url, concurrency, out = sys.argv[1:]
folder, local = Path(data) / kind, Path(out)
local.mkdir(parents=True)
with (local / "peer.jsonl").open("w") as file:
    for entry in json.loads((folder / "annotation.json").read_text())["data"]:
        shown = entry["input"]
        image = str(folder / shown["image_file"]) if kind == "image" else ""
        file.write(json.dumps({"prompt": shown["prompt"], "image": image, "answer": "yes"}) + "\n")
(local / "utils.py").write_text(
    "from PIL import Image\n"
    "def visual(doc):\n    return [Image.open(doc['image']).convert('RGB')] if doc['image'] else []\n"
    "def text(doc, lmms_eval_specific_kwargs=None):\n    return doc['prompt']\n"
    "def results(doc, results):\n    return {'accuracy': float(results[0].strip() == doc['answer'])}\n"
    "def mean(values):\n    return sum(values) / len(values)\n"
)
(local / "peer.yaml").write_text(
    "task: peer\ndataset_path: json\noutput_type: generate_until\ntest_split: test\n"
    f"dataset_kwargs:\n  data_files:\n    test: {local / 'peer.jsonl'}\n"
    "doc_to_visual: !function utils.visual\ndoc_to_text: !function utils.text\ndoc_to_target: answer\n"
    "process_results: !function utils.results\ngeneration_kwargs:\n  max_new_tokens: 16\n"
    "metric_list:\n  - metric: accuracy\n    aggregation: !function utils.mean\n    higher_is_better: true\n"
)
os.environ.update(OPENAI_API_KEY="x", OPENAI_API_BASE=url, HF_HUB_OFFLINE="0")
sys.argv = [
    "lmms_eval", "--model", "openai", "--model_args", f"model_version=m,base_url={url},api_key=x,num_concurrent={concurrency}",
    "--tasks", "peer", "--include_path", str(local), "--batch_size", "1", "--output_path", str(local / "results"),
]  # fmt: skip
runpy.run_module("lmms_eval", run_name="__main__")
