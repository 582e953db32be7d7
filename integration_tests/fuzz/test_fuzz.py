"""The short fuzz: damaged configs, catalogs and states, alone and through whole commands."""

import io
import json

import pytest

from integration_tests.fuzz.__main__ import fuzz
from integration_tests.fuzz.judging import KEY, case
from source_stripe_saas.__main__ import run
from source_stripe_saas.api import client

CASES = 2_000
COMMANDS = 40


def test_every_damaged_input_is_read_or_refused_in_one_clear_line():
    ends, findings = fuzz(1, CASES)
    assert findings == []
    assert sum(ends.values()) == CASES
    assert min(ends["read"], ends["a clear error"]) > CASES / 20


@pytest.mark.slow
def test_a_whole_read_of_damaged_input_ends_in_messages_and_a_code(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(client, "backoff_seconds", lambda attempt, jitter: 0.0)
    for seed in range(COMMANDS):
        files = case(seed, tmp_path)
        out = io.StringIO()
        arguments = [part for name, path in files.items() for part in (f"--{name}", str(path))]
        code = run(["read", *arguments], out)
        messages = [json.loads(line) for line in out.getvalue().splitlines()]
        errors = [m["trace"]["error"] for m in messages if m["type"] == "TRACE"]
        # Nothing listens where the config points to, so that nothing can be read.
        assert code == 1, f"seed {seed}"
        assert len(errors) == 1, f"seed {seed}: {errors}"
        assert "\n" not in errors[0]["message"]
        assert errors[0].get("failure_type") in ("config_error", "transient_error"), f"seed {seed}"
        assert KEY not in out.getvalue()
    shown = capfd.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert KEY not in shown.out + shown.err
