"""Schemas of what the API takes and gives, for `/openapi.json`; names and bounds are those of the code that checks."""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from groq_core.api.agent_asked import FIELDS as AGENT_FIELDS
from groq_core.api.batches import BATCH_FIELDS, UPLOAD_FIELDS
from groq_core.api.extract_asked import FIELDS as EXTRACT_FIELDS
from groq_core.api.extract_asked import FORM_FIELDS as EXTRACT_FORM_FIELDS
from groq_core.api.responses.body import FIELDS as RESPONSE_FIELDS
from groq_core.api.speech import FIELDS as SPEECH_FIELDS
from groq_core.api.transcribe import FIELDS as RECORDING_FIELDS
from groq_core.errors import Kind
from groq_core.events import EndReason
from groq_core.incoming.chat_body import MESSAGES, OWN
from groq_core.incoming.clients import BOOKKEEPING
from groq_core.incoming.parameters import KNOWN, RULES
from groq_core.incoming.schema_parts import (
    NULL,
    NUMBER,
    OBJECT,
    SWITCH,
    TEXT,
    WHOLE,
    Schema,
    deletion_of,
    either,
    list_of,
    object_of,
    or_null,
    page_of,
    ref,
    request_of,
    with_description,
)
from groq_core.services.batch.batch_store import PURPOSES
from groq_core.services.batch.places import Status
from groq_core.status.snapshot import Snapshot

ATTEMPT: Final = object_of(
    {
        "provider": TEXT,
        "model": TEXT,
        "outcome": {"enum": ["answered", "failed", "cancelled", "skipped"]},
        "error": or_null({"enum": [str(kind) for kind in Kind]}),
        "status": or_null(WHOLE),
        "retry_after_s": or_null(NUMBER),
        "started_s": or_null(NUMBER),
        "ttft_s": or_null(NUMBER),
        "elapsed_s": or_null(NUMBER),
        "tokens_out": WHOLE,
    }
)

SHARED: Final[dict[str, Schema]] = {
    "Error": object_of(
        {
            "error": object_of(
                {
                    "message": TEXT,
                    "type": TEXT,
                    "code": or_null(TEXT),
                    "param": with_description(or_null(TEXT), "The field to mend, e.g. `messages[0].content`."),
                    "hint": with_description(TEXT, "What to do about it."),
                },
                "message",
                "type",
                "code",
                "param",
                "hint",
            ),
            "x_groq_core": with_description(ref("Receipt"), "Where models were asked."),
        },
        "error",
    ),
    "Receipt": object_of(
        {
            "request_id": TEXT,
            "tier": TEXT,
            "reason": TEXT,
            "cache": {"enum": ["hit", "miss", "off"]},
            "served_by": or_null(object_of({"provider": TEXT, "model": TEXT})),
            "degraded": SWITCH,
            "attempts": list_of(ATTEMPT),
            "usage": or_null(OBJECT),
            "cost_usd": or_null(NUMBER),
        },
        note="Who answered, and after what. Times are seconds.",
    ),
    "Text": TEXT,
    "Bytes": {},
    "Events": {"description": "Server-sent events, each with JSON in `data`."},
    "Model": object_of(
        {
            "id": TEXT,
            "object": {"const": "model"},
            "created": WHOLE,
            "owned_by": TEXT,
            "status": TEXT,
            "note": TEXT,
        },
        note="An alias says what it resolves to, a model its window, capabilities, tiers and prices.",
    ),
    "Models": object_of({"object": {"const": "list"}, "data": list_of(ref("Model"))}),
    "Health": object_of({"status": {"const": "ok"}, "version": TEXT}),
    "Readiness": object_of(
        {"ready": SWITCH, "mode": {"enum": ["live", "simulator"]}, "tiers": OBJECT, "why": TEXT}, "ready"
    ),
}

NOTES: Final[Schema] = with_description(
    list_of(object_of({"code": TEXT, "text": TEXT})),
    "What was changed in the request, passed over or could not be kept of it; left out where it went on as it came.",
)
_PARAMETERS: Final[dict[str, Schema]] = {name: rule.schema for name, rule in RULES.items()}
_UNREAD: Final[dict[str, Schema]] = {name: {} for name in sorted((KNOWN | BOOKKEEPING) - RULES.keys())}

_CALL: Final[Schema] = either(
    object_of(
        {"id": TEXT, "type": {"const": "function"}, "function": object_of({"name": TEXT, "arguments": TEXT})},
        "id",
        "type",
        "function",
        note="`arguments` is JSON as the model wrote it.",
    ),
    object_of(
        {"id": TEXT, "type": {"const": "custom"}, "custom": object_of({"name": TEXT, "input": TEXT})},
        "id",
        "type",
        "custom",
        note="Of a custom tool: `input` is the text it is given.",
    ),
)
_CHOICE: Final[Schema] = object_of(
    {
        "index": WHOLE,
        "message": object_of(
            {"role": {"const": "assistant"}, "content": or_null(TEXT), "tool_calls": list_of(_CALL)}, "role"
        ),
        "finish_reason": TEXT,
    }
)

CHAT: Final[dict[str, Schema]] = {
    "ChatRequest": request_of(
        {"messages": MESSAGES, **{name: rule.schema for name, rule in OWN.rules.items()}, **_PARAMETERS, **_UNREAD},
        "messages",
        # A field nobody knows would have no effect; null is no effect asked for.
        additionalProperties=NULL,
    ),
    "ChatCompletion": object_of(
        {
            "id": TEXT,
            "object": {"const": "chat.completion"},
            "created": WHOLE,
            "model": with_description(TEXT, "The model that really answered; `fallback` where none did."),
            "choices": list_of(_CHOICE),
            "usage": or_null(OBJECT),
            "x_groq": with_description(object_of({"id": TEXT}), "Under `/openai/v1` only."),
            "notes": NOTES,
            "x_groq_core": ref("Receipt"),
        }
    ),
    "ResponseRequest": RESPONSE_FIELDS.schema,
    "ResponseObject": object_of(
        {
            "id": TEXT,
            "object": {"const": "response"},
            "created_at": WHOLE,
            "status": {"enum": ["in_progress", "completed", "incomplete", "failed"]},
            "model": with_description(TEXT, "The model that really answered; `fallback` where none did."),
            "output": list_of(OBJECT),
            "usage": or_null(OBJECT),
            "notes": NOTES,
            "x_groq_core": ref("Receipt"),
        }
    ),
    "Item": OBJECT,
    "Items": page_of("Item"),
    "ResponseDeletion": deletion_of("response"),
}

SOUND: Final[dict[str, Schema]] = {
    "Recording": RECORDING_FIELDS.schema,
    "Transcript": object_of(
        {
            "text": TEXT,
            "task": {"enum": ["transcribe", "translate"]},
            "language": or_null(TEXT),
            "duration": or_null(NUMBER),
            "words": list_of(OBJECT),
            "segments": list_of(OBJECT),
            "usage": object_of({"type": {"const": "duration"}, "seconds": NUMBER}),
            "notes": NOTES,
            "x_groq_core": ref("Receipt"),
        },
        "text",
        note="`task`, `language`, `duration`, `words` and `segments` with `verbose_json` only. Times are seconds.",
    ),
    "SpeechRequest": SPEECH_FIELDS.schema,
}

WORK: Final[dict[str, Schema]] = {
    "ExtractRequest": EXTRACT_FIELDS.schema,
    "ExtractUpload": EXTRACT_FORM_FIELDS.schema,
    "Extraction": object_of(
        {
            "data": with_description({}, "Fits the schema."),
            "places": with_description(
                OBJECT, "Where each value stands, in characters and by page; null where nowhere."
            ),
            "document": with_description(OBJECT, "Of a file: what it was read as."),
            "notes": with_description(list_of(TEXT), "Of a file: what could not be kept of it."),
            "missing": with_description(list_of(TEXT), "Fields without a value."),
            "parts_missing": with_description(list_of(OBJECT), "Parts of the text that nobody could read."),
            "x_groq_core": ref("Receipt"),
        }
    ),
    "AgentRequest": AGENT_FIELDS.schema,
    "AgentRun": object_of(
        {
            "id": TEXT,
            "object": {"const": "agent.run"},
            "status": {"enum": list(dict.fromkeys((*get_args(EndReason), "broken")))},
            "answer": TEXT,
            "steps": list_of(OBJECT),
            "notes": list_of(TEXT),
            "pending": with_description(
                list_of(OBJECT), "Calls that wait for approval; kept for an hour, to go on from once."
            ),
            "output": with_description({}, "With `output` in the request only."),
            "x_groq_core": ref("Receipt"),
        }
    ),
    "FileUpload": UPLOAD_FIELDS.schema,
    "FileObject": object_of(
        {
            "id": TEXT,
            "object": {"const": "file"},
            "bytes": WHOLE,
            "created_at": WHOLE,
            "expires_at": WHOLE,
            "filename": TEXT,
            "purpose": {"enum": list(PURPOSES)},
            "status": {"const": "processed"},
        }
    ),
    "Files": page_of("FileObject"),
    "FileDeletion": deletion_of("file"),
    "BatchRequest": BATCH_FIELDS.schema,
    "Batch": object_of(
        {
            "id": TEXT,
            "object": {"const": "batch"},
            "endpoint": TEXT,
            "status": {"enum": list(get_args(Status))},
            "input_file_id": TEXT,
            "output_file_id": or_null(TEXT),
            "error_file_id": or_null(TEXT),
            "errors": or_null(OBJECT),
            "created_at": WHOLE,
            "request_counts": object_of({"total": WHOLE, "completed": WHOLE, "failed": WHOLE}),
        }
    ),
    "Batches": page_of("Batch"),
}

_STATUS: Final[dict[str, Schema]] = msgspec.json.schema_components(
    (Snapshot,), ref_template="#/components/schemas/{name}"
)[1]

SCHEMAS: Final[dict[str, Schema]] = {**SHARED, **CHAT, **SOUND, **WORK, **_STATUS}
