"""Pages of a PDF as pictures, for models that see: where a page has no text, or none with a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from groq_core.services.documents.parts import damage_error
from groq_core.services.documents.pdf import start_of

_EDGE: Final = 1568
"""Pixels of the longer edge: what a vision model looks at."""


def pages_as_png(data: bytes, name: str, pages: Sequence[int]) -> list[bytes]:
    """
    Args:
        pages: Counted from 1.

    Raises:
        RequestError: No reader can make sense of the file.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data[max(0, start_of(data)) :])
        pictures = list[bytes]()
        for number in pages:
            page = document[number - 1]
            scale = min(4.0, _EDGE / max(1.0, *page.get_size()))
            buffer = BytesIO()
            page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB").save(buffer, "PNG")
            pictures.append(buffer.getvalue())
    except (pypdfium2.PdfiumError, ValueError, IndexError) as error:
        raise damage_error(name, "PDF", error) from None
    return pictures
