"""A passkey that a member has added: a real public key, and no device behind it."""

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

CREDENTIAL_ID = b"a passkey of Maya's"


def add_passkey(user, name="My phone"):
    return Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": name, "credential": registration()},
    )


def registration():
    """What the browser sends after it has made a key."""
    key = ES256.from_cryptography_key(
        ec.generate_private_key(ec.SECP256R1()).public_key()
    )
    attested = AttestedCredentialData.create(b"\0" * 16, CREDENTIAL_ID, key)
    flags = (
        AuthenticatorData.FLAG.UP
        | AuthenticatorData.FLAG.UV
        | AuthenticatorData.FLAG.AT
    )
    told = AuthenticatorData.create(sha256(b"testserver"), flags, 0, attested)
    client = CollectedClientData.create(
        "webauthn.create", b"challenge", "https://testserver"
    )
    return {
        "id": websafe_encode(CREDENTIAL_ID),
        "rawId": websafe_encode(CREDENTIAL_ID),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(
                AttestationObject.create("none", told, {})
            ),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
