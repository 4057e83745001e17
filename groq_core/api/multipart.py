"""Read a form with one file, in memory: what was said to a microphone has no business on a disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from groq_core.api.asgi import ApiExchange
from groq_core.api.content_coding import refuse_coding
from groq_core.errors import RequestError
from groq_core.incoming.field_errors import bad

MAX_FILE: Final = 100 * 2**20
"""Bytes; Groq's largest upload (developer plan, models page, read 2026-10)."""

FIRST_BYTES: Final = 64 * 1024
MAX_FIELD: Final = 2**16
MAX_FIELDS: Final = 50
LONGEST_NAME: Final = 60
OVERHEAD: Final = 2**20


class MultipartForm:
    """
    A form as it is read. The field `file` is the file, with a name or without; any other is text, also where it comes
    as a file, as ``curl -F schema=@schema.json`` sends it.

    Attributes:
        fields: Name to values, in the order they came; `name[]` is `name`.
        file: Content of the field `file`, None where there is none.
        filename: As the client called it, without any path; empty where it did not.

    Args:
        check: Looks at the file's first bytes; raises RequestError for what the rest cannot mend.
    """

    def __init__(self, check: Callable[[bytes], object] | None = None) -> None:
        self._check = check
        self.fields: dict[str, list[str]] = {}
        self.file: bytes | None = None
        self.filename = ""
        self.whole = False
        self._header_name = b""
        self._header_value = b""
        self._options: Mapping[bytes, bytes] = {}
        self._looked = False
        self._content = bytearray()

    def text(self, name: str) -> str | None:
        """The last value; None where it is missing or blank."""
        values = self.fields.get(name, [])
        return values[-1].strip() or None if values else None

    @property
    def callbacks(self) -> Any:
        """What the parser tells, in its own terms."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._name_header,
            "on_header_value": self._fill_header,
            "on_header_end": self._end_header,
            "on_part_data": self._fill,
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        self._options = {}
        self._content = bytearray()
        self._looked = False

    def _name_header(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _fill_header(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, self._options = parse_options_header(self._header_value)
        self._header_name = self._header_value = b""

    def _fill(self, data: bytes, start: int, end: int) -> None:
        self._content += memoryview(data)[start:end]
        if not self._is_file:
            if len(self._content) > MAX_FIELD:
                raise self._fault(f"is longer than {MAX_FIELD} bytes")
        elif self._check is not None and not self._looked and len(self._content) >= FIRST_BYTES:
            self._looked = True
            self._check(bytes(self._content[:FIRST_BYTES]))

    def _end(self) -> None:
        if self._is_file:
            self._end_file()
        else:
            self._end_field()
        self._content = bytearray()

    def _end_file(self) -> None:
        if self.file and self._content:
            raise bad("file", "`file` is there twice", "Send one file a request.", code="invalid_form")
        if self._content or self.file is None:
            path = self._options.get(b"filename", b"").decode("utf-8", "replace").replace("\\", "/").replace("\0", "")
            self.file, self.filename = bytes(self._content), path.rpartition("/")[2]

    def _end_field(self) -> None:
        try:
            text = self._content.decode("utf-8", "strict" if b"filename" in self._options else "replace")
        except UnicodeDecodeError:
            raise self._fault("came as a file, and is no text") from None
        self.fields.setdefault(self._name.removesuffix("[]"), []).append(text)
        if sum(map(len, self.fields.values())) > MAX_FIELDS:
            raise bad(None, f"the form has more than {MAX_FIELDS} fields", code="invalid_form")

    @property
    def _is_file(self) -> bool:
        return self._options.get(b"name", b"").removesuffix(b"[]") == b"file"

    @property
    def _name(self) -> str:
        return self._options.get(b"name", b"").decode("utf-8", "replace")

    def _fault(self, what: str) -> RequestError:
        """A recording under a name that is not its own would be heard by nobody."""
        shown = self._shown
        hint = "The file is sent as the field `file`." if b"filename" in self._options else ""
        return bad(shown, f"`{shown or 'a field'}` {what}", hint, code="invalid_form")

    @property
    def _shown(self) -> str | None:
        """The name of the field that is being read, where it is fit to be told."""
        return self._name if self._name.isprintable() and 0 < len(self._name) <= LONGEST_NAME else None

    def _complete(self) -> None:
        self.whole = True


async def read_form(exchange: ApiExchange, check: Callable[[bytes], object] | None = None) -> MultipartForm:
    """
    Read the body as `multipart/form-data`.

    Args:
        check: Looks at the file as soon as its first :data:`FIRST_BYTES` are here.

    Raises:
        RequestError: 413 when it is too large, 400 when it is not a form, 415 when it is packed, and whatever
            ``check`` says.
    """
    refuse_coding(exchange.headers.get(b"content-encoding"))
    kind, options = parse_options_header(exchange.headers.get(b"content-type", b""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise RequestError(
            "the body must be multipart/form-data, with its boundary",
            code="invalid_content_type",
            hint="Send the file as a form: curl -F file=@talk.mp3 -F model=audio …",
        )
    form = MultipartForm(check)
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks)
        async with aclosing(exchange.chunks(MAX_FILE + OVERHEAD)) as chunks:
            async for chunk in chunks:
                parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise bad(None, "the parts of the form do not follow its boundary", code="invalid_form") from None
    if not form.whole:
        raise bad(None, "the form ends in the middle", "Send it whole, to the closing boundary.", code="invalid_form")
    return form
