"""
Write recordings down: text, subtitles or JSON on standard output, or one file each with --to.

A recording may be of any kind and length; a long one is cut where nobody speaks, and its parts are transcribed
side by side. What was heard is kept in a hidden file until all of it is written, so a run that is killed goes on
where it was. With --to, what stood in a transcript's place and says something else is kept as NAME.earlier.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import aclosing, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from groq_core.cli.console import SIMULATED, StatusLine, duration, model_name, money, write_words
from groq_core.cli.given_files import STANDARD_INPUT, read_file, read_stream
from groq_core.errors import GroqCoreError, RequestError

if TYPE_CHECKING:
    from groq_core.events import Transcript
    from groq_core.pipeline import Handler
    from groq_core.requests import Request
    from groq_core.services.transcription import TranscriptionService
    from groq_core.services.transcription_journal import Journal

HELP = "write recordings down: text, subtitles or JSON"
EPILOG = """examples:
  python -m groq_core transcribe talk.mp3 --format srt > talk.srt
  python -m groq_core transcribe *.m4a --format vtt --to subtitles/

Exit status 1 when a recording could not be transcribed."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a recording; - is standard input")
    command.add_argument(
        "--format", choices=("txt", "srt", "vtt", "json"), default="txt", help="(default: %(default)s)"
    )
    command.add_argument("--to", metavar="DIR", type=Path, help="write FILE's transcript into this folder")
    command.add_argument("--language", help="ISO 639-1; found out when left out")
    command.add_argument("--prompt", help="names and spellings to expect")
    command.add_argument("--translate", action="store_true", help="into English")
    command.add_argument("--words", action="store_true", help="the time of every word, in JSON")
    command.add_argument("--model", type=model_name, default="audio", help="a model id or provider:id")


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assemble
    from groq_core.media.text.subtitles import breaches_in_words
    from groq_core.settings.env_file import load

    if len(args.files) > 1 and args.format in ("srt", "vtt") and args.to is None:
        raise RequestError("subtitles of several recordings need --to DIR", param="to")
    if args.to is not None:
        make_folder(args.to, args.files, args.format)
    status = StatusLine()
    failed = 0
    written: list[Journal] = []
    settings = load()
    async with assemble(settings) as core:
        if settings.is_simulated:
            status.say(SIMULATED)
        for path in args.files:
            try:
                journal, service = _with_journal(core.transcription, path, args)
                transcript = await _transcribe(service, path, args, status)
                if journal.answered:
                    status.say(f"{path.name}: {journal.answered} parts were heard before; they were not asked again")
                text = _write(transcript, args.format)
                if args.to is not None:
                    target = args.to / f"{path.stem}.{args.format}"
                    status.say(await asyncio.to_thread(write_file, target, text))
            except GroqCoreError as error:
                failed += 1
                status.say(f"{path}: {error.told}")
                continue
            if args.format in ("srt", "vtt") and (remark := breaches_in_words(transcript)):
                status.say(f"{path.name}: {remark}")
            if args.to is None:
                write_words(text)
            written.append(journal)
        # Not before the last: whoever kills it there gives the same command again, for all of them.
        for journal in written:
            journal.forget()
    return 1 if failed else 0


def write_file(target: Path, text: str) -> str:
    """
    Write a transcript; what stood in its place, and says something else, is kept beside it.

    Returns:
        What was done, in words.

    Raises:
        RequestError: It cannot be written.
    """
    data = text.encode()
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(data)  # whole, before anything is moved: the disk may be full
        kept = None
        if target.is_file() and target.read_bytes() != data:
            numbers = (f"{target.name}.earlier{'' if number == 1 else f'-{number}'}" for number in count(1))
            kept = next(one for one in map(target.with_name, numbers) if not one.exists())
            target.replace(kept)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise RequestError(f"{target} cannot be written: {error.strerror}", param="to") from None
    return f"{target}; what was there is in {kept.name}" if kept is not None else str(target)


def make_folder(folder: Path, files: list[Path], ending: str) -> None:
    """
    Make the folder of the transcripts.

    Raises:
        RequestError: It cannot be made, or two recordings would be written into one file.
    """
    targets: dict[str, Path] = {}
    for file in files:
        other = targets.setdefault(file.stem, file)
        if other != file:
            raise RequestError(
                f"{other} and {file} would both be written to {folder / file.stem}.{ending}",
                param="to",
                hint="Give them folders of their own, or one of them another name.",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"--to {folder} cannot be made: {error.strerror}", param="to") from None


def _with_journal(
    service: TranscriptionService, path: Path, args: argparse.Namespace
) -> tuple[Journal, TranscriptionService]:
    """The service with a journal beside what will be written, so that a run that is killed goes on where it was."""
    from groq_core.services.transcription_journal import Journal

    made: list[Journal] = []

    def keep(handle: Handler[Request]) -> Journal:
        made.append(Journal(handle, (args.to or Path()) / f".{path.name}.transcribing"))
        return made[0]

    kept = service.through(keep)
    return made[0], kept


async def _transcribe(
    service: TranscriptionService, path: Path, args: argparse.Namespace, status: StatusLine
) -> Transcript:
    from groq_core.events import Note, PartDone
    from groq_core.reply import Reply

    reply = Reply()
    events = service.stream(
        await asyncio.to_thread(_recording, path),
        path.name,
        language=args.language,
        prompt=args.prompt,
        task="translate" if args.translate else "transcribe",
        model=args.model,
        granularities=("segment", "word") if args.words or args.format in ("srt", "vtt") else ("segment",),
    )
    status.show(f"{path.name}: listening")
    async with aclosing(events):
        async for event in events:
            reply.apply(event)
            if isinstance(event, PartDone):
                status.show(f"{path.name}: heard to {duration(event.end_s)}")
            elif isinstance(event, Note):
                status.say(f"{path.name}: {event.text}")
    finished = reply.finished
    if finished is None or finished.transcript is None:
        raise RequestError("nobody speaks in it", param="file")
    status.say(f"{path.name}: {duration(finished.transcript.duration or 0)}, {money(reply.receipt.cost_usd)}")
    return finished.transcript


def _recording(path: Path) -> Path | bytes:
    """
    A file, which is read from where it lies, however long it is; or all of what a pipe gives, once.

    Raises:
        RequestError: It cannot be read.
    """
    if str(path) == STANDARD_INPUT:
        return read_file(path, "standard input")
    try:
        with path.open("rb") as file:
            return path if path.is_file() else read_stream(file, "it")
    except OSError as error:
        raise RequestError(error.strerror or "it cannot be read", param="file") from None


def _write(transcript: Transcript, form: str) -> str:
    from groq_core.media.text.subtitles import to_json, to_srt, to_txt, to_vtt

    return {"txt": to_txt, "srt": to_srt, "vtt": to_vtt, "json": to_json}[form](transcript)
