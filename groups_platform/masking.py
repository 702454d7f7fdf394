"""Takes secrets out of what is logged, audited or shown to those who may not see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
# Of these nobody knows which keys people put secrets into, so it is said which are none.
PUBLIC_KEYS = {"container_registry": ("registry", "project"), "dotfiles": ("path", "perm")}
SECRET_KEY = re.compile(r"pass|pwd|secret|token|credential|api.?key|access.?key|private|auth|cookie", re.IGNORECASE)
# Up to the last @ of what may be a user: passwords hold @, and / where nobody wrote %2F (but a port is none).
URL_USER = re.compile(r"(?<=://)(?:[^/\s:@]*:(?!\d+/)[^\s'\"]*|[^/\s]+)(?=@)")
# As connection strings have them: ;token=…, ?password=…
PARAMETER = re.compile(
    r"\b(\w*(?:password|passwd|pwd|secret|token|credential|api_?key|access_?key)\w*=)[^;&\s'\"]+", re.IGNORECASE
)
# A registry is a host, its port and a path. Whatever stands before the last @ or after ? and # is something else.
REGISTRY = re.compile(r"^(?P<scheme>\w+://)?(?P<user>.*@)?(?P<place>[^?#]*)(?P<query>[?#].*)?$", re.DOTALL)


def mask_text(text: str) -> str:
    """`text` without the users and passwords of the URLs in it, and without the tokens in their parameters."""
    return PARAMETER.sub(rf"\1{MASK}", URL_USER.sub(MASK, text))


def mask_secrets(value: Any, key: str = "") -> Any:
    """`value`, of types of JSON, with everything masked that is a secret by the name of its key or by its looks."""
    if SECRET_KEY.search(key) and value is not None:
        return MASK
    if key == "registry" and isinstance(value, str):
        return _mask_registry(value)
    if isinstance(value, Mapping):
        public = PUBLIC_KEYS.get(key)
        return {k: mask_secrets(v, k) if public is None or k in public else MASK for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_secrets(item, key) for item in value]
    return mask_text(value) if isinstance(value, str) else value


def _mask_registry(registry: str) -> str:
    parts = REGISTRY.match(registry)
    if parts is None:
        return MASK
    user, query = (MASK + "@" if parts["user"] else ""), (parts["query"][0] + MASK if parts["query"] else "")
    return f"{parts['scheme'] or ''}{user}{parts['place']}{query}"


def public_registry(registry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A container registry without its credentials."""
    if registry is None:
        return None
    public = PUBLIC_KEYS["container_registry"]
    return {key: mask_secrets(value, key) for key, value in registry.items() if key in public}
