"""Where samples come from: folders of tasks on disk."""

from genlevel.datasets.base import Dataset, Found, Unmatched
from genlevel.datasets.general_bench import find_datasets

__all__ = ["Dataset", "Found", "Unmatched", "find_datasets"]
