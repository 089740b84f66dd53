"""inspect_ai on the comparison's data: ``python run_inspect.py DATA KIND URL CONCURRENCY OUT``."""

import json
import os
import sys
from pathlib import Path

data, kind, url, concurrency, out = sys.argv[1:]
os.environ.update(PEER_API_KEY="x", PEER_BASE_URL=url, INSPECT_LOG_DIR=out)

from inspect_ai import Task, eval  # noqa: E402
from inspect_ai.dataset import MemoryDataset, Sample  # noqa: E402
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText  # noqa: E402
from inspect_ai.scorer import exact  # noqa: E402

folder = Path(data) / kind
samples = []
for entry in json.loads((folder / "annotation.json").read_text())["data"]:
    content = [ContentText(text=entry["input"]["prompt"])]
    if kind == "image":
        content.append(ContentImage(image=str(folder / entry["input"]["image_file"])))
    samples.append(Sample(input=[ChatMessageUser(content=content)], target="yes", id=entry["id"]))
(log,) = eval(
    Task(dataset=MemoryDataset(samples), scorer=exact()), model="openai-api/peer/m", max_connections=int(concurrency),
    max_samples=int(concurrency), display="none", log_dir=out, log_images=False,
)  # fmt: skip
print(json.dumps({"score": log.results.scores[0].metrics["mean"].value}))
