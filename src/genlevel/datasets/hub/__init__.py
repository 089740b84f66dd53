"""Fetching tasks' files from the Hugging Face hub: only those that are asked for, checked, unpacked."""

from genlevel.datasets.hub.client import Hub, HubError, HubFile
from genlevel.datasets.hub.download import Fetched, Watcher, fetch
from genlevel.datasets.hub.plan import Item, Plan

__all__ = ["Fetched", "Hub", "HubError", "HubFile", "Item", "Plan", "Watcher", "fetch"]
