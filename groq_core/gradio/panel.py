"""The chain, live, as a component for other people's pages."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import gradio as gr

from groq_core.gradio.functions import Chain, own_chain
from groq_core.status.snapshot import Snapshot, TargetStatus

EVERY_S: Final = 1.0

_STYLE: Final = (
    "<style>.groq-core-chain{display:grid;gap:4px;font:13px/1.4 system-ui,sans-serif}"
    ".groq-core-chain div{display:flex;gap:8px;align-items:center}"
    ".groq-core-chain i{width:8px;height:8px;border-radius:50%;background:#9aa0a6;flex:none}"
    ".groq-core-chain [data-state=healthy] i{background:#2e9e5b}"
    ".groq-core-chain [data-state=probing] i{background:#d9a514}"
    ".groq-core-chain [data-state=resting] i{background:#d9622b}"
    ".groq-core-chain small{opacity:.7;margin-left:auto}</style>"
)


class StatusPanel(gr.HTML):
    """
    Every target of the chain with its state, drawn anew each second. It stands inside a `gr.Blocks`.

    Args:
        chain: Whose; None means the one of :func:`groq_core.gradio.chat`.
        options: Of `gr.HTML`.
    """

    def __init__(self, chain: Chain | None = None, **options: Any) -> None:
        chosen = chain or own_chain()

        async def draw() -> str:
            core = await chosen.core()
            return panel(core.board.snapshot())

        super().__init__(f'{_STYLE}<div class="groq-core-chain"></div>', show_label=False, **options)
        # A component's own `every` takes no coroutine.
        timer = gr.Timer(EVERY_S)
        timer.tick(draw, None, self, queue=False, show_progress="hidden", api_visibility="private")

    def get_block_name(self) -> str:
        return "html"


def panel(snapshot: Snapshot) -> str:
    """A snapshot as markup."""
    rows = "".join(map(_row, snapshot.targets))
    note = "" if snapshot.mode == "live" else "<div><b>Simulated answers: no key is set.</b></div>"
    return f'{_STYLE}<div class="groq-core-chain">{note}{rows}</div>'


def _row(target: TargetStatus) -> str:
    told = str(target.state)
    if target.rests_for_s is not None:
        told += f" {target.rests_for_s:.0f} s"
    if target.last_error is not None:
        told += f", last: {target.last_error}"
    return (
        f'<div data-target="{_safe(target.name)}" data-state="{_safe(target.state)}"><i></i>'
        f"<span>{_safe(target.name)}</span><small>{_safe(told)}</small></div>"
    )


def _safe(text: str) -> str:
    """
    Text that neither a browser nor Gradio's templates take for anything else.

    >>> _safe("<b>${1}")
    '&lt;b&gt;&#36;&#123;1}'
    """
    return escape(text).replace("$", "&#36;").replace("{", "&#123;")
