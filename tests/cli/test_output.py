"""What is printed of names and texts that others wrote."""

from __future__ import annotations

import pytest

from genlevel.cli import main
from genlevel.cli.output import emit_table, note


def test_control_characters_never_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    emit_table(("model", "level"), [("a\x1b[2Jb\nc\x9b1m", 2), ("Müller 猫", None)])
    note("answer for unknown id 'x\x1b]0;title\x07'\nsecond line")
    out, err = capsys.readouterr()
    assert out.splitlines()[2].split("  ")[0] == r"a\x1b[2Jb\nc\x9b1m"
    assert "Müller 猫" in out
    assert err == "answer for unknown id 'x\\x1b]0;title\\x07'\nsecond line\n"


def test_an_error_is_one_line_whatever_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["level", "a\nb\x1b[2J"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
