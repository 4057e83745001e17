"""Office files as small as they come, for tests: only the parts that hold words."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def zip_of(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def relations(*targets: tuple[str, str, str]) -> str:
    rows = "".join(f'<Relationship Id="{id_}" Type="{R}/{kind}" Target="{path}"/>' for id_, kind, path in targets)
    return f'<Relationships xmlns="{RELATIONS}">{rows}</Relationships>'


def docx(body: str, **more: str) -> bytes:
    """A Word file of a body; further parts by name: ``footnotes``, ``comments``, ``header1``."""
    kinds = {"header1": "header", "footer1": "footer"}
    related = [(name, kinds.get(name, name), f"{name}.xml") for name in more]
    return zip_of(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations(("r", "officeDocument", "word/document.xml")),
            "word/document.xml": f'<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}</w:body></w:document>',
            "word/_rels/document.xml.rels": relations(*related),
            **{f"word/{name}.xml": content for name, content in more.items()},
        }
    )


def p(inside: str) -> str:
    return f"<w:p>{inside}</w:p>"


def t(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def pptx(*slides: str, notes: str = "", layout: str = "", master: str = "", usual: str = "") -> bytes:
    """A presentation; a slide is the inside of its tree of shapes, and so are its layout and master."""
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/_rels/presentation.xml.rels": relations(
            *((f"r{at}", "slide", f"slides/s{at}.xml") for at in range(len(slides)))
        ),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{P}" xmlns:r="{R}"><p:sldIdLst>'
        + "".join(f'<p:sldId id="{256 + at}" r:id="r{at}"/>' for at in range(len(slides)))
        + f'</p:sldIdLst><p:defaultTextStyle xmlns:a="{A}">{usual}</p:defaultTextStyle></p:presentation>',
    }
    if layout:
        parts["ppt/slides/_rels/s0.xml.rels"] = relations(("l", "slideLayout", "../slideLayouts/l.xml"))
        parts["ppt/slideLayouts/l.xml"] = f'<p:sldLayout xmlns:p="{P}" xmlns:a="{A}">{layout}</p:sldLayout>'
    if master:
        parts["ppt/slideLayouts/_rels/l.xml.rels"] = relations(("m", "slideMaster", "../slideMasters/m.xml"))
        parts["ppt/slideMasters/m.xml"] = f'<p:sldMaster xmlns:p="{P}" xmlns:a="{A}">{master}</p:sldMaster>'
    for at, slide in enumerate(slides):
        parts[f"ppt/slides/s{at}.xml"] = f'<p:sld xmlns:p="{P}" xmlns:a="{A}">{slide}</p:sld>'
    if notes:
        parts["ppt/slides/_rels/s0.xml.rels"] = relations(("n", "notesSlide", "../notesSlides/n.xml"))
        parts["ppt/notesSlides/n.xml"] = (
            f'<p:notes xmlns:p="{P}" xmlns:a="{A}"><p:sp><p:nvPr><p:ph type="body"/></p:nvPr>'
            f"{shape(notes)}</p:sp></p:notes>"
        )
    return zip_of(parts)


def shape(*paragraphs: str) -> str:
    rows = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return f"<p:txBody>{rows}</p:txBody>"


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
DRAW = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"


STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"


def opendocument(kind: str, content: str, styles: str = "") -> bytes:
    """``kind`` is text, spreadsheet or presentation; ``styles`` are those made for this document."""
    names = f'xmlns:office="{OFFICE}" xmlns:text="{TEXT}" xmlns:table="{TABLE}" xmlns:draw="{DRAW}"'
    names += f' xmlns:style="{STYLE}"'
    made = f"<office:automatic-styles>{styles}</office:automatic-styles>" if styles else ""
    return zip_of(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {names}>{made}<office:body>"
            f"<office:{kind}>{content}</office:{kind}></office:body></office:document-content>",
        }
    )
