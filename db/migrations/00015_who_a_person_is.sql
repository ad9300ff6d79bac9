-- +goose Up
-- Namesakes: the people of an organisation who were born on the same day.
CREATE INDEX person_birth_date ON person (organisation_id, birth_date);
-- Those whose care recipient ids differ by leading zeros.
CREATE INDEX person_digits ON person (organisation_id, ltrim(care_recipient_id, '0'));

-- Somebody said that the government means this person by a given name, under this care recipient id (R8).
CREATE TABLE same_person (
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

-- Whether a person has a budget that is not closed: without an end, or with one since that day (R15).
-- +goose StatementBegin
CREATE FUNCTION has_open_budget(person person, open_since date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM support_plan p JOIN budget b ON b.organisation_id = p.organisation_id AND b.plan_id = p.id
                   WHERE p.organisation_id = person.organisation_id AND p.person_id = person.id
                     AND b.removed_at IS NULL AND (b.end_date IS NULL OR b.end_date >= open_since))
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION has_open_budget;
DROP FUNCTION known_person;
DROP TABLE same_person;
DROP INDEX person_digits, person_birth_date;
