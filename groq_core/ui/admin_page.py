"""The admin page's frame; a small script fills it from ``/ui/admin``."""

from __future__ import annotations

from html import escape
from typing import Final

ADMIN_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_SECTIONS: Final = {
    "now": "Now",
    "people": "People",
    "keys": "API keys",
    "spend": "Spend, last 31 days",
    "sign_ins": "Refused sign-ins, last 30 days",
    "targets": "Targets",
    "audit": "Who changed what",
}


def _frame(title: str, inside: str, assets: str = "") -> str:
    scripts = f'<script type="module" src="{escape(assets)}js/admin/admin.js"></script>' if assets else ""
    styles = f'<link rel="stylesheet" href="{escape(assets)}css/admin.css">' if assets else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title>{styles}</head><body>{inside}{scripts}</body></html>"
    )


def admin_page(person: str, assets: str) -> str:
    """
    Args:
        person: Who looks at it.
        assets: Address of the page's files, with a slash at its end.
    """
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in _SECTIONS.items())
    sections = "".join(
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{escape(title)}</h2>'
        f'<div data-part="{name}"><p class="quiet" data-word>Loading…</p></div></section>'
        for name, title in _SECTIONS.items()
    )
    return _frame(
        "Admin · groq-core",
        f'<header><h1>Admin</h1><nav aria-label="Sections">{links}</nav><p><a href="./" data-word>To the page</a> · '
        f"<span data-word>signed in as</span> {escape(person)}</p></header>"
        '<p id="stale" role="status"></p><p id="said" role="status"></p>'
        f"<main>{sections}</main>",
        assets,
    )


def refusal_page(person: str) -> str:
    """What somebody sees who is no admin, with the mend."""
    who = f"{escape(person)} is no admin here." if person else "Nobody has signed in, so nobody is known as an admin."
    mend = (
        "<p>Admins are named in <code>GROQ_CORE_ADMINS</code>, or get the role with "
        "<code>groq-core people role NAME admin</code>. People sign in where <code>GROQ_CORE_AUTH_FILE</code> is set, "
        "or the database has people with a password.</p>"
    )
    return _frame("Admins only", f"<main><h1>Admins only</h1><p>{who}</p>{mend}</main>")
