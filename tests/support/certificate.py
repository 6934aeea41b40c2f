"""Certificates for the servers of tests: signed by themselves, or by an authority."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def self_signed(folder: Path, *hosts: str, days: int = 1) -> ssl.SSLContext:
    """Return a server's TLS context. Its certificate.pem in *folder* is for *hosts* and expires in *days*."""
    key = _key()
    certificate = _for_hosts(_builder(hosts[0], hosts[0], key, days), hosts).sign(key, SHA256())
    return _context(folder, certificate, key)


def signed(folder: Path, *hosts: str) -> ssl.SSLContext:
    """Return a server's TLS context. The authority that signed its certificate is authority.pem in *folder*."""
    key, authority, name = _key(), _key(), "Authority of a test"
    root = _builder(name, name, authority).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    (folder / "authority.pem").write_bytes(root.sign(authority, SHA256()).public_bytes(Encoding.PEM))
    certificate = _for_hosts(_builder(hosts[0], name, key), hosts).sign(authority, SHA256())
    return _context(folder, certificate, key)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, days: int = 1) -> x509.CertificateBuilder:
    by, of = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (issuer, subject))
    builder = x509.CertificateBuilder(by, of, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    return builder.not_valid_before(now - timedelta(days=3)).not_valid_after(now + timedelta(days=days, hours=1))


def _for_hosts(builder: x509.CertificateBuilder, hosts: tuple[str, ...]) -> x509.CertificateBuilder:
    return builder.add_extension(x509.SubjectAlternativeName([_named(host) for host in hosts]), critical=False)


def _context(folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
