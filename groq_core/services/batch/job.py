"""
The slip of paper beside the answers: which job they belong to, and which batches Groq is working on for it.

It is kept in ``<output>.job``, replaced in one step, and deleted by nobody but its owner. Without it a run still
goes on where it was, since every answer carries a hash of its question.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from groq_core.errors import RequestError
from groq_core.services.batch.lines import Recipe, distinct
from groq_core.services.batch.sink import DiskFullError, binding, writing_beside
from groq_core.services.batch.sources import LineSource

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
        questions: Hash of what turned the source into questions the last time.
        parts: Of the Batch API, oldest first.
    """

    questions: str
    parts: list[Part] = []

    @property
    def open_parts(self) -> list[Part]:
        """Parts whose results are still to be fetched."""
        return [part for part in self.parts if part.stage != "fetched"]

    def save(self, output: Path) -> None:
        """
        Write it beside the answers, whole or not at all.

        Raises:
            DiskFullError: There is no room for it.
        """
        path = beside(output)
        new = path.with_name(path.name + ".new")
        try:
            with writing_beside(output), new.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(self), indent=1))
                file.flush()
                os.fsync(file.fileno())
        except DiskFullError:
            new.unlink(missing_ok=True)
            raise
        new.replace(path)


def beside(output: Path) -> Path:
    """Where the job of a file of answers is kept."""
    return output.with_name(output.name + ".job")


def job_of(output: Path, source: LineSource) -> Job:
    """
    Read the job of a file of answers, or begin one.

    Answers to other questions stay where they are until the rows are held against them, see
    :func:`~groq_core.services.batch.reconcile.reconcile`; batches that Groq works on are followed to their end.

    Raises:
        RequestError: It cannot be read.
        DiskFullError: There is no room for it.
    """
    questions = _hash(_questions(source.recipe))
    try:
        job = msgspec.json.decode(beside(output).read_bytes(), type=Job)
    except FileNotFoundError:
        job = Job(questions="")
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RequestError(
            f"{beside(output).name} cannot be read", param="output", hint="Delete it to go on without it."
        ) from None
    if job.questions != questions:
        job.questions = questions
        job.save(output)
    return job


def still_open(folder: Path) -> bool:
    """Whether Groq still has answers for one of the jobs in a folder."""
    for slip in folder.glob("*.job"):
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            if msgspec.json.decode(slip.read_bytes(), type=Job).open_parts:
                return True
    return False


def name_of_lines(source: LineSource) -> str:
    """What several runs of the same input, asked the same, know each other by."""
    lines = blake2b(digest_size=16)
    for entry in distinct(source):
        lines.update(f"{binding(entry.custom_id, entry.key)}\n".encode("utf-8", "surrogatepass"))
    return lines.hexdigest()


def _questions(recipe: Recipe) -> bytes:
    """What all rows share; a row that changed, another model or parameter is asked anew beside it."""
    template = recipe.template.text if recipe.template else None
    return msgspec.json.encode([recipe.operation, template, recipe.system, recipe.schema])


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
