"""Serve the page and the HTTP API, as ``python app.py`` does, from wherever the package is installed."""

from __future__ import annotations

import argparse

from groq_core.cli.console import read_argument

HELP = "serve the page and the HTTP API"
EPILOG = "Address and port: GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, or --host and --port. Ends with Ctrl-C."


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host", type=_host, help="address to listen on (default: GRADIO_SERVER_NAME, else 127.0.0.1)"
    )
    command.add_argument("--port", type=_port, help="port, 0 for any free one (default: GRADIO_SERVER_PORT, else 7860)")
    command.add_argument(
        "--team", action="store_true", help="with a database: GROQ_CORE_DATABASE, else sqlite:///groq-core.db"
    )


def _host(text: str) -> str:
    from groq_core.settings.addresses import host

    return read_argument(host, text)


def _port(text: str) -> int:
    from groq_core.settings.parsers import whole

    return read_argument(whole(0, 65535), text)


def run(args: argparse.Namespace) -> int:
    """
    Serve until told to stop.

    Raises:
        SettingsError: The environment or an argument is wrong, or the port is taken.
    """
    import os
    from dataclasses import replace

    from groq_core.terminal import loading

    with loading():
        from groq_core.redaction import Secret
        from groq_core.serve import run as serve
        from groq_core.settings.env_file import load

    given = dict(os.environ)
    if args.host is not None:
        given["GRADIO_SERVER_NAME"] = args.host
    if args.port is not None:
        given["GRADIO_SERVER_PORT"] = str(args.port)
    settings = load(environ=given)
    if args.team and settings.database is None:
        settings = replace(settings, database=Secret("sqlite:///groq-core.db"))
    return serve(settings)
