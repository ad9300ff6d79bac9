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

-- Invoices sent together to the government. The claim service tells us of each change of status (R20).
CREATE TABLE claim (
    id                uuid PRIMARY KEY,
    organisation_id   uuid NOT NULL REFERENCES organisation (id),
    upstream_claim_id text NOT NULL CHECK (upstream_claim_id <> ''),
    status            text NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, upstream_claim_id)
);

CREATE TABLE claim_event (
    organisation_id uuid NOT NULL,
    event_id        text NOT NULL CHECK (event_id <> ''),
    claim_id        uuid NOT NULL,
    status          text NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, event_id),
    FOREIGN KEY (organisation_id, claim_id) REFERENCES claim (organisation_id, id)
);

-- +goose Down
DROP TABLE claim_event, claim, invoice_line, invoice;
