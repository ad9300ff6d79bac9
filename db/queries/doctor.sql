-- What `caresync doctor` looks at, of all organisations. It writes nothing.

-- name: OpenRunsFor :many
-- Runs with a workflow of their own that have been open for that long, the longest first.
SELECT o.slug, r.id, r.kind, r.workflow_id, r.requested_at
FROM sync_run r JOIN organisation o ON o.id = r.organisation_id
WHERE r.outcome IS NULL AND r.requested_at < now() - make_interval(secs => @seconds::float8) AND r.workflow_id <> '' AND NOT starts_with(r.workflow_id, 'bulk-sync/')
ORDER BY r.requested_at LIMIT @most;

-- name: OpenBulksFor :many
-- Bulk runs that have been open for that long, with when something happened to them last.
SELECT o.slug, b.id, b.workflow_id, b.requested_by, b.requested_at, b.started_at, b.paused_at, b.paused_by, b.waiting_since,
       coalesce((SELECT max(i.settled_at) FROM bulk_item i WHERE i.bulk_id = b.id), b.planned_at, b.started_at, b.requested_at)::timestamptz AS moved_at
FROM bulk_run b JOIN organisation o ON o.id = b.organisation_id
WHERE b.outcome IS NULL AND b.requested_at < now() - make_interval(secs => @seconds::float8)
ORDER BY b.requested_at LIMIT @most;

-- name: OpenWorkflows :many
-- Those of some workflows to which an open run or bulk run belongs.
SELECT r.workflow_id FROM sync_run r WHERE r.outcome IS NULL AND r.workflow_id = ANY (@workflow_ids::text[])
UNION
SELECT b.workflow_id FROM bulk_run b WHERE b.outcome IS NULL AND b.workflow_id = ANY (@workflow_ids);

-- name: ScheduleResults :many
-- When the last run of each schedule was requested that neither failed nor was cancelled.
SELECT b.organisation_id, b.requested_by, max(b.requested_at)::timestamptz AS last_good
FROM bulk_run b JOIN schedule s ON s.organisation_id = b.organisation_id AND b.requested_by = @requester_prefix::text || s.name
WHERE b.outcome NOT IN ('failed', 'cancelled')
GROUP BY b.organisation_id, b.requested_by;

-- name: BookedAhead :many
-- How far ahead the calls of connections are booked, in seconds.
SELECT o.slug, c.name AS connection, c.service, a.name AS allowance, extract(epoch FROM next_arrival(a) - clock_timestamp())::float8 AS ahead_seconds
FROM upstream_allowance a JOIN connection c ON c.id = a.connection_id JOIN organisation o ON o.id = c.organisation_id
WHERE a.theoretical_arrival > clock_timestamp()
ORDER BY o.slug, c.name, a.name;

-- name: OutboxBacklog :one
-- Since when facts wait for a reader, now if none do. Only an outbox whose first rows were taken has one.
SELECT coalesce((SELECT o.published_at IS NOT NULL FROM outbox o ORDER BY o.id LIMIT 1), false)::boolean AS has_reader,
       coalesce((SELECT o.created_at FROM outbox o WHERE o.published_at IS NULL ORDER BY o.id LIMIT 1), now())::timestamptz AS oldest;

-- name: ClaimBacklog :one
-- Claims' syncs that no run has followed.
SELECT count(*)::int AS syncs, coalesce(min(caused_at), now())::timestamptz AS oldest FROM claim_sync WHERE answered_at IS NULL;
