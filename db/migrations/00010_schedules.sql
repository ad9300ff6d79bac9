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
COMMENT ON COLUMN schedule.version IS 'New with every change, pausing included. temporal_schedule holds the version that Temporal was told last.';
COMMENT ON COLUMN schedule.settled_until IS 'Times before this have been checked for a run.';

-- A time at which a schedule was due and no bulk run started, with the run that was in progress then. A later run for that time makes the row
-- void.
CREATE TABLE schedule_time (
    organisation_id uuid NOT NULL,
    name            text NOT NULL,
    due_at          timestamptz NOT NULL,
    bulk_id         uuid,
    waiting_for     text NOT NULL DEFAULT '',
    waiting_by      text NOT NULL DEFAULT '',
    waiting_since   timestamptz,
    PRIMARY KEY (organisation_id, name, due_at),
    FOREIGN KEY (organisation_id, name) REFERENCES schedule (organisation_id, name) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id)
);

CREATE INDEX schedule_time_bulk ON schedule_time (bulk_id) WHERE bulk_id IS NOT NULL;

COMMENT ON COLUMN schedule_time.waiting_for IS 'What the run in progress was waiting for, empty for nothing; waiting_by, who had paused it.';

-- What Temporal was told last of each schedule, the organisations' and the deployment's own, by the schedule's id in Temporal. The fingerprint is
-- that of Temporal's answer afterwards: a different one later means that someone edited the schedule there.
CREATE TABLE temporal_schedule (
    id          text PRIMARY KEY,
    version     bigint NOT NULL DEFAULT 0,
    key_id      text NOT NULL DEFAULT '',
    fingerprint text NOT NULL DEFAULT '',
    paused      boolean NOT NULL DEFAULT false,
    made_at     timestamptz,
    applied_at  timestamptz,
    edited_at   timestamptz,
    error       text NOT NULL DEFAULT '',
    error_at    timestamptz
);

COMMENT ON COLUMN temporal_schedule.fingerprint IS 'Empty while Temporal is being told, so that an interrupted change is not taken for an edit.';
COMMENT ON COLUMN temporal_schedule.paused IS 'Whether Temporal was told to pause it: a pause that it was not told of is one of its own, after a failed run.';
COMMENT ON COLUMN temporal_schedule.key_id IS 'The key with which its input is sealed.';
COMMENT ON COLUMN temporal_schedule.made_at IS 'When it was created in Temporal, which starts nothing for earlier times.';
COMMENT ON COLUMN temporal_schedule.edited_at IS 'When a change that was not made with CareSync was last replaced.';
COMMENT ON COLUMN temporal_schedule.error IS 'Why it could not be applied, as a code; empty where the last attempt succeeded.';

-- Work that one process at a time does: the holder of the row, until the lease ends or is renewed.
CREATE TABLE lease (
    name   text PRIMARY KEY,
    holder uuid NOT NULL,
    until  timestamptz NOT NULL
);

-- +goose Down
DROP TABLE lease, temporal_schedule, schedule_time, schedule;
DROP SEQUENCE schedule_version;
