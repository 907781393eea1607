"""Which addresses, names and ports a request may reach: a frozen table of our own.

The standard library's `is_global` is wrong for several ranges and changes between versions, so
the decision is made by the networks below (IANA special-purpose registries, RFC 6890 and later
additions; 168.63.129.16 is a cloud provider's metadata address outside them). Compiler and
runtime share this file, so that "Test" and "deliver" never judge differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DENIED_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",
    )
)  # fmt: skip
"""IPv4 networks that are never public unicast."""

DENIED_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
"""IPv6 networks that are never public unicast; 6to4, Teredo and compatible spellings included."""

UNWRAPPED = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped and NAT64 networks: the IPv4 address in the last 32 bits is judged instead."""

ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""Third quarter of an IPv6 address that embeds an IPv4 address for a tunnel (RFC 5214)."""

LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa")
"""Names that mean something on this network only, as suffixes."""

OPEN_LOW_PORTS = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class EgressSettings:
    """`[egress]` of `fql.toml`: what is reachable besides public addresses.

    `allow` holds networks (`10.1.0.0/16`) and host names (`orders.internal`) whose addresses are
    still judged; `ports` holds ports below 1024 that are open besides 80 and 443.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


LOOPBACK = EgressSettings(allow=("127.0.0.0/8", "::1/128"))
"""What test harnesses allow themselves: this machine."""


def parse_network(text: str) -> Network | None:
    """An address or network of the allow list, or None where the text is neither: `10.1.2.3/8` is
    neither, as it may mean the address or the network."""
    try:
        return ip_network(text)
    except ValueError:
        return None


def has_host_bits(text: str) -> bool:
    """True for a network that is written with the address of a host in it."""
    try:
        return parse_network(text) is None and bool(ip_network(text, strict=False))
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _networks(allow: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(found for found in map(parse_network, allow) if found is not None)


def _names(allow: tuple[str, ...]) -> frozenset[str]:
    return frozenset(entry.lower() for entry in allow if parse_network(entry) is None)


def parse_address(host: str) -> Address | None:
    """The address that a host is in its one accepted spelling, or None for a name.

    Four decimal parts without leading zeros, or an IPv6 address without a zone.
    """
    try:
        return ip_address(host) if "%" not in host else None
    except ValueError:
        return None


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that decides instead: of mapped and NAT64 spellings."""
    if any(address in network for network in UNWRAPPED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is allocated for the world; the rest of IPv6 is special, or nobody's yet."""


def _denied(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in DENIED_IPV4)
    if address not in GLOBAL_UNICAST:
        return True
    if (int(address) >> 32) & 0xFFFF_FFFF in ISATAP:
        return True
    return any(address in network for network in DENIED_IPV6)


def address_problem(address: Address, egress: EgressSettings) -> str | None:
    """Why an address must not be dialled, or None where it may be."""
    allowed = _networks(egress.allow)
    judged = embedded(address) or address if isinstance(address, IPv6Address) else address
    if any(candidate in network for candidate in (address, judged) for network in allowed):
        return None
    if _denied(judged):
        return f"the address {address} is not a public one"
    return None


def _is_local(name: str) -> bool:
    return any(name == local or name.endswith("." + local) for local in LOCAL_NAMES)


def is_localhost(name: str) -> bool:
    """True for the names that RFC 6761 reserves for this machine."""
    return name == "localhost" or name.endswith(".localhost")


def localhost_addresses(egress: EgressSettings) -> tuple[str, ...]:
    """What `localhost` means: those loopback addresses that are allowed; no look-up is made."""
    return tuple(
        text for text in ("127.0.0.1", "::1") if not address_problem(ip_address(text), egress)
    )


def name_problem(name: str, egress: EgressSettings) -> str | None:
    """Why a host name must not be looked up, or None where it may be."""
    if name in _names(egress.allow):
        return None
    if is_localhost(name) and localhost_addresses(egress):
        return None
    if name.endswith("."):
        return f"the host {name} ends with a dot"
    if _is_local(name) or "." not in name:
        return f"the host {name} is a name of this network only"
    return None


def host_problem(host: str, egress: EgressSettings) -> str | None:
    """Why a host (name or literal address) must not be reached, or None."""
    address = parse_address(host)
    if address is not None:
        return address_problem(address, egress)
    return name_problem(host, egress)


def port_problem(port: int, egress: EgressSettings) -> str | None:
    """Why a port must not be reached, or None: 80, 443 and those from 1024 up are open."""
    if port >= 1024 or port in OPEN_LOW_PORTS or port in egress.ports:
        return None
    return f"port {port} is not open to requests"


def target_problem(host: str, port: int, egress: EgressSettings) -> str | None:
    """Why host and port must not be reached, or None. What a look-up gives is judged later."""
    return host_problem(host, egress) or port_problem(port, egress)


def is_this_host(host: str) -> bool:
    """True for loopback spellings: plain http to them is not a warning (FQL332)."""
    address = parse_address(host)
    return address.is_loopback if address is not None else is_localhost(host)
