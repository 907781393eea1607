"""The address guard: every hostile spelling is refused, before and after a look-up."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from fql.errors import SettingsError
from fql.plan.web.addresses import (
    DENIED_IPV4,
    DENIED_IPV6,
    LOOPBACK,
    EgressSettings,
    address_problem,
    host_problem,
    is_this_host,
    port_problem,
    target_problem,
)
from fql.plan.web.urls import UrlProblem, parse_literal_url
from fql.settings.reading import read_settings

PUBLIC_ONLY = EgressSettings()

PRIVATE_IPV4 = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
    "127.0.0.1", "127.0.0.53", "127.255.255.254", "169.254.0.1", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
)  # fmt: skip

EMBEDDING = (
    "::ffff:{v4}", "::ffff:{hex}", "::{v4}", "64:ff9b::{v4}", "64:ff9b:1::{v4}", "2002:{hex}::",
    "2002:{hex}::1", "::ffff:0:{v4}", "fe80::5efe:{v4}", "2001:4860::200:5efe:{v4}",
    "2001:4860::5efe:{v4}", "2001:0:{hex}::",
)  # fmt: skip
"""IPv6 spellings that carry an IPv4 address: mapped, compatible, NAT64, 6to4, ISATAP, Teredo."""

PRIVATE_IPV6 = (
    "::", "::1", "0:0:0:0:0:0:0:1", "100::1", "2001::1", "2001:db8::1", "2001:10::1",
    "2001:20::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1", "ff0e::1",
)  # fmt: skip

ODD_HOSTS = (
    "0", "1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "127.000.000.001", "0x7f.0x0.0x0.0x1", "127.0.0.1.", "017700000001", "0xA9FEA9FE",
    "2852039166", "169.254.43518", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "127．0．0．1",
    "127｡0｡0｡1", "[::1", "::1]", "[::1%25eth0]", "[::1%eth0]", "[127.0.0.1]", "[::ffff:127.0.0.1",
    "127.0.0.1%00.example.com", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1\t", "exa mple.com",
    "a@127.0.0.1", "user:pw@127.0.0.1", "example.com@127.0.0.1", "example.com:80@127.0.0.1",
    "example.com\\@127.0.0.1", "example.com\\.evil.example", "-a.example.com", "a-.example.com",
    "a..example.com", ".example.com", "", "[]", "[", "]", "a_b.example.com", "faß.de",
    "a\u200db.de",
    "ℓocalhost", "localhost\0.example.com", "example.com\r\nHost: x", "[v1.fe80::a]", "256.1.1.1",
    "1.2.3", "1.2.3.4.5", "1.2.3.0x4", "999999999999", "example.0x1", "a" * 64 + ".example.com",
    ("a" * 60 + ".") * 5 + "example.com",
)  # fmt: skip

LOCAL_NAMES = (
    "localhost", "LOCALHOST", "a.localhost", "printer.local", "metadata.google.internal",
    "x.internal", "router.home.arpa", "intranet", "kubernetes", "example.com.", "localhost.",
)  # fmt: skip


def _embedded() -> list[str]:
    return [
        form.format(v4=v4, hex=f"{int(ip_address(v4)) >> 16:x}:{int(ip_address(v4)) & 0xFFFF:x}")
        for form in EMBEDDING
        for v4 in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1")
    ]


HOSTILE_ADDRESSES = (*PRIVATE_IPV4, *PRIVATE_IPV6, *_embedded())


def refused(host: str) -> bool:
    """True if a url with this host is malformed or forbidden."""
    try:
        parts = parse_literal_url(f"https://{host}/hook")
    except UrlProblem:
        return True
    return host_problem(parts.host, PUBLIC_ONLY) is not None


def test_there_are_enough_hostile_spellings() -> None:
    assert len({*HOSTILE_ADDRESSES, *ODD_HOSTS, *LOCAL_NAMES}) >= 150


@pytest.mark.parametrize("text", HOSTILE_ADDRESSES)
def test_hostile_address_is_refused_as_answer_of_a_look_up(text: str) -> None:
    assert address_problem(ip_address(text), PUBLIC_ONLY) is not None


@pytest.mark.parametrize("text", HOSTILE_ADDRESSES)
def test_hostile_address_is_refused_as_literal(text: str) -> None:
    assert refused(f"[{text}]" if ":" in text else text)


@pytest.mark.parametrize("host", [*ODD_HOSTS, *LOCAL_NAMES])
def test_odd_or_local_host_is_refused(host: str) -> None:
    assert refused(host)


@pytest.mark.parametrize(
    "text",
    ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
     "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::8.8.8.8",
     "::ffff:8.8.8.8"],
)  # fmt: skip
def test_public_address_is_allowed(text: str) -> None:
    assert address_problem(ip_address(text), PUBLIC_ONLY) is None


@pytest.mark.parametrize("network", [*DENIED_IPV4, *DENIED_IPV6])
def test_first_and_last_of_each_denied_network_are_refused(network: object) -> None:
    net = ip_network(str(network))
    assert address_problem(net[0], PUBLIC_ONLY)
    assert address_problem(net[-1], PUBLIC_ONLY)


def test_allow_list_opens_exactly_its_networks() -> None:
    egress = EgressSettings(allow=("10.1.0.0/16", "fd00::/8"))
    assert host_problem("10.1.255.255", egress) is None
    assert host_problem("::ffff:10.1.0.1", egress) is None
    assert host_problem("fd12::1", egress) is None
    assert host_problem("10.2.0.0", egress) is not None
    assert host_problem("127.0.0.1", egress) is not None


def test_a_name_of_the_allow_list_may_be_looked_up_but_its_addresses_are_still_judged() -> None:
    egress = EgressSettings(allow=("orders.internal",))
    assert host_problem("orders.internal", egress) is None
    assert host_problem("other.internal", egress) is not None
    assert address_problem(ip_address("10.0.0.1"), egress) is not None


def test_localhost_is_open_only_with_loopback() -> None:
    assert host_problem("localhost", PUBLIC_ONLY) is not None
    assert host_problem("localhost", LOOPBACK) is None


@pytest.mark.parametrize(("port", "open_"), [(80, True), (443, True), (1024, True), (65535, True),
                                             (22, False), (25, False), (1023, False)])  # fmt: skip
def test_ports_below_1024_are_closed_but_for_the_web(port: int, open_: bool) -> None:
    assert (port_problem(port, PUBLIC_ONLY) is None) is open_


def test_a_target_needs_a_host_and_a_port_that_are_open() -> None:
    """Either of them is reason enough."""
    assert target_problem("10.0.0.1", 443, EgressSettings())
    assert target_problem("shop.example", 22, EgressSettings())
    assert target_problem("shop.example", 443, EgressSettings()) is None


def test_a_low_port_can_be_opened() -> None:
    assert port_problem(587, EgressSettings(ports=(587,))) is None


def test_this_host_is_known_in_its_spellings() -> None:
    assert all(is_this_host(h) for h in ("localhost", "127.0.0.1", "127.9.9.9", "::1"))
    assert not is_this_host("example.com")


@pytest.mark.parametrize(
    "text",
    [
        "100:0:0:1::1", "5f00::1", "3fff::1", "64:ff9b:1::1", "4000::1", "8000::1", "e000::1",
        "1::1", "200::1", "fec0::1", "::ffff:0:10.0.0.1",
    ],
)  # fmt: skip
def test_what_iana_has_given_to_nobody_is_not_public(text: str) -> None:
    """Outside of 2000::/3, and in the registry of special purposes as of 2025."""
    assert address_problem(ip_address(text), EgressSettings()) is not None


def test_the_world_stays_reachable() -> None:
    for text in ("2606:4700::1", "2a00::1", "2620:4f:8000::1", "1.1.1.1", "64:ff9b::8.8.8.8"):
        assert address_problem(ip_address(text), EgressSettings()) is None


@pytest.mark.parametrize("entry", ["10.1.2.3/8", "127.0.0.1/8", "fd00::1/8"])
def test_an_allowed_network_with_bits_of_a_host_is_an_error(entry: str) -> None:
    with pytest.raises(SettingsError, match="bits after its prefix"):
        read_settings(f'[egress]\nallow = ["{entry}"]\n')
