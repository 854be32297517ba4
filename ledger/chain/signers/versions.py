"""Which libraries the signatures rest on."""

from __future__ import annotations

import cryptography


def library_versions() -> tuple[str, str]:
    """Name the versions of cryptography and of the OpenSSL in it."""
    from cryptography.hazmat.backends.openssl.backend import backend

    return cryptography.__version__, backend.openssl_version_text()
