"""
Ask many things at once, as fast as the limits allow, and write down each answer as it comes.

INPUT is JSONL (batch lines as OpenAI and Groq define them, or objects with messages or prompt), CSV, TSV or XLSX
with a header row, or a folder of recordings. OUTPUT is JSONL in the shape of the Batch API's output. A run that
was interrupted goes on when the same command is given again, and asks nothing twice.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groq_core.cli.console import StatusLine, count, duration, model_name, money, positive
from groq_core.cli.given_files import STANDARD_INPUT, read_text
from groq_core.errors import GroqCoreError, RequestError
from groq_core.models.pricing import BATCH_DISCOUNT
from groq_core.terminal import for_terminal

if TYPE_CHECKING:
    from groq_core.compose import Core
    from groq_core.services.batch import Estimate, Job, LineSource, Progress, Recipe, Reconciled, Sink, Survey
    from groq_core.settings.settings import Settings

HELP = "ask many things at once: JSONL, CSV, XLSX or a folder of recordings"
EPILOG = """examples:
  python -m groq_core batch questions.jsonl answers.jsonl
  python -m groq_core batch books.csv summaries.jsonl --prompt 'Summarise {title}: {text}' --max-tokens 200
  python -m groq_core batch recordings/ transcripts.jsonl
  python -m groq_core batch questions.jsonl later.jsonl --via groq-batch

The last line on standard output is the end of the run as JSON: rows = answered + failed + unanswered. Exit status 1
when any row has no answer: those that failed are in OUTPUT with their reasons, and --retry-failed runs them again;
the others are asked by the same command given again. Rows may be sorted, changed, added and deleted between two
runs: an answer stays with its question. Another prompt, --model or parameter asks anew, and so does a model after the
simulator; the answers so far are kept in OUTPUT.earlier. In a template {{ and }} are braces of the text."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("input", metavar="INPUT", type=Path)
    command.add_argument("output", metavar="OUTPUT", type=Path)
    asked = command.add_argument_group("what is asked")
    asked.add_argument("--prompt", metavar="TEMPLATE", help="made of columns or fields: 'Summarise {title}: {text}'")
    asked.add_argument("--prompt-file", metavar="FILE", type=Path, help="the same, from a file")
    asked.add_argument("--system", help="system message of rows and plain prompts")
    asked.add_argument(
        "--model", type=model_name, help="of lines that name none: a tier, a model id or provider:id (default: auto)"
    )
    asked.add_argument("--max-tokens", type=positive, metavar="N", help="of an answer, where a line does not say")
    asked.add_argument("--param", action="append", default=[], metavar="NAME=JSON", help="any other parameter")
    asked.add_argument(
        "--operation",
        choices=("chat", "extraction", "transcription", "translation"),
        help="of rows and plain lines (default: chat; transcription for a folder)",
    )
    asked.add_argument("--schema", metavar="FILE", type=Path, help="JSON Schema of an extraction")
    asked.add_argument("--language", help="of recordings, ISO 639-1")
    how = command.add_argument_group("how")
    how.add_argument(
        "--via", choices=("live", "groq-batch"), default="live", help="groq-batch: half price, within 24 h"
    )
    how.add_argument("--retry-failed", action="store_true", help="run the failed lines of OUTPUT again")
    how.add_argument("--table", metavar="FILE", type=Path, help="at the end, write rows and answers as CSV")
    how.add_argument("--estimate", action="store_true", help="only say what it would take")
    how.add_argument("--fallback", action="store_true", help="let others answer where the model named cannot")
    how.add_argument("--alone", action="store_true", help="ask every line, though other runs share this input by Redis")
    how.add_argument(
        "--most", type=positive, default=96, metavar="N", help="lines under way at most (default: %(default)s)"
    )
    how.add_argument("--rpm", type=positive, metavar="N", help="requests a minute at most, per model")
    how.add_argument("--tpm", type=positive, metavar="N", help="tokens a minute at most, per model")


async def run(args: argparse.Namespace) -> int:
    import msgspec

    from groq_core.compose import assemble
    from groq_core.services.batch import (
        BatchRun,
        Job,
        LineSource,
        Progress,
        Sink,
        answerers,
        job_of,
        name_of_lines,
        reconcile,
        run_batch,
        run_later,
        survey,
    )
    from groq_core.services.sent_pictures import pieces_within
    from groq_core.settings.env_file import load

    if STANDARD_INPUT in (str(args.input), str(args.output)):
        raise RequestError("INPUT and OUTPUT are files: a run that was interrupted goes on from them", param="input")
    limits = {name: value for name in ("rpm", "tpm") if (value := getattr(args, name)) is not None}
    settings = dataclasses.replace(load(), **limits)
    source = LineSource(args.input, recipe_of(args, simulated=settings.is_simulated))
    check_outputs(args)
    status = StatusLine()
    status.show(f"reading {args.input.name}")
    found = await asyncio.to_thread(survey, source)
    if not found.lines:
        raise RequestError(f"{args.input.name} holds no lines", param="file")
    async with assemble(settings) as core:
        status.say(about_mode(settings))
        guess = estimate_run(core, found, source.recipe, via=args.via, fallback=args.fallback)
        for text in about(found, guess, via=args.via):
            status.say(text)
        if args.estimate:
            return 0
        async with Sink(args.output) as sink:
            job = Job(questions="")
            batch: BatchRun | None = None
            progress = Progress(total=found.lines)
            try:
                job = await asyncio.to_thread(job_of, args.output, source)
                failed = [name for name, _ in sink.failures(sink.failed)] if args.retry_failed else []
                if args.retry_failed:
                    forgotten = await asyncio.to_thread(sink.forget_failures)
                    status.say(f"{count(forgotten)} failed lines are run again")
                if args.via == "groq-batch":
                    steps = run_later(core, source, sink, job, found.lines)
                else:
                    status.say(earlier_answers(await asyncio.to_thread(reconcile, sink, source), sink))
                    asked = answerers(
                        core.handle,
                        stay=not args.fallback,
                        files=args.input.parent,
                        pieces=pieces_within(core.catalogue),
                    )
                    shares = None
                    if core.shared is not None and not args.alone:
                        status.say("other runs of this input on the same Redis ask the lines that this one does not")
                        shares = core.shared.line_shares(await asyncio.to_thread(name_of_lines, source))
                    batch = BatchRun(source, sink, asked, total=found.lines, most=args.most, shares=shares, own=failed)
                    steps = run_batch(batch, every_s=0.5)
                async with aclosing(steps):
                    async for progress in steps:
                        status.show(line(progress))
                if args.table:
                    await asyncio.to_thread(_write_table, source, args.output, args.table, sink.answered)
            except (GroqCoreError, asyncio.CancelledError) as error:
                # However it ends, every row is accounted for; and what is open is asked by the same command.
                status.close()
                progress = batch.progress if batch is not None else progress
                _report(msgspec.structs.replace(progress, done=sink.answered, failed=sink.failed), sink, job, guess)
                if isinstance(error, asyncio.CancelledError):
                    raise
                print(for_terminal(f"error: {error.message}\n{error.hint}".strip()), file=sys.stderr)
                return 1
            status.close()
            return _report(progress, sink, job, guess)


def check_outputs(args: argparse.Namespace) -> None:
    """
    Raises:
        RequestError: What would be written lies where something is that is read.
    """
    read = {"INPUT": args.input, "--prompt-file": args.prompt_file, "--schema": args.schema}
    outputs = {"OUTPUT": args.output} | ({"--table": args.table} if args.table is not None else {})
    for output, path in outputs.items():
        for name, other in ({**read, "OUTPUT": args.output} if output == "--table" else read).items():
            if other is not None and is_same_file(path, other):
                raise RequestError(f"{name} and {output} are the same file", param=output.strip("-").lower())


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, there or not yet."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def earlier_answers(found: Reconciled, sink: Sink) -> str:
    """What became of the answers of earlier runs."""
    said = f"{count(len(sink))} lines are in {sink.path.name} already" if len(sink) else ""
    if found.renamed:
        said += f"; {count(found.renamed)} moved with their rows"
    if found.restored:
        said += f"; {count(found.restored)} came back with their rows"
    if found.set_aside:
        said += f"; {count(found.set_aside)} answer no row of today and are in {sink.path.name}.earlier"
    return said.removeprefix("; ")


def _write_table(source: LineSource, answers: Path, path: Path, number: int) -> None:
    """
    Raises:
        RequestError: It cannot be written; half a table is none.
    """
    from groq_core.services.batch import write_table
    from groq_core.services.batch.sink import writing_beside

    try:
        # The byte order mark is what Excel knows UTF-8 by.
        with writing_beside(answers, number), path.open("w", encoding="utf-8-sig", newline="") as out:
            write_table(source, answers, out)
    except OSError as error:
        raise RequestError(f"--table {path.name} cannot be written: {error.strerror}", param="table") from None
    except RequestError:
        if path.is_file():
            path.unlink()
        raise


def recipe_of(args: argparse.Namespace, *, simulated: bool = False) -> Recipe:
    """
    Put the arguments into a recipe.

    Args:
        simulated: The simulator answers.

    Raises:
        RequestError: One of them cannot be used; it is named.
    """
    from groq_core.services.batch import LineTemplate, Recipe

    if args.prompt is not None and args.prompt_file is not None:
        raise RequestError("--prompt and --prompt-file exclude each other", param="prompt")
    prompt = args.prompt if args.prompt_file is None else _read(args.prompt_file, "--prompt-file")
    params = dict(_param(text) for text in args.param)
    if args.max_tokens is not None:
        params["max_completion_tokens"] = args.max_tokens
    return Recipe(
        operation=args.operation or ("transcription" if args.input.is_dir() else "chat"),
        template=LineTemplate(prompt) if prompt is not None else None,
        system=args.system,
        model=args.model,
        params=params,
        schema=_object(_read(args.schema, "--schema"), "--schema") if args.schema else None,
        language=args.language,
        folder=args.input.parent,
        simulated=simulated,
    )


def _read(path: Path, argument: str) -> str:
    return read_text(path, f"{argument} {path.name}", argument)


def _param(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise RequestError(
            f"--param {text!r} is not NAME=JSON", param="param", hint="For example: --param temperature=0"
        )
    try:
        return name, json.loads(value, parse_constant=_no_number)
    except ValueError:
        return name, value  # a plain word needs no quotes: --param reasoning_effort=low


def _no_number(text: str) -> Any:
    raise RequestError(f"--param takes no {text}, which is no JSON", param="param")


def _object(text: str, argument: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RequestError(f"{argument} is not JSON: {error}", param=argument) from None
    if not isinstance(value, dict):
        raise RequestError(f"{argument} is not a JSON object", param=argument)
    return value


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────


def estimate_run(core: Core, found: Survey, recipe: Recipe, *, via: str, fallback: bool) -> Estimate | None:
    """What a run will take on the model most lines will be answered by, as far as anybody can tell before."""
    from groq_core.services.batch import estimate, resolve_name, stand_ins

    name = recipe.model or ("quality" if recipe.operation == "extraction" else "speed")
    spec = resolve_name(core, name)
    later = via == "groq-batch"
    # A batch of Groq's goes on to no other model, and neither does one that was named, unless it may.
    others = [] if later else stand_ins(core, name if not fallback or spec is None else _tier_of(name))
    return estimate(found, spec, *others) if spec is not None else None


def _tier_of(name: str) -> str:
    from groq_core.models.spec import TIER_NAMES

    return name if name in TIER_NAMES or name == "auto" else "quality"


def about_mode(settings: Settings) -> str:
    return "simulator: these answers are no model's" if settings.is_simulated else "live"


def about(found: Survey, guess: Estimate | None, *, via: str) -> list[str]:
    """What it will take, in two lines."""
    said = f"{count(found.lines)} lines"
    if found.tokens_in:
        most = guess.tokens_out_most if guess is not None else None
        said += f", about {count(found.tokens_in)} tokens in"
        said += f" and up to {count(most)} tokens out" if most is not None else ""
    lines = [said]
    if found.faults:
        lines.append(f"{count(found.faults)} lines cannot be asked")
    if guess is None or not found.tokens_in:
        return lines
    if via == "groq-batch":
        wait = "within 24 h"
    else:
        times = (f"{duration(seconds)} on the {plan} plan" for plan, seconds in guess.seconds.items() if seconds > 1)
        wait = ", ".join(times)
    return [*lines, f"{guess.model}: {price(guess, via)}" + (f"; by its limits {wait}" if wait else "")]


def price(guess: Estimate, via: str) -> str:
    """From what the prompts cost to what the longest answers cost, which is a bound."""
    share = BATCH_DISCOUNT if via == "groq-batch" else 1.0
    if guess.usd_least is None:
        return money(None)
    if guess.usd_most is None:
        return f"{money(guess.usd_least * share)} and more, by how long the answers are"
    return f"{money(guess.usd_least * share)} to {money(guess.usd_most * share)} at most"


def line(progress: Progress) -> str:
    """Progress as one line."""
    share = f"{progress.share:.0%} " if progress.share is not None else ""
    total = f"/{count(progress.total)}" if progress.total is not None else ""
    parts = [f"{share}{count(progress.done_count)}{total}"]
    if progress.failed:
        parts.append(f"{count(progress.failed)} failed")
    if progress.rate_per_min:
        parts.append(f"{count(progress.rate_per_min)}/min")
    parts.append(f"{count(progress.tokens_in + progress.tokens_out)} tokens")
    if progress.usd is not None:
        parts.append(money(progress.usd))
    parts.append(f"{count(progress.in_flight)} under way")
    if progress.note:
        parts.append(progress.note)
    if progress.paused_s >= 1:
        parts.append(f"waiting {duration(progress.paused_s)}: {progress.paused_why}")
    elif progress.eta_s is not None:
        parts.append(f"{duration(progress.eta_s)} left")
    return " · ".join(parts)


def _report(end: Progress, sink: Sink, job: Job, guess: Estimate | None) -> int:
    """Say how it ended: in words on standard error, as JSON on standard output."""
    import msgspec

    for text in ending(end, sink, job, guess):
        print(for_terminal(text), file=sys.stderr)
    accounts = {"rows": end.rows, "answered": end.done, "failed": end.failed, "unanswered": end.open_count}
    share = BATCH_DISCOUNT if job.parts else 1.0
    bounds = {
        name: value * share if guess is not None and (value := getattr(guess, name)) is not None else None
        for name in ("usd_least", "usd_most")
    }
    print(msgspec.json.encode({**msgspec.structs.asdict(end), **accounts, **bounds}).decode())
    return 0 if end.done + end.elsewhere == end.rows else 1


def ending(end: Progress, sink: Sink, job: Job, guess: Estimate | None) -> list[str]:
    """Every row accounted for, and what it cost beside what it was thought to cost."""
    from groq_core.services.batch.batch_api import unreadable_results

    said = [
        f"{count(end.done)} answered, {count(end.failed)} failed, {count(end.open_count)} unanswered of "
        f"{count(end.rows)} rows in {duration(end.elapsed_s)}: {sink.path.name}"
    ]
    if end.elsewhere:
        said.append(f"{count(end.elsewhere)} rows are settled in the outputs of other runs of this input")
    said += [f"  {count(number)} × {code}" for code, number in sink.reasons.most_common()]
    if end.failed:
        said.append("Run again with --retry-failed to ask those alone.")
    lost = end.open_count - end.duplicates
    if lost > 0 and not job.parts:
        said.append(f"{count(lost)} rows are still to be asked; the same command again asks them")
    elif lost > 0:
        states = sorted({part.status for part in job.parts if part.status in ("expired", "cancelled", "failed")})
        why = f" (a batch is {' and '.join(states)})" if states else ""
        said.append(f"{count(lost)} rows came back without an answer{why}; the same command again asks them")
    if end.unreadable:
        kept = unreadable_results(sink.path).name
        said.append(f"{count(end.unreadable)} results could not be read; they are in {kept}")
    if end.unknown:
        said.append(f"{count(end.unknown)} results are for ids that were not asked, and do not count")
    if end.duplicates:
        said.append(f"{count(end.duplicates)} lines have the custom_id of an earlier one and were left out")
    if end.truncated:
        said.append(f"{count(end.truncated)} answers reached their maximum length (finish_reason length)")
    if end.usd is not None and guess is not None and guess.usd_least is not None:
        via = "groq-batch" if job.parts else "live"
        said.append(f"cost {money(end.usd)}, estimated {price(guess, via)}")
    return said
