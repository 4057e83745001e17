"""The API's description as a page at `/docs`: plain HTML, that asks nobody else for scripts or styles."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from groq_core.encoding import json_bytes
from groq_core.incoming.schema_parts import Schema

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
    "post /v1/chat/completions": """curl {base}/v1/chat/completions -H 'content-type: application/json' \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}'""",
    "post /v1/responses": """curl {base}/v1/responses -H 'content-type: application/json' \\
  -d '{"model": "auto", "input": "Hello"}'""",
    "post /v1/audio/transcriptions": "curl {base}/v1/audio/transcriptions -F file=@recording.mp3",
    "post /v1/audio/translations": "curl {base}/v1/audio/translations -F file=@recording.mp3",
    "post /v1/audio/speech": """curl {base}/v1/audio/speech -H 'content-type: application/json' \\
  -d '{"input": "Hello there.", "response_format": "wav"}' -o hello.wav""",
    "post /v1/extract": """curl {base}/v1/extract -H 'content-type: application/json' \\
  -d '{"text": "Ada was born in 1815.", "schema": {"type": "object", "properties": {"year": {"type": "integer"}}}}'""",
    "post /v1/agent/runs": """curl {base}/v1/agent/runs -H 'content-type: application/json' \\
  -d '{"task": "What is 17 times 23?", "tools": ["calculator"]}'""",
    "post /v1/files": "curl {base}/v1/files -F purpose=batch -F file=@lines.jsonl",
    "post /v1/batches": """curl {base}/v1/batches -H 'content-type: application/json' \\
  -d '{"input_file_id": "FILE_ID", "endpoint": "/v1/chat/completions", "completion_window": "24h"}'""",
}
"""By method and path; what is not here needs nothing but its address."""


def reference(description: Schema, base: str) -> str:
    """
    Write the page.

    Args:
        description: An OpenAPI document, see :func:`groq_core.api.openapi.document`.
        base: Where the API is, for the examples.
    """
    info, components = description["info"], description["components"]
    parts = [
        _operation(path, verb, operation, components, base)
        for path, verbs in description["paths"].items()
        for verb, operation in verbs.items()
    ]
    schemes = "".join(f"<p>{_mark_up(scheme['description'])}</p>" for scheme in components["securitySchemes"].values())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}: HTTP API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{_mark_up(info['description'])} "
        f'The same for programs: <a href="openapi.json">openapi.json</a>.</p>{schemes}'
        f"{''.join(parts)}</html>"
    )


def _operation(path: str, verb: str, operation: Schema, components: Schema, base: str) -> str:
    need = " Needs no token." if operation.get("security") == [] else ""
    return (
        f'<section id="{escape(f"{verb} {path}".replace(" /", "/"))}"><h2><code><b class="verb">{verb.upper()}</b> '
        f"{escape(path)}</code></h2><p>{escape(operation['summary'])}.{need}</p>"
        f"{_fields(operation, components['schemas'])}<pre>{escape(_example(path, verb, base))}</pre>"
        f"{_answers(operation, components['responses'])}</section>"
    )


def _example(path: str, verb: str, base: str) -> str:
    """A command to try; names in the path are in capitals, except that of a model there always is."""
    filled = path.replace("{model}", "openai/gpt-oss-20b")
    filled = re.sub(r"{(\w+)}", lambda name: name[1].upper(), filled)
    plain = f"curl {{base}}{filled}" + ("" if verb == "get" else f" -X {verb.upper()}")
    return EXAMPLES.get(f"{verb} {path}", plain).replace("{base}", base)


def _fields(operation: Schema, schemas: Schema) -> str:
    rows = [
        _row(one["name"], one["schema"], needed=one["required"], place=f"in the {one['in']}; ")
        for one in operation.get("parameters", ())
    ]
    notes = ""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = schemas[_name(media["schema"])]
        needed = schema.get("required", ())
        rows += [_row(name, field, needed=name in needed) for name, field in schema["properties"].items()]
        notes += f"<p>{_mark_up(schema['description'])}</p>" if "description" in schema else ""
    return (_table(rows) if rows else "") + notes


def _answers(operation: Schema, shared: Schema) -> str:
    """What is answered, by status; the media types of what is wanted."""
    rows = []
    for status, answer in operation["responses"].items():
        whole = shared[_name(answer)] if "$ref" in answer else answer
        media = ", ".join(f"`{one}`" for one in whole["content"]) if status == "200" else ""
        text = f"{whole['description']} {media}".strip()
        rows.append(f"<tr><td><code>{escape(status)}</code></td><td>{_mark_up(text)}</td></tr>")
    return _table(rows)


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _table(rows: list[str]) -> str:
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _row(name: str, field: Schema, *, needed: bool, place: str = "") -> str:
    about = place + ("required; " if needed else "") + _about(field)
    return f"<tr><td><code>{escape(name)}</code></td><td>{_mark_up(about)}</td></tr>"


def _about(field: Schema) -> str:
    """
    One field in words.

    >>> _about({"type": "number", "minimum": 0, "maximum": 2, "description": "How wild."})
    'number, 0 to 2. How wild.'
    """
    match field.get("anyOf"):
        case [only, {"type": "null"}]:  # whatever may be left out may be null, which needs no saying
            field = only | {name: field[name] for name in field if name != "anyOf"}
    words = _kind(field)
    if "minimum" in field:
        words += (
            f", {field['minimum']} to {field['maximum']}" if "maximum" in field else f", at least {field['minimum']}"
        )
    if "maxItems" in field:
        words += f", at most {field['maxItems']}"
    if "maxLength" in field:
        words += f", at most {field['maxLength']} characters"
    if "default" in field:
        words += f", else `{_json(field['default'])}`"
    return f"{words}. {field['description']}" if "description" in field else words


def _kind(field: Schema) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"] if value is not None)
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(map(_kind, field["anyOf"])))
    kind: Any = field.get("type", "anything")
    return f"list of {_kind(field.get('items', {}))}" if kind == "array" else _json(kind)


def _json(value: Any) -> str:
    return json_bytes(value).decode().strip('"')


def _mark_up(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
