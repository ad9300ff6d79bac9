-- name: LockClaim :one
-- The claim, made with the first event's status where there is none; whoever records another event of it waits.
INSERT INTO claim AS c (id, organisation_id, upstream_claim_id, status)
VALUES (@id, @organisation_id, @upstream_claim_id, @status)
ON CONFLICT (organisation_id, upstream_claim_id) DO UPDATE SET status = c.status
RETURNING c.id, c.status, (xmax = 0)::boolean AS created;

-- name: InsertClaimEvent :execrows
INSERT INTO claim_event (organisation_id, event_id, claim_id, status, occurred_at, moved)
VALUES (@organisation_id, @event_id, @claim_id, @status, @occurred_at, @moved)
ON CONFLICT (organisation_id, event_id) DO NOTHING;

-- name: ClaimEvent :one
SELECT claim_id, status FROM claim_event WHERE organisation_id = @organisation_id AND event_id = @event_id;

-- name: MoveClaim :exec
UPDATE claim SET status = @status, changed_at = now() WHERE organisation_id = @organisation_id AND id = @claim_id;

-- name: NameClaimPeople :exec
-- Someone who was unknown may have become a person since.
INSERT INTO claim_person AS p (organisation_id, claim_id, care_recipient_id, person_id)
SELECT @organisation_id, @claim_id, r.care_recipient_id, c.id
FROM unnest(@care_recipient_ids::text[]) AS r (care_recipient_id)
LEFT JOIN person c ON c.organisation_id = @organisation_id AND c.care_recipient_id = r.care_recipient_id
ON CONFLICT (claim_id, care_recipient_id) DO UPDATE SET person_id = excluded.person_id
WHERE p.person_id IS DISTINCT FROM excluded.person_id;

-- name: CauseClaimSyncs :exec
-- One for each person of the event for whom this claim has triggered none at that status or at a later one.
INSERT INTO claim_sync (organisation_id, claim_id, person_id, status, event_id)
SELECT p.organisation_id, p.claim_id, p.person_id, @status::text, @event_id
FROM claim_person p
WHERE p.organisation_id = @organisation_id AND p.claim_id = @claim_id AND p.person_id IS NOT NULL
  AND p.care_recipient_id = ANY (@care_recipient_ids::text[])
  AND NOT EXISTS (SELECT FROM claim_sync s WHERE s.claim_id = p.claim_id AND s.person_id = p.person_id
                  AND s.status IN ('completed', @status::text))
GROUP BY p.organisation_id, p.claim_id, p.person_id;

-- name: CountClaim :one
SELECT (SELECT count(*) FROM claim_person p WHERE p.organisation_id = @organisation_id AND p.claim_id = @claim_id)::integer AS people,
       (SELECT count(*) FROM claim_person p
        WHERE p.organisation_id = @organisation_id AND p.claim_id = @claim_id AND p.person_id IS NULL)::integer AS unknown_people,
       (SELECT count(DISTINCT s.person_id) FROM claim_sync s
        WHERE s.organisation_id = @organisation_id AND s.claim_id = @claim_id AND s.requested_at IS NULL)::integer AS due;

-- name: DueClaimSyncs :many
SELECT person_id, array_agg(status)::text[] AS statuses
FROM claim_sync WHERE organisation_id = @organisation_id AND claim_id = @claim_id AND requested_at IS NULL
GROUP BY person_id ORDER BY person_id;

-- name: ClaimSyncRequested :exec
-- Only what was due when the sync was asked for: a later event may have caused another meanwhile.
UPDATE claim_sync SET requested_at = now()
WHERE organisation_id = @organisation_id AND claim_id = @claim_id AND person_id = @person_id AND status = ANY (@statuses::text[])
  AND requested_at IS NULL;

-- name: NoteAnsweredClaimSyncs :exec
-- Of all organisations: those after whose event a run of the person has started.
UPDATE claim_sync s SET answered_at = now()
WHERE s.answered_at IS NULL AND EXISTS (
    SELECT FROM sync_run r WHERE r.organisation_id = s.organisation_id AND r.person_id = s.person_id AND r.kind = 'care-recipient'
        AND r.started_at >= s.caused_at);

-- name: UnansweredClaimSyncs :many
-- Those that should have been answered by now.
SELECT organisation_id, claim_id, person_id, array_agg(status)::text[] AS statuses FROM claim_sync
WHERE answered_at IS NULL AND caused_at < now() - interval '2 minutes'
GROUP BY organisation_id, claim_id, person_id ORDER BY min(caused_at) LIMIT 1000;

-- name: DropClaimSyncs :exec
-- An operator has cancelled the run that was to answer them (R7).
UPDATE claim_sync SET answered_at = now() WHERE organisation_id = @organisation_id AND person_id = @person_id AND requested_at IS NOT NULL
  AND answered_at IS NULL;

-- name: ViewClaim :one
SELECT id, upstream_claim_id, status, created_at, changed_at FROM claim
WHERE organisation_id = @organisation_id
  AND (upstream_claim_id = @upstream_claim_id OR upstream_claim_id = sqlc.narg(claim_id)::uuid::text OR id = sqlc.narg(claim_id))
ORDER BY id = sqlc.narg(claim_id) NULLS FIRST LIMIT 1;

-- name: ViewClaimEvents :many
SELECT event_id, status, occurred_at, received_at, moved FROM claim_event
WHERE organisation_id = @organisation_id AND claim_id = @claim_id ORDER BY position;

-- name: ViewClaimPeople :many
SELECT p.care_recipient_id, p.person_id, coalesce(c.given_name, '') AS given_name, coalesce(c.family_name, '') AS family_name,
       coalesce(c.ndis_number, '') AS ndis_number
FROM claim_person p
LEFT JOIN person c ON c.organisation_id = p.organisation_id AND c.id = p.person_id
WHERE p.organisation_id = @organisation_id AND p.claim_id = @claim_id
ORDER BY c.family_name, c.given_name, p.care_recipient_id;

-- name: ViewClaimSyncs :many
-- The run is the person's first that began after the event, whoever else had asked for it, too.
SELECT s.person_id, s.status, s.caused_at, s.requested_at, coalesce(r.id::text, '')::text AS run_id, coalesce(r.outcome, '')::text AS outcome
FROM claim_sync s
LEFT JOIN LATERAL (
    SELECT n.id, n.outcome FROM sync_run n
    WHERE n.organisation_id = s.organisation_id AND n.person_id = s.person_id AND n.kind = 'care-recipient' AND n.started_at >= s.caused_at
    ORDER BY n.started_at LIMIT 1) r ON true
WHERE s.organisation_id = @organisation_id AND s.claim_id = @claim_id
ORDER BY s.status, s.caused_at, s.person_id;
