"""`stripe-saas service` prints a link or a token that the running service takes."""

import argparse

import pytest

from stripe_saas_service.admin import add_arguments, run
from stripe_saas_service.store.tables import Company
from unit_tests.stripe_saas_service.conftest import PASSWORD, URL


@pytest.fixture
def printed(settings, monkeypatch, capsys):
    """Arguments in; exit code and what was printed out."""
    monkeypatch.delenv("STRIPE_SAAS_STORE", raising=False)

    def made(*arguments):
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        code = run(parser.parse_args([*arguments, "--data", str(settings.folder.root)]))
        said = capsys.readouterr()
        return code, (said.out or said.err).strip()

    return made


def test_a_link_makes_somebody_of_the_role_once(printed, client):
    code, link = printed("invite", "--role", "analyst")
    assert code == 0
    assert link.startswith(f"{URL}/invitation/")
    form = {"email": "me@example.com", "name": "Me", "password": PASSWORD}
    assert client.post(link, data=form).status_code == 303
    assert "Me (analyst)" in client.get("/").text
    assert client.post(link, data=form).status_code == 404


def test_a_link_has_the_address_that_browsers_use(printed):
    _, link = printed("invite", "--role", "viewer", "--public-url", "https://saas.example.com/")
    assert link.startswith("https://saas.example.com/invitation/")


def test_a_token_opens_the_only_company_with_its_scopes_alone(printed, client, company):
    code, token = printed("token", "--scope", "sync")
    assert code == 0
    sent = {"authorization": f"Bearer {token}"}
    status = client.get("/api/integrations/stripe/status", headers=sent)
    assert (status.status_code, status.json()["company_id"]) == (200, company.id)
    assert client.get("/api/mrr", headers=sent).status_code == 403


def test_of_several_companies_one_is_named(service, printed, company):
    with service.store.writing() as session:
        session.add(Company(id="com_2", name="Other", mode="test"))
    code, said = printed("token", "--scope", "sync")
    assert code == 2
    assert f"{company.id} (Acme), com_2 (Other)" in said
    assert printed("token", "--scope", "sync", "--company", "com_2")[0] == 0
    assert printed("token", "--scope", "sync", "--company", "com_3")[0] == 2


@pytest.mark.parametrize(
    ("what", "said"),
    [("invite", "needs --role"), ("token", "needs --scope")],
    ids=["invite", "token"],
)
def test_what_is_missing_is_named(printed, what, said):
    code, answer = printed(what)
    assert code == 2
    assert said in answer


def test_without_a_company_there_is_no_token(printed):
    assert printed("token", "--scope", "sync") == (
        2,
        "stripe-saas service: there is no company yet: connect one first.",
    )


def test_a_folder_without_a_service_gets_none(printed, settings):
    settings.folder.store.unlink()
    code, said = printed("invite", "--role", "owner")
    assert code == 2
    assert f"no service has begun in {settings.folder.root}" in said
    assert not settings.folder.store.exists()
