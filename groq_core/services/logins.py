"""Where tokens that other servers gave are kept: in memory, or, where a person asks for it, in a file of their own."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from groq_core.encoding import json_bytes
from groq_core.errors import RequestError


class Logins(Protocol):
    """Where a client keeps what authorization servers gave it, by the address of the MCP server: plain JSON."""

    def read(self, address: str) -> dict[str, Any]: ...
    def write(self, address: str, kept: dict[str, Any]) -> None: ...


@dataclass(slots=True)
class MemoryLogins:
    """Keeps them for as long as the process lives, and nowhere else."""

    _kept: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    def read(self, address: str) -> dict[str, Any]:
        return dict(self._kept.get(address, {}))

    def write(self, address: str, kept: dict[str, Any]) -> None:
        self._kept[address] = dict(kept)


@dataclass(frozen=True, slots=True)
class FileLogins:
    """Keeps them in a file that nobody but its owner may read; only where a person has asked for it."""

    path: Path

    def read(self, address: str) -> dict[str, Any]:
        found = self._all().get(address)
        return found if isinstance(found, dict) else {}

    def write(self, address: str, kept: dict[str, Any]) -> None:
        """
        Raises:
            RequestError: The file cannot be written.
        """
        whole = msgspec.json.format(json_bytes({**self._all(), address: kept}), indent=1).decode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Made with mode 0600, and complete before it takes the other's place.
            number, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(whole)
            os.replace(name, self.path)
        except OSError as error:
            raise RequestError(
                f"the sign-in cannot be kept: {error.strerror}",
                param="mcp-keep-login",
                hint="Leave --mcp-keep-login out, or set GROQ_CORE_STATE_DIR to a folder that can be written.",
            ) from None

    def _all(self) -> dict[str, Any]:
        try:
            found = msgspec.json.decode(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
