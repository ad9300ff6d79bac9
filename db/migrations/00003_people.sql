-- +goose Up
-- One table for a person, who may be an NDIS participant, a care recipient, or both. The two boxes of the PACE API are ticked by hand (PACE
-- guide, step 2): API access is offered only with PACE participant (R21). No index has a column that a sync changes.
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
    pace_participant    boolean NOT NULL DEFAULT false,
    pace_api_access     boolean NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, care_recipient_id),
    UNIQUE (organisation_id, ndis_number),
    UNIQUE (organisation_id, id, care_recipient_id),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id),
    CONSTRAINT person_pace_api_access CHECK (pace_participant OR NOT pace_api_access)
);

-- The people by name: as people page through them, and as programs do.
CREATE INDEX person_name ON person (organisation_id, lower(family_name), lower(given_name), id);
CREATE INDEX person_family_name ON person (organisation_id, family_name, given_name, id);
-- Namesakes: the people of an organisation who were born on the same day.
CREATE INDEX person_birth_date ON person (organisation_id, birth_date);
-- Those whose care recipient ids differ by leading zeros.
CREATE INDEX person_digits ON person (organisation_id, ltrim(care_recipient_id, '0'));

COMMENT ON COLUMN person.connection_id IS 'The Services Australia connection that holds the person, learned from the budgets (R11).';
COMMENT ON COLUMN person.entries IS 'The entries with the organisation''s own providers, by category of funding, as last reported (R11).';
COMMENT ON COLUMN person.reported_given_name IS 'The given name that Services Australia last reported (R8).';
COMMENT ON COLUMN person.verified_at IS 'When a summary of this person first passed the identity check (R8).';

-- Somebody said that the government means this person by a given name, under this care recipient id (R8). The answer can be taken back, and
-- is named by an id: no address carries a name (R10).
CREATE TABLE same_person (
    id                  uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    organisation_id     uuid NOT NULL,
    person_id           uuid NOT NULL,
    care_recipient_id   text NOT NULL,
    reported_given_name text NOT NULL,
    said_by             text NOT NULL CHECK (said_by <> ''),
    said_why            text NOT NULL CHECK (said_why <> ''),
    said_at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, care_recipient_id, reported_given_name),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

-- What tells a person from the others of the organisation, as care.Known has it.
-- +goose StatementBegin
CREATE FUNCTION known_person(person person) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'others', (SELECT coalesce(jsonb_agg(jsonb_build_object('care_recipient_id', coalesce(o.care_recipient_id, ''), 'given_name', o.given_name,
                                                                'family_name', o.family_name, 'birth_date', o.birth_date) ORDER BY o.id), '[]')
                   FROM person o
                   WHERE o.organisation_id = person.organisation_id AND o.id <> person.id
                     AND (o.birth_date = person.birth_date OR ltrim(o.care_recipient_id, '0') = ltrim(person.care_recipient_id, '0'))),
        'same_person', (SELECT coalesce(jsonb_agg(s.reported_given_name ORDER BY s.reported_given_name), '[]')
                        FROM same_person s
                        WHERE s.person_id = person.id AND s.care_recipient_id = person.care_recipient_id)
    )
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION known_person;
DROP TABLE same_person, person;
