"""lm-eval on the comparison's data: ``python run_lm_eval.py DATA KIND URL CONCURRENCY OUT``."""

import json
import runpy
import sys
from pathlib import Path

data, kind, url, concurrency, out = sys.argv[1:]
folder, local = Path(data) / kind, Path(out)
local.mkdir(parents=True)
with (local / "peer.jsonl").open("w") as file:
    for entry in json.loads((folder / "annotation.json").read_text())["data"]:
        shown = entry["input"]
        image = str(folder / shown["image_file"]) if kind == "image" else ""
        file.write(json.dumps({"prompt": shown["prompt"], "image": image, "answer": "yes"}) + "\n")
(local / "utils.py").write_text("from PIL import Image\ndef images(doc):\n    return [Image.open(doc['image'])]\n")
(local / "peer.yaml").write_text(
    "task: peer\ndataset_path: json\noutput_type: generate_until\ntest_split: test\n"
    f"dataset_kwargs:\n  data_files:\n    test: {local / 'peer.jsonl'}\n"
    + ("doc_to_image: !function utils.images\n" if kind == "image" else "")
    + "doc_to_text: '{{prompt}}'\ndoc_to_target: '{{answer}}'\n"
    "generation_kwargs:\n  until: []\n  max_gen_toks: 16\nmetric_list:\n  - metric: exact_match\n"
)
sys.argv = [
    "lm_eval", "run", "--model", "local-chat-completions", "--model_args",
    f"model=m,base_url={url}/chat/completions,num_concurrent={concurrency},tokenizer_backend=None,max_retries=3",
    "--tasks", "peer", "--include_path", str(local), "--apply_chat_template", "--output_path", str(local / "results"),
]  # fmt: skip
runpy.run_module("lm_eval", run_name="__main__")
