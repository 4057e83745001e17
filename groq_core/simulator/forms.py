"""Multipart forms: fields, repeated fields and files, parsed from a complete body."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from python_multipart import FormParser

from groq_core.simulator.wire_format import bad_request


@dataclass(slots=True)
class FormFile:
    filename: str
    content_type: str
    data: bytes


@dataclass(slots=True)
class SimulatedForm:
    """
    Attributes:
        fields: Last value of each field.
        lists: All values of each field.
    """

    fields: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, FormFile] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As a dictionary without the files' bytes."""
        files = {
            n: {"filename": u.filename, "bytes": len(u.data), "type": u.content_type} for n, u in self.files.items()
        }
        lists = {n: v if len(v) > 1 or n.endswith("[]") else v[0] for n, v in self.lists.items()}
        return {**lists, **files}


def parse(content_type: str, body: bytes) -> SimulatedForm:
    """
    Raises:
        WireError: 400, it is no form.
    """
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise bad_request("request Content-Type isn't multipart/form-data")
    form = SimulatedForm()

    def on_field(part: Any) -> None:
        name, value = part.field_name.decode(), (part.value or b"").decode("utf-8", "replace")
        form.fields[name] = value
        form.lists.setdefault(name, []).append(value)

    def on_file(part: Any) -> None:
        part.file_object.seek(0)
        name = (part.field_name or b"").decode()
        kind = part.content_type if isinstance(getattr(part, "content_type", None), str) else ""
        form.files[name] = FormFile((part.file_name or b"").decode("utf-8", "replace"), kind, part.file_object.read())
        part.close()

    try:
        parser = FormParser(
            "multipart/form-data",
            on_field,
            on_file,
            boundary=boundary,
            config={"MAX_MEMORY_FILE_SIZE": 200 * 1024 * 1024},
        )
        parser.write(body)
        parser.finalize()
    except ValueError as error:
        raise bad_request(f"failed to parse the form: {error}") from error
    return form
