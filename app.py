"""Start the app: `python app.py`."""

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
    """Read the environment and serve until told to stop; exit status 2 when the environment is wrong."""
    with loading():
        open_missing_streams()
        let_remarks_be_lost()
        from groq_core.errors import SettingsError
        from groq_core.serve import run
        from groq_core.settings.env_file import load, wants_json
        from groq_core.telemetry.logs import complain
    try:
        return run(load())
    except KeyboardInterrupt:
        return 130  # Ctrl-C while it was still starting
    except SettingsError as error:
        complain(error, as_json=wants_json())
        return 2


if __name__ == "__main__":
    sys.exit(main())
