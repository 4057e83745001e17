"""
Find data that fits a JSON Schema in a text, a document or a picture.

FILE is a text, a mail, a web page, PDF, Word, Excel, PowerPoint, OpenDocument, RTF or a picture; - reads text
from standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groq_core.cli.console import SIMULATED, StatusLine, model_name, money, write_data
from groq_core.cli.given_files import read_file, read_text
from groq_core.cli.prompt import read_input
from groq_core.errors import RequestError

if TYPE_CHECKING:
    from groq_core.services.extraction import Extraction, Input
    from groq_core.services.vision import VisionService

HELP = "find data that fits a schema in a text, a document or a picture"
EPILOG = """example:
  python -m groq_core extract --schema invoice.schema.json invoice.pdf

What the data may be doubted for goes to standard error: values that stand nowhere in the document, and values
about which its parts contradict each other."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", type=Path)
    command.add_argument("--schema", required=True, metavar="FILE", type=Path, help="JSON Schema")
    command.add_argument("--format", choices=("json", "csv", "xlsx"), default="json", help="(default: %(default)s)")
    command.add_argument("--instructions", default="", help="further words about what is wanted")
    command.add_argument("--model", type=model_name, default="auto", help="a tier, a model id or provider:id")


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assemble
    from groq_core.services.extraction import Extraction, ExtractionOptions, Extractor, Try, schema_of
    from groq_core.services.extraction.result_files import as_csv, as_json, as_xlsx
    from groq_core.settings.env_file import load

    schema = schema_of(_schema(args.schema))
    status = StatusLine()
    settings = load()
    async with assemble(settings) as core:
        if settings.is_simulated:
            status.say(SIMULATED)
        source = await _source(args.file, core.vision, status)
        extractor = Extractor(core.handle, ExtractionOptions(model=args.model, instructions=args.instructions))
        found: Extraction[Any] | None = None
        async with aclosing(extractor.stream(source, schema)) as happenings:
            async for one in happenings:
                if isinstance(one, Extraction):
                    found = one
                elif isinstance(one, Try):
                    status.show(f"part {one.chunk + 1}, try {one.number}: {one.outcome}")
        assert found is not None, "a stream of an extraction ends in one"
    for remark in _remarks(found):
        status.say(remark)
    status.close()
    write_data({"json": as_json, "csv": as_csv, "xlsx": as_xlsx}[args.format](found.data))
    return 1 if found.missing else 0


def _schema(path: Path) -> dict[str, Any]:
    text = read_text(path, f"--schema {path.name}", "schema")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RequestError(f"--schema {path.name} is not JSON: {error}", param="schema") from None
    if not isinstance(value, dict):
        raise RequestError(f"--schema {path.name} is not a JSON object", param="schema")
    return value


async def _source(path: Path, vision: VisionService, status: StatusLine) -> Input:
    from groq_core.services.documents.parts import Document
    from groq_core.services.documents.source import source_of

    if str(path) == "-":
        return await asyncio.to_thread(read_input)
    data = await asyncio.to_thread(read_file, path, path.name)
    source = await source_of(data, path.name, look=vision.reader(), pieces=vision.pieces(1))
    for note in source.notes if isinstance(source, Document) else [note for one in source for note in one.notes]:
        status.say(f"{path.name}: {note}")
    return source


def _remarks(found: Extraction[Any]) -> list[str]:
    from groq_core.services.extraction import spell_path

    last = found.tries[-1]
    said = [f"{last.provider}:{last.model}, {len(found.tries)} questions, {money(found.cost_usd)}"]
    if found.without_place:
        said.append("stands nowhere in the document: " + ", ".join(map(spell_path, found.without_place)))
    said += [
        f"could not be read: characters {part.start:,} to {part.end:,}: {part.error.message}" for part in found.missing
    ]
    said += [f"contradicted: {spell_path(conflict.path)}, taken: {conflict.chosen!r}" for conflict in found.conflicts]
    return said
