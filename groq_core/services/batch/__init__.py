"""
Many requests at once: live at the highest rate the limits allow, or through Groq's Batch API at half the price.

>>> from pathlib import Path
>>> from groq_core.services.batch import BatchRun, LineSource, LineTemplate, Recipe, Sink, answerers, run_batch
>>> async def summarise(core, table: Path, answers: Path) -> None:
...     source = LineSource(table, Recipe(template=LineTemplate("Summarise {title}: {text}")))
...     async with Sink(answers) as sink:
...         async for progress in run_batch(BatchRun(source, sink, answerers(core.handle))):
...             print(progress.done_count, progress.rate_per_min)
"""

from groq_core.services.batch.batch_api import RemoteBatchRun
from groq_core.services.batch.estimate import Estimate, Survey, estimate, survey
from groq_core.services.batch.export import text_of, write_table
from groq_core.services.batch.job import Job, job_of, name_of_lines, still_open
from groq_core.services.batch.later import groq_id, run_later
from groq_core.services.batch.line_answers import Answerer, BatchAnswer, answerers
from groq_core.services.batch.lines import Entry, Line, LineFault, Recipe
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.reconcile import Reconciled, reconcile
from groq_core.services.batch.remote_api import BatchApi
from groq_core.services.batch.runner import BatchRun, BatchStoppedError, run_batch
from groq_core.services.batch.sink import DiskFullError, Failure, Sink
from groq_core.services.batch.sources import LineSource
from groq_core.services.batch.template import LineTemplate
from groq_core.services.candidates import resolve_name, stand_ins

__all__ = [
    "Answerer",
    "BatchAnswer",
    "BatchApi",
    "BatchRun",
    "BatchStoppedError",
    "DiskFullError",
    "Entry",
    "Estimate",
    "Failure",
    "Job",
    "Line",
    "LineFault",
    "LineSource",
    "LineTemplate",
    "Progress",
    "Recipe",
    "Reconciled",
    "RemoteBatchRun",
    "Sink",
    "Survey",
    "answerers",
    "estimate",
    "groq_id",
    "job_of",
    "name_of_lines",
    "reconcile",
    "resolve_name",
    "run_batch",
    "run_later",
    "stand_ins",
    "still_open",
    "survey",
    "text_of",
    "write_table",
]
