use std::time::Duration;

/// Misbehaviour of the catcher, for trying out what happens when a provider fails.
/// Written as `LEADLINE_CATCHER_SIMULATE=latency_ms=5,throttle_every=50,unavailable_every=40,unknown_every=30`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Simulate {
    /// How long each hand-over takes.
    pub latency: Duration,
    /// Every n-th hand-over is throttled; 0 is never.
    pub throttle_every: u64,
    /// Every n-th hand-over finds the provider down; 0 is never.
    pub unavailable_every: u64,
    /// Every n-th hand-over is stored and then answered with "unknown"; 0 is never.
    pub unknown_every: u64,
}

impl std::str::FromStr for Simulate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut simulate = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` must be name=number"))?;
            let number: u64 = value.trim().parse().map_err(|_| format!("`{pair}`: the value must be a whole number"))?;
            match name.trim() {
                "latency_ms" => simulate.latency = Duration::from_millis(number),
                "throttle_every" => simulate.throttle_every = number,
                "unavailable_every" => simulate.unavailable_every = number,
                "unknown_every" => simulate.unknown_every = number,
                other => {
                    return Err(format!("`{other}` is unknown; use latency_ms, throttle_every, unavailable_every or unknown_every"));
                }
            }
        }
        Ok(simulate)
    }
}

/// How a recipient of the catcher behaves, by its address: `anna+bounce@example.com` or, for a whole
/// address, `bounce@example.com`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// `bounce-now`: refused on the spot, as by an SMTP server that knows its users.
    RejectedAtOnce,
    /// `defer`: refused for now.
    Deferred,
    /// `auth`: refused because our domain is not authenticated.
    Unauthenticated,
    /// `timeout`: taken, but the answer gets lost the first time.
    AnswerLost,
    /// `bounce`: taken; a permanent bounce is reported later, through the provider's webhook.
    Bounce,
    /// `soft`: taken; a transient bounce is reported later.
    SoftBounce,
    /// `complaint`: taken; the recipient calls it spam later.
    Complaint,
}

impl Reaction {
    /// The reaction that an address asks for, if any.
    pub fn of(address: &str) -> Option<Self> {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase();
        match local.rsplit_once('+').map_or(local.as_str(), |(_, suffix)| suffix) {
            "bounce-now" => Some(Self::RejectedAtOnce),
            "defer" => Some(Self::Deferred),
            "auth" => Some(Self::Unauthenticated),
            "timeout" => Some(Self::AnswerLost),
            "bounce" => Some(Self::Bounce),
            "soft" => Some(Self::SoftBounce),
            "complaint" => Some(Self::Complaint),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_or_explained() {
        let simulate: Simulate = "latency_ms=5, unknown_every=3".parse().unwrap();
        assert_eq!((simulate.latency, simulate.unknown_every), (Duration::from_millis(5), 3));
        assert_eq!("".parse::<Simulate>().unwrap(), Simulate::default());
        assert!("latency=5".parse::<Simulate>().unwrap_err().contains("latency_ms"));
        assert!("latency_ms=fast".parse::<Simulate>().unwrap_err().contains("whole number"));
    }

    #[test]
    fn addresses_ask_for_reactions() {
        assert_eq!(Reaction::of("bounce@x.example"), Some(Reaction::Bounce));
        assert_eq!(Reaction::of("Anna+Bounce-Now@x.example"), Some(Reaction::RejectedAtOnce));
        assert_eq!(Reaction::of("a+b+soft@x.example"), Some(Reaction::SoftBounce));
        assert_eq!(Reaction::of("anna.bounce@x.example"), None);
    }
}
