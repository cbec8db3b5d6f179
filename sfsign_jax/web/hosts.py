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
    proxies: frozenset[str]  # as a proxy in front of the page is called
    any_address: bool  # a name can be led astray, an address can't

    def know(self, name: str) -> bool:
        return name in self.names | self.proxies or (self.any_address and is_address(name))


def hosts_of(host: str, proxies: Collection[str] = ()) -> Hosts:
    """Those of a page that listens at `host`, behind proxies of these names."""
    open_to_all = is_address(bracketed(host)) and ipaddress.ip_address(host).is_unspecified
    names = {bracketed(host)}
    if open_to_all:
        names = LOOPBACK | {socket.gethostname().lower()}
    elif is_loopback(host):
        names = LOOPBACK | names
    lowered = frozenset(bracketed(proxy) for proxy in proxies)
    return Hosts(frozenset(names), lowered, open_to_all)


def answers(hosts: Hosts, headers: Headers) -> bool:
    """Is a request for one of these hosts, and from no other page than its own?

    Gradio believes the names a proxy forwards, so they are to be known as well.
    """
    named = values(headers, b"host")
    forwarded = values(headers, b"x-forwarded-host")
    addressed = [*named, *forwarded]
    if len(named) != 1 or not all(hosts.know(name_of(authority)) for authority in addressed):
        return False
    return all(
        origin.partition("://")[2] in addressed
        or name_of(origin.partition("://")[2]) in hosts.proxies
        for origin in values(headers, b"origin")
    )


def values(headers: Headers, header: bytes) -> list[str]:
    """Those that a header lists, in lower case."""
    listed = [text.decode("latin-1").lower() for name, text in headers if name.lower() == header]
    return [value.strip() for text in listed for value in text.split(",")]


def name_of(authority: str) -> str:
    """Of `name:port` the name; of what is none nothing."""
    match = AUTHORITY.fullmatch(authority)
    return match[1] if match else ""


def is_loopback(host: str) -> bool:
    name = bracketed(host)
    return name == "localhost" or (is_address(name) and ipaddress.ip_address(host).is_loopback)


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def bracketed(host: str) -> str:
    """As a URL names it."""
    return f"[{host}]".lower() if ":" in host else host.lower()
