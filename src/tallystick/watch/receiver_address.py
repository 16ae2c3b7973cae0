"""Receiver address: which addresses a webhook may be sent to, judged of the one that is connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

METADATA = {ip_address("168.63.129.16"), ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}
"""Addresses at which clouds tell a machine its secrets, besides the link-local ones."""
_NAT64 = ip_network("64:ff9b::/96")


def why_not(address: str, *, allow_private: bool, encrypted: bool) -> str:
    """Return why a webhook is not sent to an address; empty where it is. No address of a cloud's metadata is allowed.

    What is not encrypted is sent to loopback and private addresses alone.
    """
    ip = _destination(ip_address(address.partition("%")[0]))
    if ip in METADATA or ip.is_link_local:
        return "its address is link-local, or one of a cloud's metadata"
    if ip.is_multicast or ip.is_unspecified:
        return "its address is none of a single machine"
    if not ip.is_global:
        return "" if allow_private else "its address is private: allow_private = true allows that"
    return "" if encrypted else "its address is not encrypted: write https://"


def _destination(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one leads to, where it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
