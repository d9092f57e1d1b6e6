# SPDX-License-Identifier: Apache-2.0
"""Keys, certificates, challenges and signatures as the wire protocol has them, over P-256 and SHA-256 alone."""

import base64
import hashlib
import json

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

XMPP_ADDRESS = ObjectIdentifier("1.3.6.1.5.5.7.8.5")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_identifier(point):
    return b64(hashlib.sha256(point).digest())


def public_key(point):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def point_of(public):
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def verify(point, signature, message):
    """ES256: 64 bytes r||s."""
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public_key(point).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


class Key:
    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.point = point_of(self.private.public_key())
        self.identifier = key_identifier(self.point)

    def sign(self, message):
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign_text(self, context, text):
        """The sibling `<signature/>` of a `<json/>`."""
        return self.sign(f"stationmaster:1:{context}\n{text}".encode())

    def request(self, name):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self.private, hashes.SHA256())
        return csr.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self):
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def read_challenge(message, purpose, component, station, serial, key):
    """A unit signs only what it can read: every line of the known format is compared."""
    lines = message.decode().split("\n")
    wanted = ["stationmaster challenge 1", purpose, component, station, serial, key.identifier]
    if lines[:6] != wanted:
        raise AssertionError(f"challenge says {lines[:6]}, not {wanted}")
    if len(lines) != 8 or len(unb64(lines[6])) != 32:
        raise AssertionError("challenge has no nonce of 32 bytes or too many lines")
    return int(lines[7])


def open_envelope(envelope, kind, role, points):
    """The payload of a signed envelope, as bytes; raises unless one of the keys has signed it in that role."""
    if envelope["type"] != kind:
        raise AssertionError(f"envelope of type {envelope['type']}, not {kind}")
    payload = unb64(envelope["payload"])
    message = b"stationmaster:1:" + kind.encode() + b"\n" + payload
    known = {key_identifier(point): point for point in points}
    for signature in envelope["signatures"]:
        point = known.get(signature["key"])
        if point and role in (None, signature["role"]) and signature["alg"] == "ES256":
            if verify(point, unb64(signature["signature"]), message):
                return payload
    raise AssertionError(f"no good signature of {role or 'anyone known'} on the {kind}")


class StationCertificate:
    """What a station is given: checked as the server will check it, and then some."""

    def __init__(self, ders):
        self.ders = ders
        self.chain = [x509.load_der_x509_certificate(der) for der in ders]
        self.leaf = self.chain[0]

    @property
    def fingerprint(self):
        return hashlib.sha256(self.ders[0]).hexdigest()

    @property
    def pem(self):
        return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in self.chain)

    def check(self, authority_pem, key, serial, address):
        authority = x509.load_pem_x509_certificate(authority_pem)
        self.leaf.verify_directly_issued_by(authority)
        if point_of(self.leaf.public_key()) != key.point:
            raise AssertionError("certificate is for another key")
        numbers = self.leaf.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        if [number.value for number in numbers] != [serial]:
            raise AssertionError(f"serialNumber is {numbers}")
        names = self.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = [name.value for name in names if isinstance(name, x509.OtherName) and name.type_id == XMPP_ADDRESS]
        if addresses != [b"\x0c" + bytes([len(address)]) + address.encode()]:
            raise AssertionError(f"xmppAddr is {addresses}, not {address}")
        usage = self.leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if list(usage) != [ExtendedKeyUsageOID.CLIENT_AUTH]:
            raise AssertionError(f"extended key usage is {list(usage)}")
        if self.leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise AssertionError("a station's certificate that may sign others")

    @property
    def device_names(self):
        """URIs of the SAN, RFC 9039."""
        names = self.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier)


def strict_json(text):
    """JSON without duplicate keys, as RFC 7493 wants it."""
    def unique(pairs):
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("duplicate key")
        return members
    return json.loads(text, object_pairs_hook=unique)
