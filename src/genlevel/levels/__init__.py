"""Score maps, protocols and levels: how task scores become a level."""
