"""`serve` begins alone, with a port and with keys, or not at all."""

import argparse
import socket

import pytest
from cryptography.fernet import Fernet
from filelock import FileLock
from sqlalchemy import select

from stripe_saas_service import command
from stripe_saas_service.command import add_arguments, first_link, run
from stripe_saas_service.store.tables import Connection, Invitation


@pytest.fixture
def run_with(settings, monkeypatch):
    """Arguments in, the exit code out; nothing is served."""
    monkeypatch.delenv("STRIPE_SAAS_STORE", raising=False)
    monkeypatch.delenv("STRIPE_SAAS_VAULT_KEYS", raising=False)
    served = []
    monkeypatch.setattr(command, "serve", lambda service, listener: served.append(listener) or 0)

    def made(*arguments):
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        folder = str(settings.folder.root)
        code = run(parser.parse_args(["--data", folder, "--port", "0", *arguments]))
        assert bool(served) == (code == 0)
        return code

    return made


def test_a_second_service_on_a_folder_is_refused(run_with, settings, capsys):
    with FileLock(settings.folder.root / "serve.lock"):
        assert run_with() == 2
    assert f"another service uses {settings.folder.root}" in capsys.readouterr().err
    assert run_with() == 0, "and goes when the first one has ended"


def test_a_taken_port_withdraws_no_link(run_with, service, capsys):
    first_link(service)
    with service.store.reading() as session:
        links = session.scalars(select(Invitation.token_hash)).all()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run_with("--port", str(port)) == 2
    said = capsys.readouterr()
    assert f"port {port} of 127.0.0.1 cannot be bound" in said.err
    assert said.out == ""
    with service.store.reading() as session:
        assert session.scalars(select(Invitation.token_hash)).all() == links


def test_lost_keys_are_noticed_before_anything_is_served(
    run_with, settings, service, company, capsys
):
    with service.store.writing() as session:
        connection_id = session.scalars(select(Connection.id)).one()
        service.vault.put(session, connection_id, "api_key", "sk_test_ofthistest1")
    (settings.folder.keys / "vault.keys").write_text(Fernet.generate_key().decode())
    assert run_with() == 2
    assert "no key opens the secrets of the store" in capsys.readouterr().err
