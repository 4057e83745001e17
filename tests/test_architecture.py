"""Imports point down only: the list of rows below is the architecture."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "groq_core"

ROWS = (
    # From what knows nothing of the others to what knows everything. A room may import from its own row and from
    # rows above it in this list; within a row, imports make no circle.
    ("encoding", "events", "redaction", "terminal"),
    ("errors",),
    ("settings", "requests"),
    ("reply", "media", "models", "telemetry", "access", "connections", "incoming"),
    ("ratelimit", "router", "pipeline"),
    ("failures",),
    ("streaming",),
    ("fallback", "middleware", "providers"),
    ("store",),
    ("status",),
    ("services",),
    ("simulator",),
    ("compose",),
    ("api", "ui"),
    ("client", "gradio"),
    ("serve",),
    ("cli",),
    ("__main__",),
)
ROW_OF = {name: row for row, names in enumerate(ROWS) for name in names}

FORBIDDEN = {
    ("api", "ui"): "the two edges know nothing of each other",
    ("ui", "api"): "the two edges know nothing of each other",
    ("api", "providers"): "an edge turns HTTP into calls; who answers is not its business",
    ("ui", "providers"): "an edge turns clicks into calls; who answers is not its business",
    ("services", "providers"): "a service asks the pipeline",
}

SDKS = frozenset({"groq", "openai"})

FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(file: Path) -> str:
    """Dotted name inside the package; a package's own file has the package's name."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports(file: Path) -> frozenset[str]:
    """Every dotted name a file imports, wherever in the file and for whatever purpose."""
    found = set[str]()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide where a name comes from"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def neighbours(file: Path) -> set[str]:
    """Modules and packages of the top level that a file imports, but its own."""
    own = module_of(file).partition(".")[0]
    found = {name.split(".")[1] for name in imports(file) if name.startswith("groq_core.")}
    return {name for name in found if name != own and (PACKAGE / name).exists() | (PACKAGE / f"{name}.py").exists()}


INSIDE = [file for file in FILES if module_of(file)]


def test_imports_point_down() -> None:
    new = {own for file in INSIDE if (own := module_of(file).partition(".")[0]) not in ROW_OF}
    assert not new, "new ones: give them their places in ROWS"

    wrong = {}
    for file in INSIDE:
        own = module_of(file).partition(".")[0]
        for name in neighbours(file):
            if ROW_OF[name] > ROW_OF[own]:
                wrong[module_of(file), name] = "it must not know what stands above it"
            elif (own, name) in FORBIDDEN:
                wrong[module_of(file), name] = FORBIDDEN[own, name]
    assert wrong == {}


def test_modules_of_one_row_make_no_circle() -> None:
    known: dict[str, set[str]] = {}
    for file in INSIDE:
        known.setdefault(module_of(file).partition(".")[0], set()).update(neighbours(file))

    assert_no_circle({name: {one for one in below if ROW_OF[one] == ROW_OF[name]} for name, below in known.items()})


def assert_no_circle(known: Mapping[str, set[str]]) -> None:
    """Whether names that import names come to an end."""
    left = dict(known)
    while ends := [name for name, below in left.items() if not below & left.keys()]:
        for name in ends:
            del left[name]

    assert left == {}, "each of these imports another of them"


@pytest.mark.parametrize(
    "folder", [PACKAGE / "simulator", PACKAGE.parent / "benchmarks"], ids=lambda folder: folder.name
)
def test_modules_of_a_folder_make_no_circle(folder: Path) -> None:
    """Nor by what only types are named for."""
    prefix = ".".join(folder.relative_to(PACKAGE.parent).parts)
    known = {
        file.stem: {
            name.removeprefix(f"{prefix}.").partition(".")[0] for name in imports(file) if name.startswith(prefix)
        }
        for file in folder.glob("*.py")
        if file.stem != "__init__"
    }

    assert_no_circle(known)


def test_the_simulator_is_the_other_side_of_the_wire() -> None:
    for file in INSIDE:
        if module_of(file).startswith("simulator"):
            # Of "incoming" it takes the bounds of a stranger's schema alone (tests/simulator/test_imports.py).
            assert neighbours(file) <= {"redaction", "incoming"}, file


STDLIB_JSON = {
    # Everything else encodes and decodes with msgspec. What the standard library reads or writes here, msgspec refuses.
    "encoding": "half a letter is written as a mark, and a header as ASCII",
    "incoming.clients": "what a model said, spaced as the clients that ask for it space it",
    "incoming.json_bodies": "half a letter in a body is mended and told",
    "cli.batch": "what a person wrote: faults by line and column",
    "cli.extract": "what a person wrote: faults by line and column",
    "cli.team_commands": "what a person reads, with indents",
    "services.agent.agent": "a schema in a prompt, spaced as models know it",
    "services.agent.calling": "a model's arguments: doubled names and constants are refused by name",
    "services.agent.loop": "arguments as a person is shown them",
    "services.agent.mcp_server": "what a server sent, halves of letters too, to be weighed",
    "services.agent.paused_run": "half a letter in a conversation that waits comes back as it was",
    "services.agent.rescue": "a call that a model wrote into its text, halves of letters too",
    "services.agent.visible": "arguments as a person is shown them, halves of letters too",
    "services.agent.working": "the key of equal calls, halves of letters too",
    "services.documents.worker": "half a letter of a document comes through a pipe as its escape",
    "services.extraction.ask": "a schema and an answer in a prompt, spaced as models know them",
    "services.extraction.json_text": "loose JSON of models",
    "services.extraction.schema": "a schema with NaN in it is refused",
    "settings.mcp_parsers": "what a person wrote: faults by line and column",
    "simulator.outlines": "an answer that a person reads",
    "simulator.structured": "an object at the beginning of a text that goes on",
    "streaming.careless": "loose JSON of providers",
    "streaming.decoder": "loose JSON of providers",
    "streaming.loose": "loose JSON of providers",
    "streaming.odd_reader": "loose JSON of providers",
    "streaming.transcription": "loose JSON of providers",
    "streaming.wire_types": "loose JSON of providers",
}


def test_one_library_encodes_json() -> None:
    using = {module_of(file) for file in FILES if "json" in imports(file)}

    assert using == set(STDLIB_JSON), using ^ set(STDLIB_JSON)
    assert {module_of(file) for file in FILES if {"orjson", "ujson", "simplejson"} & imports(file)} == set()


def test_records_are_structs_or_dataclasses() -> None:
    """What crosses the wire or is hot is a `msgspec.Struct`, the rest a dataclass; see the README."""
    classes = {node.name: node for file in FILES for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef)}
    bases = {ast.unparse(base).rpartition(".")[2] for node in classes.values() for base in node.bases}
    assert "BaseModel" not in bases, "pydantic is for models that a caller brings, or that a library asks for"

    decoded: set[str] = set()
    for file in FILES:
        kinds = {
            keyword.value.id
            for node in ast.walk(tree(file))
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "type" and isinstance(keyword.value, ast.Name) and "decode" in ast.unparse(node.func)
        }
        decoded |= kinds
    wrong = {name for name in decoded & classes.keys() if not is_struct(classes, name)}
    assert wrong == set(), "what is decoded from JSON is a msgspec.Struct"


def is_struct(classes: dict[str, ast.ClassDef], name: str) -> bool:
    for base in map(ast.unparse, classes[name].bases):
        if base == "msgspec.Struct" or (base in classes and is_struct(classes, base)):
            return True
    return False


def test_only_providers_import_an_sdk() -> None:
    using = {module_of(file) for file in FILES if {name.partition(".")[0] for name in imports(file)} & SDKS}

    assert {name for name in using if not name.startswith(("providers", "client"))} == set()


def test_only_the_page_imports_gradio() -> None:
    for file in INSIDE:
        if not module_of(file).startswith(("ui", "gradio")):
            assert "gradio" not in {name.partition(".")[0] for name in imports(file)}, file


def test_everything_but_the_page_works_without_gradio_and_the_page_without_pandas() -> None:
    """Really import it all: a library imported on the way could bring Gradio along."""
    modules = ["groq_core", *(f"groq_core.{module_of(file)}" for file in INSIDE)]
    rest = [
        name
        for name in modules
        if not name.startswith(("groq_core.ui", "groq_core.gradio")) and not name.endswith("__main__")
    ]
    script = f"""
import importlib, sys
for name in {rest!r}: importlib.import_module(name)
assert 'gradio' not in sys.modules
import groq_core.ui.app
assert 'pandas' not in sys.modules
from gradio.caching import pd  # used late, it is there
import pandas
assert pd.DataFrame is pandas.DataFrame
"""

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


NOT_PARTICIPLES = frozenset(
    {"bed", "bleed", "breed", "embed", "exceed", "feed", "need", "proceed", "red", "seed", "shred", "speed"}
)
IRREGULAR = (
    "begun bitten born bought bound broken brought built caught chosen dealt done drawn driven fallen felt forgotten "
    "found frozen given gone grown heard held hidden kept known laid led left lost made meant met paid said seen sent "
    "shown sold spent spoken stolen struck sung sunk swept taken taught thought thrown told torn understood withheld "
    "won worn written"
)


DEFINITION = re.compile(r"^ *(?:async )?def (\w+)", re.MULTILINE)
"""Parsing all tests for their functions' names would take three seconds."""


def functions(file: Path) -> list[str]:
    """Every function and method of a file, properties and inner functions too."""
    return DEFINITION.findall(file.read_text(encoding="utf-8"))


def begins_with_a_participle(name: str) -> bool:
    """A name that tells what happened to something (`shown`) instead of what the function does or returns."""
    first = name.lstrip("_").partition("_")[0]
    return first in IRREGULAR.split() or (first.endswith("ed") and first not in NOT_PARTICIPLES)


def helpers(folder: str) -> list[str]:
    """The functions of a folder beside the package, but the tests, whose names are facts."""
    files = sorted((PACKAGE.parent / folder).rglob("*.py"))
    return [name for file in files for name in functions(file) if not name.startswith("test_")]


@pytest.mark.parametrize("folder", ["groq_core", "benchmarks", "scripts", "tests"])
def test_functions_say_what_they_do_or_return(folder: str) -> None:
    names = helpers(folder)
    told = sorted(name for name in names if begins_with_a_participle(name))

    assert len(told) < 0.03 * len(names), f"{len(told)} of {len(names)} begin with a participle: {', '.join(told)}"


SAME_MEANING = {
    # What an edge asks of a part is written down as a protocol that bears the part's name.
    "Board": "the edge's view of it",
    "Metrics": "the edge's view of it",
    "People": "the edge's view of it",
    "Settings": "the edge's view of it",
    "Simulator": "the edge's view of it",
}


def test_no_class_shares_its_name_with_another_meaning() -> None:
    homes: dict[str, list[str]] = {}
    for file in FILES:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module_of(file))
    shared = {name: where for name, where in homes.items() if len(where) > 1}

    assert set(shared) == set(SAME_MEANING), {name: shared.get(name) for name in set(shared) ^ set(SAME_MEANING)}
    for where in shared.values():
        assert len([home for home in where if home != "api.backend"]) == 1, where


SAME_SUBJECT = {
    # A file may bear the name of another room's where both are about the same thing, each from its own side.
    "__init__": "what a room is for",
    "admin": "the admin page, and the command that tells the same",
    "agent": "a run with tools: the service, its command and its tab",
    "app": "what a room serves as one ASGI application",
    "backup": "the backup of the database: how it is made, and the command",
    "batch": "many questions at once: its command and its tab",
    "batches": "Groq's Batch API: what we serve of it, and what the simulator plays",
    "chat": "a conversation: the service, its command, its tab, and what the simulator answers",
    "endpoint": "the route of one of the API's larger endpoints",
    "errors": "errors, and the form they have on their way out over HTTP",
    "extract": "an extraction: its command, its route and its tab",
    "health": "who is cooling down, and the route that tells it",
    "keys": "people's API keys: where they are kept, and their command",
    "people": "people: where they are kept, and their command",
    "preparation": "one file made fit to be sent: a recording, a picture",
    "serve": "one process that serves everything, and its command",
    "speech": "a text read aloud: the service and its route",
    "story": "the story of an answer: its events, and one that was saved",
    "transcribe": "a recording written down: its route and its command",
    "transcription": "the words of a recording: from the wire, and as a service",
}


def test_no_file_shares_its_name_with_another_meaning() -> None:
    homes: dict[str, list[str]] = {}
    for file in FILES:
        homes.setdefault(file.stem, []).append(module_of(file))
    shared = {name for name, where in homes.items() if len(where) > 1}

    assert shared == set(SAME_SUBJECT), {name: homes.get(name) for name in shared ^ set(SAME_SUBJECT)}


ROOMS = sorted(file.parent for file in PACKAGE.glob("*/__init__.py"))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_lives_in_it_and_who_may_come_in(room: Path) -> None:
    told = ast.get_docstring(tree(room / "__init__.py")) or ""
    lives = {file.stem for file in room.glob("*.py")} | {file.parent.name for file in room.glob("*/__init__.py")}

    assert set(re.findall(r"^- ``(\w+)``: \S", told, re.MULTILINE)) == lives - {"__init__"}
    assert importers(room.name) <= set(re.findall(r"``(\w+)``", told.rpartition("Imported by")[2]))


@cache
def importers(room: str) -> frozenset[str]:
    """Who imports of a room: rooms, and modules of the root."""
    found = {module_of(file).partition(".")[0] for file in INSIDE if room in neighbours(file)}
    return frozenset(found)


SCRIPT_ROWS = (
    # The same for the page's scripts, a folder a tab: from what every tab uses to where the page begins.
    ("shared",),
    ("status", "microphone", "batch", "extract"),
    ("talk", "admin"),
    ("chat",),
    ("settings", "agent", "image"),
    ("main.js",),
)


def test_imports_of_scripts_point_down() -> None:
    scripts = PACKAGE.parent / "assets" / "js"
    row_of = {name: row for row, names in enumerate(SCRIPT_ROWS) for name in names}
    wrong = []
    for file in sorted(scripts.rglob("*.js")):
        own = file.relative_to(scripts).parts[0]
        code = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)  # types know all rooms
        for path in re.findall(r'(?:from|import)\s*\(?\s*"(\.{1,2}/[^"]+)"', code):
            other = (file.parent / path).resolve()
            if other.is_relative_to(scripts) and (name := other.relative_to(scripts).parts[0]) != own:
                wrong += [f"{own} → {name}: {file.name}"] if row_of[name] >= row_of[own] else []

    assert wrong == []


LONGEST, LONGEST_OF_TESTS = 430, 460
"""Lines of a file; about 400 is what one reads in a sitting."""


def test_files_can_be_read_in_a_sitting() -> None:
    root = PACKAGE.parent
    files = [
        *FILES,
        *(root / "assets" / "js").rglob("*.js"),
        *(root / "benchmarks").rglob("*.py"),
        *(root / "scripts").rglob("*.py"),
    ]

    assert lengths_above(LONGEST, files) == {}
    assert lengths_above(LONGEST_OF_TESTS, (root / "tests").rglob("*.py")) == {}


def lengths_above(bound: int, files: Iterable[Path]) -> dict[str, int]:
    lengths = {file: file.read_text(encoding="utf-8").count("\n") for file in files}
    return {str(file.relative_to(PACKAGE.parent)): lines for file, lines in lengths.items() if lines > bound}


def test_the_root_holds_at_most_twelve_files() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 12
