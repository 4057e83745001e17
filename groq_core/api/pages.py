"""Lists, page by page, as OpenAI's API cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from groq_core.api.asgi import ApiExchange
from groq_core.incoming.field_errors import bad
from groq_core.incoming.whole_numbers import whole_number

LISTED: Final = 100
MOST_LISTED: Final = 10_000
"""How many entries a page has: where nothing is said, and at most."""


def query(exchange: ApiExchange, name: str) -> str | None:
    """What an address says behind its question mark; None where it says nothing of that name."""
    text: bytes = exchange.scope.get("query_string", b"")
    return next(iter(parse_qs(text.decode("latin-1")).get(name, [])), None)


def page_of_entries(exchange: ApiExchange, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """
    One page of a list: `limit` entries behind the one whose id is `after`.

    Raises:
        RequestError: 400; `limit` is no such number.
    """
    most, after = _limit(query(exchange, "limit")), query(exchange, "after")
    names = [entry["id"] for entry in entries]
    first = names.index(after) + 1 if after in names else 0
    shown = list(entries[first : first + most])
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": first + most < len(entries),
    }


def in_order(exchange: ApiExchange, newest_first: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    A list as its reader wants it: newest first, as OpenAI lists everything, unless `order` is `asc`.

    Raises:
        RequestError: 400; `order` is something else.
    """
    order = query(exchange, "order") or "desc"
    if order not in ("asc", "desc"):
        raise bad("order", "`order` must be asc or desc")
    return newest_first if order == "desc" else newest_first[::-1]


def _limit(text: str | None) -> int:
    if text is None:
        return LISTED
    number = whole_number(text, 0)
    if not 1 <= number <= MOST_LISTED:
        raise bad("limit", f"`limit` must be a number from 1 to {MOST_LISTED}")
    return number
