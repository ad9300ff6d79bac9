-- +goose Up
-- The provider's own billing. Budget usage refers to its lines (R17).
CREATE TABLE invoice (
    id                  uuid PRIMARY KEY,
    organisation_id     uuid NOT NULL REFERENCES organisation (id),
    upstream_invoice_id text NOT NULL CHECK (upstream_invoice_id <> ''),
    created_at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, upstream_invoice_id)
);

-- The government's item id is unique within its invoice only. The external reference is our own, sent with the claim; empty where none was.
CREATE TABLE invoice_line (
    id                    uuid PRIMARY KEY,
    organisation_id       uuid NOT NULL,
    invoice_id            uuid NOT NULL,
    upstream_item_id      text NOT NULL CHECK (upstream_item_id <> ''),
    person_id             uuid,
    service_code          text NOT NULL DEFAULT '',
    delivery_date         date,
    amount                numeric(14, 2),
    external_reference_id text NOT NULL DEFAULT '',
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, invoice_id, upstream_item_id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

CREATE INDEX invoice_line_reference ON invoice_line (organisation_id, external_reference_id) WHERE external_reference_id <> '';

-- Invoices sent together to the government. The status only moves forward (R20); only the organisation's claim service says so.
CREATE TABLE claim (
    id                uuid PRIMARY KEY,
    organisation_id   uuid NOT NULL REFERENCES organisation (id),
    upstream_claim_id text NOT NULL CHECK (upstream_claim_id <> ''),
    status            text NOT NULL CHECK (status IN ('submitted', 'pending', 'approved', 'completed', 'cancelled')),
    created_at        timestamptz NOT NULL DEFAULT now(),
    changed_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, upstream_claim_id)
);

COMMENT ON COLUMN claim.upstream_claim_id IS 'The claim service''s own id; a UUID in small letters.';
COMMENT ON COLUMN claim.changed_at IS 'When the status moved last.';

-- The claim service tells us of each change of status (R20). An event is recorded once. One that did not move the claim came late, or said
-- nothing new.
CREATE TABLE claim_event (
    organisation_id uuid NOT NULL,
    event_id        text NOT NULL CHECK (event_id <> ''),
    claim_id        uuid NOT NULL,
    position        bigint GENERATED ALWAYS AS IDENTITY,
    status          text NOT NULL CHECK (status IN ('submitted', 'pending', 'approved', 'completed', 'cancelled')),
    moved           boolean NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, event_id),
    FOREIGN KEY (organisation_id, claim_id) REFERENCES claim (organisation_id, id)
);

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

-- A sync that an event causes: recorded with the event, asked for afterwards, so that a crash in between loses nothing. It is answered by a
-- run that began after the event. Which are not is looked for from time to time, so that a request that got lost on the way is made again.
CREATE TABLE claim_sync (
    organisation_id uuid NOT NULL,
    claim_id        uuid NOT NULL,
    person_id       uuid NOT NULL,
    status          text NOT NULL CHECK (status IN ('approved', 'completed')),
    event_id        text NOT NULL,
    caused_at       timestamptz NOT NULL DEFAULT now(),
    requested_at    timestamptz,
    answered_at     timestamptz,
    PRIMARY KEY (claim_id, person_id, status),
    FOREIGN KEY (organisation_id, claim_id) REFERENCES claim (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    FOREIGN KEY (organisation_id, event_id) REFERENCES claim_event (organisation_id, event_id)
);

CREATE INDEX claim_sync_due ON claim_sync (claim_id) WHERE requested_at IS NULL;
CREATE INDEX claim_sync_unanswered ON claim_sync (caused_at) WHERE answered_at IS NULL;

COMMENT ON COLUMN claim_sync.requested_at IS 'When the sync was asked for, NULL as long as it has not been.';
COMMENT ON COLUMN claim_sync.answered_at IS 'When it was noticed that a run had begun after the event, or that an operator had cancelled the run that was to follow.';

-- +goose Down
DROP TABLE claim_sync, claim_person, claim_event, claim, invoice_line, invoice;
