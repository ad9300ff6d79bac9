-- Each area of a Care Recipient Sync has two statements beside its fence: one that begins the step and returns what we hold,
-- and one that applies a difference and records the step.

-- name: BeginUpsertPlan :one
SELECT
    begin_step(@organisation_id, @run_id, @person_id, @connection_id, 'summary', 0)::jsonb AS begin,
    (coalesce((SELECT known_person(c) FROM person c WHERE c.organisation_id = @organisation_id AND c.id = @person_id), '{}') || jsonb_build_object(
        'fence', coalesce((SELECT f.ticket FROM area_fence f WHERE f.person_id = @person_id AND f.area = 'summary'), 0),
        'connections', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'service_provider_id', n.service_provider_id)), '[]')
                        FROM connection n WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia'),
        'classifications', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM classification r JOIN support_plan p ON p.id = r.plan_id
                            WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id),
        'approved_services', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM approved_service r JOIN support_plan p ON p.id = r.plan_id
                              WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id),
        'supplements', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM supplement r JOIN support_plan p ON p.id = r.plan_id
                        WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id)
    ))::jsonb AS held;

-- name: ApplyPlan :one
WITH upserted_plan AS (
    INSERT INTO support_plan AS p (id, organisation_id, person_id, care_recipient_id, start_date, end_date)
    VALUES (@plan_id, @organisation_id, @person_id, @care_recipient_id, @start_date, @end_date)
    ON CONFLICT (organisation_id, person_id) DO UPDATE SET start_date = excluded.start_date, end_date = excluded.end_date
    WHERE (p.start_date, p.end_date) IS DISTINCT FROM (excluded.start_date, excluded.end_date)
), updated_client AS (
    UPDATE person c
    SET entry_date = @entry_date, departure_date = @departure_date, not_in_care_since = @not_in_care_since,
        entries = @entries, reported_given_name = @reported_given_name, verified_at = coalesce(c.verified_at, now())
    WHERE c.organisation_id = @organisation_id AND c.id = @person_id
      AND (c.verified_at IS NULL
           OR (c.entry_date, c.departure_date, c.not_in_care_since, c.entries, c.reported_given_name)
              IS DISTINCT FROM (@entry_date, @departure_date, @not_in_care_since, @entries, @reported_given_name))
), written_classifications AS (
    INSERT INTO classification (id, organisation_id, plan_id, code, name, funding_source, start_date, end_date, ordinal)
    SELECT r.id, @organisation_id, @plan_id, r.code, r.name, r.funding_source, r.start_date, r.end_date, r.ordinal
    FROM jsonb_to_recordset(@classifications::jsonb)
        AS r (id uuid, code text, name text, funding_source text, start_date date, end_date date, ordinal integer)
    ON CONFLICT (id) DO UPDATE
    SET name = excluded.name, funding_source = excluded.funding_source, end_date = excluded.end_date, removed_at = NULL
), removed_classifications AS (
    UPDATE classification d SET removed_at = now()
    WHERE d.organisation_id = @organisation_id AND d.plan_id = @plan_id AND d.id = ANY (@removed_classifications::uuid[])
), written_services AS (
    INSERT INTO approved_service (id, organisation_id, plan_id, group_code, type_code, service_code, name, start_date, end_date, ordinal)
    SELECT r.id, @organisation_id, @plan_id, r.group_code, r.type_code, r.service_code, r.name, r.start_date, r.end_date, r.ordinal
    FROM jsonb_to_recordset(@approved_services::jsonb)
        AS r (id uuid, group_code text, type_code text, service_code text, name text, start_date date, end_date date, ordinal integer)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, end_date = excluded.end_date, removed_at = NULL
), removed_services AS (
    UPDATE approved_service d SET removed_at = now()
    WHERE d.organisation_id = @organisation_id AND d.plan_id = @plan_id AND d.id = ANY (@removed_services::uuid[])
), written_supplements AS (
    INSERT INTO supplement (id, organisation_id, plan_id, code, name, start_date, end_date, ordinal)
    SELECT r.id, @organisation_id, @plan_id, r.code, r.name, r.start_date, r.end_date, r.ordinal
    FROM jsonb_to_recordset(@supplements::jsonb) AS r (id uuid, code text, name text, start_date date, end_date date, ordinal integer)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, end_date = excluded.end_date, removed_at = NULL
), removed_supplements AS (
    UPDATE supplement d SET removed_at = now()
    WHERE d.organisation_id = @organisation_id AND d.plan_id = @plan_id AND d.id = ANY (@removed_supplements::uuid[])
)
SELECT record_step(@organisation_id, @run_id, @person_id, 'summary', 0, @answer, @as_of, @issues, @changes, @holds, @in_ledger)::jsonb AS answer;

-- name: BeginContributions :one
SELECT
    begin_step(@organisation_id, @run_id, @person_id, @connection_id, 'contributions', 0)::jsonb AS begin,
    jsonb_build_object(
        'fence', coalesce((SELECT f.ticket FROM area_fence f WHERE f.person_id = @person_id AND f.area = 'contributions'), 0),
        'contributions', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.position), '[]') FROM contribution r
                          JOIN support_plan p ON p.id = r.plan_id
                          WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id)
    )::jsonb AS held;

-- name: ApplyContributions :one
-- The new set waits for the old one to be closed: only one may be current.
WITH deleted AS (
    DELETE FROM contribution d WHERE d.organisation_id = @organisation_id AND d.plan_id = @plan_id
), recreated AS (
    INSERT INTO contribution (organisation_id, plan_id, position, category, percentage, start_date, end_date, status)
    SELECT @organisation_id, @plan_id, row_number() OVER (), r.category, r.percentage, r.start_date, r.end_date, r.status
    FROM jsonb_to_recordset(@contributions::jsonb) AS r (category text, percentage numeric, start_date date, end_date date, status text)
), closed_set AS (
    UPDATE contribution_set s SET replaced_at = @as_of
    WHERE s.organisation_id = @organisation_id AND s.plan_id = @plan_id AND s.replaced_at IS NULL AND @changed::boolean RETURNING s.id
), opened_set AS (
    INSERT INTO contribution_set (id, organisation_id, plan_id, contributions, read_at)
    SELECT sqlc.narg(set_id)::uuid, @organisation_id, @plan_id, @contributions::jsonb, @as_of
    FROM (SELECT count(*) FROM closed_set) AS once_closed
    WHERE @changed::boolean
)
SELECT record_step(@organisation_id, @run_id, @person_id, 'contributions', 0, @answer, @as_of, @issues, @changes, @holds, @in_ledger)::jsonb AS answer;

-- name: BeginBudgets :one
SELECT
    begin_step(@organisation_id, @run_id, @person_id, @connection_id, 'budgets', 0)::jsonb AS begin,
    jsonb_build_object(
        'fence', coalesce((SELECT f.ticket FROM area_fence f WHERE f.person_id = @person_id AND f.area = 'budgets'), 0),
        'budgets', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM budget r JOIN support_plan p ON p.id = r.plan_id
                    WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id),
        'connections', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'service_provider_id', n.service_provider_id)), '[]')
                        FROM connection n WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia')
    )::jsonb AS held;

-- name: BudgetsOfOthers :one
-- Whom else of the organisation a list of budgets concerns (R32): who holds or held one of them, and who has listed one of the person's
-- since before this read began.
WITH elsewhere AS (
    SELECT b.upstream_budget_id, b.removed, c.id AS person_id, c.given_name, c.family_name
    FROM budget b
    JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id
    JOIN person c ON c.organisation_id = p.organisation_id AND c.id = p.person_id
    WHERE b.organisation_id = @organisation_id AND b.upstream_budget_id = ANY (@listed::text[]) AND p.person_id <> @person_id
)
SELECT jsonb_build_object(
    'held_by_others', (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.person_id), '[]') FROM elsewhere e WHERE NOT e.removed),
    'once_held_by_others', (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.person_id), '[]') FROM elsewhere e WHERE e.removed),
    'listed_by_others', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('upstream_budget_id', l.upstream_budget_id, 'person_id', c.id, 'given_name', c.given_name,
                                                     'family_name', c.family_name) ORDER BY l.ticket), '[]')
        FROM support_plan p
        JOIN budget b ON b.organisation_id = p.organisation_id AND b.plan_id = p.id AND NOT b.removed
        JOIN budget_listed_twice l ON l.organisation_id = b.organisation_id AND l.upstream_budget_id = b.upstream_budget_id
            AND l.person_id <> p.person_id AND l.ticket < @ticket
        JOIN person c ON c.organisation_id = l.organisation_id AND c.id = l.person_id
        WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id)
)::jsonb AS others;

-- name: ApplyBudgets :one
-- The rows are locked in the order of their ids, as ApplyUsage locks them: two steps of a person cannot wait for each other.
WITH locked AS (
    SELECT k.id FROM budget k
    WHERE k.organisation_id = @organisation_id AND k.plan_id = @plan_id
      AND (k.id = ANY (@removed_budgets::uuid[]) OR k.id IN (SELECT r.id FROM jsonb_to_recordset(@budgets::jsonb) AS r (id uuid)))
    ORDER BY k.id FOR NO KEY UPDATE
), written AS (
    INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, entry_date,
                        start_date, end_date, status, total, used, write_off, rollover, available, ordinal)
    SELECT r.id, @organisation_id, @plan_id, r.upstream_budget_id, r.service_provider_id, r.type_code, r.type_name, r.entry_date,
           r.start_date, r.end_date, r.status, r.total, r.used, r.write_off, r.rollover, r.available, r.ordinal
    FROM jsonb_to_recordset(@budgets::jsonb)
        AS r (id uuid, upstream_budget_id text, service_provider_id text, type_code text, type_name text, entry_date date,
              start_date date, end_date date, status text, total numeric, used numeric, write_off numeric, rollover numeric,
              available numeric, ordinal integer),
        (SELECT count(*) FROM locked) AS all_locked
    ORDER BY r.upstream_budget_id, r.ordinal -- two people's budgets enter the index of the current ones in one order
    ON CONFLICT (id) DO UPDATE
    SET service_provider_id = excluded.service_provider_id, type_code = excluded.type_code, type_name = excluded.type_name,
        entry_date = excluded.entry_date, start_date = excluded.start_date, end_date = excluded.end_date, status = excluded.status,
        total = excluded.total, used = excluded.used, write_off = excluded.write_off, rollover = excluded.rollover,
        available = excluded.available, removed_at = NULL
), removed AS (
    UPDATE budget d SET removed_at = now() FROM (SELECT count(*) FROM locked) AS all_locked
    WHERE d.organisation_id = @organisation_id AND d.plan_id = @plan_id AND d.id = ANY (@removed_budgets::uuid[])
), listed_twice AS (
    INSERT INTO budget_listed_twice (organisation_id, person_id, upstream_budget_id, ticket)
    SELECT DISTINCT @organisation_id::uuid, @person_id::uuid, l.id, @ticket::bigint FROM unnest(@listed_twice::text[]) AS l (id)
    ON CONFLICT (organisation_id, upstream_budget_id, person_id) DO NOTHING
), listed_once AS (
    DELETE FROM budget_listed_twice t
    WHERE t.organisation_id = @organisation_id AND t.person_id = @person_id AND t.upstream_budget_id <> ALL (@listed_twice::text[])
), learned_connection AS (
    UPDATE person c SET connection_id = sqlc.narg(learned_connection)
    WHERE c.organisation_id = @organisation_id AND c.id = @person_id AND sqlc.narg(learned_connection)::uuid IS NOT NULL
      AND c.connection_id IS DISTINCT FROM sqlc.narg(learned_connection)
)
SELECT record_step(@organisation_id, @run_id, @person_id, 'budgets', 0, @answer, @as_of, @issues, @changes, @holds, @in_ledger)::jsonb AS answer;

-- name: BeginUsage :one
SELECT
    begin_step(@organisation_id, @run_id, @person_id, @connection_id, 'usage', @chunk)::jsonb AS begin,
    jsonb_build_object(
        'budgets', (SELECT coalesce(jsonb_agg(to_jsonb(b)), '[]') FROM budget b
                    WHERE b.organisation_id = @organisation_id AND b.id = ANY (@budget_ids::uuid[])),
        'fences', (SELECT coalesce(jsonb_object_agg(f.budget_id, f.ticket), '{}') FROM usage_fence f
                   WHERE f.organisation_id = @organisation_id AND f.budget_id = ANY (@budget_ids::uuid[])),
        'entitlements', (SELECT coalesce(jsonb_agg(to_jsonb(e)), '[]') FROM entitlement e
                         WHERE e.organisation_id = @organisation_id AND e.budget_id = ANY (@budget_ids::uuid[])),
        'usage', (SELECT coalesce(jsonb_agg(to_jsonb(u)), '[]') FROM usage_line u
                  WHERE u.organisation_id = @organisation_id AND u.budget_id = ANY (@budget_ids::uuid[]))
    )::jsonb AS held;

-- name: ApplyUsage :one
WITH written_entitlements AS (
    INSERT INTO entitlement (id, organisation_id, budget_id, code, amount, ordinal)
    SELECT r.id, @organisation_id, r.budget_id, r.code, r.amount, r.ordinal
    FROM jsonb_to_recordset(@entitlements::jsonb) AS r (id uuid, budget_id uuid, code text, amount numeric, ordinal integer)
    ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, removed_at = NULL
), removed_entitlements AS (
    UPDATE entitlement d SET removed_at = now() WHERE d.organisation_id = @organisation_id AND d.id = ANY (@removed_entitlements::uuid[])
), written_usage AS (
    INSERT INTO usage_line (id, organisation_id, budget_id, invoice_line_id, upstream_invoice_id, upstream_item_id, external_reference_id,
                            service_provider_id, service_code, delivery_date, amount, ordinal)
    SELECT r.id, @organisation_id, r.budget_id, r.invoice_line_id, r.upstream_invoice_id, r.upstream_item_id, r.external_reference_id,
           r.service_provider_id, r.service_code, r.delivery_date, r.amount, r.ordinal
    FROM jsonb_to_recordset(@usage::jsonb)
        AS r (id uuid, budget_id uuid, invoice_line_id uuid, upstream_invoice_id text, upstream_item_id text, external_reference_id text,
              service_provider_id text, service_code text, delivery_date date, amount numeric, ordinal integer)
    ON CONFLICT (id) DO UPDATE
    SET invoice_line_id = excluded.invoice_line_id, upstream_invoice_id = excluded.upstream_invoice_id,
        upstream_item_id = excluded.upstream_item_id, external_reference_id = excluded.external_reference_id,
        service_provider_id = excluded.service_provider_id, service_code = excluded.service_code,
        delivery_date = excluded.delivery_date, amount = excluded.amount, ordinal = excluded.ordinal, removed_at = NULL
), linked AS (
    UPDATE usage_line u
    SET invoice_line_id = l.invoice_line_id, removed_at = CASE WHEN u.id = ANY (@removed_usage::uuid[]) THEN now() ELSE u.removed_at END
    FROM jsonb_to_recordset(@links::jsonb) AS l (id uuid, invoice_line_id uuid)
    WHERE u.organisation_id = @organisation_id AND u.id = l.id
), locked AS (
    SELECT k.id FROM budget k JOIN jsonb_to_recordset(@usage_amounts::jsonb) AS a (id uuid, usage_amount numeric) ON a.id = k.id
    WHERE k.organisation_id = @organisation_id AND k.id = ANY (@budget_ids::uuid[]) AND k.usage_amount IS DISTINCT FROM a.usage_amount
    ORDER BY k.id FOR NO KEY UPDATE OF k
), summed AS (
    UPDATE budget b SET usage_amount = s.usage_amount
    FROM jsonb_to_recordset(@usage_amounts::jsonb) AS s (id uuid, usage_amount numeric)
    WHERE b.organisation_id = @organisation_id AND b.id = s.id AND b.id IN (SELECT l.id FROM locked l)
)
SELECT record_step(@organisation_id, @run_id, @person_id, 'usage', @chunk, @answer, @as_of, @issues, @changes, @holds, @in_ledger)::jsonb AS answer;

-- name: RefuseStep :one
-- A refused area changes no figures. A person who is no longer in the summary is marked as not in care (R19), unless
-- another provider of the organisation may hold them.
WITH departed AS (
    UPDATE person c SET not_in_care_since = coalesce(c.departure_date, @today::date)
    WHERE c.organisation_id = @organisation_id AND c.id = @person_id AND @not_in_care::boolean AND c.not_in_care_since IS NULL
      AND 1 = (SELECT count(*) FROM connection n WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia')
    RETURNING c.id, c.not_in_care_since
)
SELECT record_step(@organisation_id, @run_id, @person_id, @area, @chunk, @answer, @as_of, @issues,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'person', 'record_id', d.id, 'action', 'updated', 'field', 'not_in_care_since',
                                                  'new_value', d.not_in_care_since)), '[]') FROM departed d), '[]', @in_ledger)::jsonb AS answer;

-- name: PassAreaFence :one
-- The newer read wins (R7): no row means that data of a read which began later already stands.
INSERT INTO area_fence AS f (organisation_id, person_id, area, ticket, previous_ticket, as_of)
VALUES (@organisation_id, @person_id, @area, @ticket, 0, @as_of)
ON CONFLICT (person_id, area) DO UPDATE SET previous_ticket = f.ticket, ticket = excluded.ticket, as_of = excluded.as_of
WHERE f.ticket < excluded.ticket
RETURNING previous_ticket;

-- name: PassFenceAlone :execrows
-- Passes the fence of an area whose data stays as it is, as of the time it has.
UPDATE area_fence SET previous_ticket = ticket, ticket = @ticket
WHERE organisation_id = @organisation_id AND person_id = @person_id AND area = @area AND ticket < @ticket;

-- name: PassUsageFences :many
-- Returns the budgets whose usage may be written. They are locked in one order, so that two runs cannot wait for each other. Before
-- them comes the lock that lets no import of invoices link usage meanwhile (LockUsageLinks).
WITH no_import AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(hashtextextended(concat('usage links of ', @organisation_id::uuid), 0))
)
INSERT INTO usage_fence AS f (organisation_id, budget_id, ticket, previous_ticket, as_of)
SELECT @organisation_id, b.id, @ticket, 0, @as_of FROM no_import CROSS JOIN unnest(@budget_ids::uuid[]) AS b (id) ORDER BY b.id
ON CONFLICT (budget_id) DO UPDATE SET previous_ticket = f.ticket, ticket = excluded.ticket, as_of = excluded.as_of
WHERE f.ticket < excluded.ticket
RETURNING budget_id, previous_ticket;

-- name: NoteUsageRefusals :exec
-- Notes why budgets keep their figures, since the first time. Where a newer read has been written, the refusal says nothing (R7).
INSERT INTO usage_refusal AS u (organisation_id, budget_id, reason, since)
SELECT @organisation_id, r.id, r.reason, CASE WHEN e.since > coalesce(f.as_of, '-infinity') THEN e.since ELSE @since::timestamptz END AS since
FROM jsonb_to_recordset(@refused::jsonb) AS r (id uuid, reason text)
LEFT JOIN usage_fence f ON f.organisation_id = @organisation_id AND f.budget_id = r.id
LEFT JOIN usage_refusal e ON e.organisation_id = @organisation_id AND e.budget_id = r.id
WHERE f.as_of IS NULL OR f.as_of < @since
ORDER BY r.id
ON CONFLICT (budget_id) DO UPDATE SET reason = excluded.reason, since = excluded.since
WHERE (u.reason, u.since) <> (excluded.reason, excluded.since);
