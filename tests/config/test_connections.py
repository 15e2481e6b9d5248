"""
Connections: declared in the file, made by variables, complete or waiting for credentials.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops.config import Secret, find_business, find_service
from masterops.errors import ConfigReference, UnknownName
from tests.config.conftest import Loading

CIRCUIT: dict[str, object] = {
    "circuit_breaker": True,
    "circuit_calls": 10,
    "circuit_share": 0.5,
    "circuit_seconds": 5.0,
    "circuit_longest_seconds": 300.0,
}
WAITING = '[connections."hubspot/teelixir"]\naccess_token = "env:TEELIXIR_HUBSPOT_TOKEN"\n'


@pytest.mark.parametrize(
    ("variables", "id", "values"),
    [
        pytest.param(
            {"HUBSPOT_ACCESS_TOKEN": "t"},
            "hubspot/group",
            {
                "access_token": Secret("t"),
                "base_url": "https://api.hubapi.com",
                "api_version": "2026-03",
                **CIRCUIT,
            },
            id="hubspot of all",
        ),
        pytest.param(
            {
                "RED_HILL_FRESH_HUBSPOT_ACCESS_TOKEN": "t",
                "RED_HILL_FRESH_HUBSPOT_BASE_URL": "http://localhost:1/",
            },
            "hubspot/red-hill-fresh",
            {
                "access_token": Secret("t"),
                "base_url": "http://localhost:1",
                "api_version": "2026-03",
                **CIRCUIT,
            },
            id="hubspot of one",
        ),
        pytest.param(
            {
                "HUBSPOT_CLIENT_ID": "i",
                "HUBSPOT_CLIENT_SECRET": "s",
                "HUBSPOT_REFRESH_TOKEN": "r",
                "HUBSPOT_ACCESS_TOKEN": "t",
            },
            "hubspot/group",
            {
                "client_id": Secret("i"),
                "client_secret": Secret("s"),
                "refresh_token": Secret("r"),
                "base_url": "https://api.hubapi.com",
                "api_version": "2026-03",
                **CIRCUIT,
            },
            id="an OAuth app of hubspot, which wins over a token",
        ),
        pytest.param(
            {"N8N_BASE_URL": "https://n8n.example.com", "N8N_API_KEY": "k"},
            "n8n/group",
            {
                "base_url": "https://n8n.example.com",
                "api_key": Secret("k"),
                "calls_per_second": 10,
                "timezone": "America/New_York",
                "missed_after_seconds": 300.0,
                **CIRCUIT,
            },
            id="n8n",
        ),
        pytest.param(
            {"SUPABASE_URL": "https://x.supabase.co", "SUPABASE_SERVICE_ROLE_KEY": "k"},
            "supabase/group",
            {
                "url": "https://x.supabase.co",
                "service_role_key": Secret("k"),
                "management_url": "https://api.supabase.com",
                "calls_per_second": 50,
                "calls_at_once": 10,
                **CIRCUIT,
            },
            id="supabase",
        ),
        pytest.param(
            {"TEELIXIR_UNLEASHED_API_ID": "i", "TEELIXIR_UNLEASHED_API_KEY": "k"},
            "unleashed/teelixir",
            {
                "api_id": Secret("i"),
                "api_key": Secret("k"),
                "base_url": "https://api.unleashedsoftware.com",
                "changes_every_minutes": 15,
                "check_every": "5m",
                **CIRCUIT,
            },
            id="unleashed",
        ),
    ],
)
def test_plain_variables_make_a_connection(
    loading: Loading, variables: dict[str, str], id: str, values: dict[str, object]
) -> None:
    """
    No file is needed, and with credentials the demo is over.
    """
    settings = loading(**variables)

    assert [id] == [each.id for each in settings.connections]
    assert values == dict(settings.connections[0].values)
    assert settings.connections[0].configured
    assert not settings.demo


def test_a_variable_that_is_not_required_makes_no_connection(loading: Loading) -> None:
    """
    A base URL with a default says nothing about an account.
    """
    settings = loading(HUBSPOT_BASE_URL="http://localhost:1", TEELIXIR_HUBSPOT_ACCESS_TOKEN="")

    assert () == settings.connections


def test_a_connection_without_its_variable_is_loaded_and_waits(loading: Loading) -> None:
    """
    It says what it waits for, and only its use is an error.
    """
    settings = loading(WAITING)
    connection = settings.connections[0]

    with pytest.raises(ConfigReference) as caught:
        connection.secret("access_token")

    assert not connection.configured
    assert "env:TEELIXIR_HUBSPOT_TOKEN" == connection.missing
    assert settings.demo
    key = 'connections."hubspot/teelixir".access_token'
    expected = f"masterops.toml:2: `{key}` refers to env:TEELIXIR_HUBSPOT_TOKEN, which is not set"
    assert expected == str(caught.value)


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_connection_is_complete_once_its_variable_is_set(loading: Loading, where: str) -> None:
    """
    In the environment or in .env; blanks around a pasted token do not count.
    """
    line = "TEELIXIR_HUBSPOT_TOKEN='tok '\n"
    settings = (
        loading(WAITING, line) if where == ".env" else loading(WAITING, TEELIXIR_HUBSPOT_TOKEN=" tok\n")
    )

    token = settings.connections[0].secret("access_token")

    assert "tok" == token.reveal()
    assert settings.connections[0].missing is None
    assert not settings.demo


def test_the_environment_overrides_the_reference_in_the_file(loading: Loading) -> None:
    """
    The connection's own variable wins, and the file's other values stay.
    """
    text = WAITING + 'base_url = "http://localhost:1"\n'
    settings = loading(text, TEELIXIR_HUBSPOT_ACCESS_TOKEN="new", TEELIXIR_HUBSPOT_TOKEN="old")

    assert "new" == settings.connections[0].secret("access_token").reveal()
    assert "http://localhost:1" == settings.connections[0].values["base_url"]


def test_half_a_connection_names_the_other_half(loading: Loading) -> None:
    """
    A key without a URL waits for the URL, and its key is not handed out.
    """
    settings = loading(N8N_API_KEY="k")
    connection = settings.connections[0]

    with pytest.raises(ConfigReference) as caught:
        connection.secret("api_key")

    assert "env:N8N_BASE_URL" == connection.missing
    assert "connection n8n/group" == caught.value.facts["where"]
    assert "env:N8N_BASE_URL" == caught.value.facts["reference"]


def test_everything_that_is_missing_is_named(loading: Loading) -> None:
    """
    One look is enough to know what to set.
    """
    settings = loading('[connections."unleashed/group"]\napi_id = "env:THE_ID"\n')

    assert "env:THE_ID, env:UNLEASHED_API_KEY" == settings.connections[0].missing


def test_a_secret_may_stand_in_a_file_of_its_own(loading: Loading, tmp_path: Path) -> None:
    """
    Its first line counts, and its path is relative to the configuration.
    """
    (tmp_path / "token").write_text("tok\nsecond line\n")

    by_file = loading('[connections."hubspot/group"]\naccess_token = "file:token"\n')
    by_variable = loading("", HUBSPOT_ACCESS_TOKEN="file:token")

    assert "tok" == by_file.connections[0].secret("access_token").reveal()
    assert "tok" == by_variable.connections[0].secret("access_token").reveal()
    key = 'connections."hubspot/group".access_token'
    assert "masterops.toml:2 via file:token" == str(by_file.origins[key])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xff\xfe", "cannot be read: it is not a text file"),
        (b"a\x00b", "holds a line break or another control character"),
    ],
)
def test_a_file_without_a_usable_secret_is_refused(
    loading: Loading, tmp_path: Path, content: bytes, reason: str
) -> None:
    """
    Better now than as a header that the service does not understand.
    """
    (tmp_path / "token").write_bytes(content)

    with pytest.raises(ConfigReference) as caught:
        loading('[connections."hubspot/group"]\naccess_token = "file:token"\n')

    assert reason == caught.value.facts["reason"]


def test_a_disabled_connection_stops_nobody(loading: Loading) -> None:
    """
    Its broken reference is kept for the day when it is used.
    """
    settings = loading('[connections."hubspot/group"]\nenabled = false\naccess_token = "file:nowhere"\n')
    connection = settings.connections[0]

    with pytest.raises(ConfigReference) as caught:
        connection.secret("access_token")

    assert not connection.enabled
    assert "file:nowhere" == connection.missing
    assert "cannot be read: No such file or directory" == caught.value.facts["reason"]


def test_credentials_of_a_disabled_connection_do_not_end_the_demo(loading: Loading) -> None:
    """
    Nothing would be left to talk to.
    """
    settings = loading('[connections."hubspot/group"]\nenabled = false\n', HUBSPOT_ACCESS_TOKEN="t")

    assert settings.demo


def test_the_demo_can_be_forced_either_way(loading: Loading) -> None:
    """
    What was said wins over what is guessed.
    """
    assert loading(HUBSPOT_ACCESS_TOKEN="t", MASTEROPS_DEMO="1").demo
    assert not loading("demo = false\n").demo


def test_a_plain_secret_in_the_file_has_to_be_allowed_twice(loading: Loading) -> None:
    """
    In the file and in the environment; either alone is not enough (see test_mistakes for neither).
    """
    table = '[connections."hubspot/group"]\naccess_token = "tok"\n'
    allowing = "allow_inline_secrets = true\n" + table

    settings = loading(allowing, MASTEROPS_ALLOW_INLINE_SECRETS="1")

    assert "tok" == settings.connections[0].secret("access_token").reveal()
    for text, variable in ((allowing, ""), (table, "1"), (allowing, "0")):
        with pytest.raises(Exception, match="holds a secret in plain text"):
            loading(text, MASTEROPS_ALLOW_INLINE_SECRETS=variable)


@pytest.mark.parametrize("text", ["teelixir", "Teelixir", "TEELIXIR"])
def test_a_business_is_found_by_slug_or_name(loading: Loading, text: str) -> None:
    """
    In any case.
    """
    assert "teelixir" == find_business(loading(), text).slug


def test_a_business_that_is_not_there_has_a_nearest(loading: Loading) -> None:
    """
    The advice gives the slug, which is what to type.
    """
    with pytest.raises(UnknownName) as caught:
        find_business(loading(), "Red Hil Fresh")

    assert "There is no business named 'Red Hil Fresh'." == str(caught.value)
    assert caught.value.advice.startswith("Did you mean 'red-hill-fresh'? Known: teelixir, ")


def test_a_service_is_found_in_any_case_or_has_a_nearest(loading: Loading) -> None:
    """
    The same for services.
    """
    settings = loading()

    with pytest.raises(UnknownName) as caught:
        find_service(settings, "hubspt")

    assert "hubspot" == find_service(settings, "HubSpot")
    assert caught.value.advice.startswith("Did you mean 'hubspot'?")


def test_an_oauth_app_waits_for_all_that_it_needs(loading: Loading) -> None:
    """
    Its refresh token says that it is one; a token is not asked for then, and an app's id alone makes nothing.
    """
    file = '[connections."hubspot/teelixir"]\nrefresh_token = "env:REFRESH"\n'
    settings = loading(file, REFRESH="r")

    assert ["hubspot/teelixir"] == [each.id for each in settings.connections]
    assert (
        "env:TEELIXIR_HUBSPOT_CLIENT_ID, env:TEELIXIR_HUBSPOT_CLIENT_SECRET"
        == settings.connections[0].missing
    )
    assert () == loading("", HUBSPOT_CLIENT_ID="i").connections
