"""The texts that a run printed -> a failure if one of its secrets is in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

SECRETS = ("client_secret", "personal_data_key")
_SHORTEST = 12
"""Characters; what is shorter is no key that a search could tell from chance."""


def forms_of(secret: str) -> set[str]:
    """A secret as it is, and as it would look in an address, in base64, or in JSON."""
    plain = secret.encode("utf-8", "surrogatepass")
    # Whole groups of three letters: so it begins whatever follows, as in a header of basic access.
    encoded = base64.b64encode(plain[: len(plain) // 3 * 3]).decode()
    return {secret, quote(secret, errors="replace"), encoded, json.dumps(secret)[1:-1]}


def secrets_of(config: str | Path) -> set[str]:
    """The secrets in a config file; none in a file that is no config."""
    try:
        content = json.loads(Path(config).read_text(encoding="utf-8", errors="surrogatepass"))
    except (OSError, ValueError, RecursionError):
        return set()
    values = [content.get(name) for name in SECRETS] if isinstance(content, dict) else []
    return {value.strip() for value in values if isinstance(value, str) and len(value) >= _SHORTEST}


def configs_of(arguments: Sequence[str]) -> list[str]:
    """The config files that a command line names."""
    return [arguments[n + 1] for n, word in enumerate(arguments[:-1]) if word == "--config"]


def assert_no_secret(texts: Iterable[str], secrets: Iterable[str], where: str = "") -> None:
    """Fails if a secret is in one of the texts, and says beside what, not the secret itself."""
    forms = {form for secret in secrets for form in forms_of(secret)}
    for text in texts:
        for form in forms:
            place = text.find(form)
            assert place < 0, f"{where} shows a secret after {text[max(0, place - 60) : place]!r}"


def assert_run_is_silent(arguments: Sequence[str], *texts: str) -> None:
    """Fails if a run showed a secret of the configs that its command line names."""
    known = {secret for config in configs_of(arguments) for secret in secrets_of(config)}
    assert_no_secret(texts, known, " ".join(arguments[:1]))
