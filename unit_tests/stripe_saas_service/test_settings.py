import pytest

from stripe_saas_service.settings import SettingsError, settings_of


def made(tmp_path, environment=(), **options):
    return settings_of(data=tmp_path, environment=dict(environment), **options)


def test_the_default_serves_this_machine_alone_from_a_sqlite_file(tmp_path):
    settings = made(tmp_path)
    assert settings.url == "http://127.0.0.1:8090"
    assert settings.store_url == f"sqlite:///{tmp_path}/store.sqlite"
    assert settings.hosts == {"127.0.0.1", "localhost", "::1"}


def test_another_address_is_refused_unless_a_proxy_brings_tls(tmp_path):
    with pytest.raises(SettingsError, match="--behind-proxy"):
        made(tmp_path, host="0.0.0.0")
    with pytest.raises(SettingsError, match="--public-url https://"):
        made(tmp_path, host="0.0.0.0", behind_proxy=True)
    with pytest.raises(SettingsError, match="--public-url https://"):
        made(tmp_path, host="0.0.0.0", behind_proxy=True, public_url="http://saas.example.com")
    settings = made(
        tmp_path, host="0.0.0.0", behind_proxy=True, public_url="https://saas.example.com/"
    )
    assert settings.url == "https://saas.example.com"
    assert settings.hosts == {"saas.example.com"}


def test_a_store_on_postgres_is_named_as_everywhere_else(tmp_path):
    settings = made(tmp_path, store="postgres://me:secret@db/saas")
    assert settings.store_url == "postgresql+psycopg://me:secret@db/saas"
    with pytest.raises(SettingsError, match="--store takes postgres://"):
        made(tmp_path, store="mysql://db/saas")


def test_half_an_oauth_app_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="STRIPE_SAAS_CONNECT_CLIENT_SECRET"):
        made(tmp_path, {"STRIPE_SAAS_CONNECT_CLIENT_ID": "ca_1"})


def test_secrets_are_in_no_text_of_the_settings(tmp_path):
    settings = made(
        tmp_path,
        {
            "STRIPE_SAAS_CONNECT_CLIENT_ID": "ca_1",
            "STRIPE_SAAS_CONNECT_CLIENT_SECRET": "hidden1",
            "STRIPE_SAAS_VAULT_KEYS": "hidden2",
            "STRIPE_SAAS_STORE": "postgres://me:hidden3@db/saas",
        },
    )
    assert settings.oauth_apps[0].client_secret == "hidden1"
    assert "hidden" not in repr(settings)
