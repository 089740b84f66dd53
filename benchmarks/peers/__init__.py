"""Other harnesses on the same requests, each in an environment of its own: see ``__main__.py``."""
