"""Masks secrets in text and values that are logged, audited or shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

MASK = "***"
# Under these keys any entry may be a secret: only the texts under the keys listed here are shown.
PUBLIC_KEYS = {"container_registry": ("registry", "project"), "dotfiles": ("path", "perm")}
SECRET_KEY = re.compile(r"pass|pwd|secret|token|credential|api.?key|access.?key|private|auth|cookie", re.IGNORECASE)
# User info up to the last @: a password may contain @ or / unescaped. A port followed by / is not user info.
URL_USER = re.compile(r"(?<=://)(?:[^/\s:@]*:(?!\d+/)[^\s'\"]*|[^/\s]+)(?=@)")
# Parameters of connection strings: ;token=…, ?password=…
PARAMETER = re.compile(
    r"\b(\w*(?:password|passwd|pwd|secret|token|credential|api_?key|access_?key)\w*=)[^;&\s'\"]+", re.IGNORECASE
)
# A registry is a host, a port and a path. Text before the last @ and after ? or # is masked.
REGISTRY = re.compile(r"^(?P<scheme>\w+://)?(?P<user>.*@)?(?P<place>[^?#]*)(?P<query>[?#].*)?$", re.DOTALL)


def mask_text(text: str) -> str:
    """Return `text` with the user info of URLs and the values of secret parameters masked."""
    return PARAMETER.sub(rf"\1{MASK}", URL_USER.sub(MASK, text))


def mask_secrets(value: Any, key: str = "") -> Any:
    """Return `value`, of JSON types, with secrets masked: they are known by the names of keys or the form of texts."""
    if SECRET_KEY.search(key) and value is not None:
        return MASK
    if key == "registry" and isinstance(value, str):
        return _mask_registry(value)
    if isinstance(value, Mapping):
        public = PUBLIC_KEYS.get(key)
        return {k: mask_secrets(v, k) if public is None or _is_public(k, v, public) else MASK for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_secrets(item, key) for item in value]
    if isinstance(value, str):
        return MASK if key in PUBLIC_KEYS else mask_text(value)
    return value


def _is_public(key: object, value: object, public: Collection[str]) -> bool:
    return key in public and isinstance(value, str)  # anything else may hold a secret deeper inside


def _mask_registry(registry: str) -> str:
    parts = REGISTRY.match(registry)
    if parts is None:
        return MASK
    user, query = (MASK + "@" if parts["user"] else ""), (parts["query"][0] + MASK if parts["query"] else "")
    return f"{parts['scheme'] or ''}{user}{parts['place']}{query}"


def public_registry(registry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a container registry without its credentials, and with a mask where its place is no text."""
    if not isinstance(registry, Mapping):  # others may have stored anything
        return None
    public = PUBLIC_KEYS["container_registry"]
    masked = mask_secrets(registry, "container_registry")
    return {key: value for key, value in masked.items() if key in public}
