-- Which deployment the database belongs to (R37).

-- name: Deployment :one
SELECT id, temporal_cluster_id, temporal_namespace_id, temporal_namespace, adopted_at, adopted_by FROM deployment;

-- name: AdoptUnclaimed :exec
-- Takes effect only on a database that has never belonged to a deployment.
INSERT INTO deployment (id, temporal_cluster_id, temporal_namespace_id, temporal_namespace, adopted_by)
VALUES (@id, @temporal_cluster_id, @temporal_namespace_id, @temporal_namespace, @adopted_by) ON CONFLICT DO NOTHING;

-- name: Adopt :exec
-- Whose it is already stays as it is.
INSERT INTO deployment AS held (id, temporal_cluster_id, temporal_namespace_id, temporal_namespace, adopted_by)
VALUES (@id, @temporal_cluster_id, @temporal_namespace_id, @temporal_namespace, @adopted_by)
ON CONFLICT (only_row) DO UPDATE SET id = excluded.id, temporal_cluster_id = excluded.temporal_cluster_id,
    temporal_namespace_id = excluded.temporal_namespace_id, temporal_namespace = excluded.temporal_namespace,
    adopted_at = excluded.adopted_at, adopted_by = excluded.adopted_by
WHERE (held.temporal_cluster_id, held.temporal_namespace_id) IS DISTINCT FROM (excluded.temporal_cluster_id, excluded.temporal_namespace_id);

-- name: UnfinishedWork :one
-- The unfinished runs and bulk runs of all organisations.
SELECT (SELECT count(*) FROM sync_run WHERE outcome IS NULL)::int AS runs, (SELECT count(*) FROM bulk_run WHERE outcome IS NULL)::int AS bulk_runs;
