"""Read a JSON body field by field; what is wrong with one is said by its name."""

from __future__ import annotations

from typing import Any

from groq_core.api.chat.body import json_object
from groq_core.api.field_errors import bad, kind_of


class Body:
    """
    The fields of a JSON object.

    Args:
        allowed: Names it may have; an unknown one is refused, since a typing error would be passed over in silence.

    Raises:
        RequestError: 400; it is no JSON object, or has a field nobody knows.
    """

    def __init__(self, raw: bytes, allowed: tuple[str, ...]) -> None:
        fields = json_object(raw)
        for name in fields:
            if name not in allowed:
                raise bad(name, f"`{name}` is no field here", f"There are: {', '.join(allowed)}.", code="unknown_field")
        self.fields: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}

    def text(self, name: str, default: str | None = None) -> str:
        """
        A text that is not empty.

        Raises:
            RequestError: It is missing and there is no default, or it is something else.
        """
        value = self.fields.get(name, default)
        if value is None:
            raise bad(name, f"`{name}` is missing", code="missing_field")
        if not isinstance(value, str):
            raise bad(name, f"`{name}` must be text, not {kind_of(value)}")
        if not value.strip() and default is None:
            raise bad(name, f"`{name}` is empty")
        return value

    def switch(self, name: str) -> bool:
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise bad(name, f"`{name}` must be true or false, not {kind_of(value)}")
        return value

    def object(self, name: str, *, required: bool = False) -> dict[str, Any]:
        value = self.fields.get(name)
        if value is None and required:
            raise bad(name, f"`{name}` is missing", code="missing_field")
        value = {} if value is None else value
        if not isinstance(value, dict):
            raise bad(name, f"`{name}` must be an object, not {kind_of(value)}")
        return value

    def list(self, name: str) -> list[Any]:
        value = self.fields.get(name, [])
        if not isinstance(value, list):
            raise bad(name, f"`{name}` must be a list, not {kind_of(value)}")
        return value
