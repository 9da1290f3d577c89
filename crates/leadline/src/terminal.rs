//! What a person at a terminal reads.

use std::io::{IsTerminal, Write, stderr, stdout};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Logs to standard error: for people on a terminal, as JSON lines elsewhere.
pub(crate) fn log(verbose: bool) {
    let default = if verbose { "info,leadline=debug,tower_http=debug" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let registry = tracing_subscriber::registry().with(filter);
    if stderr().is_terminal() {
        registry.with(fmt::layer().with_writer(stderr).with_target(false).compact()).init();
    } else {
        registry.with(fmt::layer().json().with_writer(stderr)).init();
    }
}

/// A line on standard output; a reader that has gone away is not our concern.
pub(crate) fn say(line: &str) {
    let _ = writeln!(stdout(), "{line}");
    let _ = stdout().flush();
}

/// A line on standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(stderr(), "leadline: {line}");
}

/// Progress: rewritten in place on a terminal, plain lines elsewhere.
pub(crate) struct ProgressLine {
    on_terminal: bool,
    last: Option<std::time::Instant>,
}

impl ProgressLine {
    pub(crate) fn new() -> Self {
        Self { on_terminal: stderr().is_terminal(), last: None }
    }

    pub(crate) fn show(&mut self, text: &str) {
        let pause = if self.on_terminal { 100 } else { 2000 };
        if self.last.is_some_and(|at| at.elapsed().as_millis() < pause) {
            return;
        }
        self.last = Some(std::time::Instant::now());
        let _ = if self.on_terminal { write!(stderr(), "\r\x1b[K{text}") } else { writeln!(stderr(), "{text}") };
        let _ = stderr().flush();
    }

    pub(crate) fn end(self) {
        if self.on_terminal && self.last.is_some() {
            let _ = writeln!(stderr());
        }
    }
}
