"""Our own listeners: no request reaches them, whatever the allow list opens."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address

from fql.plan.web.addresses import embedded, parse_address

OwnPorts = Callable[[], frozenset[int]]
"""The ports on which this process listens at the moment."""


def nothing_listens() -> frozenset[int]:
    """What a process says that listens nowhere."""
    return frozenset()


def is_of_this_machine(text: str) -> bool:
    """True for an address of one of this machine's interfaces.

    The system is asked whether it could be bound: lists of interfaces miss loopback spellings.
    """
    address = parse_address(text)
    if isinstance(address, IPv6Address):
        address = embedded(address) or address
    if address is None:
        return False
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def own_listener(addresses: Iterable[str], port: int, own: frozenset[int]) -> str | None:
    """Why host and port must not be reached, or None: one of the addresses is ours."""
    if port in own and any(map(is_of_this_machine, addresses)):
        return f"port {port} of this machine is one of our own"
    return None
