"""The form that asks who is there: one page without script, since nobody has been let in yet."""

from __future__ import annotations

from html import escape

from groq_core.ui.texts import TEXTS

_STYLE = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;
background:light-dark(#f6f6f4,#17171a);color:light-dark(#1d1d1f,#ececee)}
form{width:min(22rem,calc(100vw - 2rem));padding:2rem;border-radius:14px;display:grid;gap:1rem;
background:light-dark(#fff,#212126);border:1px solid light-dark(#e3e3de,#34343b)}
h1{font-size:1.25rem;margin:0}
label{display:grid;gap:.25rem;font-size:.875rem}
input{font:inherit;padding:.6rem .75rem;border-radius:8px;border:1px solid light-dark(#c9c9c3,#4a4a53);
background:light-dark(#fff,#17171a);color:inherit}
button{font:inherit;font-weight:600;padding:.7rem;border:0;border-radius:8px;background:#c2410c;color:#fff;cursor:pointer}
:focus-visible{outline:2px solid #f55036;outline-offset:2px}
a{font-weight:600;padding:.7rem;border-radius:8px;text-align:center;text-decoration:none;background:#c2410c;color:#fff}
p{margin:0;color:light-dark(#a3260a,#ff9b80);font-size:.9rem}
"""


def sign_in_page(wrong: str = "", *, elsewhere: bool = False) -> str:
    """
    Args:
        wrong: What went wrong the last time; empty at first.
        elsewhere: There is an OpenID provider.
    """
    link = f'<a id="sign-in-elsewhere" href="login/oidc">{escape(TEXTS["sign_in_elsewhere"])}</a>' if elsewhere else ""
    note = f'<p role="alert" id="sign-in-error">{escape(wrong)}</p>' if wrong else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(TEXTS['sign_in'])}</title><style>{_STYLE}</style></head><body>"
        f'<form method="post" action="login"><h1>{escape(TEXTS["sign_in"])}</h1>{note}{link}'
        f"<label>{escape(TEXTS['sign_in_name'])}"
        '<input name="name" id="sign-in-name" autocomplete="username" required autofocus></label>'
        f"<label>{escape(TEXTS['sign_in_password'])}"
        '<input name="password" id="sign-in-password" type="password" autocomplete="current-password" required></label>'
        f'<button id="sign-in-button">{escape(TEXTS["sign_in_button"])}</button></form></body></html>'
    )


def failed_page(wrong: str, way_back: str) -> str:
    """What went wrong with a sign-in that nobody needs, and links to try it once more or to do without."""
    again = f'<a href="huggingface">{escape(TEXTS["sign_in_again_here"])}</a>'
    back = f'<a id="without-sign-in" href="{escape(way_back)}">{escape(TEXTS["sign_in_not_needed"])}</a>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(TEXTS['sign_in'])}</title><style>{_STYLE}</style></head><body>"
        f'<form><h1>{escape(TEXTS["sign_in"])}</h1><p role="alert" id="sign-in-error">{escape(wrong)}</p>'
        f"{again}{back}</form></body></html>"
    )
