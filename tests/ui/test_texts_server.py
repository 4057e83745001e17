"""Sentences of the server that are shown on the page are there for who reads German, too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import groq_core
from groq_core.services.documents import parts
from groq_core.ui.texts import TEXTS
from groq_core.ui.texts_de_server import SERVER
from tests.ui.test_texts import placeholders

ROOT = Path(groq_core.__file__).parent
ROOMS = [
    "connections/scarcity.py", "connections/bytes.py", "fallback/ending.py", "services/own_keys.py",
    "services/vision.py", "services/batch/sources.py", "ui/agent.py", "ui/batch.py",
    "ui/chat_request.py", "ui/extract.py", "ui/kept.py",
    "ui/page_bodies.py", "ui/summary.py", "ui/uploads.py", "media/audio/container.py", "media/audio/preparation.py",
    "media/image/colour.py", "media/image/compression.py", "media/image/format.py", "media/image/frames.py",
    "media/image/preparation.py", "incoming/recordings.py",
    "failures/policy.py", "fallback/hedge.py", "fallback/shrink.py", "fallback/turns.py", "media/audio/judgement.py",
    "middleware/deadline.py", "middleware/rate_guard.py", "models/catalogue.py", "pipeline.py", "providers/bodies.py",
    "providers/common.py", "providers/groq.py", "ratelimit/personal_limits.py", "router/route.py", "router/wording.py",
    "services/agent/loop.py",
    "services/agent/next_step.py", "services/agent/strangers.py", "services/batch/batch_api.py",
    "services/batch/later.py", "services/batch/runner.py", "services/extraction/ask.py",
    "services/extraction/extraction_run.py", "services/extraction/schema.py", "services/speech.py",
    "services/transcription_run.py", "status/board.py", "streaming/answer_reader.py", "streaming/decoder.py",
    "streaming/transcription.py", "ui/fault_switch.py", "ui/microphone.py",
    "ui/admin.py", "store/people.py", "store/keys.py", "store/audit.py",
    *(f"services/documents/{path.name}" for path in sorted((ROOT / "services/documents").glob("[a-z]*.py"))),
]  # fmt: skip
"""What says something to who uses the page; what only the API's callers can hear stays in English."""

SAID_OTHERWISE = re.compile(
    r"^(?i:data can be written as \{\}|a transcript can|page \{\} of|[a-zA-Z ]*pictures?$|\{\}, \{\}(?: → \{\}, \{\})?"
    r"|\{\}, \{\}, \{\}|\{\} parts, 16 kHz mono FLAC, \{\}|16 kHz mono FLAC, \{\}|audio-\{\}\.flac"
    r"|start new thread|<Source.*|there is no file \{\}|.* (?:folder .* holds no recordings|folder of recordings)"
    r"|\{\} is of a kind that is not read|the folder .*|\{\} is no file that can be read again, .*"
    r"|Save what it gives as a file|Give what Path\(…\)\.read_bytes\(\) gives"
    r"|<Budget |\{\} of \{\} \{\} \{\}$|\{\} lines under way, or|Give a text, a document that was read"
    r"|no JSON Schema describes|a list of TableFields|a type, a JSON Schema|a target is written provider)"
)
"""Figures and names of formats, which read alike in both languages; and what only scripts and headers can meet."""
PROMPTS = re.compile(
    r"^(?i:Write down|Describe|Put the data|Compare these|Read (?:the text|these)|Make a|Copy what|Mark|Answer with|\["
    r"|Passages of|The document is|Answer the question from|\(no passage shares"
    r"|No more tools can be called|This is part \{\} of|You extract data|Your JSON does not fit)"
)
"""What is said to models."""
NO_SENTENCE = re.compile(
    r"^\W*(?:\{\}\W*)*$|^── .* ──\n\{\}$|^\\|^(?:not read: large pictures|no text) on$|^一, 二, 三, $"
    r"|^(?:and|which \{\}|it \{\}|\{\} perhaps\?|\{\}; it \{\}, so \{\})$|^you \| thank you|^amara\|"
)
"""What parts or heads the texts of a document, patterns, and pieces of sentences that are known as a whole."""


def holes(text: str) -> str:
    return re.sub(r"\{\}×?\{\}", "{}", re.sub(r"\{\w*\}", "{}", text.strip(" \n,;"))).rstrip(".").lower()


KNOWN = {holes(text) for text in SERVER} | {holes(text) for text in TEXTS.values()}


def sentences(path: Path) -> Iterator[str]:
    """What stands in calls and returns there, from three words on; of one and of several, where it tells them apart."""
    tree = ast.parse(path.read_text("utf-8"))
    passed_over = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    passed_over |= {id(node.msg) for node in ast.walk(tree) if isinstance(node, ast.Assert)}
    passed_over |= {id(part) for node in ast.walk(tree) if is_logged(node) for part in ast.walk(node)}
    passed_over |= {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part != node
    }
    for node in ast.walk(tree):
        if id(node) in passed_over or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            continue
        yield from {text for several in (False, True) if (text := spell(node, several)).count(" ") >= 2}


def is_logged(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
            return True
    return False


def spell(node: ast.AST, several: bool) -> str:
    """A string with a hole for what is filled in; of words that depend on a number, those for one or for several."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(spell(value, several) for value in values)
        case ast.FormattedValue(value=ast.IfExp(body=one, orelse=more)):
            return spell(more if several else one, several)
        case ast.FormattedValue(value=value):
            return spell(value, several)
        case ast.Name(id=name) if isinstance(getattr(parts, name, None), str):
            return str(getattr(parts, name))
        case ast.Call(func=ast.Name(id="format_pages")):
            return "pages {}" if several else "page {}"
        case ast.Call(func=ast.Attribute(value=ast.Call() as call, attr="capitalize")):
            return spell(call, several).capitalize()
        case ast.Call(func=ast.Attribute(value=call, attr="replace"), args=[old, new]) if isinstance(call, ast.Call):
            return spell(call, several).replace(spell(old, several), spell(new, several))
    return "{}"


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_says_is_known(room: str) -> None:
    said = {holes(text) for text in sentences(ROOT / room)}
    passed_over = (SAID_OTHERWISE, PROMPTS, NO_SENTENCE)
    known = KNOWN | {text.removeprefix("{} ") for text in KNOWN}  # what is said of somebody who is named before
    unknown = {text for text in said - known if not any(pattern.search(text) for pattern in passed_over)}

    assert unknown == set()


def test_what_is_filled_in_is_the_same_in_both() -> None:
    assert [text for text, german in SERVER.items() if placeholders(text) != placeholders(german)] == []
