-- +goose Up
-- A run over many people. Its workflow's id is made of its own. Until a worker has begun it, there may be none that can (R38).
CREATE TABLE bulk_run (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    kind            text NOT NULL CHECK (kind IN ('care-recipient', 'pace-contract')),
    requested_by    text NOT NULL,
    workflow_id     text NOT NULL,
    options         jsonb NOT NULL,
    listed_at       timestamptz,
    planned_at      timestamptz,
    absent          integer NOT NULL DEFAULT 0,
    absent_held     integer NOT NULL DEFAULT 0,
    paused_at       timestamptz,
    paused_by       text NOT NULL DEFAULT '',
    waiting_for     text NOT NULL DEFAULT '',
    waiting_trouble text NOT NULL DEFAULT '',
    waiting_since   timestamptz,
    waiting_until   timestamptz,
    waiting_words   text NOT NULL DEFAULT '',
    outage_at       timestamptz,
    requested_at    timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    outcome         text CHECK (outcome IN ('succeeded', 'succeeded_with_warnings', 'partial', 'failed', 'cancelled')),
    reason          text NOT NULL DEFAULT '',
    UNIQUE (organisation_id, id),
    CHECK ((outcome IS NULL) = (finished_at IS NULL))
);

CREATE INDEX bulk_run_newest ON bulk_run (organisation_id, requested_at DESC);
CREATE INDEX bulk_run_open ON bulk_run (id) WHERE outcome IS NULL;

COMMENT ON COLUMN bulk_run.options IS 'Who was selected, and what of them is synced.';
COMMENT ON COLUMN bulk_run.listed_at IS 'When the providers'' lists began to be read, as far as the run read them: whatever changed before is covered by it.';
COMMENT ON COLUMN bulk_run.absent IS 'How many people were marked as not in care since no list has them (R19); absent_held, how many were not since they were too many (R5).';
COMMENT ON COLUMN bulk_run.paused_by IS 'Who paused it, as far as that was noted; empty while it is not paused.';
COMMENT ON COLUMN bulk_run.waiting_for IS 'What the bulk run as a whole waits for (R38): the service, PRODA, the allowance, the database; empty while it does not wait.';
COMMENT ON COLUMN bulk_run.waiting_trouble IS 'What is wrong with the database, where the bulk run waits for that.';
COMMENT ON COLUMN bulk_run.waiting_since IS 'When the bulk run began to wait for it; NULL while it does not wait.';
COMMENT ON COLUMN bulk_run.waiting_until IS 'When the wait is expected to end, if that is known.';
COMMENT ON COLUMN bulk_run.outage_at IS 'When the service as a whole failed last.';
COMMENT ON COLUMN bulk_run.started_at IS 'When a worker began it, NULL until then.';

-- One person of a bulk run: planned first, settled once, in place: no index has a column that settling changes, and its page keeps room for
-- the new version. Counters are counted from these rows. Whoever did not succeed last time is read as a whole, whatever the lists name. Some
-- people are set aside until the others are done, since only then it can be told whose trouble it is (R9).
CREATE TABLE bulk_item (
    organisation_id uuid NOT NULL,
    bulk_id         uuid NOT NULL,
    person_id       uuid NOT NULL,
    batch           integer NOT NULL,
    chunk           integer NOT NULL,
    moved_budgets   text[] NOT NULL DEFAULT '{}',
    whole           boolean NOT NULL DEFAULT false,
    set_aside_for   text CHECK (set_aside_for IN ('unavailable', 'contributions')),
    unavailable_in  text NOT NULL DEFAULT '',
    unavailable_at  timestamptz[] NOT NULL DEFAULT '{}',
    escalated_at    timestamptz,
    settled_at      timestamptz,
    outcome         text CHECK (outcome IN ('succeeded', 'succeeded_with_warnings', 'partial', 'failed', 'cancelled', 'skipped')),
    reason          text NOT NULL DEFAULT '',
    run_id          uuid,
    joined          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bulk_id, person_id),
    FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    CHECK ((outcome IS NULL) = (settled_at IS NULL))
) WITH (fillfactor = 60);

-- It begins with another column than the primary key: while a table is new, PostgreSQL takes either for the other, and settling a person
-- would read the rows of all.
CREATE INDEX bulk_item_part ON bulk_item (batch, bulk_id, chunk);

COMMENT ON COLUMN bulk_item.moved_budgets IS 'The government''s ids of the budgets that a list named as updated.';
COMMENT ON COLUMN bulk_item.whole IS 'In a delta run: the person''s last run did not succeed, so that all usage is read and not only that of moved budgets.';
COMMENT ON COLUMN bulk_item.set_aside_for IS 'Why the person waits for the end of the bulk run: a 503 that may be their own, or contributions that would all go.';
COMMENT ON COLUMN bulk_item.unavailable_in IS 'The area in which the service answered the person with a 503 last.';
COMMENT ON COLUMN bulk_item.unavailable_at IS 'When it did so.';
COMMENT ON COLUMN bulk_item.escalated_at IS 'When the person was given a sync of their own, after they failed while others succeeded.';
COMMENT ON COLUMN bulk_item.joined IS 'The run is one that somebody else had started.';

-- People whom the provider-wide summary lists and whom the organisation does not have: reported, never created.
CREATE TABLE bulk_unknown (
    organisation_id   uuid NOT NULL,
    bulk_id           uuid NOT NULL,
    care_recipient_id text NOT NULL,
    may_be_person_id  uuid,
    PRIMARY KEY (bulk_id, care_recipient_id),
    FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id),
    FOREIGN KEY (organisation_id, may_be_person_id) REFERENCES person (organisation_id, id)
);

COMMENT ON COLUMN bulk_unknown.may_be_person_id IS 'The one person with the same name and birth date whom no list has any more, NULL where nobody fits.';

-- Up to when a provider's list is covered, by the government's own times (R35): a delta run asks for what was updated from then on. listed
-- are the budgets that were listed last: one that is listed again with the figures that we hold says nothing new.
CREATE TABLE list_mark (
    organisation_id uuid NOT NULL,
    connection_id   uuid NOT NULL,
    list            text NOT NULL CHECK (list IN ('summary', 'contributions', 'budgets')),
    mark            timestamptz NOT NULL,
    listed          text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (connection_id, list),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id)
);

-- The same as a bulk run has read it, which becomes the mark once the run has reached everybody whom it planned.
CREATE TABLE bulk_list (
    organisation_id uuid NOT NULL,
    bulk_id         uuid NOT NULL,
    connection_id   uuid NOT NULL,
    list            text NOT NULL CHECK (list IN ('summary', 'contributions', 'budgets')),
    mark            timestamptz NOT NULL,
    listed          text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (bulk_id, connection_id, list),
    FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id)
);

-- +goose Down
DROP TABLE bulk_list, list_mark, bulk_unknown, bulk_item, bulk_run;
