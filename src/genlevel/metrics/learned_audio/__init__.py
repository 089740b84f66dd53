"""Metrics of sound that contain a network: CLAP similarity, Fréchet audio distance, predicted MOS, transcripts of speech.

Sounds are pairs ``(samples, rate)``: float (n,) or (n, channels) in [-1, 1], and Hz. Weights are files that you bring; see
:mod:`genlevel.metrics.learned.weights`.
"""
