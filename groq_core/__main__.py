"""``python -m groq_core`` and ``groq-core``: the command line."""

from __future__ import annotations

import sys

from groq_core.terminal import let_remarks_be_lost, loading, open_missing_streams


def main() -> int:
    """Run one command; see :func:`groq_core.cli.main`."""
    open_missing_streams()
    let_remarks_be_lost()
    with loading():
        from groq_core import cli
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
