"""The run: ask a model, store each answer as it arrives, go on where it stopped."""
