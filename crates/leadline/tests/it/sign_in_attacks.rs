//! What somebody tries who wants to be somebody else: cookies laid out, and a clock held beside the answers.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::support::{Answer, TestApp, TestOptions, Visitor};

/// `name=value` of a cookie that an answer sets, and all that is said of it.
fn set_cookie<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    cookies.find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_was_laid_there_opens_nothing() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let planted = format!("leadline_session={}", "A".repeat(43));
    let (browser, stranger) = (app.stranger(), app.stranger());
    let form = [("email", ada.email.as_str()), ("password", Visitor::PASSWORD)];
    let answer = browser.send(browser.request("POST", "/login").header("cookie", &planted).form(&form)).await.expect(303);
    let given = set_cookie(&answer, "leadline_session").split(';').next().unwrap().to_owned();
    assert_ne!(given, planted);
    let me = async |cookie: &str| stranger.send(stranger.request("GET", "/api/v1/me").header("cookie", cookie)).await.status;
    assert_eq!((me(&planted).await, me(&given).await), (401, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_a_session_is_bound_to_it() {
    let app = TestApp::start_with(TestOptions { public_url: Some("https://sales.example.com"), ..TestOptions::default() }).await;
    let form = [("organisation", "Acme"), ("name", "Ada"), ("email", "ada@acme.example"), ("password", Visitor::PASSWORD)];
    let answer = app.stranger().post_form("/signup", &form).await.expect(303);
    for name in ["__Host-leadline", "__Host-leadline-device"] {
        let cookie = set_cookie(&answer, name);
        for said in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(said), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    // The cookie of a plain connection, which a neighbouring host could have set, is none.
    let token = set_cookie(&answer, "__Host-leadline").split(['=', ';']).nth(1).unwrap().to_owned();
    let stranger = app.stranger();
    let me = async |name: &str| {
        let request = stranger.request("GET", "/api/v1/me").header("cookie", format!("{name}={token}"));
        stranger.send(request).await.status
    };
    assert_eq!((me("__Host-leadline").await, me("leadline_session").await), (200, 401));
}

/// How long a wrong password takes from a network of its own.
async fn guess(app: &TestApp, email: &str, from: &str) -> Duration {
    let browser = app.stranger();
    let form = [("email", email), ("password", "wrong wrong wrong")];
    let request = browser.request("POST", "/login").header("x-forwarded-for", from).form(&form);
    let began = Instant::now();
    let answer = browser.send(request).await;
    let took = began.elapsed();
    assert_eq!(answer.status, 422, "{}", answer.body);
    took
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let trusted_proxies = vec![IpAddr::from([127, 0, 0, 1])];
    let app = TestApp::start_with(TestOptions { trusted_proxies, ..TestOptions::default() }).await;
    let mut ratios = Vec::new();
    // Other work on the machine may bend one comparison, and hardly three.
    for round in 0..3 {
        let (known, unknown) = (app.sign_up("Acme").await.email, format!("nobody{round}@acme.example"));
        let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
        for n in 0..15 {
            let from = format!("198.51.{round}.{n}");
            of_known.push(guess(&app, &known, &from).await);
            of_unknown.push(guess(&app, &unknown, &from).await);
        }
        let ratio = median(of_unknown) / median(of_known);
        if (0.75..=1.25).contains(&ratio) {
            return;
        }
        ratios.push(ratio);
    }
    panic!("how long an unknown address takes, measured by a known one: {ratios:?}");
}
