-- +goose Up
-- A run over many people. Its workflow's id is made of its own.
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
    waiting_since   timestamptz,
    waiting_words   text NOT NULL DEFAULT '',
    requested_at    timestamptz NOT NULL DEFAULT now(),
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
COMMENT ON COLUMN bulk_run.waiting_since IS 'Since when the bulk waits for the service as a whole, NULL while it goes on.';

-- One person of a bulk run: planned first, settled once. Counters are counted from these rows.
CREATE TABLE bulk_item (
    organisation_id uuid NOT NULL,
    bulk_id         uuid NOT NULL,
    person_id       uuid NOT NULL,
    batch           integer NOT NULL,
    chunk           integer NOT NULL,
    moved_budgets   text[] NOT NULL DEFAULT '{}',
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
);

CREATE INDEX bulk_item_open ON bulk_item (bulk_id, batch, chunk) WHERE outcome IS NULL;

COMMENT ON COLUMN bulk_item.moved_budgets IS 'The government''s ids of the budgets that a list named as updated.';
COMMENT ON COLUMN bulk_item.escalated_at IS 'When the person was given a sync of their own, after they failed while others succeeded.';
COMMENT ON COLUMN bulk_item.joined IS 'The run is one that somebody else had started.';

-- People whom the provider-wide summary lists and whom the organisation does not have: reported, never created.
CREATE TABLE bulk_unknown (
    organisation_id   uuid NOT NULL,
    bulk_id           uuid NOT NULL,
    care_recipient_id text NOT NULL,
    PRIMARY KEY (bulk_id, care_recipient_id),
    FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id)
);

ALTER TABLE sync_run
    ADD bulk_id uuid,
    ADD FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id);

-- Those that may have been left open.
CREATE INDEX sync_run_open ON sync_run (requested_at) WHERE outcome IS NULL;

COMMENT ON COLUMN sync_run.bulk_id IS 'The bulk run that asked, NULL if none did.';

-- +goose Down
DROP INDEX sync_run_open;
ALTER TABLE sync_run DROP COLUMN bulk_id;
DROP TABLE bulk_unknown, bulk_item, bulk_run;
