//! Fills a migrated, empty database with an invented world, the same for the same arguments:
//! 20 organisations, half of the leads in the first, skewed like life. All of it or nothing.
//!
//! It writes past the application (COPY, indexes built afterwards), so it needs the role that owns the
//! schema to be a superuser, as that of the private cluster is.

mod copy;
mod random;
mod words;
mod world;

use std::{io::Write, pin::pin, time::Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Parser;
use futures_util::SinkExt;
use jiff::{civil::Date, tz::TimeZone};
use tokio::sync::mpsc;
use tokio_postgres::{Client, NoTls};

use copy::Lines;
use world::{Lead, World};

/// Fills an empty database with invented leads.
#[derive(Parser)]
struct Arguments {
    /// `postgres://…` of a migrated database without leads, as its owner.
    #[arg(long, env = "DATABASE_URL")]
    database: String,
    /// How many leads.
    #[arg(long, default_value_t = 1_000_000)]
    leads: usize,
    /// The day of the newest lead; today unless given.
    #[arg(long)]
    until: Option<Date>,
}

/// What a piece of COPY data may grow to.
const PIECE: usize = 1 << 20;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let day = arguments.until.unwrap_or_else(|| kernel::Clock::system().now().to_zoned(TimeZone::UTC).date());
    let until = u64::try_from(day.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond())?;
    let (client, connection) = tokio_postgres::connect(&arguments.database, NoTls).await.context("the database does not answer")?;
    tokio::spawn(connection);
    if client.query_one("SELECT EXISTS (SELECT FROM leads)", &[]).await?.get(0) {
        bail!("the database has leads already: this is for an empty one");
    }
    let began = Instant::now();
    let stage = |what: &str| {
        let _ = writeln!(std::io::stderr(), "{:>6.1} s  {what}", began.elapsed().as_secs_f64());
    };
    // Foreign keys are kept by construction: every id written was written before, in the same world.
    client.batch_execute("BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL maintenance_work_mem = '512MB'").await?;
    let indexes = drop_indexes(&client, &["leads", "accounts"]).await?;
    let mut world = World::new(arguments.leads, until);
    organisations(&client, &world).await?;
    stage("organisations");
    world = leads(&client, world).await?;
    stage("leads and events");
    accounts(&client, &world).await?;
    stage("accounts");
    for index in &indexes {
        client.batch_execute(index).await.with_context(|| index.clone())?;
    }
    stage("indexes");
    // What the triggers would have learnt, and the job that counts it.
    client
        .batch_execute(
            "DO $$ BEGIN PERFORM leadline_learn_terms(org_id, array_agg(DISTINCT search)) FROM leads GROUP BY org_id; END $$;
             UPDATE lead_terms t SET leads = c.n
             FROM (SELECT l.org_id, key, count(*)::int AS n FROM leads l, unnest(leadline_search_keys(l.org_id, l.search)) key GROUP BY 1, 2) c
             WHERE t.org_id = c.org_id AND t.key = c.key",
        )
        .await?;
    stage("vocabularies");
    // The scores are invented too: without this the first start would compute a million of them anew.
    client
        .batch_execute(
            "INSERT INTO event_cursors (consumer, xid, seq) SELECT 'intelligence.engagement', xid, seq FROM events ORDER BY xid DESC, seq DESC LIMIT 1
             ON CONFLICT (consumer) DO UPDATE SET xid = excluded.xid, seq = excluded.seq;
             COMMIT",
        )
        .await?;
    // Also sets the visibility map, which index-only scans read.
    for table in ["leads", "lead_terms", "accounts", "events", "users", "memberships", "organisations"] {
        client.batch_execute(&format!("VACUUM (ANALYZE) {table}")).await?;
    }
    client.batch_execute("CHECKPOINT").await?;
    stage("analysed");
    Ok(())
}

/// Drops the indexes that no constraint needs; returns the statements that make them again.
async fn drop_indexes(client: &Client, tables: &[&str]) -> Result<Vec<String>> {
    let rows = client
        .query(
            "SELECT i.indexname::text, i.indexdef FROM pg_indexes i
             WHERE i.schemaname = 'public' AND i.tablename = ANY($1) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname AND c.contype = 'p')
             ORDER BY 1",
            &[&tables],
        )
        .await?;
    let mut made = Vec::new();
    for row in rows {
        let (name, definition): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        client.batch_execute(&format!("DROP INDEX {name}")).await?;
        made.push(definition);
    }
    Ok(made)
}

async fn organisations(client: &Client, world: &World) -> Result<()> {
    for organisation in &world.organisations {
        client
            .execute("INSERT INTO organisations (org_id, name, created_at) VALUES ($1, $2, now())", &[&organisation.id, &organisation.name])
            .await?;
        for (index, member) in organisation.members.iter().enumerate() {
            // No password has this hash: nobody signs in as them.
            client
                .execute(
                    "INSERT INTO users (id, email, name, password_hash, created_at, updated_at) VALUES ($1, $2, $3, '!', now(), now())",
                    &[&member.id, &member.email, &member.name],
                )
                .await?;
            let role = if index == 0 { "owner" } else { "rep" };
            client
                .execute(
                    "INSERT INTO memberships (org_id, user_id, role, created_at) VALUES ($1, $2, $3, now())",
                    &[&organisation.id, &member.id, &role],
                )
                .await?;
        }
    }
    Ok(())
}

/// Makes the leads on a thread of its own while PostgreSQL takes in those before.
async fn leads(client: &Client, mut world: World) -> Result<World> {
    let (send, mut receive) = mpsc::channel::<(String, String)>(8);
    let maker = std::thread::spawn(move || {
        let (mut rows, mut events) = (Lines::default(), Lines::default());
        while let Some(lead) = world.next() {
            write(&world, &lead, &mut rows, &mut events);
            if rows.len() > PIECE && send.blocking_send((rows.take(), events.take())).is_err() {
                break;
            }
        }
        let _ = send.blocking_send((rows.take(), events.take())); // the receiver has failed and says so
        world
    });
    let mut created = Vec::new();
    {
        let mut sink = pin!(client.copy_in::<_, Bytes>(copy::LEADS).await?);
        while let Some((rows, events)) = receive.recv().await {
            sink.send(rows.into()).await?;
            created.push(events);
        }
        sink.finish().await?;
    }
    let mut sink = pin!(client.copy_in::<_, Bytes>(copy::EVENTS).await?);
    for piece in created {
        sink.send(piece.into()).await?;
    }
    sink.finish().await?;
    maker.join().map_err(|_| anyhow::anyhow!("the maker of leads failed"))
}

fn write(world: &World, lead: &Lead, rows: &mut Lines, events: &mut Lines) {
    if let (Some(company), Some(organisation)) = (world.companies.get(lead.company), world.organisations.get(lead.organisation)) {
        rows.lead(lead, company, organisation);
        events.created(lead, organisation);
    }
}

async fn accounts(client: &Client, world: &World) -> Result<()> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(copy::ACCOUNTS).await?);
    let mut lines = Lines::default();
    for organisation in &world.organisations {
        let mut known: Vec<_> = organisation.accounts.iter().map(|(company, (id, created))| (*id, *company, *created)).collect();
        known.sort_unstable();
        for (id, company, created) in known {
            if let Some(company) = world.companies.get(company) {
                lines.account(organisation, id, company, created);
            }
            if lines.len() > PIECE {
                sink.send(lines.take().into()).await?;
            }
        }
    }
    sink.send(lines.take().into()).await?;
    sink.finish().await?;
    Ok(())
}
