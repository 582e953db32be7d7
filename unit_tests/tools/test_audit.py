"""An audit says what is known, and plainly if nobody could be asked; pip-audit itself is run."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools import audit

HASH = "--hash=sha256:" + 64 * "0"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def lock(tmp_path):
    """A lock of two packages; an absolute path stays as it is."""
    path = tmp_path / "lock.txt"
    path.write_text(f"good==1.0 {HASH}\nbad==2.0 {HASH}\n")
    return str(path)


@pytest.fixture
def database():
    """A database of vulnerabilities that knows of one in `bad`."""
    events = [{"introduced": "0"}, {"fixed": "2.1"}]
    known = {
        "id": "PYSEC-1",
        "summary": "It is bad.",
        "affected": [
            {
                "package": {"name": "bad", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            vulns = [known] if asked["package"]["name"] == "bad" else []
            body = json.dumps({"vulns": vulns} if vulns else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def asking(address):
    return ["--vulnerability-service", "osv", "--osv-url", address]


def test_what_is_known_is_a_line_and_an_exit_code(lock, database, capsys):
    assert audit.audit([lock], asking(database)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "bad 2.0: PYSEC-1, fixed in 2.1",
        "audit: 1 known vulnerabilities in 2 packages, 0 more could not be asked about",
    ]


def test_nothing_known_is_good(tmp_path, database, capsys):
    path = tmp_path / "lock.txt"
    path.write_text(f"good==1.0 {HASH}\n")
    assert audit.audit([str(path)], asking(database)) == 0
    assert capsys.readouterr().out.startswith("audit: 0 known vulnerabilities in 1 packages")


def test_without_a_network_it_says_that_it_could_not_ask_and_stops_nobody(lock, capsys):
    assert audit.audit([lock], asking(f"{NOBODY}/v1/query")) == 0
    assert capsys.readouterr().out == audit.COULD_NOT_ASK + "\n"


def test_a_lock_without_hashes_is_no_reason_to_say_that_all_is_well(tmp_path, capsys):
    path = tmp_path / "lock.txt"
    path.write_text("good==1.0\n")
    assert audit.audit([str(path)]) == 2
    assert "pip-audit failed" in capsys.readouterr().out
