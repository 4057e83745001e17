"""The API's description as a page at `/docs`: plain HTML, that asks nobody else for scripts or styles."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from groq_core.api.openapi import Schema

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.55 system-ui, sans-serif; }
body { max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 0; }
section { border-top: 1px solid #8886; margin-top: 1.5rem; padding-top: 1.25rem; }
code, pre { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { overflow-x: auto; padding: .75rem 1rem; border-radius: 10px; background: #8881; }
b.verb { display: inline-block; min-width: 3.2em; color: #c8401f; }
table { border-collapse: collapse; width: 100%; } td { padding: .3rem 1rem .3rem 0; vertical-align: top; }
td + td { color: #777; } .wide { overflow-x: auto; }
"""

EXAMPLES = {
    "/v1/chat/completions": """curl {base}/v1/chat/completions -H 'content-type: application/json' \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}'""",
    "/v1/audio/transcriptions": "curl {base}/v1/audio/transcriptions -F file=@recording.mp3",
    "/v1/audio/translations": "curl {base}/v1/audio/translations -F file=@recording.mp3",
    "/v1/audio/speech": """curl {base}/v1/audio/speech -H 'content-type: application/json' \\
  -d '{"input": "Hello there."}' -o hello.wav""",
}


def reference(description: Schema, base: str) -> str:
    """
    Write the page.

    Args:
        description: An OpenAPI document, see :func:`groq_core.api.openapi.document`.
        base: Where the API is, for the examples.
    """
    info, schemas = description["info"], description["components"]["schemas"]
    parts = [
        _operation(path, verb, operation, schemas, base)
        for path, verbs in description["paths"].items()
        for verb, operation in verbs.items()
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}: HTTP API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])} "
        f'The same for programs: <a href="openapi.json">openapi.json</a>.</p>'
        f"{''.join(parts)}</html>"
    )


def _operation(path: str, verb: str, operation: Schema, schemas: Schema, base: str) -> str:
    example = EXAMPLES.get(path, "curl {base}" + path.replace("{model}", "openai/gpt-oss-20b")).replace("{base}", base)
    return (
        f'<section id="{escape(path.strip("/"))}"><h2><code><b class="verb">{verb.upper()}</b> {escape(path)}</code>'
        f"</h2><p>{escape(operation['summary'])}.</p>{_fields(operation, schemas)}"
        f"<pre>{escape(example)}</pre></section>"
    )


def _fields(operation: Schema, schemas: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    rows = []
    for media in content.values():
        schema = schemas[media["schema"]["$ref"].rpartition("/")[2]]
        needed = schema.get("required", ())
        for name, field in schema["properties"].items():
            about = ("required; " if name in needed else "") + _about(field)
            rows.append(f"<tr><td><code>{escape(name)}</code></td><td>{_marked(about)}</td></tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>' if rows else ""


def _about(field: Schema) -> str:
    """
    One field in words.

    >>> _about({"type": "number", "minimum": 0, "maximum": 2, "description": "How wild."})
    'number, 0 to 2. How wild.'
    """
    words = _kind(field)
    if "minimum" in field:
        words += (
            f", {field['minimum']} to {field['maximum']}" if "maximum" in field else f", at least {field['minimum']}"
        )
    if "maxItems" in field:
        words += f", at most {field['maxItems']}"
    if "default" in field:
        words += f", else `{field['default']}`"
    return f"{words}. {field['description']}" if "description" in field else words


def _kind(field: Schema) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(map(_kind, field["anyOf"]))
    kind: Any = field.get("type", "anything")
    return f"list of {_kind(field['items'])}" if kind == "array" else json.dumps(kind).strip('"')


def _marked(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
