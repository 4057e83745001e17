"""
Many requests at once: live at the highest rate the limits allow, or through Groq's Batch API at half the price.

>>> from pathlib import Path
>>> from groq_core.services.batch import Batch, Recipe, Sink, Source, Template, answerers, run_batch
>>> async def summarise(core, table: Path, answers: Path) -> None:
...     source = Source(table, Recipe(template=Template("Summarise {title}: {text}")))
...     with Sink(answers) as sink:
...         async for progress in run_batch(Batch(source, sink, answerers(core.handle))):
...             print(progress.settled, progress.rate_per_min)
"""

from groq_core.services.batch.answers import Answer, Answerer, answerers
from groq_core.services.batch.estimate import Estimate, Survey, estimate, survey
from groq_core.services.batch.export import text_of, write_table
from groq_core.services.batch.job import Job, job_of
from groq_core.services.batch.later import groq_id, run_later
from groq_core.services.batch.lines import Entry, Fault, Line, Recipe
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.reconcile import Reconciled, reconcile
from groq_core.services.batch.remote import BatchApi, RemoteBatchRun
from groq_core.services.batch.runner import Batch, BatchStoppedError, run_batch
from groq_core.services.batch.sink import DiskFullError, Failure, Sink
from groq_core.services.batch.sources import Source
from groq_core.services.batch.template import Template
from groq_core.services.candidates import resolve_name, stand_ins

__all__ = [
    "Answer",
    "Answerer",
    "Batch",
    "BatchApi",
    "BatchStoppedError",
    "DiskFullError",
    "Entry",
    "Estimate",
    "Failure",
    "Fault",
    "Job",
    "Line",
    "Progress",
    "Recipe",
    "Reconciled",
    "RemoteBatchRun",
    "Sink",
    "Source",
    "Survey",
    "Template",
    "answerers",
    "estimate",
    "groq_id",
    "job_of",
    "reconcile",
    "resolve_name",
    "run_batch",
    "run_later",
    "stand_ins",
    "survey",
    "text_of",
    "write_table",
]
