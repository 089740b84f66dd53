"""evalscope on the comparison's data: ``python run_evalscope.py DATA KIND URL CONCURRENCY OUT``."""

import json
import sys
from pathlib import Path

data, kind, url, concurrency, out = sys.argv[1:]

from evalscope import TaskConfig, run_task  # noqa: E402

folder, local = Path(data) / kind, Path(out) / "data"
local.mkdir(parents=True)
with (local / "peer.jsonl").open("w") as file:
    for entry in json.loads((folder / "annotation.json").read_text())["data"]:
        prompt = entry["input"]["prompt"]
        if kind == "image":
            content = [
                {"type": "text", "text": prompt},
                {"type": "image_url", "image_url": {"url": str(folder / entry["input"]["image_file"])}},
            ]
            line = {"messages": [{"role": "user", "content": content}], "answer": "yes"}
        else:
            line = {"query": prompt, "response": "yes"}
        file.write(json.dumps(line) + "\n")
name = "general_vqa" if kind == "image" else "general_qa"
result = run_task(
    TaskConfig(
        model="m", api_url=url, api_key="x", eval_type="openai_api", datasets=[name],
        eval_batch_size=int(concurrency), work_dir=out,
        dataset_args={
            name: {
                "local_path": str(local), "subset_list": ["peer"],
                "metric_list": ["exact_match"], "primary_metric": "exact_match",
            }
        },
    )
)  # fmt: skip
print(json.dumps({"score": next(iter(result.values())).score}))
