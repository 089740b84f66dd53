"""The SPEC: what it says comes out, and nothing that a person types is a traceback."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genlevel import models
from genlevel.errors import GenlevelError, ModelError
from genlevel.models import MODELS, Spec, parse

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(deadline=None)
@given(name=TEXT, options=st.dictionaries(TEXT.filter(bool), TEXT, max_size=4))
@example("a?b&c=d%20", {"base_url": "http://h/v1?a=b&c=%41"})
def test_every_name_and_option_can_be_written(name: str, options: dict[str, str]) -> None:
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in options.items())
    assert parse(f"kind:{quote(name, safe='/:')}{'?' if query else ''}{query}") == Spec("kind", name, options)


@given(st.text(max_size=60))
@example("openai:m?base_url=http://[::1")
@example("openai:m?base_url=http://h:99999999/v1")
@example("openai:m?timeout=nan")
@example("openai:m?concurrency=1e400")
@example("python:\0:f")
@example("predictions:" + "x" * 5000)
@example("predictions:\0")
def test_no_text_is_a_traceback(text: str) -> None:
    try:
        parse(text)
        # Only kinds that look at nothing but the SPEC: an arbitrary module is not imported here.
        if text.startswith(("openai:", "predictions:", "python:\0")):
            models.load(text)
    except GenlevelError as error:
        assert str(error)


def test_urls_need_no_quoting() -> None:
    spec = parse("openai:org/model-7b:free?base_url=http://localhost:8000/v1&temperature=0.5")
    assert spec.name == "org/model-7b:free"
    assert spec.options == {"base_url": "http://localhost:8000/v1", "temperature": "0.5"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gpt-4o", "kind:name"),
        (":x", "kind:name"),
        ("openai:", "needs the model's name"),
        ("openai:m?temp=1", "unknown option 'temp' \\(known: base_url"),
        ("openai:m?api_key=abc", "unknown option 'api_key'"),
        ("openai:m?temperature=warm", "temperature=warm is not a number"),
        ("openai:m?temperature=-1", "not between"),
        ("openai:m?concurrency=0", "not between"),
        ("openai:m?concurrency=1.5", "whole number"),
        ("openai:m?video=film", "none of frames, url"),
        ("openai:m?makes=text,smell", "smell is no kind of part"),
        ("openai:m?seed", "not of the form option=value"),
        ("openai:m?seed=1&seed=2", "given twice"),
        ("openai:m?se%65d=1&seed=2", "given twice"),
        ("openai:m?base_url=localhost:8000", "no address"),
        ("openai:m?base_url=ftp://x/v1", "no address"),
        ("openai:m?base_url=http://me:pass@host/v1", "password or key"),
        ("openai:m?base_url=http://host/v1%3Fapi_key%3Dx", "password or key"),
        ("openai:m?api_key_env=NO_SUCH_VARIABLE_HERE", "NO_SUCH_VARIABLE_HERE holds no key"),
        ("python:function", "MODULE:FUNCTION"),
        ("python:no_such_module_here:f", "cannot be imported"),
        ("python:none.py:f", "there is no file none.py"),
        ("python:json:nothing", "has no function 'nothing'"),
        ("python:json:dumps?bach=4", "unknown option 'bach'"),
        ("predictions:/nowhere/at/all", "no such folder"),
        ("magic:x", "unknown kind of model 'magic'"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, message: str) -> None:
    with pytest.raises(GenlevelError, match=message) as caught:
        models.load(text)
    assert "\n" not in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_openai_com_needs_a_key_and_a_local_server_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="OPENAI_API_KEY holds no key"):
        models.load("openai:gpt-4o")
    models.load("openai:m?base_url=http://localhost:1/v1")


def test_the_registry_names_all_kinds() -> None:
    assert set(MODELS) >= {"openai", "python", "predictions", "nearest", "specialist", "composite"}


def test_all_types_stand_alone() -> None:
    with pytest.raises(ModelError, match="types=all,image-counting: 'all' stands alone"):
        models.load("openai:m?types=all,image-counting")
