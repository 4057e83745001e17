"""Recorded exchanges with api.groq.com and api.openai.com (`tests/data/wire`), as the tests read them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

WIRE = Path(__file__).parent / "data" / "wire"


class Recording(msgspec.Struct, frozen=True, eq=False):
    """One recorded exchange; ``name`` is its folder and file without the ending."""

    name: str
    status: int
    headers: dict[str, str]
    body: bytes
    request: Any

    @property
    def streamed(self) -> bool:
        return self.body.startswith((b"data:", b"event:"))


def recordings(*folders: str) -> Iterator[Recording]:
    """Every recording whose folder begins with one of the names; all of them without any."""
    for path in sorted(WIRE.glob("*/*.json")):
        if folders and not path.parent.name.startswith(folders):
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        response = found["response"]
        body = response.get("body")
        if body is None and "body_base64" not in response:
            continue
        yield Recording(
            name=f"{path.parent.name}/{path.stem}",
            status=response["status"],
            headers={name.lower(): _first(value) for name, value in (response.get("headers") or {}).items()},
            body=b64decode(response["body_base64"]) if body is None else _bytes(body),
            request=found.get("request"),
        )


def _first(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[0]


def _bytes(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
