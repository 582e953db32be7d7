import pytest

from stripe_saas.warehouse.target import TargetError, parse_target


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("duckdb:///stripe.duckdb", "stripe.duckdb"),
        ("duckdb:////data/stripe.duckdb", "/data/stripe.duckdb"),
        ("duckdb:///a%20b.duckdb", "a b.duckdb"),
        ("folder/stripe.duckdb", "folder/stripe.duckdb"),
    ],
)
def test_a_duckdb_is_named_by_url_or_path(address, path):
    target = parse_target(address)
    assert (target.kind, str(target.path)) == ("duckdb", path)


def test_a_postgres_address_keeps_odd_passwords_and_shows_none():
    target = parse_target("postgres://ann:p%40s%3As@db.internal:6543/stripe?sslmode=require")
    assert (target.host, target.port, target.database) == ("db.internal", 6543, "stripe")
    assert (target.user, target.password) == ("ann", "p@s:s")
    assert target.postgres_url == (
        "postgresql://ann:p%40s%3As@db.internal:6543/stripe?sslmode=require"
    )
    assert "p@s:s" not in f"{target} {target!r}"
    assert "p%40s" not in f"{target} {target!r}"


def test_a_host_may_be_an_address_of_ipv6():
    target = parse_target("postgres://ann:x@[fe80::1]:6543/stripe")
    assert (target.host, target.port) == ("fe80::1", 6543)
    assert str(target) == "postgres://ann@[fe80::1]:6543/stripe"
    assert target.postgres_url == "postgresql://ann:x@[fe80::1]:6543/stripe"


def test_an_unknown_parameter_is_refused_by_its_name():
    with pytest.raises(TargetError, match=r"parameter 'pool', which is not known: one of sslmode"):
        parse_target("postgres://ann:secret@host/db?sslmode=require&pool=5")
    with pytest.raises(TargetError, match="takes no parameters"):
        parse_target("duckdb:///w.duckdb?access_mode=read_only")


def test_a_password_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "from-outside")
    assert parse_target("postgresql://ann@host/stripe").password == "from-outside"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "stripe",
        "duckdb:///",
        "duckdb:///:memory:",
        "snowflake://account/db",
        "postgres://host/db",
        "postgres://ann:secret@host",
        "postgres://ann:secret@host:port/db",
    ],
)
def test_what_names_no_warehouse_is_refused_without_telling_the_password(address):
    with pytest.raises(TargetError) as refused:
        parse_target(address)
    assert "secret" not in str(refused.value)
