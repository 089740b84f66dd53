"""Which proxy the environment names for a server, and whether it can be used."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from genlevel.errors import ModelError

__all__ = ["check_proxy", "is_here"]

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


def check_proxy(url: str) -> None:
    """Look at what the environment says before it is used: the client passes over a proxy that it cannot make out.

    Raises:
        ModelError: naming the variable, but not its value, which may hold a password.
    """
    own = f"{urlsplit(url).scheme}_proxy"
    variables = (own.upper(), own, "ALL_PROXY", "all_proxy")
    variable = next((name for name in variables if os.environ.get(name, "").strip()), "")
    if not variable or _USABLE.fullmatch(os.environ[variable].strip()):
        return
    from urllib.request import proxy_bypass

    if not proxy_bypass(urlsplit(url).netloc.rpartition("@")[2]):
        raise ModelError(
            f"the environment variable {variable} names no proxy of the form http://host:port; write what is odd in its "
            "user name or password as %XX"
        )
