use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use super::*;
use crate::{Mailbox, message::tests::sample};

/// What the server has seen.
#[derive(Debug, Default)]
struct Log {
    connections: usize,
    messages: Vec<String>,
}

/// A mail server that decides by the recipient's local part:
/// `r<code>-<rest>` is answered with that code at RCPT, `d<code>-<rest>` after the message,
/// `drop-rcpt` and `drop-data` break the connection there, `hang` never confirms,
/// `once` is accepted and then the connection is closed, `idle` likewise with a parting 421.
async fn server() -> (u16, Arc<Mutex<Log>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let log = Arc::new(Mutex::new(Log::default()));
    let shared = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            shared.lock().unwrap().connections += 1;
            tokio::spawn(talk(socket, Arc::clone(&shared)));
        }
    });
    (port, log)
}

async fn talk(socket: tokio::net::TcpStream, log: Arc<Mutex<Log>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(socket);
    stream.write_all(b"220 test ESMTP\r\n").await?;
    let mut rcpt = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.to_ascii_uppercase();
        if verb.starts_with("EHLO") {
            stream.write_all(b"250-test\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n").await?;
        } else if verb.starts_with("MAIL FROM:<PAUSE@") {
            stream.write_all(b"450 4.7.1 slow down\r\n").await?;
        } else if verb.starts_with("RCPT") {
            rcpt = line.split_once('<').unwrap().1.split('@').next().unwrap().to_owned();
            if rcpt == "drop-rcpt" {
                return Ok(());
            }
            let answer = match rcpt.strip_prefix('r').and_then(|rest| rest.split_once('-')) {
                Some((code, _)) if code.len() == 3 => reply(code),
                _ => "250 2.1.5 ok\r\n".to_owned(),
            };
            stream.write_all(answer.as_bytes()).await?;
        } else if verb.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n").await?;
            let mut message = String::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await?;
                if line == ".\r\n" {
                    break;
                }
                message.push_str(&line);
            }
            log.lock().unwrap().messages.push(message);
            match rcpt.as_str() {
                "drop-data" => return Ok(()),
                "hang" => tokio::time::sleep(Duration::from_secs(3600)).await,
                _ => {}
            }
            let answer = match rcpt.strip_prefix('d').and_then(|rest| rest.split_once('-')) {
                Some((code, _)) if code.len() == 3 => reply(code),
                _ => "250 2.0.0 Ok: queued as Q123\r\n".to_owned(),
            };
            stream.write_all(answer.as_bytes()).await?;
            match rcpt.as_str() {
                "once" => return Ok(()),
                "idle" => return stream.write_all(b"421 4.4.2 idle for too long\r\n").await,
                _ => {}
            }
        } else {
            stream.write_all(b"250 2.0.0 ok\r\n").await?;
        }
    }
}

fn reply(code: &str) -> String {
    let text = match code {
        "550" => "550-5.1.1 no such\r\n550 5.1.1 user",
        "554" => "554 5.7.26 unauthenticated",
        "451" => "451 4.7.1 greylisted",
        "421" => "421 4.3.2 shutting down",
        _ => "552 5.3.4 too big",
    };
    format!("{text}\r\n")
}

fn smtp(port: u16, connections: usize) -> Smtp {
    let mut config = SmtpConfig::parse(&format!("smtp://localhost:{port}?connections={connections}")).unwrap();
    config.host = "127.0.0.1".to_owned();
    config.content_timeout = Duration::from_millis(500);
    Smtp::new(config)
}

async fn send(smtp: &Smtp, recipients: &[&str]) -> Vec<Outcome> {
    let mails: Vec<OutgoingMail> = recipients
        .iter()
        .enumerate()
        .map(|(i, to)| {
            let mut mail = sample();
            mail.idempotency_key = format!("k{i}");
            mail.to = Mailbox::new("", format!("{to}@recipient.example"));
            mail
        })
        .collect();
    smtp.send_batch(Batch { org: OrgId::new(), key: "b", mails: &mails }).await
}

fn kind(outcome: &Outcome) -> RejectionKind {
    match outcome {
        Outcome::Rejected(rejection) => rejection.kind,
        other => panic!("not rejected: {other:?}"),
    }
}

#[tokio::test]
async fn each_message_has_its_own_outcome_on_one_connection() {
    let (port, log) = server().await;
    let outcomes = send(&smtp(port, 1), &["anna", "r550-x", "r451-x", "d552-x", "r554-x", "d554-x", "bert"]).await;
    assert_eq!(outcomes[0], Outcome::Accepted { provider_id: "Q123".to_owned() });
    assert_eq!(kind(&outcomes[1]), RejectionKind::Recipient);
    let Outcome::Rejected(rejection) = &outcomes[1] else { panic!() };
    assert_eq!(rejection.code, "550 5.1.1");
    assert!(rejection.reason.contains("user"), "{rejection:?}");
    assert_eq!(kind(&outcomes[2]), RejectionKind::Temporary);
    assert_eq!(kind(&outcomes[3]), RejectionKind::Message);
    assert_eq!(kind(&outcomes[4]), RejectionKind::Sender);
    assert_eq!(kind(&outcomes[5]), RejectionKind::Sender);
    assert_eq!(outcomes[6], Outcome::Accepted { provider_id: "Q123".to_owned() });
    let log = log.lock().unwrap();
    assert_eq!(log.connections, 1);
    assert!(log.messages[0].contains("Subject: Hello\r\n"));
}

#[tokio::test]
async fn a_connection_lost_after_the_message_is_unknown() {
    let (port, log) = server().await;
    let outcomes = send(&smtp(port, 1), &["drop-data", "anna"]).await;
    assert!(matches!(&outcomes[0], Outcome::Unknown { safe_to_repeat: false, .. }), "{outcomes:?}");
    assert!(matches!(&outcomes[1], Outcome::Accepted { .. }), "the next message gets a new connection: {outcomes:?}");
    assert_eq!(log.lock().unwrap().messages.len(), 2, "nothing is sent twice");
}

#[tokio::test]
async fn a_message_that_is_never_confirmed_is_unknown() {
    let (port, log) = server().await;
    let outcomes = send(&smtp(port, 1), &["hang"]).await;
    assert!(matches!(&outcomes[0], Outcome::Unknown { safe_to_repeat: false, .. }), "{outcomes:?}");
    assert_eq!(log.lock().unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_connection_lost_before_the_message_is_unavailable() {
    let (port, log) = server().await;
    let outcomes = send(&smtp(port, 1), &["drop-rcpt", "anna"]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unavailable { .. })), "{outcomes:?}");
    assert!(log.lock().unwrap().messages.is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outcomes = send(&smtp(port, 2), &["a", "b", "c"]).await;
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unavailable { .. })), "{outcomes:?}");
}

#[tokio::test]
async fn a_closing_server_throttles() {
    let (port, _) = server().await;
    let outcomes = send(&smtp(port, 1), &["r421-x", "anna"]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Throttled { .. })), "{outcomes:?}");
}

#[tokio::test]
async fn a_pooled_connection_that_was_closed_meanwhile_is_replaced() {
    for last in ["once", "idle"] {
        let (port, log) = server().await;
        let smtp = smtp(port, 1);
        assert!(matches!(send(&smtp, &[last]).await[0], Outcome::Accepted { .. }));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(matches!(send(&smtp, &["anna"]).await[0], Outcome::Accepted { .. }));
        let log = log.lock().unwrap();
        assert_eq!((log.connections, log.messages.len()), (2, 2));
    }
}

#[tokio::test]
async fn several_connections_keep_the_order_of_outcomes() {
    let (port, log) = server().await;
    let names: Vec<String> = (0..40).map(|i| if i % 3 == 0 { format!("r550-{i}") } else { format!("u{i}") }).collect();
    let outcomes = send(&smtp(port, 4), &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (i, outcome) in outcomes.iter().enumerate() {
        assert_eq!(i % 3 == 0, matches!(outcome, Outcome::Rejected(_)), "{i}: {outcome:?}");
    }
    assert!(log.lock().unwrap().connections <= 4);
}

#[tokio::test]
async fn our_own_mistakes_never_reach_the_server() {
    let (port, log) = server().await;
    let mut mail = sample();
    mail.subject = "a\r\nBcc: evil@x.example".to_owned();
    let outcomes = smtp(port, 1).send_batch(Batch { org: OrgId::new(), key: "b", mails: &[mail] }).await;
    assert_eq!(kind(&outcomes[0]), RejectionKind::Message);
    assert_eq!(log.lock().unwrap().connections, 0);
}
