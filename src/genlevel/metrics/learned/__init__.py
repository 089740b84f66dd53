"""Metrics whose definition contains a network. Their code is here; the published weights are files that you bring.

Nothing is ever downloaded. Give ``weights=PATH`` to a metric, or put the files into one folder and name it in the environment
variable ``GENLEVEL_WEIGHTS``. Needs the extra ``genlevel[learned]`` (torch, and transformers for CLIP, CLAP and DINO).
"""
