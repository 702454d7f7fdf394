"""What the service is told from outside and does not decide itself: time zone, limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from groups_platform.settings import Settings


@dataclass(frozen=True)
class ManagerConfigProvider:
    """Settings of the service.

    time_zone: an IANA name; days and months of usage are those of this zone.
    max_period_days: the longest period of `usage_per_period`, both days included.
    page_size: groups in a page of a search. batch_size: kernels fetched at once, from Postgres or Valkey.
    max_listed: how many kernels a usage result names at most per fault; it counts all of them.
    lock_timeout, statement_timeout, usage_timeout: seconds that an action waits at most for what others hold, that one
    statement may take, and that one of usage may take. pool_size: connections of a service; it has a quarter of that,
    at least two, for the rows of refusals besides.
    purge_approval: whether a purge needs a second admin, or the domains in which it does.
    """

    time_zone: str = "UTC"
    max_period_days: int = 100
    page_size: int = 50
    batch_size: int = 1000
    max_listed: int = 1000
    lock_timeout: float = 5.0
    statement_timeout: float = 60.0
    usage_timeout: float = 300.0
    pool_size: int = 20
    purge_approval: bool | frozenset[str] = False

    @classmethod
    def from_settings(cls, settings: Settings) -> ManagerConfigProvider:
        """The platform's settings as the service sees them."""
        return cls(
            time_zone=settings.time_zone,
            lock_timeout=settings.service_lock_timeout,
            statement_timeout=settings.statement_timeout,
            usage_timeout=settings.usage_timeout,
            pool_size=settings.pool_size,
            purge_approval=settings.purge_approval,
        )

    @property
    def zone(self) -> tzinfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    def needs_purge_approval(self, domain_name: str) -> bool:
        """Whether groups of this domain are purged by two admins."""
        wanted = self.purge_approval
        return wanted if isinstance(wanted, bool) else domain_name in wanted
