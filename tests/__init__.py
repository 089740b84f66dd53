"""Tests; a package of its own name, because some reference packages install one called tests too."""
