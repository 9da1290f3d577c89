use http::{HeaderMap, Method};

/// Words in the user agents of programs that open and click for security or previews.
const AGENTS: [&str; 22] = [
    "bot",
    "crawler",
    "spider",
    "preview",
    "scanner",
    "barracuda",
    "mimecast",
    "proofpoint",
    "safelinks",
    "symantec",
    "trendmicro",
    "fortinet",
    "cloudmark",
    "ggpht.com",
    "yahoomailproxy",
    "curl/",
    "wget/",
    "python-requests",
    "go-http-client",
    "java/",
    "okhttp",
    "headlesschrome",
];

/// Whether a program asked, as far as one can tell from the request; the time since the sending tells
/// more, where the send is known.
pub(super) fn is_machine(method: &Method, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Browsers say so when they fetch what nobody has asked for yet.
    let prefetch = header("sec-purpose").or_else(|| header("purpose")).is_some_and(|purpose| purpose.contains("prefetch"));
    method == Method::HEAD || prefetch || header("user-agent").is_none_or(is_machine_agent)
}

/// The same for an agent that a provider reports. Apple's Mail Privacy Protection says only "Mozilla/5.0".
pub(super) fn is_machine_agent(agent: &str) -> bool {
    let agent = agent.trim().to_ascii_lowercase();
    // Gmail's image proxy fetches when a person looks.
    let gmail = agent.contains("googleimageproxy");
    agent.is_empty() || agent == "mozilla/5.0" || (!gmail && AGENTS.iter().any(|word| agent.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people() {
        let of = |method: Method, headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
            is_machine(&method, &headers)
        };
        let person = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert!(!of(Method::GET, &[("user-agent", person)]));
        assert!(of(Method::HEAD, &[("user-agent", person)]));
        assert!(of(Method::GET, &[("user-agent", person), ("sec-purpose", "prefetch;prerender")]));
        let gmail = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
        assert!(!of(Method::GET, &[("user-agent", gmail)]));
        for machine in ["Mozilla/5.0", "Googlebot/2.1", "curl/8.5.0", "Mozilla/5.0 (compatible; Barracuda)"] {
            assert!(of(Method::GET, &[("user-agent", machine)]), "{machine}");
        }
        assert!(of(Method::GET, &[]));
    }
}
