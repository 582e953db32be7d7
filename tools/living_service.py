"""`make serve`: the service, connected to a simulated company that moves; ended by Ctrl-C.

The sandbox and the service are processes of their own, started as users start them. The company is
connected through the service's own routes by an owner whose password nobody keeps; a second link
then makes whoever reads it an owner. Each start begins anew: a sandbox that starts again would be
in its past, which Stripe never is.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

_BIN = Path(sys.executable).parent
_SECONDS_TO_START = 120
_SECONDS_TO_END = 20
_SETTINGS = "STRIPE_SAAS_"
_OURS = ".made-by-make-serve"
_LINK = re.compile(r"(http\S+)/invitation/(\S+)")
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class NotServed(Exception):
    """The service or the sandbox did not come up; the text says what was seen."""


def main(arguments: Sequence[str]) -> int:
    """Serves until a signal, or until one of the two processes ends.

    Returns:
        0, or 1 if something did not come up or ended by itself.
    """
    asked = _parsed(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _a_company(asked) as company:
            _empty(asked.data)
            with _a_service(asked, company) as (process, link):
                _connect(company, link)
                _good(requests.post(f"{company[0]}/_sandbox/live", json={"speed": asked.speed}))
                _say(asked, link)
                return 1 if process.wait() else 0
    except (NotServed, requests.RequestException) as error:
        print(f"make serve: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make serve", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".serve"), help="is emptied first")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--customers", type=int, default=60, help="of the company")
    parser.add_argument("--months", type=int, default=12, help="the company's age")
    parser.add_argument(
        "--speed", type=float, default=600, help="seconds of the company's time in one of ours"
    )
    asked = parser.parse_args(arguments)
    asked.port = asked.port or _free_port()
    return asked


@contextmanager
def _a_company(asked: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The address of a sandbox that stands still as yet, and a key for it."""
    options = ("--customers", str(asked.customers), "--months", str(asked.months))
    with _started("sandbox", "--port", "0", *options) as process:
        said = _line_with(process, " key ")
        found = re.search(r"(http\S+)\s+key (\S+)", said)
        if found is None:
            raise NotServed(f"the sandbox said {said}")
        yield found[1], found[2]


@contextmanager
def _a_service(
    asked: argparse.Namespace, company: tuple[str, str]
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service whose Stripe is the sandbox, and the link that makes its owner."""
    options = ("--data", str(asked.data), "--port", str(asked.port))
    with _started("serve", *options, STRIPE_SAAS_API_URL=company[0]) as process:
        yield process, _line_with(process, "/invitation/")


def _connect(company: tuple[str, str], link: str) -> None:
    """Connects the company as an owner does, and has it deliver to the service."""
    stripe, key = company
    found = _LINK.search(link)
    assert found is not None
    url = found[1]
    with requests.Session() as browser:
        form = {"email": "setup@example.com", "password": secrets.token_urlsafe(), "name": "Set-up"}
        _good(browser.post(link, data=form))
        token = _CSRF.search(_good(browser.get(f"{url}/")).text)
        if token is None:
            raise NotServed("the first page has no form to log out")
        browser.headers["x-csrf-token"] = token[1]
        api = f"{url}/api/integrations/stripe"
        connected = _good(browser.post(f"{api}/key", json={"key": key})).json()
        if not connected["is_connected"]:
            raise NotServed(connected["detail"])
        status = _good(browser.get(f"{api}/status")).json()
        secret = f"whsec_{secrets.token_hex(16)}"
        sent = {"company_id": status["company_id"], "secret": secret}
        endpoint = _good(browser.post(f"{api}/webhook-secret", json=sent)).json()
        _good(
            requests.post(
                f"{stripe}/_sandbox/endpoints", json={"url": endpoint["url"], "secrets": [secret]}
            )
        )


def _say(asked: argparse.Namespace, link: str) -> None:
    """Prints what a newcomer needs."""
    url = link.partition("/invitation/")[0]
    places = ("--data", str(asked.data))
    own = _made("service", "invite", "--role", "owner", "--port", str(asked.port), *places)
    scopes = ("--scope", "metrics:read", "--scope", "people:read")
    token = _made("service", "token", *scopes, *places)
    print(f"{url} is connected; its company lives {asked.speed:g} times as fast as we do.")
    print(f"This link, once, lets you in:\n{own}")
    print("What a program sees of it, half a minute from now:")
    for path in ("integrations/stripe/status", "mrr", "subscription-events"):
        print(f"  curl -sH 'Authorization: Bearer {token}' {url}/api/{path}")
    print("Ctrl-C ends it.", flush=True)


def _empty(folder: Path) -> None:
    """Removes what an earlier start left, and nothing else.

    Raises:
        NotServed: something else lies there.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / _OURS).exists():
        raise NotServed(f"{folder} was not made by make serve: name another folder by --data.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _OURS).touch()


def _good(reply: requests.Response) -> requests.Response:
    """Raises NotServed: it was refused."""
    if not reply.ok:
        raise NotServed(f"{reply.request.method} was answered by {reply.status_code}: {reply.text}")
    return reply


def _made(*command: str) -> str:
    """What a command of stripe-saas printed."""
    ended = subprocess.run(
        [_BIN / "stripe-saas", *command],
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if ended.returncode:
        raise NotServed(ended.stderr.strip())
    return ended.stdout.strip()


@contextmanager
def _started(*command: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A command of stripe-saas that runs until the context ends; what it complains of is shown."""
    process = subprocess.Popen(
        [_BIN / "stripe-saas", *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**_environment(), **more},
        # Ctrl-C is for us: we end them, one after the other.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    """Ours, without what would lead to somebody's real service."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}


def _line_with(process: subprocess.Popen[str], part: str) -> str:
    """The first line of a process that has a part; later ones are thrown away.

    Raises:
        NotServed: it ended, or has said nothing for too long.
    """
    assert process.stdout is not None
    silence = threading.Timer(_SECONDS_TO_START, process.kill)
    silence.start()
    try:
        for line in process.stdout:
            if part in line:
                threading.Thread(target=process.stdout.read, daemon=True).start()
                return line.strip()
    finally:
        silence.cancel()
    raise NotServed("a process ended before it was ready")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
