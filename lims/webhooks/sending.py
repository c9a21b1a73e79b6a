"""One request to an address that somebody typed: to no address inside our own network, to the address that was looked up and no other,
without following where it points, and never for long."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from lims.core.errors import Invalid, Problem

_STEP_SECONDS, _MOST_SECONDS = 5.0, 15.0
_MOST_BYTES = 4096


@dataclass(frozen=True)
class Received:
    """What came back: a status and how the answer began."""

    status: int
    text: str


def check_address(url: str) -> tuple[str, str, int, str]:
    """`(scheme, host, port, path with query)` of an address that may be told; raises `Invalid('url')`. Only its form is looked at; where
    it leads is looked at whenever something is sent."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _refusal("This is no address. Write it like https://receiver.example/lims.") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise _refusal("This is no address. Write it like https://receiver.example/lims.")
    if parts.scheme == "http" and settings.PRODUCTION:
        raise _refusal("Only https:// is told: everything else is readable on the way.")
    if parts.username is not None or parts.fragment:
        raise _refusal("Leave names, passwords and fragments out of the address; the signature says who is speaking.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port, path


def _refusal(sentence: str) -> Invalid:
    return Invalid("url", sentence, problems=[Problem("/url", "url", sentence)])


def find_address(host: str, port: int) -> str:
    """The address to connect to. Every address of the name must be public, unless the installation allows private ones: else a name could
    have one of each. Raises `Invalid('private_address')`, or `OSError` when there is none."""
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for one in found:
        _refuse_private(host, one)
    return found[0]


def refuse_private_literal(host: str) -> None:
    """Refuse at once what is a private address as it is written; where a name leads is looked at whenever something is sent."""
    if host == "localhost":
        _refuse_private(host, "127.0.0.1")
    with suppress(ValueError):
        _refuse_private(host, str(ipaddress.ip_address(host)))


def _refuse_private(host: str, address: str) -> None:
    if not settings.WEBHOOK_PRIVATE_ADDRESSES and not _is_public(address):
        sentence = f"{host} leads to {address}, which is not public. LIMS_WEBHOOK_PRIVATE=1 allows that."
        raise Invalid("private_address", sentence, problems=[Problem("/url", "private_address", sentence)])


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # Forms that carry an IPv4 address inside lead there.
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
    return address.is_global and not address.is_multicast


def post(url: str, body: bytes, headers: dict[str, str]) -> Received:
    """Send, and read how the answer begins. Raises `Invalid` for an address that may not be told, else `OSError` or
    `HTTPException`."""
    scheme, host, port, path = check_address(url)
    connection = _Pinned(scheme, host, port, find_address(host, port))
    # A receiver that answers a byte at a time would hold a worker for ever.
    watchdog = threading.Timer(_MOST_SECONDS, connection.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return Received(response.status, response.read(_MOST_BYTES).decode("utf-8", "replace"))
    finally:
        watchdog.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """Connects to one looked-up address, and asks there for the host by name."""

    def __init__(self, scheme: str, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=_STEP_SECONDS)
        self.scheme, self.address = scheme, address
        self.default_port = 443 if scheme == "https" else 80

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End it from another thread."""
        if self.sock is not None:
            self.sock.shutdown(socket.SHUT_RDWR)
