"""The certificate authority of a server, and the certificate of its instances; made by trustme."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import trustme

from mhsm_model.tables.clouds import PUBLIC
from mhsm_targets.server.addresses import ISSUER_HOST, address_of

__all__ = ["Authority"]


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: its certificate and its private key, both PEM."""

    certificate: bytes
    private_key: bytes

    @classmethod
    def made(cls) -> Authority:
        """A new authority."""
        made = trustme.CA(organization_name="mhsm serve: for tests", key_type=trustme.KeyType.ECDSA)
        return cls(made.cert_pem.bytes(), made.private_key_pem.bytes())

    def install(self, context: ssl.SSLContext, instances: Sequence[str]) -> None:
        """Give the context a new certificate for all names and addresses of the instances.

        Connections that are open keep the certificate that they began with.
        """
        service = PUBLIC.resource.removeprefix("https://")
        names = [ISSUER_HOST, "127.0.0.1", "::1"]
        names += [f"{name}.localhost" for name in instances]
        names += [f"{name}.{service}" for name in instances]
        names += [address_of(number) for number in range(1, len(instances))]
        authority = trustme.CA.from_pem(self.certificate, self.private_key)
        # Its annotation names pyOpenSSL, which is not there.
        issued: Any = authority.issue_cert(*names, key_type=trustme.KeyType.ECDSA)
        issued.configure_cert(context)
