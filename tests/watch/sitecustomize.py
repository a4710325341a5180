"""On PYTHONPATH of a process and of those that it starts: nobody reaches beyond this machine, and who tries is noted.

Python imports this by itself. Each attempt is a line of the file that WATCHED names, and fails as it would without a
network. Only Python's own sockets come by here: what a library in C sends does not.
"""

import os
import socket
import sys

_HERE = {"", "0.0.0.0", "::", "::1", "localhost", socket.gethostname()}  # noqa: S104  # a name, not to be bound


def _refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        wanted = arguments[1][0] if isinstance(arguments[1], tuple) else ""  # else a file's name, or none
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        wanted = arguments[0] or ""
    else:
        return
    wanted = wanted.decode() if isinstance(wanted, bytes) else str(wanted)
    if wanted in _HERE or wanted.startswith("127."):
        return
    with open(os.environ["WATCHED"], "a", encoding="utf-8") as file:  # noqa: PTH123  # as little as can be is imported
        file.write(f"{event} {wanted}, by {' '.join(sys.argv)}\n")
    raise OSError(f"{wanted} is not on this machine")


sys.addaudithook(_refuse)
