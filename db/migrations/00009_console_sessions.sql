-- +goose Up
-- So that a session can only be of a token of its own organisation (R11).
ALTER TABLE api_token ADD UNIQUE (organisation_id, id);

-- Somebody signed in to the console. Their cookie holds a random id, of which only the SHA-256 is kept.
CREATE TABLE console_session (
    id_hash         bytea PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    token_id        uuid,
    name            text NOT NULL CHECK (name <> ''),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, token_id) REFERENCES api_token (organisation_id, id)
);

CREATE INDEX console_session_expiry ON console_session (expires_at);

COMMENT ON COLUMN console_session.token_id IS 'The API token that signed in: revoking it ends the session. NULL for a sign-in link.';
COMMENT ON COLUMN console_session.name IS 'Who is signed in, as runs record it.';

-- A link that signs in once. Only the SHA-256 of its secret is kept.
CREATE TABLE console_link (
    secret_hash     bytea PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    name            text NOT NULL CHECK (name <> ''),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL
);

-- People are listed by name.
CREATE INDEX person_name ON person (organisation_id, lower(family_name), lower(given_name), id);

-- +goose Down
DROP INDEX person_name;
DROP TABLE console_link, console_session;
ALTER TABLE api_token DROP CONSTRAINT api_token_organisation_id_id_key;
