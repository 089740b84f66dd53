"""The 30 language datasets of the 2024 edition in the formats of their publishers, and what makes samples of their entries."""
