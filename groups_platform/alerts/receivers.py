"""Who is told: the addresses of GROUPS_ALERTS, as the library apprise reads them. They may hold secrets."""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from apprise import Apprise, AppriseAsset
from apprise.manager_plugins import NotificationManager

from groups_platform.errors import InvalidSetting
from groups_platform.settings import Settings

# Not as one address: errors would mask the user and the password in it.
EXAMPLES: Final = (
    "jsons://host/path, or mailtos://example.com with user:password@ before the host (in the password %40 for @, %2F "
    "for /, %20 for a space, %25 for %)"
)
SEPARATOR: Final = re.compile(r"\s+|[,;]+(?=\s|$|[a-z0-9]{1,32}://)", re.IGNORECASE)
SCHEME: Final = re.compile(r"([a-z0-9]{1,32})://", re.IGNORECASE)

# Where an address says nothing of it. apprise has 4 s for both; a receiver that took the message and answers later
# would be told again.
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 120.0

_PLUGINS: Final = NotificationManager()  # type: ignore[no-untyped-call]

# Its lines may name hosts, paths and what a receiver answered. `sending` keeps what is harmless of them.
_log = logging.getLogger("apprise")
_log.propagate = False
_log.setLevel(logging.WARNING)
logging.getLogger("urllib3").setLevel(logging.ERROR)  # below that it names the path, in which webhooks have their token
warnings.filterwarnings("ignore", "Unverified HTTPS request is being made to host")  # verify=no; the warning names it

# The calling thread sends, and bounds it: apprise's own pool would keep a process from ending.
_ASSET: Final = AppriseAsset(app_id="groups-platform", async_mode=False, service_timeout=0)


@dataclass(frozen=True)
class Receiver:
    """An address of the setting. number: its place there, from 1. scheme: such as jsons or mailtos."""

    number: int
    scheme: str
    address: str = field(repr=False)
    service: Any = field(repr=False, compare=False)  # apprise's

    @property
    def label(self) -> str:
        """How people are told which one it is, without its address."""
        return f"{self.number} ({self.scheme})"

    def digest(self, key: bytes) -> str:
        """By which the tables know it. Slow to compute, so that nobody finds a password by trying."""
        return _digest(self.address, key)


def read_receivers(settings: Settings) -> tuple[Receiver, ...]:
    """The receivers of the setting, each address once; none where it is unset. Raises InvalidSetting."""
    return _read(settings.alerts.get_secret_value() if settings.alerts else "")


@lru_cache(maxsize=8)
def _read(value: str) -> tuple[Receiver, ...]:
    addresses = list(dict.fromkeys(filter(None, SEPARATOR.split(value))))
    return tuple(_receiver(number, len(addresses), address) for number, address in enumerate(addresses, 1))


def _receiver(number: int, of: int, address: str) -> Receiver:
    try:
        service: Any = Apprise.instantiate(address, asset=_ASSET)
    except Exception:  # each of its plugins raises what it likes, with the address in it
        service = None
    if service is None:
        raise InvalidSetting(_fault(number, of, address))
    if not re.search(r"[?&]rto=", address, re.IGNORECASE):
        service.socket_read_timeout = READ_SECONDS
    if not re.search(r"[?&]cto=", address, re.IGNORECASE):
        service.socket_connect_timeout = CONNECT_SECONDS
    if not re.search(r"[?&]redirect=", address, re.IGNORECASE):
        service.redirects = False  # where they lead a message is often dropped, and answered with 200
    return Receiver(number, _known_scheme(address) or _scheme_of(service), address, service)


def _fault(number: int, of: int, address: str) -> str:
    scheme = _known_scheme(address)
    what = (
        f"begins with {scheme}://, but apprise cannot read the rest of it" if scheme else "is none that apprise knows"
    )
    return (
        f"GROUPS_ALERTS has an invalid value: address {number} of {of} {what}. Write addresses as apprise reads them, "
        f"such as {EXAMPLES}, separated by spaces, or unset it."
    )


def _known_scheme(address: str) -> str | None:
    """The scheme, where it is one of apprise's: anything else may be a part of a secret."""
    found = SCHEME.match(address)
    scheme = found[1].lower() if found else ""
    return scheme if scheme in _PLUGINS else None


def _scheme_of(service: Any) -> str:
    """Of a service that was given by its own web address, such as a webhook of Slack."""
    protocol = service.secure_protocol or service.protocol
    return protocol if isinstance(protocol, str) else str(next(iter(protocol)))


@lru_cache(maxsize=64)
def _digest(address: str, key: bytes) -> str:
    return hashlib.scrypt(address.encode(), salt=key, n=2**14, r=8, p=1, dklen=12).hex()
