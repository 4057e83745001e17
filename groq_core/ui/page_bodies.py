"""What the page sends, decoded."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from groq_core.errors import RequestError, nesting_error
from groq_core.events import Note
from groq_core.incoming.json_bodies import LETTERS_REPLACED, loads_with_halves

T = TypeVar("T")

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)
"""What decoding raises for bytes that are no JSON, no text, or not of the kind that is wanted."""


def decode_json(body: bytes, kind: type[T]) -> T:
    """
    Decode the JSON of one of the page's own scripts.

    Raises:
        RequestError: It is no JSON, or not of this kind; it names the field and the mend.
    """
    return decode_with_notes(body, kind)[0]


def decode_with_notes(body: bytes, kind: type[T]) -> tuple[T, tuple[Note, ...]]:
    """The same, with what had to be changed: a browser's text may hold half a letter, which nobody else takes."""
    try:
        try:
            return msgspec.json.decode(body, type=kind), ()
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if b"\\ud" not in body.lower():
                raise
            return msgspec.convert(loads_with_halves(body), type=kind), (LETTERS_REPLACED,)
    except RecursionError:
        raise nesting_error() from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise RequestError(f"the page sent what cannot be read: {error}", hint="Reload the page.") from error
