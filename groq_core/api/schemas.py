"""Schemas of what the API takes and gives, for `/openapi.json`; names and bounds are those of the code that checks."""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from groq_core.api.agent_runs import LIMITS
from groq_core.api.batches import WINDOW
from groq_core.api.chat.body import OWN_FIELDS
from groq_core.api.chat.clients import BOOKKEEPING
from groq_core.api.chat.parameters import KNOWN, LONGEST, RULES
from groq_core.api.responses.body import MAX_METADATA, SUMMARIES
from groq_core.api.responses.flat_tools import CHOICE, TOOLS
from groq_core.api.responses.items import ITEM
from groq_core.api.responses.parameters import AS_IN_A_CHAT, FIELDS, NOT_HERE, READ_HERE, VERBOSITIES
from groq_core.api.schema_parts import (
    METADATA,
    MODEL,
    NULL,
    NUMBER,
    OBJECT,
    STREAM,
    SWITCH,
    TEXT,
    WHOLE,
    WORDS,
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
from groq_core.api.speech import MAX_SPEECH, TYPES
from groq_core.api.transcribe import FORMATS, GRANULARITIES
from groq_core.errors import Kind
from groq_core.events import EndReason
from groq_core.requests import HOSTED_TOOLS
from groq_core.services.agent.sets import TOOL_SETS
from groq_core.services.batch.batch_store import PURPOSES
from groq_core.services.batch.lines import URLS
from groq_core.services.batch.places import Status, Via
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

_PARAMETERS: Final[dict[str, Schema]] = {name: rule.schema for name, rule in RULES.items()}
_UNREAD: Final[dict[str, Schema]] = {name: {} for name in sorted((KNOWN | BOOKKEEPING) - RULES.keys())}

CHAT: Final[dict[str, Schema]] = {
    "ChatRequest": request_of(
        {**OWN_FIELDS, **_PARAMETERS, **_UNREAD},
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
            "choices": list_of(OBJECT),
            "usage": or_null(OBJECT),
            "x_groq": with_description(object_of({"id": TEXT}), "Under `/openai/v1` only."),
            "x_groq_core": ref("Receipt"),
        }
    ),
    "ResponseRequest": request_of(
        {
            "input": with_description(
                either(WORDS, {**list_of(ITEM), "minItems": 1}), "A text of the user, or items as in OpenAI's API."
            ),
            "model": MODEL,
            "instructions": with_description(TEXT, "Do not carry over to the next response."),
            "previous_response_id": with_description(TEXT, "Go on from a response that is still kept."),
            "store": with_description({**SWITCH, "default": True}, "Keep the response for an hour, in memory."),
            "stream": STREAM,
            "tools": TOOLS,
            "tool_choice": CHOICE,
            "reasoning": object_of({"effort": or_null(TEXT), "summary": {"enum": [*SUMMARIES, None]}}),
            "text": with_description(
                object_of({"format": or_null(OBJECT), "verbosity": {"enum": [*VERBOSITIES, None]}}),
                "`format` of type `text`, `json_object` or `json_schema`.",
            ),
            "max_output_tokens": {**WHOLE, "minimum": 1, "maximum": LONGEST},
            **{name: RULES[name].schema for name in AS_IN_A_CHAT},
            "truncation": with_description(
                {"enum": ["auto", "disabled"], "default": "auto"}, "`disabled` leaves nothing out."
            ),
            "metadata": with_description({**METADATA, "maxProperties": MAX_METADATA}, "Repeated in the response."),
            "cost_sensitive": OWN_FIELDS["cost_sensitive"],
            **FIELDS,
            **{name: with_description({**SWITCH, "not": {"const": True}}, hint) for name, hint in NOT_HERE.items()},
            **{name: {} for name in sorted(BOOKKEEPING - READ_HERE - {*AS_IN_A_CHAT})},
        },
        "input",
        additionalProperties=NULL,
    ),
    "ResponseObject": object_of(
        {
            "id": TEXT,
            "object": {"const": "response"},
            "created_at": WHOLE,
            "status": {"enum": ["in_progress", "completed", "incomplete", "failed"]},
            "model": with_description(TEXT, "The model that really answered; `fallback` where none did."),
            "output": list_of(OBJECT),
            "usage": or_null(OBJECT),
            "x_groq_core": ref("Receipt"),
        }
    ),
    "Item": OBJECT,
    "Items": page_of("Item"),
    "ResponseDeletion": deletion_of("response"),
}

SOUND: Final[dict[str, Schema]] = {
    "Recording": object_of(
        {
            "file": {"type": "string", "format": "binary"},
            "model": MODEL,
            "language": with_description(
                TEXT, "ISO 639-1; left out, the model finds out. A translation is always into English."
            ),
            "prompt": with_description(TEXT, "Spelling hints."),
            "response_format": {"enum": list(FORMATS), "default": "json"},
            "temperature": {**NUMBER, "minimum": 0, "maximum": 1},
            "timestamp_granularities[]": with_description(
                list_of({"enum": list(GRANULARITIES)}), "With `response_format` `verbose_json` only."
            ),
            "stream": STREAM,
        },
        "file",
    ),
    "Transcript": object_of(
        {
            "text": TEXT,
            "task": {"enum": ["transcribe", "translate"]},
            "language": or_null(TEXT),
            "duration": or_null(NUMBER),
            "words": list_of(OBJECT),
            "segments": list_of(OBJECT),
            "usage": object_of({"type": {"const": "duration"}, "seconds": NUMBER}),
            "notes": list_of(object_of({"code": TEXT, "text": TEXT})),
            "x_groq_core": ref("Receipt"),
        },
        "text",
        note="`task`, `language`, `duration`, `words` and `segments` with `verbose_json` only. Times are seconds.",
    ),
    "SpeechRequest": request_of(
        {
            "input": {**WORDS, "maxLength": MAX_SPEECH},
            "model": MODEL,
            "voice": TEXT,
            "response_format": with_description(
                {"enum": list(TYPES), "default": "wav"},
                "`pcm` is 24 kHz, 16 bit, mono. All but `wav` and `pcm` need ffmpeg on the server; without it WAV is "
                "sent, and the header `x-groq-core-notes` says `speech_as_wav`.",
            ),
            "stream_format": with_description(
                {"enum": ["audio", "sse"]},
                "`audio` sends bytes as they are spoken, `sse` the same in events. Left out, `wav` comes whole and "
                "every other format as it is spoken.",
            ),
            "speed": {**NUMBER, "minimum": 0.25, "maximum": 4},
        },
        "input",
    ),
}

_NAMED_TOOLS = {"enum": [*TOOL_SETS, *HOSTED_TOOLS]}

WORK: Final[dict[str, Schema]] = {
    "ExtractRequest": request_of(
        {
            "text": with_description(WORDS, "Where the data stands."),
            "schema": with_description(OBJECT, "A JSON Schema of what is wanted."),
            "model": MODEL,
            "instructions": with_description(TEXT, "What the schema does not say."),
            "stream": with_description(SWITCH, "Send each try, what is known so far, and the result as events."),
        },
        "text",
        "schema",
        additionalProperties=False,
    ),
    "ExtractUpload": object_of(
        {
            "file": with_description(
                {"type": "string", "format": "binary"}, "A document or a picture, with its file name."
            ),
            "schema": with_description(TEXT, "A JSON Schema of what is wanted, as JSON."),
            "model": MODEL,
            "instructions": with_description(TEXT, "What the schema does not say."),
            "stream": with_description(SWITCH, "Send each try, what is known so far, and the result as events."),
        },
        "file",
        "schema",
    ),
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
    "AgentRequest": request_of(
        {
            "task": with_description(
                either(WORDS, {**list_of(object_of({"role": TEXT}, "role")), "minItems": 1}),
                "A text or messages; required, except with `resume`.",
            ),
            "tools": with_description(
                list_of(either(_NAMED_TOOLS, object_of({"type": _NAMED_TOOLS}, "type"))),
                f"Left out: {', '.join(f'`{name}`' for name in TOOL_SETS)}.",
            ),
            "mcp_servers": with_description(
                list_of(either(TEXT, object_of({"name": TEXT, "headers": OBJECT}, "name"))),
                "Of those the operator offers, by name; with further headers where they are needed.",
            ),
            "limits": with_description(
                object_of(
                    {
                        name: or_null({**NUMBER, "exclusiveMinimum": 0, "maximum": most})
                        for limit, (_, most) in LIMITS.items()
                        for name in (limit, f"max_{limit}")
                    }
                )
                | {"additionalProperties": False},
                f"Bounds of the run: {', '.join(f'`{name}` up to {most:g}' for name, (_, most) in LIMITS.items())}.",
            ),
            "model": MODEL,
            "output": with_description(OBJECT, "A JSON Schema for the answer."),
            "resume": with_description(
                object_of({"run": TEXT, "approvals": {"type": "object", "additionalProperties": SWITCH}}, "run"),
                "Go on with a paused run: `run` is its id, `approvals` says true or false to each of what is pending. "
                "Only `stream` may stand beside it.",
            ),
            "stream": with_description(SWITCH, "Send what happens as events, `run_ended` as the last."),
        },
        anyOf=[{"properties": {name: {"not": NULL}}, "required": [name]} for name in ("task", "resume")],
        additionalProperties=False,
    ),
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
    "FileUpload": object_of(
        {
            "file": with_description(
                {"type": "string", "format": "binary"}, "One JSON object a line, called `….jsonl`."
            ),
            "purpose": {"enum": ["batch"]},
        },
        "file",
        "purpose",
    ),
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
    "BatchRequest": request_of(
        {
            "input_file_id": TEXT,
            "endpoint": with_description({"enum": list(URLS)}, "Of every line; with `/openai` before it is the same."),
            "completion_window": with_description(
                {**TEXT, "pattern": "^[0-9]+[hd]$", "default": WINDOW}, "Lines are asked as fast as the limits allow."
            ),
            "metadata": METADATA,
            "via": with_description(
                {"enum": list(get_args(Via)), "default": "live"},
                "`live`: carried out here, at once. `groq-batch`: handed to Groq's Batch API, answered within a day at "
                "half the price, by Groq's models alone.",
            ),
        },
        "input_file_id",
        "endpoint",
    ),
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
