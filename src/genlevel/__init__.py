"""genlevel tells where a multimodal model stands on the road to a level-5 generalist."""

from genlevel._version import __version__

__all__ = ["__version__"]
