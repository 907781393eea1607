"""Faults planted in what leaves: addresses, transport, signatures, masks."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a revoked token is never renewed",
        "runtime/fql/egress/send.py",
        "        if answer.status != 401:\n            return answer\n        if used != cached:",
        "        if answer.status:\n            return answer\n        if used != cached:",
        "tests/egress/test_auth.py::test_a_refused_token_is_fetched_again_by_the_next_attempt",
    ),
    Mutant(
        "our own listener is reached",
        "runtime/fql/egress/wire/dialling.py",
        "                if problem:\n"
        '                    raise SendFailed("egress", problem)\n'
        "                where",
        "                where",
        "tests/end_to_end/test_canary.py::test_no_secret_is_left_anywhere",
    ),
    Mutant(
        "TLS 1.1 is spoken",
        "runtime/fql/egress/wire/tls.py",
        "made.minimum_version = ssl.TLSVersion.TLSv1_2",
        "made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED",
        "tests/egress/wire/test_tls.py::test_nothing_below_tls_1_2_is_spoken",
    ),
    Mutant(
        "the certificate is not checked for the host",
        "runtime/fql/egress/wire/tls.py",
        "    made.set_alpn_protocols",
        "    made.check_hostname = False\n    made.set_alpn_protocols",
        "tests/egress/wire/test_tls.py::test_the_certificate_must_be_for_the_host_name",
    ),
    Mutant(
        "a link-local address is public",
        "runtime/fql/plan/web/addresses.py",
        '"127.0.0.0/8", "169.254.0.0/16",',
        '"127.0.0.0/8",',
        "tests/egress/test_addresses.py::test_hostile_address_is_refused_as_answer_of_a_look_up",
    ),
    Mutant(
        "a local name is looked up",
        "runtime/fql/plan/web/addresses.py",
        '    if _is_local(name) or "." not in name:',
        '    if "." not in name:',
        "tests/egress/test_addresses.py::test_odd_or_local_host_is_refused",
    ),
    Mutant(
        "a low port is open",
        "runtime/fql/plan/web/addresses.py",
        "if port >= 1024 or port in OPEN_LOW_PORTS or port in egress.ports:",
        "if port >= 22 or port in OPEN_LOW_PORTS or port in egress.ports:",
        "tests/egress/test_addresses.py::test_ports_below_1024_are_closed_but_for_the_web",
    ),
    Mutant(
        "a mapped address hides a private one",
        "runtime/fql/plan/web/addresses.py",
        "    judged = embedded(address) or address if isinstance(address, IPv6Address) el"
        "se address",
        "    judged = address",
        "tests/egress/test_addresses.py::test_public_address_is_allowed",
    ),
    Mutant(
        "values of secrets stay when something goes wrong after they were read",
        "runtime/fql/settings/secrets.py",
        "            self._found = before\n",
        "            pass\n",
        "tests/operate/test_secrets.py::test_all_are_read_again_or_none",
    ),
)
