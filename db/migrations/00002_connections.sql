-- +goose Up
-- How an organisation reaches a government service as one service provider.
CREATE TABLE connection (
    id                  uuid PRIMARY KEY,
    organisation_id     uuid NOT NULL REFERENCES organisation (id),
    service             text NOT NULL CHECK (service IN ('services-australia', 'ndia')),
    name                text NOT NULL CHECK (name <> ''),
    base_url            text NOT NULL,
    token_base_url      text NOT NULL,
    device_base_url     text NOT NULL,
    ra_number           text NOT NULL,
    device_name         text NOT NULL,
    client_id           text NOT NULL,
    api_key             text NOT NULL,
    audience            text NOT NULL,
    product_id          text NOT NULL,
    service_provider_id text NOT NULL,
    rate_per_second     integer NOT NULL CHECK (rate_per_second BETWEEN 1 AND 10000),
    consent_code        text NOT NULL,
    time_zone           text NOT NULL,
    activated_at        timestamptz,
    key_since           timestamptz,
    key_expiry          timestamptz,
    device_expiry       timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, service, service_provider_id),
    UNIQUE (organisation_id, name)
);

COMMENT ON COLUMN connection.key_since IS 'When the device''s present key became its key: PRODA counts half of its life from then (R36).';
COMMENT ON COLUMN connection.time_zone IS 'The service''s own: what the service decides goes by its date and not by the organisation''s (R1).';

-- A device's private keys, sealed. A renewed key is stored as pending before PRODA is told of it and becomes active
-- afterwards, so that a crash in between loses neither.
CREATE TABLE device_key (
    organisation_id    uuid NOT NULL,
    connection_id      uuid NOT NULL,
    state              text NOT NULL CHECK (state IN ('active', 'pending')),
    private_key_sealed bytea NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, state),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id) ON DELETE CASCADE
);

-- One PRODA token for a connection and audience, shared by all workers.
CREATE TABLE upstream_token (
    organisation_id uuid NOT NULL,
    connection_id   uuid NOT NULL,
    audience        text NOT NULL,
    token_sealed    bytea,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, audience),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id) ON DELETE CASCADE
);

-- The calls that all workers together may make on a connection: a generic cell rate algorithm whose only state is the
-- theoretical arrival time of the next call. Its clock is PostgreSQL's, which booked_at is read from with each change: a clock that shows an
-- earlier time was put back.
CREATE TABLE upstream_allowance (
    organisation_id     uuid NOT NULL,
    connection_id       uuid NOT NULL,
    name                text NOT NULL,
    theoretical_arrival timestamptz NOT NULL,
    booked_at           timestamptz NOT NULL,
    asked_until         timestamptz, -- until when the service itself has asked to be left alone
    PRIMARY KEY (connection_id, name),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id) ON DELETE CASCADE
);

-- +goose StatementBegin
-- When the next call is due by the clock as it is now. What was booked ahead when the clock was put back is booked ahead still, and no further.
CREATE FUNCTION next_arrival(allowance upstream_allowance) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN allowance.booked_at > now_is THEN now_is + (allowance.theoretical_arrival - allowance.booked_at) ELSE allowance.theoretical_arrival END
    FROM (SELECT clock_timestamp() AS now_is) clock
$$;
-- +goose StatementEnd

-- How the calls of a connection went last: when the service answered, and how a call failed that did not fail for one person only. The words are the
-- government's own, and may hold person data (R10).
CREATE TABLE connection_call (
    organisation_id uuid NOT NULL,
    connection_id   uuid PRIMARY KEY,
    answered_at     timestamptz,
    failed_at       timestamptz,
    failed_service  text NOT NULL DEFAULT '',
    operation       text NOT NULL DEFAULT '',
    kind            text NOT NULL DEFAULT '',
    code            text NOT NULL DEFAULT '',
    status          integer NOT NULL DEFAULT 0,
    words           text NOT NULL DEFAULT '',
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id) ON DELETE CASCADE
);

-- A value sealed with each key that has sealed, by which a program finds out whether its keyring is the one of this database. It belongs to
-- the installation as a whole.
CREATE TABLE sealing_key (
    key_id        text PRIMARY KEY,
    sealed        bytea NOT NULL,
    first_used_at timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN sealing_key.last_used_at IS 'When a program last noted that the key seals, which it does twice a minute while it runs.';

-- The id of the key with which a value is sealed, empty where it is none that was sealed.
-- +goose StatementBegin
CREATE FUNCTION sealed_with(sealed bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(sealed) > 2 AND get_byte(sealed, 0) = 1
                THEN coalesce(substring(encode(substr(sealed, 3, get_byte(sealed, 1)), 'escape') FROM '^[a-z0-9][a-z0-9._-]{0,31}$'), '') ELSE '' END
$$;
-- +goose StatementEnd

-- The deployment that this database belongs to (R37), known by the Temporal namespace that holds its workflows. There is at most one row; while
-- there is none, the database has never belonged to any, and the first program to connect adopts it.
CREATE TABLE deployment (
    id                    uuid NOT NULL,
    temporal_cluster_id   text NOT NULL,
    temporal_namespace_id text NOT NULL CHECK (temporal_namespace_id <> ''),
    temporal_namespace    text NOT NULL,
    adopted_at            timestamptz NOT NULL DEFAULT now(),
    adopted_by            text NOT NULL,
    only_row              boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);

COMMENT ON COLUMN deployment.id IS 'New with each adoption by another namespace.';
COMMENT ON COLUMN deployment.temporal_cluster_id IS 'Empty where the server does not tell it.';
COMMENT ON COLUMN deployment.temporal_namespace IS 'The name, for people: a namespace of the same name elsewhere is another one.';

-- +goose Down
DROP FUNCTION sealed_with, next_arrival;
DROP TABLE deployment, sealing_key, connection_call, upstream_allowance, upstream_token, device_key, connection;
