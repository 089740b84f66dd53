"""Which proxy and certificates the environment names for a server, and whether they can be used."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from genlevel.errors import ModelError

__all__ = ["check_certificates", "check_proxy", "is_here", "proxy_variable"]

_USABLE: Final = re.compile(
    r"((https?|socks4a?|socks5h?)://)?([\w.~!$&'()*+,;=:%-]*@)?([\w.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?(/.*)?",
    re.ASCII | re.IGNORECASE,
)


@lru_cache(16)
def is_here(url: str) -> bool:
    """Whether the address is one of this machine for itself, which no proxy is asked for."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified


def proxy_variable(url: str) -> str:
    """Which variable of the environment names the proxy through which the address is asked; '' for none."""
    own = f"{urlsplit(url).scheme}_proxy"
    variables = (own.upper(), own, "ALL_PROXY", "all_proxy")
    variable = next((name for name in variables if os.environ.get(name, "").strip()), "")
    return variable if variable and not is_here(url) and not _passed_by(url) else ""


def _passed_by(url: str) -> bool:
    """Whether ``NO_PROXY`` names the server, read as the client reads it: names with those below them, addresses, networks."""
    host = urlsplit(url).hostname or ""
    entries = (entry.strip() for entry in (os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "").split(","))
    try:
        address = ip_address(host)
    except ValueError:
        names = {entry.lower().removeprefix(".") for entry in entries if entry}
        return any(name == "*" or f".{host}".endswith(f".{name}") for name in names)
    return any(_is_in(address, entry) for entry in entries)


def _is_in(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def check_proxy(url: str) -> None:
    """Look at what the environment says before it is used: the client passes over a proxy that it cannot make out.

    Raises:
        ModelError: naming the variable, but not its value, which may hold a password.
    """
    variable = proxy_variable(url)
    if variable and not _USABLE.fullmatch(os.environ[variable].strip()):
        raise ModelError(
            f"the environment variable {variable} names no proxy of the form http://host:port; write what is odd in its "
            "user name or password as %XX"
        )


def check_certificates() -> None:
    """Look at the file of certificates that the environment names: the client passes over one that it cannot read.

    Raises:
        ModelError: naming the variable and the file.
    """
    file = os.environ.get("SSL_CERT_FILE", "")
    if not file:
        return
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise ModelError(
            f"the environment variable SSL_CERT_FILE names {file}, which holds no certificate (PEM)"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(
            f"the environment variable SSL_CERT_FILE names {file}, which cannot be read ({reason})"
        ) from None
