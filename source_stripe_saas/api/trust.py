"""An address and the environment -> the proxies and certificate authorities that are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from source_stripe_saas.api.access import STRIPE_URL, Access

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Each may name a file of certificate authorities; the first that is set counts."""


class TrustError(ValueError):
    """The environment names certificates that are not there."""

    def __init__(self, variable: str, path: str) -> None:
        super().__init__(f"`{variable}` in the environment names no file or folder: {path!r}.")


def own_certificates() -> tuple[str, str] | None:
    """The variable that names a file of certificate authorities, and the file; None if none does.

    Raises:
        TrustError: there is no such file. Falling back on the usual authorities would hide it.
    """
    for variable in VARIABLES:
        path = os.environ.get(variable)
        if path:
            if not os.path.exists(path):
                raise TrustError(variable, path)
            return variable, path
    return None


def verification() -> str | Literal[True]:
    """The parameter `verify` of requests: a path, or True for the usual ones; never False."""
    found = own_certificates()
    return found[1] if found else True


def proxies(url: str) -> dict[str, str]:
    """Proxies by scheme, as the environment names them for an address."""
    import requests  # slow to load, and not needed for the certificates

    return dict(requests.utils.get_environ_proxies(url))


def remarks(access: Access) -> Iterator[str]:
    """What is unusual about the connection to Stripe, a line each, for the log."""
    url = urlsplit(access.url)
    if not access.is_stripe:
        yield (
            f"Requests and the API key go to {access.url}, not to {STRIPE_URL}: "
            "the config says so in `api_url`."
        )
        if url.scheme == "http" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
            yield "They are not encrypted: anyone on the network path can read the key."
    known = proxies(access.url)
    proxy = known.get(url.scheme) or known.get("all")
    if proxy:
        # The proxy's user name and password stay out of the log.
        yield f"Requests go through the proxy {urlsplit(proxy).hostname or 'of the environment'}."
    own = own_certificates()
    if own is not None:
        yield f"Certificates are checked against {own[1]}, as {own[0]} in the environment says."
