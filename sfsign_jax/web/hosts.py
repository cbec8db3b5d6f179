"""Which hosts the page answers to, and whose requests.

A web site that a visitor has open can send requests to this machine, and can have its own name lead
here (DNS rebinding): only the headers tell.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Sequence
from typing import NamedTuple

LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
AUTHORITY = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")

Headers = Sequence[tuple[bytes, bytes]]


class Hosts(NamedTuple):
    names: frozenset[str]
    allowed: frozenset[str]  # more of them: those of a proxy, or of the network
    any_address: bool  # a name can be led astray, an address can't

    def know(self, name: str) -> bool:
        return name in self.names | self.allowed or (
            self.any_address and is_address(name.strip("[]"))
        )


def hosts_of(host: str, allowed: Collection[str] = ()) -> Hosts:
    """Those of a page that listens at `host`, and more that are allowed."""
    any_address = is_address(host) and ipaddress.ip_address(host).is_unspecified
    names = {bracketed(host)}
    if any_address:
        names = {*LOOPBACK, socket.gethostname().lower()}
    elif is_loopback(host):
        names |= LOOPBACK
    return Hosts(frozenset(names), frozenset(map(bracketed, allowed)), any_address)


def answers(hosts: Hosts, headers: Headers) -> bool:
    """Is a request for one of these hosts, and from no other page than its own?

    Gradio believes what a proxy says it is called, so that must be known as well.
    """
    named = values(headers, b"host")
    forwarded = [*values(headers, b"x-forwarded-host"), *urls(headers, b"x-gradio-server")]
    addressed = [*named, *forwarded]
    if len(named) != 1 or not all(hosts.know(name_of(authority)) for authority in addressed):
        return False
    return all(
        origin in addressed or name_of(origin) in hosts.allowed
        for origin in urls(headers, b"origin")
    )


def urls(headers: Headers, header: bytes) -> list[str]:
    """The hosts and ports of those that a header lists."""
    return [value.partition("://")[2] for value in values(headers, header)]


def values(headers: Headers, header: bytes) -> list[str]:
    """Those that a header lists, in lower case."""
    listed = [text.decode("latin-1").lower() for name, text in headers if name.lower() == header]
    return [value.strip() for text in listed for value in text.split(",")]


def name_of(authority: str) -> str:
    """Of `name:port` the name; of what is none nothing."""
    match = AUTHORITY.fullmatch(authority)
    return match[1] if match else ""


def is_loopback(host: str) -> bool:
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def bracketed(host: str) -> str:
    """As a URL names it."""
    return f"[{host}]".lower() if ":" in host else host.lower()
