"""What ``import genlevel`` promises."""

import subprocess
import sys

import pytest

import genlevel


def test_every_public_name_is_there() -> None:
    assert sorted(genlevel.__all__) == sorted({*genlevel._WHERE, "__version__"})
    for name in genlevel.__all__:
        assert getattr(genlevel, name) is not None


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, genlevel; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" not in loaded
    assert "genlevel.metrics" not in loaded


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        genlevel.no_such_name  # noqa: B018


def test_the_documented_example() -> None:
    catalog = genlevel.load_catalog("2025")
    level = genlevel.rate(catalog, {"language.spam-detection": 100.0}, genlevel.PROTOCOLS["paper-2025"], model="mine")
    # Language alone gives no S2: the first score counts comprehension and generation tasks.
    assert (level.level, level.wins) == (0, 1)
