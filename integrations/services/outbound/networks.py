"""Which addresses may be called: public ones, and the networks of HUB_OUTBOUND_ALLOW."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network

from django.conf import settings

Ip = IPv4Address | IPv6Address

NAT64 = ip_network("64:ff9b::/96")
# What the tables of some Python versions do not know, and what is public by its number alone: Azure's 168.63.129.16
# answers inside its machines, with their secrets.
ALSO_REFUSED = tuple(
    map(
        ip_network,
        ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "64:ff9b:1::/48", "2001::/23", "3fff::/20"),
    )
)


def is_allowed(ip: Ip) -> bool:
    """Judge an address by every form that it stands for: an IPv4 address may hide in one of IPv6."""
    return all(is_listed(form) or _is_public(form) for form in _forms(ip)) or is_listed(ip)


def is_listed(ip: Ip) -> bool:
    """Tell whether the admin allowed a network that holds the address, so that somebody vouches for the way to it."""
    return any(ip in network for network in settings.OUTBOUND_ALLOW)


def _is_public(ip: Ip) -> bool:
    refused = ip.is_multicast or ip.is_reserved or any(ip in network for network in ALSO_REFUSED)
    return ip.is_global and not refused


def _forms(ip: Ip) -> Iterator[Ip]:
    if isinstance(ip, IPv4Address):
        yield ip
    elif ip.ipv4_mapped:
        yield ip.ipv4_mapped
    elif ip in NAT64:
        yield IPv4Address(int(ip) & 0xFFFFFFFF)
    else:
        yield ip
        if ip.sixtofour:
            yield ip.sixtofour
