"""What this process or machine runs out of. No receiver is to blame, and nothing was sent."""

from __future__ import annotations

import errno
import os
import ssl

SHORTAGES = {
    errno.EMFILE: "this process has no descriptor left (EMFILE): raise its limit, `ulimit -n`",
    errno.ENFILE: "this machine has no descriptor left (ENFILE): raise fs.file-max",
    errno.ENOBUFS: "this machine has no network buffer left (ENOBUFS)",
    errno.ENOMEM: "this machine has no memory left for a connection (ENOMEM)",
    errno.EADDRNOTAVAIL: "this machine has no port left for this receiver (EADDRNOTAVAIL)",
}
"""In words, by the number of the error."""


def shortage_of(error: OSError, address: str = "") -> str:
    """What an error says that we have run out of, in words, or nothing. A machine without IPv6
    refuses such an `address` as if it had no port left."""
    if isinstance(error, ssl.SSLError) or error.errno is None:
        return ""
    if error.errno == errno.EADDRNOTAVAIL and ":" in address:
        return ""
    return SHORTAGES.get(error.errno, "")


def shortage_now() -> str:
    """The same for errors that do not tell, such as those of a name that was looked up: whether
    there is a descriptor left."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return shortage_of(error)
    return ""
