"""Who comes in, by which way, and what stops strangers and pages of other sites."""

import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from stripe_saas_service.access import people, sessions
from stripe_saas_service.access.policy import Role
from stripe_saas_service.command import first_link
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import (
    AuditEntry,
    BrowserSession,
    Invitation,
    LoginFailure,
    Person,
)
from unit_tests.stripe_saas_service.conftest import PASSWORD, URL

FORM = {"email": "me@example.com", "name": "Me", "password": PASSWORD}


def csrf_token(service):
    with service.store.reading() as session:
        return session.scalars(select(BrowserSession.csrf_token)).one()


def test_the_first_link_makes_an_owner_who_is_logged_in_then(service, client):
    link = first_link(service)
    assert client.get(link).status_code == 200
    answer = client.post(link, data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Me (owner)" in client.get("/").text
    assert first_link(service) is None


def test_a_link_works_once_and_is_in_the_store_by_its_hash_alone(service, client):
    link = first_link(service)
    client.post(link, data=FORM)
    answer = client.post(link, data=FORM | {"email": "you@example.com"})
    assert answer.status_code == 404
    with service.store.reading() as session:
        assert session.scalars(select(Invitation.token_hash)).one() not in link


def test_a_newer_first_link_ends_the_older_one(service, client):
    older, newer = first_link(service), first_link(service)
    assert client.get(older).status_code == 404
    assert client.get(newer).status_code == 200


def test_an_expired_link_is_refused(service, client):
    link = first_link(service)
    with service.store.writing() as session:
        session.scalars(select(Invitation)).one().expires_at = now()
    assert client.get(link).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [({"email": "nobody"}, "not an e-mail address"), ({"password": "short"}, "12 characters")],
    ids=["address", "password"],
)
def test_a_refused_account_leaves_the_link_usable(service, client, change, said):
    link = first_link(service)
    answer = client.post(link, data=FORM | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert client.post(link, data=FORM).status_code == 303


def test_who_has_the_password_is_let_in_until_they_log_out(service, client, person_of):
    person_of(Role.VIEWER)
    answer = client.post("/login", data={"email": " Viewer@Example.com", "password": PASSWORD})
    assert answer.status_code == 303
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    cookie = client.cookies["session"]
    assert client.get("/").status_code == 200
    out = client.post("/logout", data={"csrf_token": csrf_token(service)})
    assert out.headers["location"] == "/login"
    client.cookies.set("session", cookie)
    assert client.get("/").status_code == 401


def test_wrong_password_and_unknown_person_get_the_same_answer(client, person_of):
    person_of(Role.VIEWER)
    answers = [
        client.post("/login", data={"email": email, "password": "wrong"})
        for email in ("viewer@example.com", "nobody@example.com")
    ]
    assert [each.status_code for each in answers] == [401, 401]
    assert "E-mail address or password is wrong." in answers[0].text
    assert "E-mail address or password is wrong." in answers[1].text


def test_after_five_failures_even_the_right_password_waits_a_quarter_of_an_hour(
    service, client, person_of
):
    person_of(Role.VIEWER)
    wrong = {"email": "viewer@example.com", "password": "wrong"}
    assert [client.post("/login", data=wrong).status_code for _ in range(6)] == [401] * 5 + [429]
    right = wrong | {"password": PASSWORD}
    assert client.post("/login", data=right).status_code == 429
    with service.store.writing() as session:
        for failure in session.scalars(select(LoginFailure)):
            failure.at -= timedelta(minutes=16)
    assert client.post("/login", data=right).status_code == 303


def test_one_network_address_cannot_try_many_people(client):
    codes = [
        client.post("/login", data={"email": f"{n}@example.com", "password": "x"}).status_code
        for n in range(31)
    ]
    assert codes == [401] * 30 + [429]


def test_attempts_that_waited_for_each_other_are_counted_too(service, person_of, monkeypatch):
    """Ten that come at once, before the first of them has failed."""
    person = person_of(Role.VIEWER)
    all_have_come, codes = threading.Barrier(10), []
    find = sessions.token_hash

    def found(text):
        if text.startswith("person "):
            all_have_come.wait(20)
        return find(text)

    monkeypatch.setattr(sessions, "token_hash", found)
    monkeypatch.setattr(sessions, "_HASHING", threading.Semaphore(1))

    def attempt():
        with pytest.raises(sessions.LoginRefused) as caught:
            sessions.log_in(service, person.email, "wrong", "192.0.2.1")
        codes.append(caught.value.status)

    threads = [threading.Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [401] * 5 + [429] * 5


@pytest.mark.parametrize(
    ("others", "code"),
    [("2001:db8:0:1:{n}::1", 429), ("2001:db8:0:{n}::1", 401), ("::ffff:192.0.2.{n}", 401)],
    ids=["one /64", "other networks", "IPv4 within IPv6"],
)
def test_an_ipv6_network_of_64_bits_counts_as_one_address(service, others, code):
    def attempt(n):
        with pytest.raises(sessions.LoginRefused) as caught:
            sessions.log_in(service, f"{n}@example.com", "wrong", others.format(n=n))
        return caught.value.status

    assert [attempt(n) for n in range(31)] == [401] * 30 + [code]


def test_what_holds_a_nul_is_refused_as_postgres_has_no_such_text(client, browser_of):
    form = {"email": "a\0@example.com", "password": "x"}
    assert client.post("/login", data=form).status_code == 422
    assert client.post("/invitation/a%00b", data=FORM).status_code == 404
    status = "/api/integrations/stripe/status?company_id=com_%00"
    assert browser_of().get(status).status_code == 422


def test_an_error_that_nobody_expected_has_the_guarding_headers_too(app, service, monkeypatch):
    monkeypatch.setattr(sessions, "log_in", lambda *arguments: 1 / 0)
    client = TestClient(app, base_url=URL, raise_server_exceptions=False)
    answer = client.post("/login", data={"email": "a@example.com", "password": "x"})
    assert answer.status_code == 500
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_disabled_person_is_out_at_once(service, browser_of):
    browser = browser_of(Role.ANALYST)
    assert browser.get("/").status_code == 200
    with service.store.writing() as session:
        session.scalars(select(Person)).one().disabled_at = now()
    assert browser.get("/").status_code == 401
    login = {"email": "analyst@example.com", "password": PASSWORD}
    assert browser.post("/login", data=login).status_code == 401


def test_an_expired_session_opens_nothing(service, browser_of):
    browser = browser_of()
    with service.store.writing() as session:
        session.scalars(select(BrowserSession)).one().expires_at = now()
    assert browser.get("/").status_code == 401


def test_a_form_without_the_sessions_token_does_nothing(service, browser_of):
    browser = browser_of()
    assert browser.post("/logout").status_code == 403
    assert browser.post("/logout", data={"csrf_token": "guessed"}).status_code == 403
    assert browser.get("/").status_code == 200
    token = csrf_token(service)
    assert browser.post("/logout", headers={"x-csrf-token": token}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=["origin", "sandboxed frame", "no address", "fetch metadata"],
)
def test_what_another_site_has_a_browser_send_is_refused(service, browser_of, headers):
    browser = browser_of()
    sent = headers | {"x-csrf-token": csrf_token(service)}
    assert browser.post("/logout", headers=sent).status_code == 403
    assert browser.post("/login", headers=headers, data={}).status_code == 403
    own = {"origin": URL, "x-csrf-token": csrf_token(service)}
    assert browser.post("/logout", headers=own).status_code == 303


def test_a_host_name_that_is_not_ours_is_refused(client):
    assert client.get("/login", headers={"host": "rebound.example:8090"}).status_code == 421
    assert client.get("/login", headers={"host": "LOCALHOST:8090"}).status_code == 200


def test_a_body_of_more_than_a_megabyte_is_not_read(client):
    large = b"email=" + b"x" * (1024 * 1024)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=large, headers=kind).status_code == 413
    chunks = (large[at : at + 65536] for at in range(0, len(large), 65536))
    assert client.post("/login", content=chunks, headers=kind).status_code == 413


def test_every_answer_forbids_inline_scripts_and_frames(client, browser_of):
    for answer in (client.get("/login"), client.get("/nowhere"), browser_of().get("/")):
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "<script" not in answer.text
        assert "style=" not in answer.text


def test_a_browser_without_session_is_led_to_the_login_and_programs_get_a_problem(client):
    page = client.get("/", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    answer = client.get("/api/docs", headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Nobody is logged in",
        "status": 401,
        "detail": "Log in, or send the header `Authorization: Bearer` with a token.",
    }


def test_what_somebody_typed_is_shown_as_text(client):
    typed = {"email": '"><script>alert(1)</script>', "password": "x"}
    assert "<script" not in client.post("/login", data=typed).text


def test_the_audit_log_says_who_did_what(service, client):
    link = first_link(service)
    client.post(link, data=FORM)
    client.post("/login", data=FORM | {"password": "wrong"})
    with service.store.reading() as session:
        person = session.scalars(select(Person)).one()
        rows = session.execute(select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.id))
        assert [tuple(row) for row in rows] == [
            ("command", "person.invited"),
            (person.id, "person.joined"),
            (person.id, "login.succeeded"),
            (person.id, "login.failed"),
        ]


def test_people_with_a_hash_of_other_costs_get_a_new_one(service, client, person_of):
    person = person_of(Role.VIEWER)
    service.passwords = type(service.passwords)(128)
    sessions.log_in(service, person.email, PASSWORD, "192.0.2.1")
    with service.store.reading() as session:
        assert "m=128," in session.get(Person, person.id).password_hash


def test_an_address_is_taken_once(service, person_of):
    person_of(Role.VIEWER, "a@example.com")
    with pytest.raises(people.PersonRefused, match="log in"):
        person_of(Role.OWNER, "A@example.com")


def test_the_first_page_has_the_ids_that_routes_ask_for(company, browser_of):
    assert company.id in browser_of(Role.VIEWER).get("/").text
