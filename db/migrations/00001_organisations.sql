-- +goose Up
-- Every row of every other table belongs to an organisation (R11). Foreign keys carry organisation_id with them, so that no
-- row can refer to another organisation's.
CREATE TABLE organisation (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    name       text NOT NULL CHECK (name <> ''),
    time_zone  text NOT NULL DEFAULT 'Australia/Sydney',
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN organisation.time_zone IS 'The zone whose calendar date is "today" (R1).';

-- +goose Down
DROP TABLE organisation;
