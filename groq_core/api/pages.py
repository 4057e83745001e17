"""Lists, page by page, as OpenAI's API cuts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def page_of_entries(
    exchange: ApiExchange,
    newest_first: Sequence[dict[str, Any]],
    made_at: Callable[[str], int | None] = lambda _: None,
) -> dict[str, Any]:
    """
    One page of a list: `limit` entries behind the one whose id is `after`, newest first unless `order` is `asc`.

    Args:
        newest_first: By `created_at` and id, where ids tell when they were made.
        made_at: Tells the second from an id, so that a page can begin behind an entry that is gone.

    Raises:
        RequestError: 400; `limit` is no such number, `order` no order, or nothing in the list has the id or its place.
    """
    most, oldest_first, after = _limit(query(exchange, "limit")), _is_ascending(exchange), query(exchange, "after")
    entries = newest_first[::-1] if oldest_first else newest_first
    first = 0 if after is None else _place_behind(after, entries, made_at, oldest_first=oldest_first)
    shown = list(entries[first : first + most])
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": first + most < len(entries),
    }


def _is_ascending(exchange: ApiExchange) -> bool:
    order = query(exchange, "order") or "desc"
    if order not in ("asc", "desc"):
        raise bad("order", "`order` must be asc or desc")
    return order == "asc"


def _place_behind(
    after: str,
    entries: Sequence[dict[str, Any]],
    made_at: Callable[[str], int | None],
    *,
    oldest_first: bool,
) -> int:
    """How many entries stand before those behind an id."""
    names = [entry["id"] for entry in entries]
    if after in names:
        return names.index(after) + 1
    second = made_at(after)
    if second is None:
        raise bad(
            "after", "`after` names nothing in this list", "Send the `last_id` of the page before, or leave it out."
        )
    place = (second, after)
    return sum(((entry["created_at"], entry["id"]) > place) != oldest_first for entry in entries)


def _limit(text: str | None) -> int:
    if text is None:
        return LISTED
    number = whole_number(text, 0)
    if not 1 <= number <= MOST_LISTED:
        raise bad("limit", f"`limit` must be a number from 1 to {MOST_LISTED}")
    return number
