-- +goose Up
-- Versions are never used twice, so that what Temporal was told of a schedule that was deleted is not taken for one of the same name.
CREATE SEQUENCE schedule_version;

-- A schedule of bulk runs. PostgreSQL is the truth: Temporal is made equal to the rows, and the rows outlive it.
CREATE TABLE schedule (
    organisation_id  uuid NOT NULL REFERENCES organisation (id),
    name             text NOT NULL CHECK (name <> ''),
    cron             text NOT NULL DEFAULT '',
    time_of_day      text NOT NULL DEFAULT '',
    weekdays         integer[] NOT NULL DEFAULT '{}',
    time_zone        text NOT NULL,
    jitter_ms        bigint NOT NULL CHECK (jitter_ms >= 0),
    catch_up_ms      bigint NOT NULL CHECK (catch_up_ms > 0),
    overlap          text NOT NULL CHECK (overlap IN ('skip', 'buffer-one', 'cancel-other')),
    pause_on_failure boolean NOT NULL,
    options          jsonb NOT NULL,
    paused_at        timestamptz,
    paused_by        text NOT NULL DEFAULT '',
    created_by       text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    changed_by       text NOT NULL,
    changed_at       timestamptz NOT NULL DEFAULT now(),
    version          bigint NOT NULL DEFAULT nextval('schedule_version'),
    settled_until    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, name),
    CHECK ((cron = '') <> (time_of_day = ''))
);

COMMENT ON COLUMN schedule.paused_by IS 'Who paused it; empty where Temporal did, because a run failed for everyone.';
COMMENT ON COLUMN schedule.version IS 'New with every change, pausing included: what Temporal was told last is of a version, too.';
COMMENT ON COLUMN schedule.settled_until IS 'Up to when it was looked at which of its times led to a run.';

-- A time of a schedule for which no bulk run was known when it was looked at, with the run that was under way then. A run that comes later
-- makes up for it.
CREATE TABLE schedule_time (
    organisation_id uuid NOT NULL,
    name            text NOT NULL,
    due_at          timestamptz NOT NULL,
    bulk_id         uuid,
    paused_at       timestamptz,
    paused_by       text NOT NULL DEFAULT '',
    waiting_since   timestamptz,
    PRIMARY KEY (organisation_id, name, due_at),
    FOREIGN KEY (organisation_id, name) REFERENCES schedule (organisation_id, name) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id)
);

CREATE INDEX schedule_time_bulk ON schedule_time (bulk_id) WHERE bulk_id IS NOT NULL;

COMMENT ON COLUMN schedule_time.paused_at IS 'Since when the run that was under way was paused, and waiting_since since when it waited for the service.';

-- What stands in Temporal, by the schedule's id there: of the organisations' schedules and of the deployment's own. The fingerprint is that of
-- what Temporal answered after it was told: another one later means that somebody changed it there.
CREATE TABLE temporal_schedule (
    id          text PRIMARY KEY,
    version     bigint NOT NULL DEFAULT 0,
    key_id      text NOT NULL DEFAULT '',
    fingerprint text NOT NULL DEFAULT '',
    made_at     timestamptz,
    applied_at  timestamptz,
    edited_at   timestamptz,
    error       text NOT NULL DEFAULT '',
    error_at    timestamptz
);

COMMENT ON COLUMN temporal_schedule.key_id IS 'The key with which its input is sealed.';
COMMENT ON COLUMN temporal_schedule.made_at IS 'When it was made in Temporal: for times before, Temporal starts nothing.';
COMMENT ON COLUMN temporal_schedule.edited_at IS 'When a change that was not made with CareSync was last replaced.';
COMMENT ON COLUMN temporal_schedule.error IS 'Why it could not be applied, as a code; empty where the last attempt succeeded.';

-- What one process at a time does: whoever holds the row does it until the time, unless it is renewed.
CREATE TABLE lease (
    name   text PRIMARY KEY,
    holder uuid NOT NULL,
    until  timestamptz NOT NULL
);

-- +goose Down
DROP TABLE lease, temporal_schedule, schedule_time, schedule;
DROP SEQUENCE schedule_version;
