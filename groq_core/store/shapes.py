"""Conversations as they go in and out, for those who need not know how they are kept."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

import msgspec

from groq_core.errors import RequestError

Head: TypeAlias = dict[str, Any]
Body: TypeAlias = dict[str, Any]

ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_MESSAGES: Final = 20_000
"""Messages of one conversation; a person who reaches it begins a new one."""

FOUND: Final = 50


class Whole(msgspec.Struct, frozen=True):
    """A conversation with all of its messages, as the page wrote them."""

    head: Head
    messages: list[Body]


class SearchHit(msgspec.Struct, frozen=True):
    """A conversation that a search found, and the words around what was found in it."""

    id: str
    excerpt: str


def check_id(value: object, param: str = "id") -> str:
    """
    Raises:
        RequestError: It is not an id as pages make them.
    """
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise RequestError("an id has 1 to 64 letters, digits, - or _", param=param, code="invalid_id")
    return value
