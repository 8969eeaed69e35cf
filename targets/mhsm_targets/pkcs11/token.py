"""A token as this package uses it: one session, objects by handle, every call counted.

All calls of a run are here, but for those that load the module, initialise and log in;
`call_replay.py` makes them again, to be measured. Errors are those of python-pkcs11.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.attributes import AttributeMapper
from pkcs11.exceptions import PKCS11Error

__all__ = ["Handle", "PlainMapper", "Template", "Token"]

Handle = Any
"""An object of the token. python-pkcs11 makes its class at run time, from its capabilities."""

Template = Mapping[Attribute, Any]
T = TypeVar("T")
_BATCH: Final = 512


class PlainMapper(AttributeMapper):
    """Adds nothing to a template but what it is called with.

    The templates of python-pkcs11 give every key all capabilities, which a private key that is
    unwrapped may not have, and an empty label and identifier.
    """

    def __init__(self) -> None:
        super().__init__()
        self.default_secret_key_template = {Attribute.CLASS: ObjectClass.SECRET_KEY}
        self.default_public_key_template = {Attribute.CLASS: ObjectClass.PUBLIC_KEY}
        self.default_private_key_template = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}

    def secret_key_template(self, **told: Any) -> dict[Attribute, Any]:
        """The class alone."""
        return dict(self.default_secret_key_template)

    def public_key_template(self, **told: Any) -> dict[Attribute, Any]:
        """The class alone."""
        return dict(self.default_public_key_template)

    def private_key_template(self, **told: Any) -> dict[Attribute, Any]:
        """The class alone."""
        return dict(self.default_private_key_template)

    def generic_key_template(
        self, base_template: dict[Attribute, Any], **told: Any
    ) -> dict[Attribute, Any]:
        """The template as it is."""
        return dict(base_template)


class Token:
    """An open session on a token, with the user logged in.

    `calls` counts the operations and `seconds` the time that the module took for them.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self.calls = 0
        self.seconds = 0.0

    @contextmanager
    def _timed(self) -> Generator[None, None, None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.calls += 1
            self.seconds += time.perf_counter() - begun

    def _called(self, function: Callable[[], T]) -> T:
        with self._timed():
            return function()

    def mechanisms(self) -> frozenset[Mechanism]:
        """The mechanisms that the module lists for the token, of those that have a name."""
        listed = self._called(self._session.token.slot.get_mechanisms)
        return frozenset(mechanism for mechanism in listed if isinstance(mechanism, Mechanism))

    def close(self) -> None:
        """Close the session, which may be gone already."""
        with contextlib.suppress(PKCS11Error):
            self._session.close()

    # --- objects ----------------------------------------------------------------------------------

    def create(self, template: Template) -> Handle:
        """A new object with just these attributes."""
        return self._called(lambda: self._session.create_object(dict(template)))

    def copy(self, handle: Handle, changes: Template) -> Handle:
        """A copy of the object with some attributes changed."""
        return self._called(lambda: handle.copy(dict(changes)))

    def destroy(self, handle: Handle) -> None:
        """Destroy the object."""
        self._called(handle.destroy)

    def found(self, template: Template) -> list[Handle]:
        """All objects that have these attributes."""
        session = self._session
        return self._called(lambda: list(session.get_objects(dict(template), batch_size=_BATCH)))

    def read(self, handle: Handle, attribute: Attribute) -> Any:
        """The value of one attribute."""
        return self._called(lambda: handle[attribute])

    # --- keys -------------------------------------------------------------------------------------

    def generated_secret(self, kind: KeyType, bits: int, template: Template) -> Handle:
        """A new symmetric key."""
        full = {Attribute.KEY_TYPE: kind, **template}
        generate = self._session.generate_key
        return self._called(
            lambda: generate(kind, bits, capabilities=_NONE, store=False, template=full)
        )

    def generated_pair(
        self, kind: KeyType, bits: int | None, public: Template, private: Template
    ) -> tuple[Handle, Handle]:
        """A new key pair; `public` holds the exponent or the curve."""
        if kind is KeyType.RSA:
            generate = self._session.generate_keypair
            pair: tuple[Handle, Handle] = self._called(
                lambda: generate(
                    kind,
                    bits,
                    capabilities=_NONE,
                    public_template=dict(public),
                    private_template=dict(private),
                )
            )
            return pair
        curve = {Attribute.EC_PARAMS: public[Attribute.EC_PARAMS]}
        parameters = self._session.create_domain_parameters(kind, curve, local=True)
        pair = self._called(
            lambda: parameters.generate_keypair(
                capabilities=_NONE, public_template=dict(public), private_template=dict(private)
            )
        )
        return pair

    def wrapped(
        self, wrapping: Handle, key: Handle, mechanism: Mechanism, parameter: Any = None
    ) -> bytes:
        """The key wrapped under another."""
        value: bytes = self._called(
            lambda: wrapping.wrap_key(key, mechanism=mechanism, mechanism_param=parameter)
        )
        return value

    def unwrapped(
        self,
        wrapping: Handle,
        value: bytes,
        mechanism: Mechanism,
        template: Template,
        parameter: Any = None,
    ) -> Handle:
        """The key in a wrapped value; `template` holds its class and type."""
        return self._called(
            lambda: wrapping.unwrap_key(
                template[Attribute.CLASS],
                template[Attribute.KEY_TYPE],
                value,
                mechanism=mechanism,
                mechanism_param=parameter,
                capabilities=_NONE,
                template=dict(template),
            )
        )

    def derived(
        self, base: Handle, mechanism: Mechanism, parameter: bytes, bits: int, template: Template
    ) -> Handle:
        """A key derived from another."""
        kind = template[Attribute.KEY_TYPE]
        return self._called(
            lambda: base.derive_key(
                kind,
                bits,
                capabilities=_NONE,
                mechanism=mechanism,
                mechanism_param=parameter,
                template=dict(template),
            )
        )

    # --- cryptography -----------------------------------------------------------------------------

    def random(self, count: int) -> bytes:
        """That many bytes from the token's generator."""
        value: bytes = self._called(lambda: self._session.generate_random(8 * count))
        return value

    def signed(
        self, key: Handle, value: bytes, mechanism: Mechanism, parameter: Any = None
    ) -> bytes:
        """The signature or MAC of the value."""
        signature: bytes = self._called(
            lambda: key.sign(value, mechanism=mechanism, mechanism_param=parameter)
        )
        return signature

    def verified(
        self,
        key: Handle,
        value: bytes,
        signature: bytes,
        mechanism: Mechanism,
        parameter: Any = None,
    ) -> bool:
        """Whether the signature or MAC is right."""
        right: bool = self._called(
            lambda: key.verify(value, signature, mechanism=mechanism, mechanism_param=parameter)
        )
        return right

    def encrypted(
        self, key: Handle, value: bytes, mechanism: Mechanism, parameter: Any = None
    ) -> bytes:
        """The value encrypted."""
        made: bytes = self._called(
            lambda: key.encrypt(value, mechanism=mechanism, mechanism_param=parameter)
        )
        return made

    def decrypted(
        self, key: Handle, value: bytes, mechanism: Mechanism, parameter: Any = None
    ) -> bytes:
        """The value decrypted."""
        made: bytes = self._called(
            lambda: key.decrypt(value, mechanism=mechanism, mechanism_param=parameter)
        )
        return made


_NONE: Final = 0
"""No capabilities beside those of the template."""
