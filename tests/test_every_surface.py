"""Every kind of file through Python, HTTP, command line and page: read by all, or refused by all, in one sentence."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeVar

import httpx
import pytest

from groq_core.cli import main
from groq_core.compose import Core, assemble
from groq_core.errors import RequestError
from groq_core.media.audio.container import ENDINGS
from groq_core.media.image.format import EXTENSIONS as PICTURE_ENDINGS
from groq_core.media.image.format import FORMATS
from groq_core.media.image.preparation import prepare_all
from groq_core.serve import create_app
from groq_core.services.documents.parts import EXTENSIONS
from groq_core.services.documents.seeing import read_and_look
from groq_core.services.documents.source import source_of
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui.static import ASSETS
from tests.api.stage import serving
from tests.files_everywhere import (
    BAD_DOCUMENTS,
    BAD_PICTURES,
    BAD_RECORDINGS,
    DOCUMENTS,
    PICTURES,
    RECORDINGS,
    facts_of,
)
from tests.media.audio.repeats import Repeats, repeats
from tests.requires import needs

T = TypeVar("T")

Output = pytest.CaptureFixture[str]

SCHEMA = {"type": "object", "properties": {"total": {"type": ["number", "null"]}}}

pytestmark = [pytest.mark.usefixtures("forks"), needs("ffmpeg")]


@dataclass
class Surfaces:
    """The whole application in a loop of its own, so that the command line, which brings another, can be used too."""

    core: Core
    http: httpx.Client
    loop: asyncio.AbstractEventLoop
    groq_url: str

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def page(self, path: str, data: bytes, **query: Any) -> httpx.Response:
        return self.http.post(f"/ui/{path}", content=data, params=query)


@pytest.fixture(scope="module")
def surfaces() -> Iterator[Surfaces]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    ready: threading.Event = threading.Event()
    done = asyncio.Event()
    found: list[Surfaces] = []

    async def stand() -> None:
        simulator = Simulator(pace=0, limits="off", seed=1)
        await simulator.start()
        env = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": simulator.groq_url}
        async with assemble(Settings.from_env(env)) as core:
            await core.catalogue.refresh()
            async with serving(create_app(core)) as port:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as http:
                    found.append(Surfaces(core, http, loop, simulator.groq_url))
                    ready.set()
                    await done.wait()
        await simulator.stop()

    standing = asyncio.run_coroutine_threadsafe(stand(), loop)
    try:
        while not ready.wait(0.05):
            if standing.done():
                standing.result()
        it = found[0]
        it.http.headers["x-groq-core-page"] = it.http.get("/ui/pass").json()["pass"]
        yield it
    finally:
        loop.call_soon_threadsafe(done.set)
        standing.result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surfaces: Surfaces) -> Path:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_test")
    monkeypatch.setenv("GROQ_BASE_URL", surfaces.groq_url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    return tmp_path


@pytest.fixture
def asked() -> Iterator[Repeats]:
    """Whoever asks ffmpeg what another surface has asked it about the same bytes gets the same answer."""
    with repeats() as asked:
        yield asked


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]


def test_every_kind_that_is_read_is_tried_here() -> None:
    kinds = {EXTENSIONS[PurePath(name).suffix] for name in DOCUMENTS}
    formats = {prepare_all(make())[0].original_format for make in PICTURES.values()}

    assert kinds == set(EXTENSIONS.values())
    assert formats == set(FORMATS.values())
    assert {PurePath(name).suffix[1:] for name in RECORDINGS} <= set(ENDINGS)


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("microphone/recording.js", ["recordings"]),
        ("image/pictures.js", ["pictures"]),
        ("extract/extract.js", ["documents", "pictures"]),
        ("chat/attachments.js", ["documents", "pictures", "recordings"]),
    ],
)
def test_choosers_accept_what_the_server_says_it_reads(script: str, wanted: list[str], surfaces: Surfaces) -> None:
    text = (ASSETS / "js" / script).read_text(encoding="utf-8")
    base = re.search(r"/ui/assets/[^/]+", surfaces.http.get("/").text)
    assert base is not None
    written = surfaces.http.get(f"{base[0]}/texts.js").text
    endings = json.loads(re.findall(r"^export const ENDINGS = (.*);$", written, re.MULTILINE)[0])

    assert all(f"ENDINGS.{one}" in text for one in wanted)
    assert endings["documents"] == list(EXTENSIONS)
    assert endings["pictures"] == [f".{one}" for one in PICTURE_ENDINGS]
    assert endings["recordings"] == [f".{one}" for one in ENDINGS]


# ── recordings ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_heard_alike(
    name: str, surfaces: Surfaces, folder: Path, capsys: Output, asked: Repeats
) -> None:
    data = RECORDINGS[name]()
    (folder / name).write_bytes(data)

    reply = surfaces.run(surfaces.core.transcription.transcribe(data, name))
    once = asked.started
    form: Any = {"file": (name, data), "response_format": (None, "verbose_json")}
    answer = surfaces.http.post("/v1/audio/transcriptions", files=form)
    heard = lines(surfaces.page("transcribe", data, name=name))
    status = main(["transcribe", name, "--format", "json"])
    told = capsys.readouterr()

    assert reply.finished is not None
    transcript = reply.finished.transcript
    assert transcript is not None
    assert transcript.duration
    notes = facts_of(note.text for note in reply.receipt.notes)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["duration"], facts_of(answer.json().get("notes", []))) == (transcript.duration, notes)
    finished = next(line for line in heard if line.get("e") == "finished")
    assert finished["transcript"]["duration"] == transcript.duration
    assert facts_of(line["text"] for line in heard if line.get("e") == "note") == notes
    assert status == 0, told.err
    assert json.loads(told.out)["duration"] == transcript.duration
    assert all(note in told.err for note in notes)
    # The same bytes came to each surface, and each asked the same of them.
    assert asked.started == once


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", BAD_RECORDINGS)
def test_what_is_no_recording_is_refused_alike(name: str, surfaces: Surfaces, folder: Path, capsys: Output) -> None:
    data = BAD_RECORDINGS[name]()
    (folder / name).write_bytes(data)

    with pytest.raises(RequestError) as refused:
        surfaces.run(surfaces.core.transcription.transcribe(data, name))
    answer = surfaces.http.post("/v1/audio/transcriptions", files={"file": (name, data)})
    shown = surfaces.page("transcribe", data, name=name)
    assert main(["transcribe", name]) == 1

    sentence = refused.value.message
    if data:  # of nothing at all the field is named
        assert answer.json()["error"]["message"] == sentence
    assert answer.status_code == refused.value.status
    assert sentence in shown.text
    assert sentence in capsys.readouterr().err


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_seen_alike(name: str, surfaces: Surfaces, folder: Path, capsys: Output) -> None:
    data = PICTURES[name]()
    (folder / name).write_bytes(data)
    pieces = surfaces.core.vision.pieces(1)

    prepared = prepare_all(data, filename=name, at_most=pieces)
    url = f"data:application/octet-stream;base64,{base64.b64encode(data).decode()}"
    content = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"model": "vision", "messages": [{"role": "user", "content": content}]}
    answer = surfaces.http.post("/v1/chat/completions", json=body)
    shown = surfaces.page("image", data, name=name, room=pieces)
    form: Any = {"file": (name, data), "schema": (None, json.dumps(SCHEMA))}
    found = surfaces.http.post("/v1/extract", files=form)
    status = main(["extract", "--schema", "schema.json", name])

    notes = [note for one in prepared for note in one.notes]
    assert answer.status_code == 200, answer.text
    told = " ".join(note["text"] for note in answer.json().get("notes", []))
    named = [note for note in notes if "although its name" not in note]  # a data URL has no name
    assert all(note in told for note in named if not note.startswith("part "))
    picture = shown.json()
    assert [note for one in (picture, *picture["more"]) for note in one["notes"]] == notes
    assert found.status_code == 200, found.text
    assert found.json()["notes"] == notes
    assert found.json()["document"]["pictures"] == len(prepared)
    assert status == 0
    said = capsys.readouterr().err
    assert all(note in said for note in notes)


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_what_is_no_picture_is_refused_alike(name: str, surfaces: Surfaces, folder: Path, capsys: Output) -> None:
    data = BAD_PICTURES[name]()
    (folder / name).write_bytes(data)

    with pytest.raises(RequestError) as refused:
        prepare_all(data, filename=name)
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    content = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = surfaces.http.post(
        "/v1/chat/completions", json={"model": "vision", "messages": [{"role": "user", "content": content}]}
    )
    shown = surfaces.page("image", data, name=name)

    assert answer.status_code in (400, 413, 422)
    assert refused.value.message in answer.json()["error"]["message"] or not data
    assert shown.status_code == refused.value.status
    assert refused.value.message in shown.json()["detail"]


# ── documents ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_read_alike(name: str, surfaces: Surfaces, folder: Path, capsys: Output) -> None:
    data = DOCUMENTS[name]()
    (folder / name).write_bytes(data)

    document = surfaces.run(read_and_look(data, name, surfaces.core.vision.reader()))
    shown = surfaces.page("document", data, name=name)
    form: Any = {"file": (name, data), "schema": (None, json.dumps(SCHEMA))}
    found = surfaces.http.post("/v1/extract", files=form)
    status = main(["extract", "--schema", "schema.json", name])
    said = capsys.readouterr().err

    assert shown.json() == {
        "name": name,
        "text": document.text,
        "pages": [page.start for page in document.pages],
        "notes": list(document.notes),
    }
    assert found.status_code == 200, found.text
    assert found.json()["notes"] == list(document.notes)
    assert found.json()["document"] == {
        "name": name,
        "kind": document.kind,
        "pages": len(document.pages),
        "characters": len(document.text),
    }
    assert status == 0, said
    assert all(note in said for note in document.notes)


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_what_is_no_document_is_refused_alike(name: str, surfaces: Surfaces, folder: Path, capsys: Output) -> None:
    data = BAD_DOCUMENTS[name]()
    (folder / name).write_bytes(data)

    with pytest.raises(RequestError) as refused:
        surfaces.run(source_of(data, name, look=surfaces.core.vision.reader()))
    shown = surfaces.page("document", data, name=name)
    form: Any = {"file": (name, data), "schema": (None, json.dumps(SCHEMA))}
    found = surfaces.http.post("/v1/extract", files=form)
    status = main(["extract", "--schema", "schema.json", name])

    error = refused.value
    assert name in error.message
    assert error.hint.endswith(".")
    assert shown.json()["detail"].startswith(error.message)
    assert found.status_code == error.status
    assert (found.json()["error"]["message"], found.json()["error"]["param"]) == (error.message, "file")
    assert status != 0
    assert error.message in capsys.readouterr().err


# ── the form of /v1/extract ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("form", "param"),
    [
        pytest.param({"schema": (None, '{"type": "object"}')}, "file", id="no file"),
        pytest.param({"file": ("a.txt", b"")}, "schema", id="no schema"),
        pytest.param({"file": ("a.txt", b""), "schema": (None, '{"type": "object"}')}, "file", id="empty file"),
        pytest.param({"file": ("a.txt", b"a"), "schema": (None, "{")}, "schema", id="no JSON"),
        pytest.param({"file": ("a.txt", b"a"), "schema": (None, "[]")}, "schema", id="a list"),
        pytest.param({"file": ("a.txt", b"a"), "schema": (None, "[" * 1000)}, "schema", id="nested"),
        pytest.param(
            {"file": ("a.txt", b"a"), "schema": (None, '{"type": "object"}'), "text": (None, "b")},
            "file",
            id="file and text",
        ),
        pytest.param(
            {"file": ("a.txt", b"a"), "schema": (None, '{"type": "object"}'), "modle": (None, "x")},
            "modle",
            id="unknown",
        ),
        pytest.param(
            {"file": ("a.txt", b"a"), "schema": (None, '{"type": "object"}'), "stream": (None, "yes")},
            "stream",
            id="stream",
        ),
    ],
)
def test_what_is_wrong_with_a_form_is_named(surfaces: Surfaces, form: Any, param: str) -> None:
    answer = surfaces.http.post("/v1/extract", files=form)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_a_value_of_a_file_is_found_on_its_page_and_streamed(surfaces: Surfaces) -> None:
    data = DOCUMENTS["print.pdf"]()
    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
    form: Any = {"file": ("print.pdf", data), "schema": (None, json.dumps(schema)), "stream": (None, "true")}

    answer = surfaces.http.post("/v1/extract", files=form)

    result = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line.startswith("data: {")][-1]
    assert (result["type"], result["data"]) == ("result", {"total": 42})
    assert result["places"]["total"]["page"] == 1
    assert result["document"]["kind"] == "pdf"
