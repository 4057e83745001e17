"""
Gradio's own scripts and styles, served before Gradio would: from memory, compressed, and at rest once nothing is seen.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import gradio as gr
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from groq_core.ui.static import Asset, Assets

FOLDER = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
TRACKER = re.compile(r"function (\w+)\(\)\{\w+(?=\(\(\)=>\{[^{}]*performance\.now\(\)[^{}]*/1e3\),\w+&&\1\(\)\}\)\})")
PACE = "(e=>setTimeout(e,document.querySelector('.progress-text')?100:500))"
PACED = rf"function \1(){{{PACE}"
SPRINGS = re.compile(
    r"\b(\w{1,9})=\w+\(\[0,0\]\),(\w+)=\w+\(\[0,0\]\),\w+=\w+\(!1\);async function .{,700}?\(\)=>\{\w+\(\w+,!0\)(?=\})"
)
HALT = ".set([0,0],{hard:!0})"


def slow_clock(script: str) -> str:
    """
    Let the seconds of Gradio's status tracker be counted ten times a second where they are shown, else twice.

    It counts in every frame, and goes on for ever once the tracker of the page's own loading has gone: a page at rest
    would draw sixty frames a second, on a cheap phone a tenth of its processor.

    >>> slow_clock("function ze(){me(()=>{F(Pe,(performance.now()-w(de))/1e3),W&&ze()})}").partition("(()=>")[0]
    "function ze(){(e=>setTimeout(e,document.querySelector('.progress-text')?100:500))"
    """
    return TRACKER.sub(PACED, script)


def halt_springs(script: str) -> str:
    """
    Let the two halves of Gradio's logo, which swing while something is loaded, stand still once they have gone.

    They end their swing first, in four seconds of sixty frames: for every page that is opened, as much as a third of
    opening it.

    >>> halt_springs("f=W([0,0]),p=W([0,0]),m=g(!1);async function h(){}O(()=>(v(),()=>{F(m,!0)}))").split("v(),")[1]
    '()=>{F(m,!0),f.set([0,0],{hard:!0}),p.set([0,0],{hard:!0})}))'
    """
    return SPRINGS.sub(rf"\g<0>,\1{HALT},\2{HALT}", script)


class GradioAssets(Assets):
    """The files of Gradio's page."""

    def _asset(self, name: str) -> Asset | None:
        fresh = name not in self._loaded
        asset = super()._asset(name)
        if asset is not None and fresh and name.startswith("statustracker-") and name.endswith(".js"):
            asset.plain = halt_springs(slow_clock(asset.plain.decode())).encode()
        return asset


@cache
def gradio_assets() -> GradioAssets:
    """Listed, read and compressed once for all applications of the process: an installed Gradio stays as it is."""
    return GradioAssets(FOLDER)


def gradio_scripts() -> APIRouter:
    """Gradio's own scripts and styles, before Gradio would serve them."""
    router = APIRouter(include_in_schema=False)
    assets = gradio_assets()

    @router.get("/assets/{name:path}")
    async def script(name: str, request: Request) -> Response:
        return assets.response(name, request.headers.get("accept-encoding", ""))

    return router
