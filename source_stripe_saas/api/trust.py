"""Access and the environment -> where requests really go, and who is trusted to answer them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from source_stripe_saas.api.access import STRIPE_URL, Access

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""For networks whose proxy signs with an authority of its own; the first that is set counts."""


class TrustError(ValueError):
    """The environment names certificates that are not there."""

    def __init__(self, variable: str, path: str) -> None:
        super().__init__(f"`{variable}` in the environment names no file or folder: {path!r}.")


def own_certificates() -> tuple[str, str] | None:
    """The variable that names another file of authorities than the usual one, and the file.

    Raises:
        TrustError: there is no such file. Falling back on something else would hide it.
    """
    for variable in VARIABLES:
        path = os.environ.get(variable)
        if path:
            if not os.path.exists(path):
                raise TrustError(variable, path)
            return variable, path
    return None


def verification() -> str | Literal[True]:
    """What requests take for `verify`: a path, or True for the usual authorities; never False."""
    found = own_certificates()
    return found[1] if found else True


def proxies(url: str) -> dict[str, str]:
    """Proxies by scheme, as the environment names them for an address."""
    import requests  # not needed by whoever only looks for certificates

    return dict(requests.utils.get_environ_proxies(url))


def remarks(access: Access) -> Iterator[str]:
    """What is out of the ordinary about the way to Stripe, a line each, for the log."""
    url = urlsplit(access.url)
    if not access.is_stripe:
        yield (
            f"Requests and the API key go to {access.url}, not to {STRIPE_URL}: "
            "the config says so in `api_url`."
        )
        if url.scheme == "http" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
            yield "They are not encrypted: whoever is on the way can read the key."
    known = proxies(access.url)
    proxy = known.get(url.scheme) or known.get("all")
    if proxy:
        # Name and password of the proxy's user stay out of the log.
        yield f"Requests go through the proxy {urlsplit(proxy).hostname or 'of the environment'}."
    own = own_certificates()
    if own is not None:
        yield f"Certificates are checked against {own[1]}, as {own[0]} in the environment says."
