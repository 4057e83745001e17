"""The environment is read once, and everything wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from groq_core.access.origins import Origins
from groq_core.access.visit import Forwarding
from groq_core.errors import SettingsError
from groq_core.redaction import Secret
from groq_core.settings.env_file import load
from groq_core.settings.limits import PersonLimit
from groq_core.settings.settings import Settings, defaults, variables


def test_an_empty_environment_is_the_simulator_on_loopback() -> None:
    settings = Settings.from_env({})

    assert settings.is_simulated
    assert settings.loopback
    assert (settings.server_name, settings.server_port) == ("127.0.0.1", 7860)
    assert settings.warnings == ()
    assert settings == Settings()


def test_the_defaults_are_the_published_ones() -> None:
    numbers = {field: value for field, value in defaults().items() if isinstance(value, int | float)}

    assert numbers == {
        "offline": False,
        "first_token_timeout": 8,
        "idle_timeout": 10,
        "deadline": 60,
        "max_attempts": 6,
        "hedge": False,
        "cooldown": 15,
        "cache_size": 500,
        "cache_ttl": 600,
        "workers": 1,
        "server_port": 7860,
        "on_spaces": False,
        "hf_oauth": False,
    }
    assert (Settings().degrade, Settings().byo_key, Settings().log) == ("error", "auto", "text")


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("GROQ_CORE_MAX_ATTEMPTS", 1),
        ("GROQ_CORE_CACHE_SIZE", 0),
        ("GROQ_CORE_RPM", 1),
        ("GROQ_CORE_WORKERS", 1),
        ("GROQ_CORE_TPM", 1),
        ("GRADIO_SERVER_PORT", 0),
    ],
)
def test_the_least_number_is_allowed_and_one_less_is_not(name: str, least: int) -> None:
    Settings.from_env({name: str(least)})

    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: str(least - 1)})


def test_every_variable_reaches_its_field(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.touch()
    written = {
        "groq_api_key": ("gsk_1", Secret("gsk_1")),
        "groq_base_url": ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        "openai_api_key": ("sk-1", Secret("sk-1")),
        "openai_base_url": ("http://[::1]:11434/v1", "http://[::1]:11434/v1"),
        "offline": ("yes", True),
        "speed_models": ("a, b", ("a", "b")),
        "quality_models": ("a", ("a",)),
        "vision_models": ("a", ("a",)),
        "audio_models": ("a", ("a",)),
        "speech_models": ("a", ("a",)),
        "openai_model": ("m", "m"),
        "openai_vision_model": ("m", "m"),
        "openai_audio_model": ("m", "m"),
        "openai_speech_model": ("m", "m"),
        "first_token_timeout": ("1.5", 1.5),
        "idle_timeout": ("2", 2.0),
        "deadline": ("3e1", 30.0),
        "max_attempts": ("1", 1),
        "cooldown": ("0.1", 0.1),
        "cache_size": ("0", 0),
        "cache_ttl": ("1", 1.0),
        "rpm": ("30", 30),
        "tpm": ("8000", 8000),
        "hedge": ("1", True),
        "degrade": ("MESSAGE", "message"),
        "api_tokens": ("t1,t2", (Secret("t1"), Secret("t2"))),
        "auth_file": (str(users), users),
        "state_dir": (str(tmp_path), tmp_path),
        "oidc_issuer": ("https://id.example/", "https://id.example/"),
        "oidc_client_id": ("chat", "chat"),
        "oidc_client_secret": ("s3cret", Secret("s3cret")),
        "secret": ("s3cret", Secret("s3cret")),
        "allowed_hosts": ("A.example, *.lab", ("a.example", "*.lab")),
        "cors_origins": ("https://a.example/", ("https://a.example",)),
        "frame_ancestors": ("'none'", ("'none'",)),
        "trusted_proxies": ("10.0.0.0/8", ("10.0.0.0/8",)),
        "limits": ("20/minute", (PersonLimit("requests", 20, "minute"),)),
        "cache_scope": ("SERVER", "server"),
        "max_bytes_in_flight": ("2MiB", 2**21),
        "byo_key": ("off", "off"),
        "mcp_servers": ("lab=http://h/mcp", (("lab", Secret("http://h/mcp")),)),
        "mcp_headers": ('{"lab": {"X-A": "b"}}', (("lab", (("X-A", Secret("b")),)),)),
        "mcp_oauth": (
            '{"lab": {"client_id": "us", "client_secret": "x", "issuer": "https://i"}}',
            (("lab", (("client_id", Secret("us")), ("client_secret", Secret("x")), ("issuer", Secret("https://i")))),),
        ),
        "mcp_visitors": ("on, *.lab.example", ("on", "*.lab.example")),
        "workers": ("2", 2),
        "redis_url": ("redis://h/0", Secret("redis://h/0")),
        "database": ("sqlite:///team.db", Secret("sqlite:///team.db")),
        "admins": ("ann, bob", ("ann", "bob")),
        "log": ("json", "json"),
        "log_level": ("DEBUG", "debug"),
        "server_name": ("0.0.0.0", "0.0.0.0"),
        "server_port": ("0", 0),
    }
    assert written.keys() == variables().keys()

    settings = Settings.from_env({variables()[field].name: text for field, (text, _) in written.items()})

    assert {field: getattr(settings, field) for field in written} == {
        field: value for field, (_, value) in written.items()
    }
    assert all(getattr(settings, field) != defaults()[field] for field in written)


def test_one_error_names_every_wrong_variable_with_its_value_and_what_is_allowed() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"GRADIO_SERVER_PORT": "eighty", "GROQ_CORE_DEGRADE": "silently", "GROQ_CORE_DEADLINE": "60"})

    text = str(caught.value)
    assert "GRADIO_SERVER_PORT='eighty': allowed is a whole number from 0 to 65535" in text
    assert "GROQ_CORE_DEGRADE='silently': allowed is one of error, message" in text
    assert "DEADLINE" not in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GROQ_CORE_OFFLINE", "maybe"),
        ("GROQ_CORE_DEADLINE", "0"),
        ("GROQ_CORE_DEADLINE", "-1"),
        ("GROQ_CORE_DEADLINE", "inf"),
        ("GROQ_CORE_DEADLINE", "nan"),
        ("GROQ_CORE_DEADLINE", "60s"),
        ("GROQ_CORE_MAX_ATTEMPTS", "0"),
        ("GROQ_CORE_MAX_ATTEMPTS", "2.5"),
        ("GROQ_CORE_CACHE_SIZE", "-1"),
        ("GROQ_CORE_RPM", "0"),
        ("GROQ_CORE_SPEED_MODELS", ",,"),
        ("GROQ_CORE_LOG_LEVEL", "loud"),
        ("GROQ_CORE_AUTH_FILE", "no/such/file"),
        ("GROQ_BASE_URL", "api.groq.com"),
        ("GROQ_BASE_URL", "ftp://api.groq.com"),
        ("OPENAI_BASE_URL", "http://:80/v1"),
        ("OPENAI_BASE_URL", "http://host:port/v1"),
        ("GROQ_API_KEY", "gsk_…"),
        ("OPENAI_API_KEY", "sk-one sk-two"),
        ("GROQ_CORE_API_TOKENS", "plain,schlüssel"),
        ("GRADIO_SERVER_NAME", "http://127.0.0.1"),
        ("GRADIO_SERVER_NAME", "127.0.0.1:7860"),
        ("GRADIO_SERVER_NAME", "127.0.0"),
        ("GRADIO_SERVER_NAME", "my host"),
        ("GRADIO_SERVER_PORT", "65536"),
        ("GRADIO_SERVER_PORT", "-1"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: text})


def test_an_error_never_shows_a_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(
            {
                "GROQ_CORE_REDIS_URL": "http://:hunter2@host",
                "GROQ_CORE_API_TOKENS": ", ,",
                "GROQ_BASE_URL": "ftp://me:hunter2@host",
                "GROQ_CORE_DEADLINE": "gsk_0123456789abcdef",
            }
        )

    assert "hunter2" not in str(caught.value)
    assert "gsk_0123" not in str(caught.value)
    assert "GROQ_CORE_REDIS_URL=(hidden)" in str(caught.value)


def test_settings_do_not_print_their_secrets() -> None:
    settings = Settings.from_env(
        {
            "GROQ_API_KEY": "gsk_topsecret",
            "OPENAI_API_KEY": "sk-topsecret",
            "GROQ_CORE_API_TOKENS": "topsecret",
            "GROQ_CORE_REDIS_URL": "redis://:topsecret@host",
        }
    )

    assert "topsecret" not in repr(settings)
    assert "topsecret" not in str(settings)


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_is_unset(empty: str) -> None:
    assert Settings.from_env(dict.fromkeys((env.name for env in variables().values()), empty)) == Settings()


def test_a_misspelt_variable_is_a_warning_with_the_nearest_name() -> None:
    settings = Settings.from_env({"GROQ_CORE_CACHE_SIZ": "9", "GROQ_CORE_QQQQ": "1", "GROQ_COREX": "1"})

    assert "GROQ_CORE_CACHE_SIZ is not a setting; did you mean GROQ_CORE_CACHE_SIZE?" in settings.warnings
    assert "GROQ_CORE_QQQQ is not a setting" in settings.warnings
    assert len(settings.warnings) == 2


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({"GROQ_CORE_REDIS_URL": "rediss://host"}, "GROQ_CORE_SECRET", id="shared state"),
        pytest.param({"GROQ_CORE_WORKERS": "2"}, "GROQ_CORE_REDIS_URL", id="several processes"),
        pytest.param(
            {"GROQ_BASE_URL": "http://host", "GROQ_CORE_BYO_KEY": "off"},
            "without GROQ_API_KEY",
            id="address without key",
        ),
        pytest.param({"OPENAI_BASE_URL": "http://host/v1"}, "GROQ_CORE_OPENAI_MODEL", id="whose models"),
        pytest.param({"GROQ_CORE_DEADLINE": "1"}, "longer than GROQ_CORE_DEADLINE", id="deadline"),
        pytest.param({"GRADIO_SERVER_NAME": "0.0.0.0"}, "GROQ_CORE_API_TOKENS", id="open to the network"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(environ: dict[str, str], said: str) -> None:
    (warning,) = Settings.from_env(environ).warnings

    assert said in warning


def test_the_path_at_the_end_of_groqs_address_is_left_out_and_said() -> None:
    settings = Settings.from_env({"GROQ_API_KEY": "k", "GROQ_BASE_URL": "https://api.groq.com/openai/v1/"})

    assert settings.groq_base_url == "https://api.groq.com"
    assert any("host only" in warning for warning in settings.warnings)


@pytest.mark.parametrize(
    ("environ", "simulated"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"GROQ_API_KEY": "k"}, False, id="groq"),
        pytest.param({"OPENAI_API_KEY": "k"}, False, id="backup alone"),
        pytest.param({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, False, id="local server, no key"),
        pytest.param({"GROQ_API_KEY": "k", "GROQ_CORE_OFFLINE": "1"}, True, id="asked for"),
    ],
)
def test_the_simulator_answers_when_asked_for_or_nobody_else_can(environ: dict[str, str], simulated: bool) -> None:
    assert Settings.from_env(environ).is_simulated is simulated


@pytest.mark.parametrize("marker", [{"SPACE_ID": "me/app"}, {"SYSTEM": "spaces"}])
def test_on_spaces_it_listens_on_every_address(marker: dict[str, str]) -> None:
    settings = Settings.from_env(marker | {"GROQ_API_KEY": "k"})

    assert settings.on_spaces
    assert settings.server_name == "0.0.0.0"
    assert settings.visitor_keys
    assert not settings.loopback


@pytest.mark.parametrize(
    ("environ", "welcome"),
    [
        ({}, True),
        ({"GROQ_API_KEY": "k"}, False),
        ({"GROQ_API_KEY": "k", "GROQ_CORE_BYO_KEY": "on"}, True),
        ({"GROQ_CORE_BYO_KEY": "off"}, False),
    ],
)
def test_visitors_bring_keys_where_the_server_has_none(environ: dict[str, str], welcome: bool) -> None:
    assert Settings.from_env(environ).visitor_keys is welcome


@pytest.mark.parametrize(
    ("name", "loopback"),
    [
        *(pytest.param(name, True, id=name) for name in ("127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost")),
        *(pytest.param(name, False, id=name) for name in ("0.0.0.0", "::", "192.168.0.2", "example.org")),
    ],
)
def test_loopback_is_an_address_only_this_machine_reaches(name: str, loopback: bool) -> None:
    assert Settings.from_env({"GRADIO_SERVER_NAME": name}).loopback is loopback


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("GROQ_CORE_DEADLINE=20\nGROQ_CORE_RPM=5\nexport GROQ_CORE_TPM='7'\n# a comment\nGROQ_API_KEY\n")

    settings = load(file, {"GROQ_CORE_DEADLINE": "30", "GROQ_CORE_TPM": ""})

    assert (settings.deadline, settings.rpm, settings.tpm) == (30.0, 5, None)


def test_a_missing_file_is_no_fault(tmp_path: Path) -> None:
    assert load(tmp_path / "none", {}) == Settings()


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("GROQ_CORE_RPM=1", encoding="utf-16")

    with pytest.raises(SettingsError, match="not UTF-8"):
        load(file, {})


def test_mcp_servers_are_named_once_and_their_addresses_hide() -> None:
    settings = Settings.from_env(
        {"GROQ_CORE_MCP_SERVERS": "lab=http://127.0.0.1:9000/mcp, shop=https://x.example/?k=topsecret"}
    )

    assert [name for name, _ in settings.mcp_servers] == ["lab", "shop"]
    assert "topsecret" not in repr(settings)
    for wrong in ("http://no-name.example", "a=ftp://x.example", "a=https://x.example,a=https://y.example"):
        with pytest.raises(SettingsError, match="GROQ_CORE_MCP_SERVERS"):
            Settings.from_env({"GROQ_CORE_MCP_SERVERS": wrong})


def test_a_space_sees_its_visitors_behind_its_proxy_and_signs_in_where_it_was_told_how() -> None:
    oauth = dict.fromkeys(("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"), "x")
    space = Settings.from_env({"SPACE_ID": "me/app"} | oauth)
    seen = Forwarding(space.trusted_proxies, Origins(())).read(
        {
            "type": "http",
            "client": ("10.16.4.2", 4000),
            "headers": [(b"x-forwarded-for", b"198.51.100.7"), (b"x-forwarded-proto", b"https")],
        }
    )

    assert (seen.address, seen.https) == ("198.51.100.7", True)
    assert (space.space, space.hf_oauth) == ("me/app", True)
    assert not Settings.from_env(oauth).hf_oauth, "elsewhere than on a Space"
    assert not Settings.from_env({"SPACE_ID": "me/app", "OAUTH_CLIENT_ID": "x"}).hf_oauth
