"""
One line of a batch: what is to be asked, read from whichever form it was written in.

A line is an OpenAI batch line (``custom_id, method, url, body``), a plain object (``messages`` or ``prompt``
and any parameters), or a row of columns that a template turns into a prompt.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from groq_core.errors import RequestError
from groq_core.events import Note
from groq_core.incoming.chat_body import take_own
from groq_core.incoming.chat_fields import ChatFields, read_fields
from groq_core.incoming.json_bodies import read_object
from groq_core.services.batch.seen_ids import IdSet
from groq_core.services.batch.template import LineTemplate

Operation: TypeAlias = Literal["chat", "extraction", "transcription", "translation"]

URLS: Final[Mapping[str, Operation]] = {
    "/v1/chat/completions": "chat",
    "/v1/audio/transcriptions": "transcription",
    "/v1/audio/translations": "translation",
}
"""What the ``url`` of a batch line may be; a path under ``/openai`` means the same."""

LONGEST_ID: Final = 512
"""Characters of a ``custom_id``."""

STAMPS: Final = 4_096
"""Files whose hashes are remembered, so that one is read once and not at every walk over the lines."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing to be asked.

    Attributes:
        number: Where it stands in its source, counted from 1 as an editor or a spreadsheet counts.
        custom_id: What its answer is joined by; unique within the batch.
        operation: Which service answers it.
        body: The request in wire form. An extraction has ``text`` or ``file`` and perhaps ``schema``; a
            recording has ``file``, or ``url`` for Groq to fetch.
        stamp: What tells the files it names from others of the same name.
        simulated: The simulator answers it, and no model: whoever asks a model later asks anew.
        notes: What was changed in it that its author should know.
        by_function_call: Asked with `functions`, as before there were tools: calls go back as `function_call`.
        custom: The names of custom tools, which stand among the tools as functions of one text.
    """

    number: int
    custom_id: str
    operation: Operation
    body: dict[str, Any]
    stamp: str = ""
    simulated: bool = False
    notes: tuple[Note, ...] = ()
    by_function_call: bool = False
    custom: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Hash of everything that is asked, so that an answer is never taken for that to another question."""
        asked = [self.operation, self.body, self.stamp, *sorted(self.custom)]
        return _hash(_ENCODER.encode([*asked, "simulator"] if self.simulated else asked))


class LineFault(msgspec.Struct, frozen=True, kw_only=True):
    """
    A line that cannot be asked, and why.

    Attributes:
        asked: It is a request, of this operation, and only what it asks for is wrong: that is its own answer, and no
            fault of the file.
    """

    number: int
    custom_id: str
    error: RequestError
    raw: str = ""
    asked: Operation | None = None

    @property
    def key(self) -> str:
        """Hash of what stands there."""
        return _hash(self.raw.encode("utf-8", "surrogatepass"))


Entry: TypeAlias = Line | LineFault

_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def distinct(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries without those that bear the id of an earlier one."""
    seen = IdSet()
    return (entry for entry in entries if seen.add(entry.custom_id))


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """
    How lines and rows become requests: what they leave open is taken from here.

    Attributes:
        operation: Of lines that do not name a ``url``.
        template: Makes a row's prompt (chat) or text (extraction).
        system: System message of rows and plain prompts.
        model: A tier, a model id, or ``provider:id``; of lines that name none.
        params: Sampling parameters by their wire names; a line's own win.
        schema: JSON Schema that extractions are to fit.
        language: ISO 639-1, of recordings that name none.
        folder: Where relative names of files start, so that a changed file is known from an unchanged one; None
            where lines may name none.
        simulated: The simulator answers; see :class:`Line`.
    """

    operation: Operation = "chat"
    template: LineTemplate | None = None
    system: str | None = None
    model: str | None = None
    params: dict[str, Any] = {}
    schema: dict[str, Any] | None = None
    language: str | None = None
    folder: Path | None = None
    simulated: bool = False

    # ── JSON lines ───────────────────────────────────────────────────────────────────────────────────

    def line(self, number: int, raw: bytes | str) -> Entry:
        """Read one line of a JSONL file; what is wrong with it becomes a :class:`LineFault`."""
        custom_id = f"line-{number}"
        try:
            value, notes = read_object(raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw, "line")
            custom_id = _custom_id(value, custom_id)
            if "url" in value and "body" in value:
                entry = self._batch_line(number, custom_id, value)
            else:
                entry = self._plain(number, custom_id, value)
        except RequestError as error:
            entry, notes = LineFault(number=number, custom_id=custom_id, error=error), []
        if isinstance(entry, LineFault):
            text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
            return msgspec.structs.replace(entry, raw=text)
        return msgspec.structs.replace(entry, notes=(*notes, *entry.notes)) if notes else entry

    def _batch_line(self, number: int, custom_id: str, value: dict[str, Any]) -> Entry:
        url, method, body = value["url"], value.get("method", "POST"), value["body"]
        if method != "POST":
            raise RequestError(f"method is {method!r}, and only POST is asked", param="method")
        operation = URLS.get(url.removeprefix("/openai")) if isinstance(url, str) else None
        if operation is None:
            raise RequestError(
                f"url is {url!r}, which no service answers", param="url", hint="Use one of: " + ", ".join(URLS) + "."
            )
        if not isinstance(body, dict):
            raise RequestError("body is not an object", param="body")
        return self._make(number, custom_id, operation, dict(body))

    def _plain(self, number: int, custom_id: str, value: dict[str, Any]) -> Entry:
        if self.template is not None and "messages" not in value:
            return self._row(number, custom_id, {name: _cell(cell) for name, cell in value.items()})
        body = {name: part for name, part in value.items() if name not in ("custom_id", "id")}
        if self.operation == "chat" and "messages" not in body:
            prompt = body.pop("prompt", None)
            if not isinstance(prompt, str):
                raise RequestError(
                    "there is neither messages nor prompt",
                    param="messages",
                    hint="Write a batch line, an object with messages or prompt, or use a template over its fields.",
                )
            body["messages"] = self._conversation(prompt, body.pop("system", None))
        return self._make(number, custom_id, self.operation, body)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def row(self, number: int, cells: Mapping[str, str]) -> Entry:
        """Turn a row of a table into a line. A column ``custom_id`` names it, else ``row-<number>``."""
        custom_id = cells.get("custom_id", "").strip() or f"row-{number}"
        try:
            entry = self._row(number, _check_id(custom_id), cells)
        except RequestError as error:
            entry = LineFault(number=number, custom_id=custom_id[:LONGEST_ID], error=error)
        if isinstance(entry, LineFault):
            return msgspec.structs.replace(entry, raw=msgspec.json.encode(list(cells.values())).decode())
        return entry

    def check(self, columns: tuple[str, ...]) -> None:
        """
        Make sure a table's columns are enough, before its first row is asked.

        Raises:
            RequestError: The template, or what stands in for one, names a column that is not there.
        """
        (self.template or LineTemplate(f"{{{self._only_column}}}")).check(columns)

    @property
    def _only_column(self) -> str:
        """The column that is read where no template says otherwise."""
        return {"chat": "prompt", "extraction": "text"}.get(self.operation, "file")

    def _row(self, number: int, custom_id: str, cells: Mapping[str, str]) -> Entry:
        template = self.template or LineTemplate(f"{{{self._only_column}}}")
        text = template.fill(cells)
        if not text.strip():
            raise RequestError("the row is empty", param=self._only_column)
        if self.operation == "chat":
            body: dict[str, Any] = {"messages": self._conversation(text, None)}
        else:
            body = {self._only_column: text}
        return self._make(number, custom_id, self.operation, body)

    def _conversation(self, prompt: str, system: object) -> list[dict[str, Any]]:
        system = self.system if system is None else system
        asked = {"role": "user", "content": prompt}
        return [{"role": "system", "content": system}, asked] if system else [asked]

    def _make(self, number: int, custom_id: str, operation: Operation, body: dict[str, Any]) -> Entry:
        """Fill in what the line leaves open, and check what every service needs."""
        fields: ChatFields | None = None
        try:
            if self.model is not None:
                body.setdefault("model", self.model)
            if operation == "chat":
                body, fields = _chat_body({**self.params, **body})
            elif operation == "extraction":
                if not isinstance(body.get("text", body.get("file")), str):
                    raise RequestError("there is neither text nor file to extract from", param="text")
                if not isinstance(body.setdefault("schema", self.schema), dict):
                    raise RequestError("there is no schema to extract by", param="schema")
            else:
                if self.language is not None:
                    body.setdefault("language", self.language)
                if not isinstance(body.get("file", body.get("url")), str):
                    raise RequestError("there is no file to write down", param="file")
            if body.get("model") is not None and not isinstance(body["model"], str):
                raise RequestError("model is not a name", param="model")
        except RequestError as error:
            return LineFault(number=number, custom_id=custom_id, error=error, asked=operation)
        return Line(
            number=number,
            custom_id=custom_id,
            operation=operation,
            body=body,
            stamp=self._stamp(body),
            simulated=self.simulated,
            notes=() if fields is None else fields.notes,
            by_function_call=fields is not None and fields.by_function_call,
            custom=frozenset() if fields is None else fields.custom,
        )

    def _stamp(self, body: Mapping[str, Any]) -> str:
        """Hash of the whole file a line names: the same name may hold something else tomorrow."""
        name = body.get("file")
        if self.folder is None or not isinstance(name, str):
            return ""
        try:
            path = self.folder / name
            facts = path.stat()
            return _file_hash(str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        except (OSError, ValueError):
            return ""  # what is wrong with it is said when it is asked for


@functools.lru_cache(maxsize=STAMPS)
def _file_hash(path: str, *_: int) -> str:
    """The hash of a file's content; what else is given tells when it is to be read anew."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: blake2b(digest_size=8)).hexdigest()


def _chat_body(body: dict[str, Any]) -> tuple[dict[str, Any], ChatFields]:
    """
    A chat's body as every provider understands it; whether and how it was to be streamed is of no matter here.

    Returns:
        It, and how it was understood.
    """
    rest = dict(body)
    own = take_own(rest)
    fields = read_fields(rest.pop("messages", None), rest)
    kept: dict[str, Any] = {name: own[name] for name in ("model", "cost_sensitive", "max_latency_ms") if name in own}
    return {**kept, "messages": list(fields.messages), **fields.params}, fields


def _custom_id(value: Mapping[str, Any], otherwise: str) -> str:
    found = value.get("custom_id", value.get("id"))
    if found is None:
        return otherwise
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise RequestError("custom_id is neither a text nor a whole number", param="custom_id")
    return _check_id(str(found))


def _check_id(custom_id: str) -> str:
    if not custom_id or len(custom_id) > LONGEST_ID:
        raise RequestError(
            f"custom_id has {len(custom_id)} characters; 1 to {LONGEST_ID} are allowed", param="custom_id"
        )
    return custom_id


def _cell(value: object) -> str:
    """A field of a JSON object as it stands in a prompt: texts as they are, the rest as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
