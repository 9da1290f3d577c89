-- The development mailbox: what the catcher transport was handed instead of the internet.
-- It behaves like a provider with idempotency keys, so (org_id, idempotency_key) is unique and
-- `attempts` counts how often the same key arrived; more than 1 is a repeat that sent nothing.
CREATE TABLE caught_mail (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    idempotency_key text        NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 256),
    attempts        integer     NOT NULL DEFAULT 1 CHECK (attempts > 0),
    message_id      text        NOT NULL,
    from_address    text        NOT NULL,
    from_name       text        NOT NULL DEFAULT '',
    to_address      text        NOT NULL,
    to_name         text        NOT NULL DEFAULT '',
    subject         text        NOT NULL,
    headers         jsonb       NOT NULL,
    html            text        NOT NULL,
    text            text        NOT NULL,
    raw             bytea       NOT NULL,
    caught_at       timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, idempotency_key)
);
-- The mailbox page reads newest first; ids are UUIDv7 but business time may run fast, so both.
CREATE INDEX caught_mail_newest ON caught_mail (org_id, caught_at DESC, id DESC);
CREATE INDEX caught_mail_recipient ON caught_mail (org_id, to_address, caught_at DESC);

SELECT leadline_tenant_table('caught_mail');
