"""What the page sends, decoded."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from groq_core.errors import RequestError, nesting_error

T = TypeVar("T")


def decode_json(body: bytes, kind: type[T]) -> T:
    """
    Decode the JSON of one of the page's own scripts.

    Raises:
        RequestError: It is no JSON, or not of this kind; it names the field and the mend.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError:
        raise nesting_error() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"the page sent what cannot be read: {error}", hint="Reload the page.") from error
