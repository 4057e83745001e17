"""Text, a document or a picture into data that fits a schema."""

from groq_core.services.extraction.ask import Try
from groq_core.services.extraction.fitting import Problem, spelled
from groq_core.services.extraction.found import Extraction, MissingPart, Partial, spent
from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.merge import Conflict, Said
from groq_core.services.extraction.options import Options
from groq_core.services.extraction.reading import Input
from groq_core.services.extraction.schema import FIELD_TYPES, Field, FieldType, Schema, schema_of
from groq_core.services.extraction.service import Extractor, extract_sync
from groq_core.services.extraction.spans import Span

__all__ = [
    "FIELD_TYPES",
    "Conflict",
    "Extraction",
    "Extractor",
    "Field",
    "FieldType",
    "Input",
    "MissingPart",
    "Options",
    "Partial",
    "Path",
    "Problem",
    "Said",
    "Schema",
    "Span",
    "Try",
    "extract_sync",
    "schema_of",
    "spelled",
    "spent",
]
