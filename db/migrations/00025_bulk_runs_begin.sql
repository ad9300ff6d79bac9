-- +goose Up
-- Until a worker has begun a bulk run, there may be none that can (R38).
ALTER TABLE bulk_run ADD started_at timestamptz;
UPDATE bulk_run SET started_at = coalesce(listed_at, planned_at, finished_at);

COMMENT ON COLUMN bulk_run.started_at IS 'When a worker began it, NULL until then.';

-- +goose Down
ALTER TABLE bulk_run DROP COLUMN started_at;
