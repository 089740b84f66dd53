"""What a GPU is used for: local checkpoints, pipelines and learned metrics, their speed and their agreement with the CPU.

python -m benchmarks.gpu [NAME ...] [--out FOLDER] [--device cuda] [--seconds 60] [--tiny]

All weights are random and made for the occasion. Each part runs in a process of its own for at most ``--seconds`` and shares
nothing with the others, so one that fails says why in a line and the next one begins. ``--device cpu --tiny`` goes through the
same lines in small on a machine without a GPU; its numbers mean nothing. The results are a table at the end and gpu.json.
"""
