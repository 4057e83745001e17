"""Speech to text and text to speech: form fields, files, and the words that tell what was measured."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from groq_core.simulator import sound, transcript, voice
from groq_core.simulator.delivery import send, send_json
from groq_core.simulator.dialect import Dialect
from groq_core.simulator.forms import FormFile, SimulatedForm
from groq_core.simulator.leaking_buckets import SimulatedCost
from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.sound import Sound
from groq_core.simulator.transcript import Phrase
from groq_core.simulator.wire_format import Json, WireError, bad_request
from groq_core.simulator.world import RequestInPlay, World

EXTENSIONS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "opus", "wav", "webm")
MAX_BYTES = 25 * 1024 * 1024
"""Of an uploaded recording, on every plan and at both providers; more goes by ``url`` alone."""

MIN_SECONDS = 0.01
MIN_BILLED_S = 10.0
MAX_PROMPT = 896
"""Characters of the prompt (224 tokens)."""

LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "pl": "Polish", "ru": "Russian", "uk": "Ukrainian", "tr": "Turkish", "ar": "Arabic",
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "hi": "Hindi", "sv": "Swedish", "da": "Danish",
    "no": "Norwegian", "fi": "Finnish", "cs": "Czech", "el": "Greek", "he": "Hebrew", "hu": "Hungarian",
    "ro": "Romanian", "id": "Indonesian", "vi": "Vietnamese", "th": "Thai", "fa": "Persian", "bg": "Bulgarian",
}  # fmt: skip


async def transcribe(world: World, call: RequestInPlay, form: SimulatedForm, *, translate: bool) -> None:
    """``POST /audio/transcriptions`` and ``/audio/translations``."""
    wire = call.wire
    model = world.model(wire, form.fields)
    if model.kind != "transcription":
        raise bad_request(f"The model `{model.id}` does not support audio transcription", param="model")
    if translate and not model.translation:
        raise bad_request(f"The model `{model.id}` does not support translation", param="model")
    shape = _shape(form, wire, model)
    upload = _upload(form, wire)
    heard = await asyncio.to_thread(_measure, upload)
    seconds = max(MIN_BILLED_S, heard.duration)
    meter = world.limits.meter(call.organisation, model)
    meter.charge(SimulatedCost(audio_seconds=seconds))
    await world.wait(call.exchange, 0.08 + heard.duration / model.speed)
    request_id = wire.request_id()
    language = _language(form, translate)
    told = transcript.write(heard, upload.filename, translate=translate)
    await _deliver(call, heard, told, shape, language, form, request_id, meter.headers(), translate)


async def _deliver(
    call: RequestInPlay,
    heard: Sound,
    phrases: list[Phrase],
    shape: str,
    language: str,
    form: SimulatedForm,
    request_id: str,
    limits: dict[str, str],
    translate: bool,
) -> None:
    wire = call.wire
    groq = wire.name == "groq"
    words = transcript.text(phrases)
    if shape in ("text", "srt", "vtt"):
        body = f" {words}" if groq else f"{words}\n" if shape == "text" else transcript.subtitles(phrases, shape)
        kind = f"text/plain; charset={'UTF-8' if groq else 'utf-8'}"
        await send(call, body.encode(), wire.headers(request_id, kind=kind, limits=limits))
        return
    told: Json
    if shape == "json":
        told = {"text": f" {words}", "x_groq": {"id": request_id}} if groq else {"text": words}
        if not groq:
            told["usage"] = _usage(form.fields.get("model", ""), heard, words)
    else:
        wanted = form.lists.get("timestamp_granularities[]") or ["segment"]
        told = {
            "task": "translate" if translate else "transcribe",
            "language": language if groq else language.lower(),
            "duration": heard.duration,
            "text": f" {words}" if groq else words,
        }
        if "word" in wanted:
            told["words"] = transcript.words_with_times(phrases)
        if groq or "segment" in wanted:
            told["segments"] = transcript.segments(phrases, heard) if "segment" in wanted else None
        told |= {"x_groq": {"id": request_id}} if groq else {"usage": _usage("whisper-1", heard, words)}
    await send_json(call, told, request_id, limits)


def _usage(model: str, heard: Sound, words: str) -> Json:
    if model == "whisper-1":
        return {"type": "duration", "seconds": int(-(-heard.duration // 1))}
    audio, out = max(1, round(heard.duration * 10)), len(words.split())
    return {
        "type": "tokens",
        "total_tokens": audio + out,
        "input_tokens": audio,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
        "output_tokens": out,
    }


def _shape(form: SimulatedForm, wire: Dialect, model: SimModel) -> str:
    shape = form.fields.get("response_format", "json")
    if wire.name == "groq":
        if shape not in ("json", "text", "verbose_json"):
            raise bad_request("response_format must be one of [json text verbose_json]", param="response_format")
    elif shape not in ("json", "text", "srt", "verbose_json", "vtt"):
        names = "'json', 'text', 'vtt', 'srt' or 'verbose_json'"
        raise bad_request(
            f"[{{'type': 'enum', 'loc': ('body', 'response_format'), 'msg': \"Input should be {names}\", 'ctx': "
            f"{{'expected': \"{names}\"}}}}]"
        )
    elif model.id != "whisper-1" and shape != "json":
        raise bad_request(
            f"response_format '{shape}' is not compatible with model '{model.id}'. Use 'json' instead.",
            param="response_format",
            code="unsupported_value",
        )
    if form.lists.get("timestamp_granularities[]") and shape != "verbose_json":
        raise bad_request(
            "timestamp_granularities requires response_format verbose_json", param="timestamp_granularities"
        )
    temperature = form.fields.get("temperature", "0")
    try:
        fits = 0 <= float(temperature) <= 1
    except ValueError:
        fits = False
    if not fits:
        raise bad_request("temperature must be a number between 0 and 1", param="temperature")
    if wire.name == "groq" and len(form.fields.get("prompt", "")) > MAX_PROMPT:
        raise bad_request(f"prompt must be at most {MAX_PROMPT} characters", param="prompt")
    language = form.fields.get("language", "")
    if language and language.lower() not in LANGUAGES and len(language) != 2:
        raise bad_request(f"language must be an ISO-639-1 code, not {language[:20]!r}", param="language")
    return shape


def _upload(form: SimulatedForm, wire: Dialect) -> FormFile:
    upload = form.files.get("file")
    if upload is None:
        if form.fields.get("url"):
            raise bad_request(
                "failed to retrieve media: the simulator fetches nothing; send the file itself", param="url"
            )
        raise bad_request(
            "one of file or url must be provided" if wire.name == "groq" else "Missing required parameter: 'file'.",
            param="file",
        )
    extension = upload.filename.rpartition(".")[2].lower() if "." in upload.filename else ""
    if extension not in EXTENSIONS:
        if wire.name == "openai":
            raise bad_request(
                "Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', "
                "'wav', 'webm']"
            )
        raise bad_request(
            f"file must be one of the following types: [{' '.join(EXTENSIONS)}]", code="unsupported_audio_format"
        )
    if not upload.data:
        raise bad_request("file is empty", param="file")
    if len(upload.data) > MAX_BYTES:
        if wire.name == "openai":
            raise WireError(
                413, f"Maximum content size limit ({MAX_BYTES}) exceeded ({len(upload.data)} bytes read)", code="413"
            )
        raise WireError(413, "Request Entity Too Large", code="request_too_large")
    return upload


def _measure(upload: FormFile) -> Sound:
    try:
        heard = sound.measure(upload.data)
    except ValueError as error:
        raise bad_request("could not process file - is it a valid media file?") from error
    if heard.duration < MIN_SECONDS:
        raise bad_request("Audio file is too short. Minimum audio length is 0.01 seconds.", code="audio_too_short")
    return heard


def _language(form: SimulatedForm, translate: bool) -> str:
    if translate:
        return "English"
    code = form.fields.get("language", "en").lower()
    return LANGUAGES.get(code, code.capitalize())


async def speak(world: World, call: RequestInPlay, body: Mapping[str, Any]) -> None:
    """``POST /audio/speech``: a sound as long as the text would take to say."""
    wire = call.wire
    groq = wire.name == "groq"
    model = world.model(wire, body)
    if model.kind != "speech":
        raise bad_request(f"The model `{model.id}` does not support text to speech", param="model")
    words = body.get("input")
    if not isinstance(words, str) or not words.strip():
        raise bad_request("input is required" if groq else "Missing required parameter: 'input'.", param="input")
    chosen = body.get("voice")
    if chosen not in model.voices:
        raise bad_request(f"voice must be one of [{' '.join(model.voices)}]", param="voice")
    format_ = body.get("response_format", None if groq else "mp3")
    allowed = ("wav",) if groq else ("mp3", "opus", "flac", "wav", "pcm")
    if format_ not in allowed:
        raise bad_request(f"response_format must be one of [{' '.join(allowed)}]", param="response_format")
    limit = model.context if groq else 4096
    if len(words) > limit:
        raise bad_request(f"input must be at most {limit} characters", param="input")
    speed = body.get("speed") or 1.0
    if not isinstance(speed, int | float) or not 0.25 <= speed <= 5:
        raise bad_request("speed must be between 0.5 and 5", param="speed")
    meter = world.limits.meter(call.organisation, model)
    meter.charge(SimulatedCost(input_tokens=len(words)))
    spoken = re.sub(r"\[[^\[\]]*\]", " ", words)
    samples = await asyncio.to_thread(voice.speak, spoken, str(chosen), float(speed))
    await world.wait(call.exchange, 0.1 + len(words) / 500)
    if format_ == "wav":
        data, kind = voice.wav(samples, streamed=not groq), "audio/wav"
    else:
        data = await asyncio.to_thread(voice.encode, samples, str(format_))
        kind = {"mp3": "audio/mpeg", "opus": "audio/opus", "flac": "audio/flac", "pcm": "audio/pcm"}[str(format_)]
    await send(call, data, wire.headers(wire.request_id(), kind=kind, limits=meter.headers()))
