//! The server's settings: `leadline.conf` in the cluster, included last by `postgresql.conf` and rewritten at each start.

use std::fs;
use std::process::Command;

use super::cluster::Endpoint;

const MB: u64 = 1024 * 1024;

/// Renders the file. Equal input gives equal text, so that a running server's settings can be compared with the wanted ones.
pub(super) fn render(endpoint: &Endpoint, durable: bool, memory: u64) -> String {
    let (listen, socket) = match endpoint {
        Endpoint::Socket(dir) => (String::new(), dir.clone()),
        // The port is chosen per start and given on the command line.
        Endpoint::Loopback => ("127.0.0.1".to_owned(), String::new()),
    };
    let mut lines = vec![
        "# Written by Leadline at each start: changes here are lost. Put yours into leadline.local.conf beside this file.".to_owned(),
        format!("listen_addresses = '{listen}'"),
        format!("unix_socket_directories = '{}'", socket.replace('\'', "''")),
        "unix_socket_permissions = 0700".to_owned(),
        "password_encryption = 'scram-sha-256'".to_owned(),
        "ssl = off".to_owned(),
        format!("max_connections = {}", if durable { 60 } else { 200 }),
        format!("shared_buffers = {}MB", (memory / 8 / MB).clamp(128, if durable { 2048 } else { 256 })),
        format!("effective_cache_size = {}MB", (memory / 2 / MB).clamp(256, 65_536)),
        format!("maintenance_work_mem = {}MB", (memory / 32 / MB).clamp(64, 512)),
        "work_mem = 8MB".to_owned(),
        // Compiling a query costs more than our queries do.
        "jit = off".to_owned(),
        // Solid-state disks: a random page costs about what a sequential one does.
        "random_page_cost = 1.1".to_owned(),
        "wal_compression = on".to_owned(),
        "min_wal_size = 256MB".to_owned(),
        "max_wal_size = 2GB".to_owned(),
        "checkpoint_timeout = 15min".to_owned(),
        "track_io_timing = on".to_owned(),
        "timezone = 'UTC'".to_owned(),
        "log_timezone = 'UTC'".to_owned(),
        "lc_messages = 'C'".to_owned(),
        // Into the file we opened as the server's stderr; the supervisor rotates it.
        "logging_collector = off".to_owned(),
        "log_destination = 'stderr'".to_owned(),
        "log_line_prefix = '%m [%p] '".to_owned(),
        "log_checkpoints = off".to_owned(),
        // Statements carry people's data; errors are told to the caller, who logs them without it.
        "log_min_error_statement = panic".to_owned(),
        // So do a message's details and context: the key that exists already, the line of a COPY.
        "log_error_verbosity = terse".to_owned(),
    ];
    if cfg!(target_os = "linux") {
        // Elsewhere PostgreSQL before 18 refuses to start with it.
        lines.push("effective_io_concurrency = 64".to_owned());
    }
    if durable {
        lines.extend(["fsync = on", "synchronous_commit = on", "full_page_writes = on"].map(str::to_owned));
    } else {
        lines.extend(
            ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "wal_level = minimal", "max_wal_senders = 0"]
                .map(str::to_owned),
        );
    }
    lines.push("include_if_exists = 'leadline.local.conf'".to_owned());
    lines.join("\n") + "\n"
}

/// The memory we may use: the machine's, or our container's where that is less.
pub(super) fn memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
        })
        .map(|kilobytes| kilobytes * 1024)
        .or_else(|| {
            let output = Command::new("sysctl").args(["-n", "hw.memsize"]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        })
        .unwrap_or(1024 * MB);
    let container = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok())
        .unwrap_or(u64::MAX);
    machine.min(container)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shared_out_within_bounds() {
        let small = render(&Endpoint::Loopback, true, 512 * MB);
        assert!(small.contains("shared_buffers = 128MB") && small.contains("fsync = on"));
        let large = render(&Endpoint::Loopback, true, 256 * 1024 * MB);
        assert!(large.contains("shared_buffers = 2048MB") && large.contains("fsync = on"));
        assert!(render(&Endpoint::Loopback, false, MB).contains("fsync = off"));
    }

    #[test]
    fn only_one_door_is_open() {
        let socket = render(&Endpoint::Socket("/tmp/o'hara".into()), true, MB);
        assert!(socket.contains("listen_addresses = ''\n") && socket.contains("unix_socket_directories = '/tmp/o''hara'\n"));
        let port = render(&Endpoint::Loopback, true, MB);
        assert!(port.contains("listen_addresses = '127.0.0.1'\n") && port.contains("unix_socket_directories = ''\n"));
    }
}
