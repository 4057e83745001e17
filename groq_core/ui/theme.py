"""Colours and type: warm greys, one orange that is used sparingly, and the fonts a computer already has."""

from __future__ import annotations

import gradio as gr

SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Menlo", "Consolas", "Liberation Mono", "monospace")

ORANGE = gr.themes.Color(
    name="orange",
    c50="#fff4f0", c100="#ffe4db", c200="#ffc7b5", c300="#ffa186", c400="#fb7a57", c500="#f55036",
    c600="#d93d22", c700="#b53019", c800="#8f2915", c900="#6f2413", c950="#3f110a",
)  # fmt: skip
STONE = gr.themes.Color(
    name="stone",
    c50="#faf9f7", c100="#f4f2ef", c200="#e8e4df", c300="#d5cfc8", c400="#a8a099", c500="#7c746d",
    c600="#5c554f", c700="#413b37", c800="#272321", c900="#1b1817", c950="#131110",
)  # fmt: skip


def theme() -> gr.themes.Base:
    """The Gradio theme; the page's own styles take their colours from it."""
    return gr.themes.Base(
        primary_hue=ORANGE,
        secondary_hue=STONE,
        neutral_hue=STONE,
        font=SANS,
        font_mono=MONO,
        radius_size=gr.themes.sizes.radius_lg,
        text_size=gr.themes.sizes.text_md,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="#ece8e3",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="#221f1d",
        border_color_primary="*neutral_200",
        border_color_primary_dark="#35302d",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_padding="0px",
        input_background_fill="#ffffff",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_200",
        input_border_color_dark="#35302d",
        input_border_color_focus="*neutral_400",
        input_border_color_focus_dark="*neutral_500",
        input_shadow="none",
        input_shadow_focus="none",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="*background_fill_secondary",
        button_secondary_text_color="*body_text_color",
    )
