-- +goose Up
-- A program's way in. Only the SHA-256 of a token is kept. Its organisation is part of a key, so that a console session can only be of a token
-- of its own organisation (R11).
CREATE TABLE api_token (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    name            text NOT NULL CHECK (name <> ''),
    token_hash      bytea NOT NULL UNIQUE,
    created_at      timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz,
    UNIQUE (organisation_id, id)
);

CREATE INDEX api_token_organisation ON api_token (organisation_id);

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

-- +goose Down
DROP TABLE console_link, console_session, api_token;
