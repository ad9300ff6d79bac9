-- A pass over a person of a bulk run reads everything with one statement, and writes everything in one transaction. What it writes of an area is
-- written by that area's own statement, in support_plans.sql.

-- name: BeginPass :one
-- Takes the ticket of the pass's reads (R7), and returns what we hold of the person, the fences, and what the ledger has of the run. Of usage it
-- returns what belongs to the budgets that are open (R15).
WITH budgets AS (
    SELECT b.*, (b.removed_at IS NULL AND (b.end_date IS NULL OR sqlc.narg(open_since)::date IS NULL OR b.end_date >= sqlc.narg(open_since)))::boolean AS open
    FROM support_plan p JOIN budget b ON b.organisation_id = p.organisation_id AND b.plan_id = p.id
    WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id
)
SELECT o.time_zone, (jsonb_build_object(
    'ticket', nextval('read_ticket'), 'began_at', clock_timestamp(), 'person', to_jsonb(c), 'plan', to_jsonb(p),
    'connections', (SELECT coalesce(jsonb_agg(to_jsonb(n)), '[]') FROM connection n WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia'),
    'holds', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', h.kind, 'budget_id', h.budget_id, 'records', h.records,
                                                          'accepted', h.accepted_at IS NOT NULL)), '[]')
              FROM removal_hold h WHERE h.organisation_id = @organisation_id AND h.person_id = @person_id AND h.closed_at IS NULL),
    'classifications', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM classification r WHERE r.plan_id = p.id),
    'approved_services', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM approved_service r WHERE r.plan_id = p.id),
    'supplements', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM supplement r WHERE r.plan_id = p.id),
    'contributions', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.position), '[]') FROM contribution r WHERE r.plan_id = p.id),
    'budgets', (SELECT coalesce(jsonb_agg(to_jsonb(b)), '[]') FROM budgets b),
    'entitlements', (SELECT coalesce(jsonb_agg(to_jsonb(e)), '[]') FROM budgets b JOIN entitlement e ON e.budget_id = b.id WHERE b.open),
    'usage', (SELECT coalesce(jsonb_agg(to_jsonb(u)), '[]') FROM budgets b JOIN usage_line u ON u.budget_id = b.id WHERE b.open),
    'fences', (SELECT coalesce(jsonb_object_agg(f.area, f.ticket), '{}') FROM area_fence f WHERE f.person_id = @person_id),
    'usage_fences', (SELECT coalesce(jsonb_object_agg(f.budget_id, f.ticket), '{}') FROM budgets b JOIN usage_fence f ON f.budget_id = b.id WHERE b.open),
    'steps', (SELECT coalesce(jsonb_agg(jsonb_build_object('area', t.area, 'chunk', t.chunk, 'answer', t.answer)), '[]')
              FROM sync_step t WHERE t.run_id = @run_id),
    'listed_twice', EXISTS (SELECT FROM budget_listed_twice l WHERE l.person_id = @person_id),
    'started', EXISTS (SELECT FROM sync_run r WHERE r.organisation_id = @organisation_id AND r.id = @run_id AND r.started_at IS NOT NULL)
) || known_person(c))::jsonb AS held
FROM person c
JOIN organisation o ON o.id = c.organisation_id
LEFT JOIN support_plan p ON p.organisation_id = c.organisation_id AND p.person_id = c.id
WHERE c.organisation_id = @organisation_id AND c.id = @person_id;

-- name: PassFences :many
-- Passes the fences of areas, and those of budgets' usage, always in this order; a fence that is not returned has passed a read that began later
-- (R7). Before the budgets' comes the lock that lets no import of invoices link usage meanwhile (LockUsageLinks); the last part of the union never
-- holds, and has the lock taken even where no budget has a fence yet.
WITH areas AS (
    INSERT INTO area_fence AS f (organisation_id, person_id, area, ticket, previous_ticket, as_of)
    SELECT @organisation_id, @person_id, a.area, @ticket, 0, @as_of FROM unnest(@areas::text[]) AS a (area) ORDER BY a.area
    ON CONFLICT (person_id, area) DO UPDATE SET previous_ticket = f.ticket, ticket = excluded.ticket, as_of = excluded.as_of
    WHERE f.ticket < excluded.ticket
    RETURNING f.area, f.previous_ticket
), no_import AS MATERIALIZED (
    SELECT (SELECT count(*) FROM areas) AS passed,
           CASE WHEN @links_usage::boolean THEN pg_advisory_xact_lock_shared(hashtextextended(concat('usage links of ', @organisation_id::uuid), 0)) END AS locked
), usage AS (
    INSERT INTO usage_fence AS f (organisation_id, budget_id, ticket, previous_ticket, as_of)
    SELECT @organisation_id, b.id, @ticket, 0, @as_of FROM no_import CROSS JOIN unnest(@budget_ids::uuid[]) AS b (id) ORDER BY b.id
    ON CONFLICT (budget_id) DO UPDATE SET previous_ticket = f.ticket, ticket = excluded.ticket, as_of = excluded.as_of
    WHERE f.ticket < excluded.ticket
    RETURNING f.budget_id, f.previous_ticket
)
SELECT a.area AS fence, a.previous_ticket FROM areas a
UNION ALL
SELECT u.budget_id::text, u.previous_ticket FROM usage u
UNION ALL
SELECT '', n.passed FROM no_import n WHERE n.passed < 0;

-- name: PassNewUsageFences :exec
-- Of budgets that the same transaction has created: no one else can have read their usage. PassFences has taken the lock.
INSERT INTO usage_fence (organisation_id, budget_id, ticket, previous_ticket, as_of)
SELECT @organisation_id, b.id, @ticket, 0, @as_of FROM unnest(@budget_ids::uuid[]) AS b (id) ORDER BY b.id;

-- name: RecordPass :one
-- Records the run of a pass with its outcome, and settles the person in the bulk run, unless that is done already. If nothing has changed for the
-- person, nothing is announced. Returns 0 if the run had an outcome before.
WITH run AS (
    INSERT INTO sync_run AS r (id, organisation_id, person_id, kind, trigger, requested_by, all_budgets, workflow_id, requested_at, started_at, bulk_id,
                               outcome, reason, warnings, counts, finished_at, areas, read_at)
    VALUES (@id, @organisation_id, @person_id, 'care-recipient', @trigger, @requested_by, @all_budgets, @workflow_id, @read_at::timestamptz, @started_at::timestamptz, sqlc.narg(bulk_id),
            @outcome::text, @reason, @warnings, @counts, now(), @areas::jsonb, @read_at::timestamptz)
    ON CONFLICT (organisation_id, id) DO UPDATE
    SET started_at = coalesce(r.started_at, excluded.started_at), outcome = excluded.outcome, reason = excluded.reason, warnings = excluded.warnings,
        counts = excluded.counts, finished_at = excluded.finished_at, areas = excluded.areas, read_at = excluded.read_at
    WHERE r.outcome IS NULL
    RETURNING r.id
), announced AS (
    INSERT INTO outbox (organisation_id, topic, payload)
    SELECT @organisation_id, 'care-recipient.sync.completed', jsonb_build_object('run_id', r.id, 'person_id', @person_id::uuid, 'outcome', @outcome::text)
    FROM run r WHERE @announces::boolean
), settled AS (
    UPDATE bulk_item i SET outcome = @outcome::text, reason = @reason, run_id = r.id, settled_at = now()
    FROM run r
    WHERE i.organisation_id = @organisation_id AND i.bulk_id = sqlc.narg(bulk_id) AND i.person_id = @person_id AND i.outcome IS NULL
)
SELECT count(*)::int FROM run;

-- name: RecordIssues :exec
INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, words, kind, record_id, about, details, position)
SELECT @organisation_id, @run_id, i.area, i.severity, i.code, i.words, i.kind, i.record_id, i.about, i.details, row_number() OVER ()
FROM jsonb_to_recordset(@issues::jsonb)
    AS i (area text, severity text, code text, words text, kind text, record_id uuid, about jsonb, details jsonb);
