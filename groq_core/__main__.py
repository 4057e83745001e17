"""``python -m groq_core`` and ``groq-core``: the command line."""

from __future__ import annotations

import signal
import sys

# As `loading` does, for what it is itself loaded with.
_raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _raises:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from groq_core.terminal import let_remarks_be_lost, loading, open_missing_streams  # noqa: E402

if _raises:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> int:
    """Run one command; see :func:`groq_core.cli.main`."""
    with loading():
        open_missing_streams()
        let_remarks_be_lost()
        from groq_core import cli
    try:
        return cli.main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
