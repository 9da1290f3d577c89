-- Notes and tasks on leads; one organisation's events in commit order.

CREATE TABLE notes (
  org_id     uuid        NOT NULL,
  id         uuid        NOT NULL,
  lead_id    uuid        NOT NULL,
  body       text        NOT NULL CHECK (body <> '' AND length(body) <= 10000),
  -- Who wrote it; they may have left since.
  author_id  uuid,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  -- For If-Match: counts the changes.
  version    int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX notes_of_lead ON notes (org_id, lead_id, created_at DESC, id DESC);
SELECT leadline_tenant_table('notes');
SELECT leadline_shows_lead('notes', 'lead_id');
-- Updates, too: a merge gives them to another lead, and taking it back gives them back.
SELECT leadline_captured('notes', true);

CREATE TABLE tasks (
  org_id      uuid        NOT NULL,
  id          uuid        NOT NULL,
  lead_id     uuid        NOT NULL,
  title       text        NOT NULL CHECK (title <> '' AND length(title) <= 200),
  -- From then on it is overdue; NULL: whenever. Of a whole day, the end of that day in UTC.
  due_at      timestamptz,
  due_all_day boolean     NOT NULL DEFAULT false,
  priority    text        NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high')),
  assignee_id uuid,
  created_by  uuid,
  done_at     timestamptz,
  done_by     uuid,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  version     int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, lead_id) REFERENCES leads ON DELETE CASCADE,
  CONSTRAINT tasks_assignee_fkey FOREIGN KEY (org_id, assignee_id) REFERENCES memberships (org_id, user_id) ON DELETE SET NULL (assignee_id)
);
CREATE INDEX tasks_of_lead ON tasks (org_id, lead_id, created_at DESC, id DESC);
-- The lists of open and of done tasks, of everybody and of one person. What is due at no time comes last.
CREATE INDEX tasks_open ON tasks (org_id, coalesce(due_at, 'infinity'), id) WHERE done_at IS NULL;
CREATE INDEX tasks_open_of ON tasks (org_id, assignee_id, coalesce(due_at, 'infinity'), id) WHERE done_at IS NULL;
CREATE INDEX tasks_done ON tasks (org_id, done_at DESC, id DESC) WHERE done_at IS NOT NULL;
CREATE INDEX tasks_done_of ON tasks (org_id, assignee_id, done_at DESC, id DESC) WHERE done_at IS NOT NULL;
SELECT leadline_tenant_table('tasks');
SELECT leadline_shows_lead('tasks', 'lead_id');
SELECT leadline_captured('tasks', true);

-- The API's changes feed reads one organisation's events in commit order; without this it would walk through
-- everybody's.
CREATE INDEX events_of_org_in_commit_order ON events (org_id, xid, seq);
