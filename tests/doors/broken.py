"""Input that is nearly something, by seed: bodies, forms, heads, and what a model streams."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any, Final

DEEP: Final = 100_000

PAGE: Final = (
    "chat", "faults", "image", "transcribe", "transcript/txt", "speak", "extract", "document", "extraction/csv",
    "agent", "agent/word", "batch?name=a.csv", "batch?name=a%00b.xlsx", "document?name=a%00.pdf", "document?name=a.eml",
    "document?name=a.docx", "document?name=a.html", "document?name=a.rtf", "document?name=a.xml",
)  # fmt: skip
API: Final = (
    "chat/completions", "audio/speech", "audio/transcriptions", "responses", "files", "batches", "extract",
    "agent/runs",
)  # fmt: skip
PATHS: Final = (*(f"v1/{name}" for name in API), *(f"ui/{name}" for name in PAGE))

SCHEMA: Final = {"type": "object", "properties": {"total": {"type": "number"}}}
TOOL: Final = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
WHOLE: Final[dict[str, dict[str, Any]]] = {
    "v1/chat/completions": {
        "model": "auto", "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "content": None,
             "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "3"},
        ],
        "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 20, "temperature": 0.5, "stop": ["x"],
        "tools": [TOOL], "tool_choice": "auto", "response_format": {"type": "text"}, "metadata": {"a": "b"},
    },
    "v1/responses": {
        "model": "auto", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
        "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}, "tools": [{"type": "function",
        "name": "f", "parameters": SCHEMA}], "reasoning": {"effort": "low"}, "max_output_tokens": 20, "stream": False,
    },
    "v1/extract": {"text": "The total is 3.", "schema": SCHEMA, "stream": False},
    "v1/audio/speech": {"input": "Hi", "voice": "autumn", "response_format": "wav", "speed": 1.0},
    "v1/agent/runs": {"task": "What is 2+2?", "tools": ["calculator"], "limits": {"steps": 2}, "stream": False},
    "v1/batches": {"input_file_id": "file-x", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
    "ui/chat": {"turns": [{"role": "user", "text": "Hi", "images": []}], "model": "auto", "temperature": 0.5,
                "fields": [], "json": False},
    "ui/agent": {"text": "What is 2+2?", "tools": ["calculator"], "messages": []},
    "ui/agent/word": {"approval": "x", "agreed": True},
    "ui/faults": {"target": None, "fault": None, "once": True},
    "ui/speak": {"text": "Hi", "language": "en"},
}  # fmt: skip
"""Bodies that are right, by their path."""

ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**63, 2**80, "", " ", "x", "\0", "\ud83d", "é" * 3000, [], [[]], [None], {},
    {"": None}, {"type": "x"}, [{}], "data:image/png;base64,AAAA", "http://[::1", "9" * 400,
)  # fmt: skip
"""What stands where something else should."""


def nestings() -> list[bytes]:
    """JSON with a hundred thousand levels, where readers look for something else."""
    arrays, objects = b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP
    return [
        arrays,
        objects,
        b'{"messages":' + arrays + b"}",
        b'{"turns":' + arrays + b"}",
        b'{"messages":[{"role":"user","content":"x"}],"tools":' + objects + b"}",
        b'{"text":"x","schema":' + objects + b"}",
        b'{"text":"x","schema":' + json.dumps(objects.decode()).encode() + b"}",
        b"[" * 900 + b"]" * 900,
        b'{"messages":[{"role":"user","content":' + b"[" * 900 + b"]" * 900 + b"}]}",
        b'{"messages":[{"role":"user","content":"x"}],"metadata":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    ]


def breakages(seed: int) -> list[bytes]:
    """Bytes that are nearly something."""
    chance = random.Random(seed)
    seeds = [
        b'{"messages":[{"role":"user","content":"hi"}],"stream":true}',
        b'{"turns":[{"role":"user","text":"hi"}]}',
        b"a,b\n1,2\n",
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n",
        b"PK\x03\x04" + bytes(40),
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"\x89PNG\r\n\x1a\n" + bytes(30),
        b"\xff\xd8\xff\xe0" + bytes(30),
        b"<html><body>" + b"<div>" * 3000,
        b"From: a\nSubject: " + b"=?utf-8?q?x?= " * 300 + b"\n\nhi",
    ]
    found = [b"", b"\0", b"null", b'"', b"{", bytes(1000), b'{"turns":[{"role":"user","text":"\\ud800"}]}']
    for text in seeds:
        found.append(text)
        found += [damage(text, chance) for _ in range(3)]
    return found


def damage(data: bytes, chance: random.Random) -> bytes:
    """The same with some bytes changed, and often cut."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randrange(1, len(changed) + 1)] if chance.random() < 0.7 else changed)


def odd_body(chance: random.Random) -> tuple[str, bytes]:
    """A path, and a body that was right for it before one to three of its values became something odd."""
    path = chance.choice([*WHOLE])
    value: Any = json.loads(json.dumps(WHOLE[path]))
    for _ in range(chance.randrange(1, 4)):
        _change(value, chance)
    return path, json.dumps(value).encode()


def _change(value: Any, chance: random.Random) -> None:
    """Drop, replace, double or add one value, as deep as chance leads."""
    while value:
        key: Any = chance.choice([*value]) if isinstance(value, dict) else chance.randrange(len(value))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
            value = inner
            continue
        match chance.randrange(4):
            case 0:
                del value[key]
            case 1 if isinstance(value, list):
                value.extend([inner] * chance.choice((1, 200)))
            case 2 if isinstance(value, dict):
                value[chance.choice(("", "x", "\0", "stream", "type", "__proto__"))] = deepcopy(chance.choice(ODD))
            case _:
                value[key] = deepcopy(chance.choice(ODD))
        return


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────

FORM: Final = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\naudio\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\x24\0\0\0WAVEfmt \r\n--b--\r\n'
)
FORM_PATHS: Final = ("v1/audio/transcriptions", "v1/files", "v1/extract")


def forms(seed: int) -> list[tuple[str, bytes]]:
    """Boundaries, and what follows them or does not."""
    chance = random.Random(seed)
    shapes = [FORM * 60, FORM.replace(b"--b--", b""), b"--b\r\n" * 5_000, b"--b\r\nX: " + b"x" * 100_000]
    for _ in range(40):
        data = bytearray(FORM)
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.choice(b'\r\n-b:;="\0\xff')
        shapes.append(bytes(data[: chance.randrange(1, len(data) + 1)]))
    return [(("b", "b", "", "x" * 500, '"')[number % 5], shape) for number, shape in enumerate(shapes)]


# ── heads ────────────────────────────────────────────────────────────────────────────────────────────

WORDS: Final = (
    b"GET", b"POST", b" ", b"/", b"HTTP/1.1", b"\r\n", b"Host: localhost", b":", b"\0", b"Content-Length: -1",
    b"Transfer-Encoding: chunked", b"zz\r\n",
)  # fmt: skip
LINES: Final = (
    b"GET / HTTP/1.1", b"POST /v1/chat/completions HTTP/1.1", b"GET //v1//models HTTP/1.1", b"OPTIONS * HTTP/1.1",
    b"GET http://x/ HTTP/1.0", b"PRI * HTTP/2.0", b"CONNECT a:1 HTTP/1.1", b"GET /%2f%2e%2e/etc HTTP/1.1",
    b"Host: localhost", b"Host: [::1%25eth0]", b"Host:", b"Content-Length: 5", b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Expect: 100-continue", b"Upgrade: websocket",
    b"Connection: upgrade", b"Connection: close", b"Content-Type: application/json", b"Content-Encoding: gzip",
    b"X-Forwarded-For: 1.2.3.4, [::1]:80, unknown", b"Forwarded: for=\"[::1]\"", b"Cookie: groq_core_session=a.1.b.c",
    b"Authorization: Basic \xff", b"Origin: null", b"Range: bytes=0-,5-1", b"Accept-Encoding: x;q=9", b" folded",
    b"", b"0", b"5", b"5;ext=\"x\"", b"hello", b"X-Trailer: a", b"{}",
)  # fmt: skip


def head(chance: random.Random) -> bytes:
    """Something like a request: half of the time of words, else of whole lines."""
    if chance.random() < 0.5:
        pieces = [chance.choice([*WORDS, bytes([chance.randrange(256)])]) for _ in range(chance.randrange(1, 30))]
        return b"".join(pieces) + b"\r\n\r\n"
    lines = [chance.choice(LINES[:8]), *(chance.choice(LINES[8:]) for _ in range(chance.randrange(1, 12)))]
    return b"\r\n".join([*lines, b"", b""])


# ── streams ──────────────────────────────────────────────────────────────────────────────────────────

SSE: Final = (
    b"data: ", b"data:", b"\n\n", b"\n", b"\r\n", b": ping", b"event: error\n", b"[DONE]",
    b"{", b"}", b"\xff\xfe", b"\0",
    b'{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}',
    b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', b'{"error":{"message":"x"}}', b"[" * 5000,
    b'{"choices":[{"delta":{"tool_calls":[{"index":99999999}]}}]}', b'{"choices":null}', b"x" * 70_000,
)  # fmt: skip


def babble(chance: random.Random) -> bytes:
    """What a model streams that has lost its mind."""
    return b"".join(chance.choice(SSE) for _ in range(chance.randrange(1, 40)))
