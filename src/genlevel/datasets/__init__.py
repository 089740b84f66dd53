"""Where samples come from: folders of tasks on disk."""
