"""A shared conversation, read-only: one page without script, for whoever has the link."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from markdown_it import MarkdownIt

from groq_core.store.shapes import Body, Whole

PAGE_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}

_STYLE = """
:root{color-scheme:light dark}
body{margin:0 auto;max-width:46rem;padding:2rem 1rem 4rem;font:16px/1.6 system-ui,sans-serif;
background:light-dark(#fff,#17171a);color:light-dark(#1d1d1f,#ececee);overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.3}
article{margin:1.25rem 0;padding:.25rem 1rem;border-radius:14px}
article[data-role=user]{background:light-dark(#f1f1ee,#26262b);margin-left:12%}
article[data-role=assistant]{border-left:3px solid #f55036}
pre{overflow:auto;padding:.75rem;border-radius:8px;background:light-dark(#f6f6f4,#212126)}
code{font:.9em ui-monospace,monospace}table{border-collapse:collapse}
td,th{border:1px solid light-dark(#d5d5d0,#3c3c44);padding:.25rem .5rem}
h1,h2,h3,h4,h5,h6,p,li,td,th{unicode-bidi:plaintext;text-align:start}
img{max-width:100%;border-radius:8px}
small,footer{color:light-dark(#63635e,#a5a5ad);font-size:.85rem}
"""

# Raw HTML stays text, links go to the web or nowhere, and pictures from elsewhere are not asked for.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def _frame(title: str, inside: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{inside}</main></body></html>"
    )


NOT_SHARED: Final = _frame(
    "Not shared",
    "<h1>There is nothing here</h1>"
    "<p>Whoever shared this conversation has taken it back, or the link is incomplete.</p>",
)


def open_branch(whole: Whole) -> list[Body]:
    """The messages from the first to the open leaf; without one, the newest."""
    by_id = {str(message.get("id")): message for message in whole.messages}
    leaf = whole.head.get("leaf")
    at = by_id.get(str(leaf)) or (whole.messages[-1] if whole.messages else None)
    branch: list[Body] = []
    while at is not None and len(branch) < len(by_id):
        branch.append(at)
        at = by_id.get(str(at.get("parent")))
    return branch[::-1]


def page_of_shared(whole: Whole) -> str:
    """The page of a conversation as its owner left it."""
    title = str(whole.head.get("title") or "A conversation")
    messages = "".join(map(_message, open_branch(whole)))
    note = "<footer>Shared read-only. Answers are written by language models and may be wrong.</footer>"
    return _frame(title, f"<h1>{escape(title)}</h1>{messages}{note}")


def _message(body: dict[str, Any]) -> str:
    role = "user" if body.get("role") == "user" else "assistant"
    who = "Question" if role == "user" else "Answer"
    text = str(body.get("text") or "")
    words = f"<p>{escape(text)}</p>".replace("\n", "<br>") if role == "user" else _MARKDOWN.render(text)
    return f'<article data-role="{role}"><small>{who}</small>{_pictures(body)}{words}</article>'


def _pictures(body: dict[str, Any]) -> str:
    pictures = body.get("pictures")
    if not isinstance(pictures, list):
        return ""
    urls = (str(picture.get("url", "")) for picture in pictures if isinstance(picture, dict))
    return "".join(f'<p><img alt="" src="{escape(url)}"></p>' for url in urls if url.startswith("data:image/"))
