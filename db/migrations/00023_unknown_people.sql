-- +goose Up
-- Somebody whom a list names under a number that nobody of the organisation has: which of its people it may be (R33).
ALTER TABLE bulk_unknown
    ADD may_be_person_id uuid,
    ADD FOREIGN KEY (organisation_id, may_be_person_id) REFERENCES person (organisation_id, id);

COMMENT ON COLUMN bulk_unknown.may_be_person_id IS 'The one person with the same name and birth date whom no list has any more, NULL where nobody fits.';

-- +goose Down
ALTER TABLE bulk_unknown DROP COLUMN may_be_person_id;
