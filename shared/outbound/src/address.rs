//! Which addresses are somebody else's: everything that may be this machine, its network or its cloud is refused. A list of
//! what is public, not of what is bad, wherever the registries allow it. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True for an address that anybody may reach: no private, loopback, link-local, metadata, documentation, multicast or
/// translated one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    // IANA's special-purpose registry, and one address that a cloud uses for its metadata though it is public.
    const REFUSED: [([u8; 4], u32); 17] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([168, 63, 129, 16], 32),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 31, 196, 0], 24),
        ([192, 52, 193, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        // Multicast, reserved and broadcast.
        ([224, 0, 0, 0], 3),
    ];
    let bits = u32::from(address);
    !REFUSED.iter().any(|(network, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from_be_bytes(*network) & mask
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only global unicast is public. That leaves out mapped and translated IPv4 (::ffff:0:0/96, 64:ff9b::/96,
    // 64:ff9b:1::/48), unique local addresses with the cloud's metadata (fd00:ec2::254), link-local and multicast.
    const REFUSED: [(u128, u32); 5] = [
        (0x2001_0000 << 96, 23),      // protocol assignments, Teredo among them
        (0x2001_0db8 << 96, 32),      // documentation
        (0x2002_0000 << 96, 16),      // 6to4 carries any IPv4 address
        (0x3fff_0000 << 96, 20),      // documentation
        (0x2620_004f_8000 << 80, 48), // AS112
    ];
    let bits = u128::from(address);
    let within = |network: u128, length: u32| {
        let mask = u128::MAX << (128 - length);
        bits & mask == network & mask
    };
    within(0x2000 << 112, 3) && !REFUSED.iter().any(|(network, length)| within(*network, *length))
}
