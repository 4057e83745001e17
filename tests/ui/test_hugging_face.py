"""Sign-in with Hugging Face that does not come to its end: who declined, or found the hub away, is told and goes on."""

from __future__ import annotations

from pathlib import Path

import httpx

from benchmarks.processes import free_port
from tests.serving import serving, url_of
from tests.stories.hub import CLIENT, SECRET, Hub
from tests.stories.processes import app


async def test_a_sign_in_that_fails_is_told_on_a_page_and_is_no_fault_of_the_server(tmp_path: Path) -> None:
    hub, port = Hub("127.0.0.1"), free_port()
    environ = {"SYSTEM": "spaces", "SPACE_ID": "ann/demo", "SPACE_HOST": f"127.0.0.1:{port}"}
    environ |= {"GRADIO_SERVER_PORT": str(port), "OAUTH_CLIENT_ID": CLIENT, "OAUTH_CLIENT_SECRET": SECRET}
    async with serving(hub.app) as serves:
        hub.url = url_of(serves)
        environ |= {"OAUTH_SCOPES": "openid profile", "OPENID_PROVIDER_URL": hub.url}
    # From here on the hub is away.
    async with (
        app(tmp_path, **environ) as running,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http,
    ):
        declined = await http.get("/login/callback", params={"error": "access_denied", "state": "x"})
        refused = await http.get("/login/callback", params={"error": "server_error", "error_description": "<b>no</b>"})
        away = await http.get("/login/huggingface")
        odd = await http.get("/login/callback", params={"code": "x", "state": "y", "_nb_redirects": "many"})
        page = await http.get("/")

    assert [one.status_code for one in (declined, refused, away, odd, page)] == [401, 503, 503, 503, 200]
    assert "was told not to sign you in" in declined.text
    for answer in (declined, refused, away, odd):
        assert 'href="/"' in answer.text
        assert "<b>" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Traceback" not in running.said
