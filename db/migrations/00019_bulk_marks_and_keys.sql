-- +goose Up
-- A claim's sync is answered by a run that began after its event. Which are not is looked for from time to time, so that a request that got
-- lost on the way is made again.
ALTER TABLE claim_sync ADD answered_at timestamptz;
CREATE INDEX claim_sync_unanswered ON claim_sync (caused_at) WHERE answered_at IS NULL;

COMMENT ON COLUMN claim_sync.answered_at IS 'When it was noticed that a run had begun after the event, or that an operator had cancelled the run that was to follow.';

-- A value sealed with each key that has sealed, by which a program finds out whether its keyring is the one of this database.
CREATE TABLE sealing_key (
    key_id        text PRIMARY KEY,
    sealed        bytea NOT NULL,
    first_used_at timestamptz NOT NULL DEFAULT now()
);

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

-- Some people are set aside until the others of the bulk run are done, since only then it can be told whose trouble it is (R9).
ALTER TABLE bulk_item
    ADD set_aside_for text CHECK (set_aside_for IN ('unavailable', 'contributions')),
    ADD unavailable_in text NOT NULL DEFAULT '',
    ADD unavailable_at timestamptz[] NOT NULL DEFAULT '{}';
ALTER TABLE bulk_run ADD outage_at timestamptz;

COMMENT ON COLUMN bulk_item.set_aside_for IS 'Why the person waits for the end of the bulk run: a 503 that may be their own, or contributions that would all go.';
COMMENT ON COLUMN bulk_item.unavailable_in IS 'The area in which the service answered the person with a 503 last.';
COMMENT ON COLUMN bulk_item.unavailable_at IS 'When it did so.';
COMMENT ON COLUMN bulk_run.outage_at IS 'When the service as a whole failed last.';

-- +goose Down
ALTER TABLE bulk_run DROP COLUMN outage_at;
ALTER TABLE bulk_item DROP COLUMN set_aside_for, DROP COLUMN unavailable_in, DROP COLUMN unavailable_at;
DROP TABLE bulk_list, list_mark, sealing_key;
DROP INDEX claim_sync_unanswered;
ALTER TABLE claim_sync DROP COLUMN answered_at;
