"""Variables of others that libraries of ours heed, and would end in a trace or a bare sentence over."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from groq_core.settings.variable import Env

PROXY: Final = re.compile(r"(HTTPS?|ALL)_PROXY", re.IGNORECASE)


def faults_of_others(given: Mapping[str, str]) -> Iterator[str]:
    """Say of each that is wrong in a line what is allowed, as of our own."""
    for name, text in given.items():
        if PROXY.fullmatch(name) and not _is_address(text):
            yield Env(name, "").fault(text, allowed="the address of a proxy, such as http://host:3128")
        if name == "SSL_CERT_FILE" and not os.path.isfile(text):
            yield Env(name, "").fault(text, allowed="the path of a file of certificates that is there")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
