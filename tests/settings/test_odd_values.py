"""Every setting with values that nobody means: refused by its name with what is allowed, or read as what it says."""

from __future__ import annotations

import re

import pytest

from groq_core.errors import SettingsError
from groq_core.settings.settings import Settings, variables

NAMES = [env.name for env in variables().values()]
IN_WORDS = {"GROQ_CORE_FRAME_ANCESTORS"}
"""Whose words have quotes of their own."""

ODD = [
    *(
        '""',
        '"8"',
        "'1'",
        '"a,b"',
        ",",
        ",,a,,",
        "8s",
        "-1",
        "1e400",
        "nan",
        "9" * 400,
        "9" * 5000,
        "²",
        "日本",
        "\ufeffa",
    ),
    *("a\tb", "a\nb", "a\x7fb", "\udc80", "http://[", "http://[::1", "https://]", "https://a[b", "https://x:99999"),
    *(
        "https://x:ab",
        "https://u:p@x",
        "https://x?q",
        "https://x#f",
        "https://x y",
        "https://x\ty",
        "https://ä.example",
    ),
    *("[::1", "::1]", "*.", "10.0.0.0/99", "{}", '{"a":1}', "null", "a=http://[", "~nosuch/x", "/dev/null/x", "1.5GB"),
    *("redis://h/abc", "unix://", "sqlite:///", "sqlite:///:memory:", "postgresql://[", "1/day,1/day", "1e999/day"),
]


@pytest.mark.parametrize("name", NAMES)
def test_no_value_ends_in_anything_but_a_sentence_with_its_name(name: str) -> None:
    for text in ODD:
        try:
            Settings.from_env({name: text})
        except SettingsError as error:
            told = str(error)
            assert re.search(rf"^  {name}=.*: allowed is .{{10,}}", told, re.MULTILINE), told
            assert "Invalid" not in told, "Python's own words name no mend"
            assert len(told) < 600, name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in IN_WORDS])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_that_nobody_took_away_are_refused(name: str, quote: str) -> None:
    for text in ("a", "1", "on", "a,b", "/tmp", "http://h", "sqlite:///a", "redis://h"):
        with pytest.raises(SettingsError, match=name):
            Settings.from_env({name: quote + text + quote})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("GROQ_CORE_CORS_ORIGINS", text) for text in ("https://[", "https://x:ab", "https://x:99999", "https://u@x")),
        *(
            ("GROQ_CORE_CORS_ORIGINS", text)
            for text in ("https://x?q", "https://x y", "https://*.x", "https://ä.x", "null")
        ),
        *(
            ("GROQ_CORE_FRAME_ANCESTORS", text)
            for text in ("https://[", "https://x:ab", "https://x:99999", "https://a*b")
        ),
        *(
            ("GROQ_CORE_FRAME_ANCESTORS", text)
            for text in ("https://[::1]", "https://]", "'self' 'none'", "x", "https://")
        ),
        *(
            ("GROQ_CORE_ALLOWED_HOSTS", text)
            for text in ("[::1", "::1]", "*.", "a:80", "a:b", "https://a", "ä.example", "a/b")
        ),
        *(("GROQ_BASE_URL", text) for text in ("https://x?q", "https://x#f", "https://x y", "https://x\ty")),
        *(("GROQ_CORE_OIDC_ISSUER", text) for text in ("https://x?q", "https://x y")),
        *(("GROQ_CORE_SPEED_MODELS", text) for text in ("a b", "a\nb", "groq:", ",")),
        *(("GROQ_CORE_OPENAI_MODEL", text) for text in ("a,b", "a b", "a\tb")),
        *(("GROQ_CORE_ADMINS", text) for text in ("ann\nbob", ", ,")),
        *(("GROQ_CORE_STATE_DIR", text) for text in ("/dev/null", "/dev/null/x", "x" * 300)),
        *(("GROQ_CORE_AUTH_FILE", text) for text in ("/dev/null", "/", "x" * 300)),
        *(
            (name, "9" * 60)
            for name in ("GROQ_CORE_RPM", "GROQ_CORE_TPM", "GROQ_CORE_CACHE_SIZE", "GROQ_CORE_DEADLINE")
        ),
    ],
)
def test_what_could_never_do_what_it_says_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}=.*: allowed is "):
        Settings.from_env({name: text})


def test_origins_are_what_a_browser_sends() -> None:
    """It leaves out its scheme's own port, the slash and capitals, and shortens an address."""
    given = "https://A.example:443/, http://b:80, http://b:8080, http://[0:0::1]:80, app://obsidian.md, *"

    assert Settings.from_env({"GROQ_CORE_CORS_ORIGINS": given}).cors_origins == (
        *("https://a.example", "http://b", "http://b:8080", "http://[::1]", "app://obsidian.md", "*"),
    )


def test_ancestors_are_read_in_either_case_with_a_slash_or_a_star_for_the_port() -> None:
    given = "SELF, https://A.example/ https://*.b:*, http://c:80"

    assert Settings.from_env({"GROQ_CORE_FRAME_ANCESTORS": given}).frame_ancestors == (
        *("'self'", "https://a.example", "https://*.b:*", "http://c:80"),
    )


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({"groq_core_limits": "5/day"}, "did you mean GROQ_CORE_LIMITS", id="small letters"),
        pytest.param({"GROQ_CORE_SECRET": "x"}, "GROQ_CORE_SECRET is shorter", id="secret"),
        pytest.param({"GROQ_CORE_API_TOKENS": f"{'a' * 16},x"}, "GROQ_CORE_API_TOKENS holds one", id="token"),
        pytest.param(
            {"GROQ_CORE_MCP_HEADERS": '{"lab": {"A": "b"}}'}, "GROQ_CORE_MCP_SERVERS does not name", id="headers"
        ),
        pytest.param({"GROQ_CORE_ADMINS": "ann"}, "nobody can sign in", id="admins"),
        pytest.param(
            {"GROQ_API_KEY": "k", "SPACE_ID": "a/b"}, "GROQ_API_KEY's money without a bound", id="a Space's key"
        ),
    ],
)
def test_what_will_have_no_effect_or_can_be_guessed_is_told(environ: dict[str, str], said: str) -> None:
    assert any(said in warning for warning in Settings.from_env(environ).warnings)
    assert not any(said in warning for warning in Settings.from_env({}).warnings)


UNFILLED = ["${KEY}", "${KEY:-}", "${KEY:?set it}", "$KEY", "$HOME/x", "$(cat key)", "%KEY%", "<your key>", "a${KEY}b"]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_variable_is_no_value(name: str) -> None:
    """As systemd and `docker run --env-file` pass it on: a secret of it is known to all, a folder got that name."""
    for text in UNFILLED:
        with pytest.raises(SettingsError, match=f"{name}=.*names another variable"):
            Settings.from_env({name: text})


@pytest.mark.parametrize("secret", ["$ecret-of-ours-1234", "a$b{c}d", "pa$$word-of-some-length", "100%of-it%"])
def test_a_secret_may_hold_a_dollar(secret: str) -> None:
    found = Settings.from_env({"GROQ_CORE_SECRET": secret}).secret
    assert found is not None
    assert found.reveal() == secret


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        *((name, text) for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY") for text in ("http://[::1", "h:99999")),
    ],
)
def test_what_others_named_is_refused_by_its_name_too(name: str, text: str) -> None:
    """It was a trace, or "No such file or directory" of nothing."""
    with pytest.raises(SettingsError, match=f"{name}=.*: allowed is"):
        Settings.from_env({name: text})


@pytest.mark.parametrize("text", ["http://user:pass@proxy:3128", "proxy:3128", "proxy", "socks5://[::1]:1080"])
def test_a_proxy_may_be_spelled_as_libraries_read_it(text: str) -> None:
    assert Settings.from_env({"HTTPS_PROXY": text})
