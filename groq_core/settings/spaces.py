"""What is set by itself where the server runs in a Space of Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

HF_OAUTH: Final = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")

SPACE_PROXIES: Final = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Where the proxy of a Space is: its container is reached from Hugging Face's own network alone."""


def space_values(given: Mapping[str, str]) -> dict[str, Any]:
    """Fields of the settings that are known of a Space, from its environment; elsewhere, that it is none."""
    if "SPACE_ID" not in given and given.get("SYSTEM") != "spaces":
        return {"on_spaces": False}
    return {
        "on_spaces": True,
        "server_name": "0.0.0.0",
        "frame_ancestors": ("'self'", "https://huggingface.co"),
        "trusted_proxies": SPACE_PROXIES,
        "space": given.get("SPACE_ID", ""),
        # What Spaces set where the README's header asks for `hf_oauth`.
        "hf_oauth": all(given.get(name) for name in HF_OAUTH),
    }
