"""The web page: a Gradio frame, our own conversation and status panel in it."""
