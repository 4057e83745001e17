"""What the tool of an MCP server gives: text, and pictures for a model that can see."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from groq_core.services.agent.results import ToolPicture

if TYPE_CHECKING:
    from mcp.types import CallToolResult


def result_text(result: CallToolResult) -> str:
    """Write a result down as text; pictures and sounds are mentioned in their places."""
    pieces = [_block(block) for block in result.content]
    text = "\n".join(piece for piece in pieces if piece)
    if not text and result.structuredContent is not None:
        return to_json(result.structuredContent, fallback=str).decode()
    return text


def _block(block: Any) -> str:
    match block.type:
        case "text":
            return str(block.text)
        case "resource":
            return str(getattr(block.resource, "text", "") or f"[a file: {block.resource.uri}]")
        case "resource_link":
            return f"[a link: {block.name} {block.uri}]"
        case "image" | "audio":
            return f"[{block.type}, {len(block.data) * 3 // 4} bytes]"
        case _:
            return ""


def result_pictures(result: CallToolResult) -> Iterator[ToolPicture]:
    """The pictures of a result, for a model that can see."""
    for block in result.content:
        data, kind = "", ""
        if block.type == "image":
            data, kind = block.data, block.mimeType
        elif block.type == "resource":
            data, kind = getattr(block.resource, "blob", ""), block.resource.mimeType or ""
        if data and kind in ("image/png", "image/jpeg", "image/gif", "image/webp"):
            try:
                yield ToolPicture(base64.b64decode(data, validate=True), kind)
            except ValueError:
                continue  # it is mentioned all the same
