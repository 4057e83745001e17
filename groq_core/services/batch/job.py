"""
The slip of paper beside the answers: which job they belong to, and which batches Groq is working on for it.

It is kept in ``<output>.job``, replaced in one step, and deleted by nobody but its owner. Without it a run still
goes on where it was; with it, answers to other questions are never mixed in.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from groq_core.errors import RequestError
from groq_core.services.batch.lines import Recipe
from groq_core.services.batch.sources import Source

HEAD: Final = 65_536
"""Bytes of the source that are compared; lines may be added at its end."""

Stage: TypeAlias = Literal["uploaded", "created", "fetched"]


class Part(msgspec.Struct, kw_only=True):
    """
    Up to 50,000 lines that went to Groq's Batch API together.

    Attributes:
        stage: ``uploaded``: the file is there, perhaps a batch too; ``created``: the batch is known;
            ``fetched``: all its results are in the sink.
        lines: How many.
        status: As Groq last said; ``request_counts`` likewise in ``completed`` and ``failed``.
    """

    file_id: str
    lines: int
    stage: Stage = "uploaded"
    batch_id: str | None = None
    status: str = ""
    completed: int = 0
    failed: int = 0


class Job(msgspec.Struct, kw_only=True):
    """
    What a file of answers belongs to.

    Attributes:
        questions: Hash of what turns the source into questions.
        head, head_bytes: Hash of the source's beginning; empty where its bytes say nothing (a sheet, a folder).
        parts: Of the Batch API, oldest first.
    """

    questions: str
    head: str = ""
    head_bytes: int = 0
    parts: list[Part] = []

    @property
    def open_parts(self) -> list[Part]:
        """Parts whose results are still to be fetched."""
        return [part for part in self.parts if part.stage != "fetched"]

    def save(self, output: Path) -> None:
        """Write it beside the answers, whole or not at all."""
        path = beside(output)
        new = path.with_name(path.name + ".new")
        with new.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self), indent=1))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def beside(output: Path) -> Path:
    """Where the job of a file of answers is kept."""
    return output.with_name(output.name + ".job")


def job_of(output: Path, source: Source) -> Job:
    """
    Read the job of a file of answers, or begin one.

    Raises:
        RequestError: The answers there belong to other questions.
    """
    questions = _hashed(_questions(source.recipe))
    try:
        job = msgspec.json.decode(beside(output).read_bytes(), type=Job)
    except FileNotFoundError:
        head = _head(source, HEAD)
        job = Job(questions=questions, head=_hashed(head) if head else "", head_bytes=len(head))
        job.save(output)
        return job
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RequestError(
            f"{beside(output).name} cannot be read", param="output", hint="Delete it to go on without it."
        ) from None
    asked_else = job.questions != questions
    if asked_else or (job.head and _hashed(_head(source, job.head_bytes)) != job.head):
        what = "another prompt, system message, schema or operation" if asked_else else "another input"
        raise RequestError(
            f"{output.name} holds the answers to {what}", param="output", hint="Name a new file for these answers."
        )
    return job


def _questions(recipe: Recipe) -> bytes:
    """What decides which question a row is; the model and its parameters may change from run to run."""
    template = recipe.template.text if recipe.template else None
    return msgspec.json.encode([recipe.operation, template, recipe.system, recipe.schema])


def _head(source: Source, size: int) -> bytes:
    """The beginning of a source that is text; it holds whole lines as soon as there is one."""
    if source.kind not in ("jsonl", "csv"):
        return b""
    with source.path.open("rb") as file:
        return file.read(size)


def _hashed(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
