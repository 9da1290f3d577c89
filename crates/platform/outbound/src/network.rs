//! Which part of the internet an address belongs to (the registries of RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Everybody's.
    Public,
    /// This machine, or the network it stands in.
    Private,
    /// Nowhere that a server of somebody's could be: link-local (where clouds keep their metadata),
    /// multicast, reserved.
    Special,
}

/// How far requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere: the address was chosen by who runs this server.
    Anywhere,
    /// Public addresses only, by TLS.
    Public,
    /// Public addresses by TLS, private ones also without.
    PublicAndPrivate,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: u16, second: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), bits)
}

/// Loopback, the private blocks of RFC 1918, shared address space (RFC 6598), benchmarking.
const PRIVATE_V4: [Ipv4Net; 6] =
    [v4(127, 0, 0, 0, 8), v4(10, 0, 0, 0, 8), v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16), v4(100, 64, 0, 0, 10), v4(198, 18, 0, 0, 15)];

/// "This network", link-local, protocol assignments, documentation, the 6to4 relay, multicast, reserved, broadcast,
/// and the one public address at which a cloud keeps its metadata.
const SPECIAL_V4: [Ipv4Net; 10] = [
    v4(0, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    v4(168, 63, 129, 16, 32),
];

/// The only block that is routed in public (RFC 4291).
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);
/// Unique local addresses (RFC 4193).
const PRIVATE_V6: Ipv6Net = v6(0xfc00, 0, 7);
/// Inside the public block: protocol assignments with Teredo, documentation, 6to4, more documentation.
const SPECIAL_V6: [Ipv6Net; 4] = [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];
/// Unique local, and Amazon's metadata all the same.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) if PRIVATE_V4.iter().any(|net| net.contains(&address)) => Self::Private,
            IpAddr::V4(address) if SPECIAL_V4.iter().any(|net| net.contains(&address)) => Self::Special,
            IpAddr::V4(_) => Self::Public,
            IpAddr::V6(METADATA_V6) => Self::Special,
            IpAddr::V6(address) if address.is_loopback() || PRIVATE_V6.contains(&address) => Self::Private,
            // What is not in the one public block, an IPv4 address in disguise (NAT64) among it, is refused.
            IpAddr::V6(address) if GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address)) => Self::Public,
            IpAddr::V6(_) => Self::Special,
        }
    }
}

impl Reach {
    /// Whether a connection to `address` may be made, by TLS or without.
    pub(crate) fn allows(self, address: IpAddr, tls: bool) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public => tls && Network::of(address) == Network::Public,
            Self::PublicAndPrivate => match Network::of(address) {
                Network::Public => tls,
                Network::Private => true,
                Network::Special => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_network() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        for public in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert_eq!(of(public), Network::Public, "{public}");
        }
        for private in
            ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "::ffff:127.0.0.1"]
        {
            assert_eq!(of(private), Network::Private, "{private}");
        }
        for special in [
            "0.0.0.0",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::7f00:1",
            "2001::1",
        ] {
            assert_eq!(of(special), Network::Special, "{special}");
        }
    }

    #[test]
    fn plain_http_stays_at_home() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(Reach::Public.allows(ip("1.1.1.1"), true) && !Reach::Public.allows(ip("1.1.1.1"), false));
        assert!(!Reach::Public.allows(ip("10.0.0.1"), true));
        assert!(Reach::PublicAndPrivate.allows(ip("10.0.0.1"), false) && !Reach::PublicAndPrivate.allows(ip("1.1.1.1"), false));
        assert!(!Reach::PublicAndPrivate.allows(ip("169.254.169.254"), true));
    }
}
