"""Named things: loaded when used, and a helpful word for a name that is not known."""

import pytest

from genlevel.errors import GenlevelError
from genlevel.registry import Registry


def test_loading_by_name_imports_only_then() -> None:
    registry = Registry("thing", "genlevel.no_such_group", {"join": "posixpath:join", "broken": "no_such_module:x"})
    assert registry.load("join")("a", "b") == "a/b"
    assert list(registry) == ["broken", "join"]


def test_few_names_are_listed_many_are_guessed() -> None:
    few = Registry("thing", "genlevel.no_such_group", {"apple": "m:a", "pear": "m:b"})
    with pytest.raises(GenlevelError, match=r"unknown thing 'plum'; there are apple, pear"):
        few.load("plum")
    many = Registry("thing", "genlevel.no_such_group", {f"apple{i}": "m:a" for i in range(20)})
    with pytest.raises(GenlevelError, match=r"did you mean apple"):
        many.load("aple1")


def test_own_things_win() -> None:
    registry = Registry("thing", "genlevel.no_such_group", {"join": "posixpath:join"})
    registry.register("join", len)
    assert registry.load("join") is len


def test_own_names_are_those_of_this_process_alone() -> None:
    registry = Registry("thing", "genlevel.no_such_group", {"join": "posixpath:join", "split": "posixpath:split"})
    registry.load("join")
    assert registry.own == frozenset()
    registry.register("new", len)
    registry.register("split", len)
    assert registry.own == {"new", "split"}
