-- +goose Up
-- One table for a person, who may be an NDIS participant, a care recipient, or both.
CREATE TABLE person (
    id                  uuid PRIMARY KEY,
    organisation_id     uuid NOT NULL REFERENCES organisation (id),
    given_name          text NOT NULL DEFAULT '',
    family_name         text NOT NULL DEFAULT '',
    birth_date          date,
    care_recipient_id   text CHECK (care_recipient_id ~ '^[0-9]{1,10}$'),
    ndis_number         text CHECK (ndis_number ~ '^43[0-9]{7}$'),
    connection_id       uuid,
    entry_date          date,
    departure_date      date,
    not_in_care_since   date,
    entries             jsonb NOT NULL DEFAULT '[]',
    reported_given_name text NOT NULL DEFAULT '',
    verified_at         timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, care_recipient_id),
    UNIQUE (organisation_id, ndis_number),
    UNIQUE (organisation_id, id, care_recipient_id),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id)
);

COMMENT ON COLUMN person.connection_id IS 'The Services Australia connection that holds the person, learned from the budgets (R11).';
COMMENT ON COLUMN person.entries IS 'The entries with the organisation''s own providers, by category of funding, as last reported (R11).';
COMMENT ON COLUMN person.reported_given_name IS 'The given name that Services Australia last reported (R8).';
COMMENT ON COLUMN person.verified_at IS 'When a summary of this person first passed the identity check (R8).';

-- +goose Down
DROP TABLE person;
