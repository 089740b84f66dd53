"""Answers by a JSON schema: what a server is asked to keep to, and the answer taken out again.

A schema's root has to be an object for OpenAI and others, so that an answer stands under ``answer``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from genlevel.records import Part, Reply, Request


def response_format(request: Request) -> dict[str, Any] | None:
    """The ``response_format`` of a chat completion; None where the answer is free text or a medium."""
    schema = request.schema
    if schema is None or "text" not in request.makes:
        return None
    wrapped = {
        "type": "object",
        "properties": {"answer": schema},
        "required": ["answer"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": wrapped}}


def unwrapped(reply: Reply, request: Request) -> Reply:
    """The reply with what stands under ``answer`` as its text; as it is where the server did not keep to the schema."""
    if response_format(request) is None or len(reply.parts) != 1 or reply.parts[0].kind != "text":
        return reply
    try:
        value = orjson.loads(reply.parts[0].text)["answer"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return reply
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return replace(reply, parts=(Part("text", text),))
