-- A bulk run plans its people as rows and settles each row once. Which people are left is asked of the rows, so that whatever was
-- killed, retried or continued at any moment continues with the people who have no outcome.

-- name: RecordBulk :exec
INSERT INTO bulk_run (id, organisation_id, kind, requested_by, workflow_id, options)
VALUES (@id, @organisation_id, @kind, @requested_by, @workflow_id, @options)
ON CONFLICT (id) DO NOTHING;

-- name: WithdrawBulk :exec
DELETE FROM bulk_run b
WHERE b.organisation_id = @organisation_id AND b.id = @id AND b.started_at IS NULL AND b.outcome IS NULL
  AND NOT EXISTS (SELECT FROM bulk_item i WHERE i.bulk_id = b.id);

-- name: PlanMoved :execrows
-- The people of a window with changes according to the lists, and those whose last run did not succeed: a list does not name them again, so that they are
-- read as a whole.
WITH selected AS (
    SELECT c.organisation_id, c.id, ARRAY(SELECT jsonb_array_elements_text(@moved::jsonb -> c.id::text))::text[] AS budgets, (NOT l.succeeded OR c.verified_at IS NULL) AS whole,
           (row_number() OVER (ORDER BY c.id) - 1)::int AS place,
           @before::int AS before, @per_batch::int AS per_batch, @per_chunk::int AS per_chunk
    FROM person c CROSS JOIN LATERAL (SELECT coalesce(last_sync_succeeded(c.organisation_id, c.id, 'care-recipient'), false) AS succeeded) l
    WHERE c.organisation_id = @organisation_id AND c.id > @after AND c.id <= @until AND c.care_recipient_id IS NOT NULL
      AND (jsonb_exists(@moved::jsonb, c.id::text) -- listed as changed, such as someone who has come back
           OR (NOT l.succeeded OR c.verified_at IS NULL)
              AND (c.not_in_care_since IS NULL OR c.not_in_care_since >= @open_since::date OR has_open_budget(c, @open_since)))
)
INSERT INTO bulk_item (organisation_id, bulk_id, person_id, batch, chunk, moved_budgets, whole)
SELECT organisation_id, @bulk_id, id, (before + place) / per_batch, (before + place) % per_batch / per_chunk, budgets, whole
FROM selected
ON CONFLICT (bulk_id, person_id) DO NOTHING;

-- name: ListMarks :many
-- Up to when each list of the organisation's connections to Services Australia is covered; NULL where nothing covers it yet (R35).
SELECT n.id, l.list::text AS list, m.mark, coalesce(m.listed, '{}')::text[] AS listed
FROM connection n
CROSS JOIN unnest(ARRAY['summary', 'contributions', 'budgets']) AS l (list)
LEFT JOIN list_mark m ON m.connection_id = n.id AND m.list = l.list
WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia' AND n.activated_at IS NOT NULL;

-- name: NoteBulkList :exec
-- How far a bulk run's reading of a list goes; the first attempt's stands.
INSERT INTO bulk_list (organisation_id, bulk_id, connection_id, list, mark, listed)
VALUES (@organisation_id, @bulk_id, @connection_id, @list, @mark, @listed)
ON CONFLICT DO NOTHING;

-- name: MoveListMarks :exec
-- The lists that a bulk run has read are covered once everyone it planned was reached, with all areas: including people for whom the
-- government's answer was no, but not people who were left out, cancelled, or lost to an outage.
INSERT INTO list_mark AS m (organisation_id, connection_id, list, mark, listed)
SELECT l.organisation_id, l.connection_id, l.list, l.mark, l.listed
FROM bulk_list l JOIN bulk_run b ON b.id = l.bulk_id
WHERE l.organisation_id = @organisation_id AND l.bulk_id = @bulk_id AND b.planned_at IS NOT NULL AND NOT jsonb_exists(b.options, 'only')
  AND NOT EXISTS (SELECT FROM bulk_item i WHERE i.bulk_id = l.bulk_id
                  AND (i.outcome IN ('skipped', 'cancelled') OR i.outcome = 'failed' AND i.reason = ANY (@outages::text[])))
ON CONFLICT (connection_id, list) DO UPDATE SET mark = excluded.mark, listed = excluded.listed
WHERE excluded.mark >= m.mark;

-- name: MarkBulkListed :exec
UPDATE bulk_run SET listed_at = @listed_at WHERE organisation_id = @organisation_id AND id = @id AND listed_at IS NULL;

-- name: HeldLists :many
SELECT c.care_recipient_id::text AS care_recipient_id, (jsonb_build_object(
    'person', to_jsonb(c), 'plan', to_jsonb(p),
    'connections', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'service_provider_id', n.service_provider_id)), '[]')
                    FROM connection n WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia'),
    'classifications', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM classification r WHERE r.plan_id = p.id),
    'approved_services', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM approved_service r WHERE r.plan_id = p.id),
    'supplements', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM supplement r WHERE r.plan_id = p.id),
    'contributions', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM contribution r WHERE r.plan_id = p.id),
    'budgets', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM budget r WHERE r.plan_id = p.id),
    'holds', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', h.kind, 'budget_id', h.budget_id, 'records', h.records,
                                                          'accepted', h.accepted_at IS NOT NULL)), '[]')
              FROM removal_hold h WHERE h.person_id = c.id AND h.closed_at IS NULL)
) || known_person(c))::jsonb AS held
FROM person c LEFT JOIN support_plan p ON p.organisation_id = c.organisation_id AND p.person_id = c.id
WHERE c.organisation_id = @organisation_id AND c.care_recipient_id = ANY (@care_recipient_ids::text[]);

-- name: CareRecipientIDsLike :many
SELECT c.care_recipient_id::text AS care_recipient_id FROM person c
WHERE c.organisation_id = @organisation_id AND ltrim(c.care_recipient_id, '0') IN (SELECT ltrim(n.id, '0') FROM unnest(@care_recipient_ids::text[]) AS n (id));

-- name: Absent :one
-- How many verified people in care there are, and how many of them no list has.
SELECT count(*)::int AS in_care, (count(*) FILTER (WHERE c.care_recipient_id NOT IN (SELECT unnest(@listed::text[]))))::int AS absent
FROM person c
WHERE c.organisation_id = @organisation_id AND c.verified_at IS NOT NULL AND c.care_recipient_id IS NOT NULL AND c.not_in_care_since IS NULL;

-- name: AbsentByConnection :many
-- The same for the people of each connection to Services Australia, or who may be of it where that is not known.
SELECT n.id, count(c.id)::int AS in_care, (count(c.id) FILTER (WHERE c.care_recipient_id NOT IN (SELECT unnest(@listed::text[]))))::int AS absent
FROM connection n
LEFT JOIN person c ON c.organisation_id = n.organisation_id AND (c.connection_id = n.id OR c.connection_id IS NULL)
    AND c.verified_at IS NOT NULL AND c.care_recipient_id IS NOT NULL AND c.not_in_care_since IS NULL
WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia'
GROUP BY n.id;

-- name: AbsentPeople :many
-- Who would be marked as absent, with the connection that holds them.
SELECT c.care_recipient_id::text AS care_recipient_id, coalesce(c.connection_id::text, '')::text AS connection_id
FROM person c
WHERE c.organisation_id = @organisation_id AND c.verified_at IS NOT NULL AND c.care_recipient_id IS NOT NULL AND c.not_in_care_since IS NULL
  AND NOT EXISTS (SELECT FROM unnest(@listed::text[]) AS l (care_recipient_id) WHERE l.care_recipient_id = c.care_recipient_id)
ORDER BY c.id;

-- name: MarkAbsent :exec
-- From the last known departure, else from the first absence (R19).
UPDATE person c SET not_in_care_since = coalesce(c.departure_date, @today::date)
WHERE c.organisation_id = @organisation_id AND c.verified_at IS NOT NULL AND c.care_recipient_id IS NOT NULL AND c.not_in_care_since IS NULL
  AND NOT EXISTS (SELECT FROM unnest(@listed::text[]) AS l (care_recipient_id) WHERE l.care_recipient_id = c.care_recipient_id);

-- name: NoteAbsences :exec
-- Whom an earlier attempt has marked is absent no more, and still counts.
UPDATE bulk_run SET absent = absent + @absent, absent_held = @absent_held WHERE organisation_id = @organisation_id AND id = @id;

-- name: BulkPlanned :one
-- Whether all people have been planned, how many have been so far, and the last of them.
SELECT (planned_at IS NOT NULL)::boolean AS planned,
       (SELECT count(*) FROM bulk_item i WHERE i.bulk_id = b.id)::int AS total,
       (SELECT coalesce(max(i.batch) + 1, 0) FROM bulk_item i WHERE i.bulk_id = b.id)::int AS batches,
       coalesce((SELECT i.person_id FROM bulk_item i WHERE i.bulk_id = b.id ORDER BY i.person_id DESC LIMIT 1), '00000000-0000-0000-0000-000000000000')::uuid AS last_person
FROM bulk_run b WHERE b.organisation_id = @organisation_id AND b.id = @id;

-- name: LockBulk :one
-- Whether a bulk run has no outcome, which stays so until the transaction ends.
SELECT (outcome IS NULL)::boolean AS open FROM bulk_run WHERE organisation_id = @organisation_id AND id = @id FOR NO KEY UPDATE;

-- name: EndOfWindow :one
-- The last of the next people of an organisation, in the order of their ids. After the last people of all comes the greatest id.
SELECT coalesce((SELECT c.id FROM person c WHERE c.organisation_id = @organisation_id AND c.id > @after ORDER BY c.id OFFSET @people::int LIMIT 1),
                'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid AS until;

-- name: PlanCareRecipients :execrows
-- The people of a window with a care recipient id who fit the selection, in the order of their ids. before is how many were planned before them.
WITH selected AS (
    SELECT c.organisation_id, c.id, (row_number() OVER (ORDER BY c.id) - 1)::int AS place, @before::int AS before, @per_batch::int AS per_batch, @per_chunk::int AS per_chunk
    FROM person c
    WHERE c.organisation_id = @organisation_id AND c.id > @after AND c.id <= @until AND c.care_recipient_id IS NOT NULL
      AND (sqlc.narg(connection_id)::uuid IS NULL OR c.connection_id = sqlc.narg(connection_id)
           OR c.connection_id IS NULL AND 1 = (SELECT count(*) FROM connection n WHERE n.organisation_id = c.organisation_id AND n.service = 'services-australia'))
      AND (NOT @in_care::boolean OR c.not_in_care_since IS NULL)
      AND (c.not_in_care_since IS NULL OR c.not_in_care_since >= @open_since::date OR has_open_budget(c, @open_since)
           OR sqlc.narg(people)::uuid[] IS NOT NULL OR sqlc.narg(retry_of)::uuid IS NOT NULL) -- asked for by name
      AND (sqlc.narg(not_synced_since)::timestamptz IS NULL OR NOT EXISTS (
          SELECT FROM area_fence f WHERE f.person_id = c.id AND f.area = 'summary' AND f.as_of >= sqlc.narg(not_synced_since)))
      AND (NOT @failed_last_time::boolean OR NOT last_sync_succeeded(c.organisation_id, c.id, 'care-recipient'))
      AND (sqlc.narg(people)::uuid[] IS NULL OR c.id = ANY (sqlc.narg(people)))
      AND (sqlc.narg(retry_of)::uuid IS NULL OR EXISTS (
          SELECT FROM bulk_item p WHERE p.bulk_id = sqlc.narg(retry_of) AND p.organisation_id = c.organisation_id AND p.person_id = c.id
            AND p.outcome NOT IN ('succeeded', 'succeeded_with_warnings')))
)
INSERT INTO bulk_item (organisation_id, bulk_id, person_id, batch, chunk)
SELECT organisation_id, @bulk_id, id, (before + place) / per_batch, (before + place) % per_batch / per_chunk
FROM selected
ON CONFLICT (bulk_id, person_id) DO NOTHING;

-- name: PlanParticipants :execrows
-- The people of a window with a contract from PACE who fit the selection and whose scheduled syncs have not stopped (R30).
WITH selected AS (
    SELECT c.organisation_id, c.id, (row_number() OVER (ORDER BY c.id) - 1)::int AS place, @before::int AS before, @per_batch::int AS per_batch, @per_chunk::int AS per_chunk
    FROM person c
    WHERE c.organisation_id = @organisation_id AND c.id > @after AND c.id <= @until AND c.pace_api_access
      AND EXISTS (SELECT FROM service_contract k WHERE k.organisation_id = c.organisation_id AND k.person_id = c.id AND k.origin = 'pace')
      AND NOT EXISTS (
          SELECT FROM pace_standing t WHERE t.organisation_id = c.organisation_id AND t.person_id = c.id
            AND (t.stopped_on IS NOT NULL OR t.ends_on <= @today::date))
      AND (sqlc.narg(not_synced_since)::timestamptz IS NULL OR NOT EXISTS (
          SELECT FROM area_fence f WHERE f.person_id = c.id AND f.area = 'contract' AND f.as_of >= sqlc.narg(not_synced_since)))
      AND (NOT @failed_last_time::boolean OR NOT last_sync_succeeded(c.organisation_id, c.id, 'pace-contract'))
      AND (sqlc.narg(people)::uuid[] IS NULL OR c.id = ANY (sqlc.narg(people)))
      AND (sqlc.narg(retry_of)::uuid IS NULL OR EXISTS (
          SELECT FROM bulk_item p WHERE p.bulk_id = sqlc.narg(retry_of) AND p.organisation_id = c.organisation_id AND p.person_id = c.id
            AND p.outcome NOT IN ('succeeded', 'succeeded_with_warnings')))
)
INSERT INTO bulk_item (organisation_id, bulk_id, person_id, batch, chunk)
SELECT organisation_id, @bulk_id, id, (before + place) / per_batch, (before + place) % per_batch / per_chunk
FROM selected
ON CONFLICT (bulk_id, person_id) DO NOTHING;

-- name: MarkBulkPlanned :exec
UPDATE bulk_run SET planned_at = now() WHERE organisation_id = @organisation_id AND id = @id AND planned_at IS NULL;

-- name: OpenItems :many
-- Those of a chunk who have no outcome and no sync of their own.
SELECT person_id, moved_budgets, whole FROM bulk_item
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND batch = @batch AND chunk = @chunk
  AND outcome IS NULL AND escalated_at IS NULL AND set_aside_for IS NULL
ORDER BY person_id;

-- name: SetItemAside :one
-- Sets a person aside until the others are done, and tells how many of the bulk run meet the same trouble, this one included.
WITH aside AS (
    UPDATE bulk_item SET set_aside_for = @set_aside_for::text,
        unavailable_at = CASE WHEN @set_aside_for::text = 'unavailable' THEN unavailable_at || @at::timestamptz ELSE unavailable_at END,
        unavailable_in = CASE WHEN @set_aside_for::text = 'unavailable' THEN @area::text ELSE unavailable_in END
    WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND person_id = @person_id AND outcome IS NULL
    RETURNING unavailable_at
)
SELECT (1 + count(*) FILTER (WHERE i.person_id <> @person_id AND i.set_aside_for = @set_aside_for::text
                             AND (i.outcome IS NULL OR i.reason = @own_reason::text)))::int AS people,
       count(*)::int AS selected, coalesce((SELECT a.unavailable_at FROM aside a), '{}')::timestamptz[] AS met_at
FROM bulk_item i WHERE i.organisation_id = @organisation_id AND i.bulk_id = @bulk_id;

-- name: OthersOfBulk :one
-- How others of a bulk run fared in an area: of how many, up to a limit, it was saved, and when the service last failed for one of them.
SELECT (SELECT count(*) FROM (
            SELECT FROM bulk_item i
            WHERE i.bulk_id = b.id AND i.person_id <> @person_id AND i.run_id IS NOT NULL
              AND 0 < (SELECT count(*) FROM area_answer s -- run by run
                       WHERE s.organisation_id = i.organisation_id AND s.run_id = i.run_id AND s.area = @area AND s.chunk = 0 AND s.outcome = 'succeeded')
            LIMIT @most) AS saved)::int AS succeeded,
       coalesce(greatest(b.outage_at, (SELECT max(i.escalated_at) FROM bulk_item i WHERE i.bulk_id = b.id AND i.person_id <> @person_id)),
                'epoch')::timestamptz AS failed_at
FROM bulk_run b WHERE b.organisation_id = @organisation_id AND b.id = @bulk_id;

-- name: TakeItemsBack :exec
-- Those of a chunk who were set aside for a trouble that turned out to be the service's wait like everyone else.
UPDATE bulk_item SET set_aside_for = NULL
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND batch = @batch AND chunk = @chunk AND set_aside_for = 'unavailable' AND outcome IS NULL;

-- name: CountSetAside :one
-- Who waits for the end of a bulk run, and for what.
SELECT (count(*) FILTER (WHERE i.set_aside_for = 'unavailable'))::int AS unavailable,
       (count(*) FILTER (WHERE i.set_aside_for = 'contributions'))::int AS losing
FROM bulk_item i WHERE i.organisation_id = @organisation_id AND i.bulk_id = @bulk_id AND i.set_aside_for IS NOT NULL AND i.outcome IS NULL
  AND i.escalated_at IS NULL;

-- name: CountWithContributions :one
SELECT count(*)::int FROM bulk_item i
WHERE i.organisation_id = @organisation_id AND i.bulk_id = @bulk_id
  AND EXISTS (SELECT FROM support_plan p JOIN contribution r ON r.plan_id = p.id
              WHERE p.organisation_id = i.organisation_id AND p.person_id = i.person_id);

-- name: ItemsSetAside :many
SELECT person_id, moved_budgets, whole FROM bulk_item
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND set_aside_for = @set_aside_for::text AND outcome IS NULL AND escalated_at IS NULL
ORDER BY person_id;

-- name: BulkStatus :one
SELECT (paused_at IS NOT NULL)::boolean AS paused, (outcome IS NOT NULL)::boolean AS finished
FROM bulk_run WHERE organisation_id = @organisation_id AND id = @id;

-- name: SetBulkPaused :exec
UPDATE bulk_run SET paused_at = CASE WHEN @paused::boolean THEN coalesce(paused_at, now()) END, paused_by = CASE WHEN @paused THEN paused_by ELSE '' END
WHERE organisation_id = @organisation_id AND id = @id;

-- name: NoteBulkPausedBy :exec
UPDATE bulk_run SET paused_by = @paused_by WHERE organisation_id = @organisation_id AND id = @id AND paused_at IS NOT NULL AND paused_by = '';

-- name: SetBulkWaiting :exec
-- Since when a bulk run waits for the same stays, what the service said last is noted. Without a cause it waits no longer.
UPDATE bulk_run
SET waiting_since = CASE WHEN @waiting_for::text = '' THEN NULL WHEN waiting_for = @waiting_for THEN coalesce(waiting_since, now()) ELSE now() END,
    waiting_for = @waiting_for, waiting_trouble = @trouble::text, waiting_until = sqlc.narg(until)::timestamptz, waiting_words = CASE WHEN @words::text = '' AND waiting_for = @waiting_for THEN waiting_words ELSE @words END,
    outage_at = CASE WHEN @waiting_for = 'service' THEN now() ELSE outage_at END
WHERE organisation_id = @organisation_id AND id = @id AND (@waiting_for <> '' OR waiting_since IS NOT NULL);

-- name: EscalateItems :exec
UPDATE bulk_item SET escalated_at = coalesce(escalated_at, now())
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND person_id = ANY (@people::uuid[]) AND outcome IS NULL;

-- name: EscalatedItems :many
-- Those of a batch who were given a sync of their own and have no outcome.
SELECT person_id FROM bulk_item
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND batch = @batch
  AND escalated_at IS NOT NULL AND outcome IS NULL
ORDER BY person_id;

-- name: UnsettledOfChunk :many
-- Those of a chunk who were started and have no outcome: with a sync of their own, or set aside.
SELECT person_id, (escalated_at IS NOT NULL)::boolean AS escalated FROM bulk_item
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND batch = @batch AND chunk = @chunk
  AND (escalated_at IS NOT NULL OR set_aside_for IS NOT NULL) AND outcome IS NULL
ORDER BY person_id;

-- name: SettleJoined :execrows
-- A run that someone else had started settles the item, too, if it ended after the person was given a sync of their own.
UPDATE bulk_item i SET outcome = r.outcome, reason = r.reason, run_id = r.id, joined = true, settled_at = now()
FROM (
    SELECT n.id, n.outcome, n.reason, n.finished_at FROM sync_run n
    WHERE n.organisation_id = @organisation_id AND n.person_id = @person_id AND n.workflow_id = @workflow_id AND n.outcome IS NOT NULL
    ORDER BY n.finished_at DESC LIMIT 1
) r
WHERE i.organisation_id = @organisation_id AND i.bulk_id = @bulk_id AND i.person_id = @person_id AND i.outcome IS NULL
  AND r.finished_at >= i.escalated_at;

-- name: SettleItems :execrows
-- People who were not processed are counted as such. A batch leaves people who were set aside to the end of the run.
UPDATE bulk_item SET outcome = @outcome::text, reason = @reason, settled_at = now()
WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND outcome IS NULL
  AND (sqlc.narg(batch)::int IS NULL OR batch = sqlc.narg(batch) AND set_aside_for IS NULL)
  AND (sqlc.narg(person_id)::uuid IS NULL OR person_id = sqlc.narg(person_id));

-- name: CountItems :many
SELECT coalesce(outcome, '') AS outcome, count(*)::int AS people,
       (count(*) FILTER (WHERE outcome = 'failed' AND reason = 'plan_in_future'))::int AS not_started, (count(*) FILTER (WHERE joined))::int AS joined,
       (count(*) FILTER (WHERE escalated_at IS NOT NULL))::int AS escalated
FROM bulk_item WHERE organisation_id = @organisation_id AND bulk_id = @bulk_id AND (sqlc.narg(batch)::int IS NULL OR batch = sqlc.narg(batch))
GROUP BY 1;

-- name: FinishBulk :one
-- The outcome is set where none is set. Answers with the one that stands.
UPDATE bulk_run
SET outcome = coalesce(outcome, @outcome::text), reason = CASE WHEN outcome IS NULL THEN @reason::text ELSE reason END,
    finished_at = coalesce(finished_at, now()), paused_at = NULL, paused_by = '', waiting_since = NULL, waiting_words = '', waiting_for = '', waiting_trouble = '', waiting_until = NULL
WHERE organisation_id = @organisation_id AND id = @id
RETURNING outcome::text AS outcome;

-- name: CloseBulkPasses :exec
-- A pass that a chunk began and no one finished is over with its bulk run, whose own workflow may be a schedule's with another id. A
-- person's own sync continues.
UPDATE sync_run r SET outcome = 'cancelled', reason = 'cancelled', finished_at = now()
FROM bulk_run b
WHERE b.organisation_id = @organisation_id AND b.id = @id AND r.organisation_id = b.organisation_id AND r.bulk_id = b.id
  AND r.workflow_id IN (b.workflow_id, 'bulk-sync/' || b.id) AND r.outcome IS NULL;

-- name: OpenBulks :many
-- Those that have been open for some time, of all organisations.
SELECT organisation_id, id, workflow_id, (started_at IS NOT NULL)::boolean AS begun FROM bulk_run WHERE outcome IS NULL AND requested_at < now() - interval '2 minutes';

-- name: OpenRuns :many
-- Those with a workflow of their own that have been open for some time, of all organisations.
SELECT organisation_id, id, workflow_id FROM sync_run
WHERE outcome IS NULL AND requested_at < now() - interval '2 minutes' AND workflow_id <> '' AND NOT starts_with(workflow_id, 'bulk-sync/')
ORDER BY requested_at LIMIT 1000;

-- name: UnknownAmong :many
-- The care recipient ids that no one in the organisation has.
SELECT u.id::text FROM unnest(@care_recipient_ids::text[]) AS u (id)
WHERE NOT EXISTS (SELECT FROM person c WHERE c.organisation_id = @organisation_id AND c.care_recipient_id = u.id);

-- name: GoneFromLists :many
-- The people on no list who were born on one of these days.
SELECT c.id, c.given_name, c.family_name, c.birth_date FROM person c
WHERE c.organisation_id = @organisation_id AND c.birth_date = ANY (@birth_dates::date[]) AND c.care_recipient_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM unnest(@listed::text[]) AS l (care_recipient_id) WHERE l.care_recipient_id = c.care_recipient_id)
ORDER BY c.id;

-- name: ReportUnknown :exec
INSERT INTO bulk_unknown (organisation_id, bulk_id, care_recipient_id, may_be_person_id)
SELECT @organisation_id, @bulk_id, u.care_recipient_id, u.may_be_person_id
FROM jsonb_to_recordset(@people::jsonb) AS u (care_recipient_id text, may_be_person_id uuid)
ON CONFLICT (bulk_id, care_recipient_id) DO UPDATE SET may_be_person_id = excluded.may_be_person_id;

-- name: BeginBulk :one
-- A worker has started the bulk run. Its options.
UPDATE bulk_run SET started_at = coalesce(started_at, now()) WHERE organisation_id = @organisation_id AND id = @id RETURNING options;

-- name: BulkOptions :one
SELECT options FROM bulk_run WHERE organisation_id = @organisation_id AND id = @id;

-- name: TimeZoneOf :one
SELECT time_zone FROM organisation WHERE id = @id;
