"""A clock that is wrong: seconds from a file are added to the time of day of the process that has this on its path."""

import os
import time

_file = os.environ.get("CAMPAIGN_SKEW", "")
_real, _real_ns, _mono = time.time, time.time_ns, time.monotonic
_known = [0.0, -1.0]


def _skew() -> float:
    now = _mono()
    if now - _known[1] > 0.2:
        _known[1] = now
        try:
            with open(_file) as given:
                _known[0] = float(given.read() or 0)
        except (OSError, ValueError):
            pass
    return _known[0]


if _file:
    time.time = lambda: _real() + _skew()
    time.time_ns = lambda: _real_ns() + int(_skew() * 1e9)
