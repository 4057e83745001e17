"""Text, a document or a picture into data that fits a schema."""

from groq_core.services.extraction.ask import Try
from groq_core.services.extraction.extraction_run import Input
from groq_core.services.extraction.fitting import Problem, spell_path
from groq_core.services.extraction.found import Extraction, MissingPart, Partial, total_cost
from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.merge import Conflict, Said
from groq_core.services.extraction.options import ExtractionOptions
from groq_core.services.extraction.schema import FIELD_TYPES, FieldType, Schema, TableField, schema_of
from groq_core.services.extraction.service import Extractor, extract_sync
from groq_core.services.extraction.spans import Span

__all__ = [
    "FIELD_TYPES",
    "Conflict",
    "Extraction",
    "ExtractionOptions",
    "Extractor",
    "FieldType",
    "Input",
    "MissingPart",
    "Partial",
    "Path",
    "Problem",
    "Said",
    "Schema",
    "Span",
    "TableField",
    "Try",
    "extract_sync",
    "schema_of",
    "spell_path",
    "total_cost",
]
