-- +goose Up
-- A claim's status only moves forward (R20); the organisation's claim service is the only one who says so.
ALTER TABLE claim
    ADD changed_at timestamptz NOT NULL DEFAULT now(),
    ADD CHECK (status IN ('submitted', 'pending', 'approved', 'completed', 'cancelled'));

COMMENT ON COLUMN claim.upstream_claim_id IS 'The claim service''s own id; a UUID in small letters.';
COMMENT ON COLUMN claim.changed_at IS 'When the status moved last.';

-- An event is recorded once. One that did not move the claim came late, or said nothing new.
ALTER TABLE claim_event
    ADD position bigint GENERATED ALWAYS AS IDENTITY,
    ADD occurred_at timestamptz NOT NULL,
    ADD moved boolean NOT NULL,
    ADD CHECK (status IN ('submitted', 'pending', 'approved', 'completed', 'cancelled'));

CREATE INDEX claim_event_claim ON claim_event (organisation_id, claim_id, position);

COMMENT ON COLUMN claim_event.occurred_at IS 'By the claim service''s clock; it decides nothing.';

-- The people whom a claim's events have named. Those who are no people of the organisation are kept and reported, never created.
CREATE TABLE claim_person (
    organisation_id   uuid NOT NULL,
    claim_id          uuid NOT NULL,
    care_recipient_id text NOT NULL CHECK (care_recipient_id ~ '^[0-9]{1,10}$'),
    person_id         uuid,
    PRIMARY KEY (claim_id, care_recipient_id),
    FOREIGN KEY (organisation_id, claim_id) REFERENCES claim (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

COMMENT ON COLUMN claim_person.person_id IS 'NULL for somebody whom the organisation did not have when an event named them last.';

-- A sync that an event causes: recorded with the event, asked for afterwards, so that a crash in between loses nothing.
CREATE TABLE claim_sync (
    organisation_id uuid NOT NULL,
    claim_id        uuid NOT NULL,
    person_id       uuid NOT NULL,
    status          text NOT NULL CHECK (status IN ('approved', 'completed')),
    event_id        text NOT NULL,
    caused_at       timestamptz NOT NULL DEFAULT now(),
    requested_at    timestamptz,
    PRIMARY KEY (claim_id, person_id, status),
    FOREIGN KEY (organisation_id, claim_id) REFERENCES claim (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    FOREIGN KEY (organisation_id, event_id) REFERENCES claim_event (organisation_id, event_id)
);

CREATE INDEX claim_sync_due ON claim_sync (claim_id) WHERE requested_at IS NULL;

COMMENT ON COLUMN claim_sync.requested_at IS 'When the sync was asked for, NULL as long as it has not been.';

-- +goose Down
DROP TABLE claim_sync, claim_person;
DROP INDEX claim_event_claim;
ALTER TABLE claim_event DROP COLUMN position, DROP COLUMN occurred_at, DROP COLUMN moved, DROP CONSTRAINT claim_event_status_check;
ALTER TABLE claim DROP COLUMN changed_at, DROP CONSTRAINT claim_status_check;
