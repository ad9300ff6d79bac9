-- The read side: what people and programs are shown. Every query names the organisation (R11).

-- name: ViewRun :one
SELECT r.id, r.person_id, r.kind, r.trigger, r.requested_by, r.all_budgets, r.workflow_id, r.requested_at, r.started_at, r.finished_at,
       coalesce(r.outcome, '') AS outcome, r.reason, r.warnings, r.counts,
       coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number, c.given_name, c.family_name,
       p.id AS plan_id, k.id AS contract_id, w.id AS preview_id, w.retrieved_at, w.expires_at,
       coalesce(y.cause, '')::text AS cause, coalesce(y.trouble, '')::text AS trouble, coalesce(y.words, '')::text AS waiting_words,
       y.since AS waiting_since, y.until AS waiting_until, coalesce(y.attempts, 0)::int AS attempts
FROM sync_run r
JOIN person c ON c.organisation_id = r.organisation_id AND c.id = r.person_id
LEFT JOIN support_plan p ON p.organisation_id = r.organisation_id AND p.person_id = r.person_id AND r.kind = 'care-recipient'
LEFT JOIN service_contract k ON k.organisation_id = r.organisation_id AND k.id = (
    SELECT (s.answer ->> 'contract_id')::uuid FROM sync_step s
    WHERE s.organisation_id = r.organisation_id AND s.run_id = r.id AND s.area = 'contract' AND s.answer ? 'contract_id'
    ORDER BY s.chunk DESC LIMIT 1)
LEFT JOIN pace_preview w ON w.organisation_id = r.organisation_id AND w.person_id = r.person_id AND w.run_id = r.id
    AND w.closed_at IS NULL AND w.expires_at > now() AND r.outcome IS NULL
LEFT JOIN sync_retry y ON y.organisation_id = r.organisation_id AND y.run_id = r.id AND r.outcome IS NULL AND y.area = (
    -- what is being tried again at the moment, lately
    SELECT t.area FROM sync_retry t
    WHERE t.run_id = r.id AND t.last_at > now() - interval '12 minutes'
      AND NOT EXISTS (SELECT FROM sync_step s WHERE s.run_id = t.run_id AND s.area = t.area AND s.finished_at > t.last_at)
    ORDER BY t.last_at DESC LIMIT 1)
WHERE r.organisation_id = @organisation_id AND r.id = @run_id;

-- name: ViewSteps :many
SELECT area, chunk, outcome, reason, answer, as_of, finished_at
FROM area_answer WHERE organisation_id = @organisation_id AND run_id = @run_id ORDER BY area, chunk;

-- name: ViewIssues :many
SELECT area, severity, code, words, kind, record_id, about, details
FROM sync_issue WHERE organisation_id = @organisation_id AND run_id = @run_id ORDER BY created_at, area, position;

-- name: ViewChanges :many
-- label names the record as people know it; of a contract's records it is made from the budget and the delivered service.
SELECT h.kind, h.record_id, h.action, h.field, h.old_value, h.new_value,
       coalesce(k.name, v.name, s.name, nullif(b.type_name, ''), b.type_code, e.code, u.service_code, '')::text AS label,
       coalesce(k.start_date, v.start_date, s.start_date, b.start_date, u.delivery_date, t.start_date, d.delivered_on, x.start_date)::date AS since,
       coalesce(x.category, '')::text AS category, coalesce(x.budget_type, '')::text AS budget_type, coalesce(x.management, '')::text AS management,
       coalesce(d.kind, '')::text AS delivered_kind, coalesce(d.reference, '')::text AS reference
FROM record_change h
LEFT JOIN classification k ON h.kind = 'classification' AND k.organisation_id = h.organisation_id AND k.id = h.record_id
LEFT JOIN approved_service v ON h.kind = 'approved_service' AND v.organisation_id = h.organisation_id AND v.id = h.record_id
LEFT JOIN supplement s ON h.kind = 'supplement' AND s.organisation_id = h.organisation_id AND s.id = h.record_id
LEFT JOIN budget b ON h.kind = 'budget' AND b.organisation_id = h.organisation_id AND b.id = h.record_id
LEFT JOIN entitlement e ON h.kind = 'entitlement' AND e.organisation_id = h.organisation_id AND e.id = h.record_id
LEFT JOIN usage_line u ON h.kind = 'budget_usage' AND u.organisation_id = h.organisation_id AND u.id = h.record_id
LEFT JOIN service_contract t ON h.kind = 'service_contract' AND t.organisation_id = h.organisation_id AND t.id = h.record_id
LEFT JOIN delivered_service d ON h.kind = 'delivered_service' AND d.organisation_id = h.organisation_id AND d.id = h.record_id
LEFT JOIN plan_budget x ON x.organisation_id = h.organisation_id
    AND x.id = CASE h.kind WHEN 'plan_budget' THEN h.record_id WHEN 'delivered_service' THEN d.budget_id END
WHERE h.organisation_id = @organisation_id AND h.run_id = @run_id::uuid
ORDER BY h.changed_at, h.kind, h.position;

-- name: ViewRetries :many
SELECT area, cause, trouble, since, until, attempts, problem, words, last_at FROM sync_retry
WHERE organisation_id = @organisation_id AND run_id = @run_id;

-- name: ViewHolds :many
SELECT h.id, h.kind, h.budget_id, coalesce(nullif(b.type_name, ''), b.type_code, '')::text AS budget, b.start_date AS budget_start, h.run_id,
       h.records, h.held_at, h.accepted_at, coalesce(h.accepted_by, '') AS accepted_by, h.closed_at
FROM removal_hold h
LEFT JOIN budget b ON b.organisation_id = h.organisation_id AND b.id = h.budget_id
WHERE h.organisation_id = @organisation_id AND h.person_id = @person_id
  AND (sqlc.narg(run_id)::uuid IS NULL AND h.closed_at IS NULL OR h.run_id = sqlc.narg(run_id))
ORDER BY h.held_at, h.kind, b.start_date;

-- name: ListRuns :many
-- Newest first; before is the last run of the page that was shown before.
SELECT r.id, r.person_id, r.kind, r.trigger, r.requested_by, r.all_budgets, r.workflow_id, r.requested_at, r.started_at, r.finished_at,
       coalesce(r.outcome, '') AS outcome, r.reason, r.warnings, r.counts,
       coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number, c.given_name, c.family_name,
       p.id AS plan_id, k.id AS contract_id, w.id AS preview_id, w.retrieved_at, w.expires_at,
       coalesce(y.cause, '')::text AS cause, coalesce(y.trouble, '')::text AS trouble, coalesce(y.words, '')::text AS waiting_words,
       y.since AS waiting_since, y.until AS waiting_until, coalesce(y.attempts, 0)::int AS attempts
FROM sync_run r
JOIN person c ON c.organisation_id = r.organisation_id AND c.id = r.person_id
LEFT JOIN support_plan p ON p.organisation_id = r.organisation_id AND p.person_id = r.person_id AND r.kind = 'care-recipient'
LEFT JOIN service_contract k ON k.organisation_id = r.organisation_id AND k.id = (
    SELECT (s.answer ->> 'contract_id')::uuid FROM sync_step s
    WHERE s.organisation_id = r.organisation_id AND s.run_id = r.id AND s.area = 'contract' AND s.answer ? 'contract_id'
    ORDER BY s.chunk DESC LIMIT 1)
LEFT JOIN pace_preview w ON w.organisation_id = r.organisation_id AND w.person_id = r.person_id AND w.run_id = r.id
    AND w.closed_at IS NULL AND w.expires_at > now() AND r.outcome IS NULL
LEFT JOIN sync_retry y ON y.organisation_id = r.organisation_id AND y.run_id = r.id AND r.outcome IS NULL AND y.area = (
    -- what is being tried again at the moment, lately
    SELECT t.area FROM sync_retry t
    WHERE t.run_id = r.id AND t.last_at > now() - interval '12 minutes'
      AND NOT EXISTS (SELECT FROM sync_step s WHERE s.run_id = t.run_id AND s.area = t.area AND s.finished_at > t.last_at)
    ORDER BY t.last_at DESC LIMIT 1)
WHERE r.organisation_id = @organisation_id
  AND (sqlc.narg(person_id)::uuid IS NULL OR r.person_id = sqlc.narg(person_id))
  AND CASE @outcome::text WHEN '' THEN true WHEN 'unfinished' THEN r.outcome IS NULL ELSE r.outcome = @outcome END
  AND (sqlc.narg(before)::uuid IS NULL
       OR (r.requested_at, r.id) < (SELECT l.requested_at, l.id FROM sync_run l
                                    WHERE l.organisation_id = @organisation_id AND l.id = sqlc.narg(before)))
ORDER BY r.requested_at DESC, r.id DESC
LIMIT @most;

-- name: AcceptHolds :many
UPDATE removal_hold SET accepted_at = now(), accepted_by = @accepted_by::text
WHERE organisation_id = @organisation_id AND run_id = @run_id AND closed_at IS NULL AND accepted_at IS NULL
RETURNING person_id;

-- name: ViewPeople :many
-- By name; after is the last person of the page that was shown before. Classifications are counted, since PostgreSQL may read those of
-- everyone to find out whether there are any.
SELECT c.id, c.given_name, c.family_name, c.birth_date, coalesce(c.care_recipient_id, '') AS care_recipient_id,
       coalesce(c.ndis_number, '') AS ndis_number, c.pace_participant, c.pace_api_access,
       coalesce(n.service_provider_id, '') AS service_provider_id, c.entry_date, c.departure_date, c.not_in_care_since, c.verified_at, p.id AS plan_id, p.start_date, p.end_date,
       0 < (SELECT count(*) FROM classification k WHERE k.organisation_id = c.organisation_id AND k.plan_id = p.id AND k.removed_at IS NULL) AS has_classification,
       l.id AS last_run_id, coalesce(l.kind, '')::text AS last_kind, coalesce(l.outcome, '')::text AS last_outcome, coalesce(l.reason, '')::text AS last_reason, l.requested_at AS last_requested_at, l.finished_at AS last_finished_at
FROM person c
LEFT JOIN connection n ON n.organisation_id = c.organisation_id AND n.id = c.connection_id
LEFT JOIN support_plan p ON p.organisation_id = c.organisation_id AND p.person_id = c.id
LEFT JOIN sync_run l ON l.organisation_id = c.organisation_id AND l.id = (
    SELECT r.id FROM sync_run r WHERE r.organisation_id = c.organisation_id AND r.person_id = c.id ORDER BY r.requested_at DESC LIMIT 1)
WHERE c.organisation_id = @organisation_id
  AND (sqlc.narg(person_id)::uuid IS NULL OR c.id = sqlc.narg(person_id))
  AND (@care_recipient_id::text = '' OR c.care_recipient_id = @care_recipient_id)
  AND (@ndis_number::text = '' OR c.ndis_number = @ndis_number)
  AND (sqlc.narg(after)::uuid IS NULL
       OR (c.family_name, c.given_name, c.id) > (SELECT a.family_name, a.given_name, a.id FROM person a
                                                 WHERE a.organisation_id = @organisation_id AND a.id = sqlc.narg(after)))
ORDER BY c.family_name, c.given_name, c.id
LIMIT @most;

-- name: ViewAreas :many
-- How each area ended last: of several chunks the one that went wrong.
SELECT DISTINCT ON (s.area) s.area, s.run_id, s.outcome, s.reason, s.finished_at
FROM (SELECT r.id, r.requested_at FROM sync_run r
      WHERE r.organisation_id = @organisation_id AND r.person_id = @person_id AND r.kind = 'care-recipient'
      ORDER BY r.requested_at DESC LIMIT 10) newest
CROSS JOIN LATERAL (SELECT a.* FROM area_answer a WHERE a.organisation_id = @organisation_id AND a.run_id = newest.id OFFSET 0) s -- run by run
ORDER BY s.area, newest.requested_at DESC, s.outcome IN ('succeeded', 'superseded'), s.finished_at DESC;

-- name: ViewFences :many
SELECT area, as_of FROM area_fence WHERE organisation_id = @organisation_id AND person_id = @person_id;

-- name: ViewClassifications :many
SELECT k.id, k.code, k.name, k.funding_source, k.start_date, k.end_date, k.removed_at
FROM classification k JOIN support_plan p ON p.organisation_id = k.organisation_id AND p.id = k.plan_id
WHERE k.organisation_id = @organisation_id AND p.person_id = @person_id
ORDER BY k.start_date NULLS FIRST, k.code, k.ordinal;

-- name: ViewApprovedServices :many
SELECT v.id, v.group_code, v.type_code, v.service_code, v.name, v.start_date, v.end_date, v.removed_at
FROM approved_service v JOIN support_plan p ON p.organisation_id = v.organisation_id AND p.id = v.plan_id
WHERE v.organisation_id = @organisation_id AND p.person_id = @person_id
ORDER BY v.group_code, v.type_code, v.service_code, v.start_date NULLS FIRST, v.ordinal;

-- name: ViewSupplements :many
SELECT s.id, s.code, s.name, s.start_date, s.end_date, s.removed_at
FROM supplement s JOIN support_plan p ON p.organisation_id = s.organisation_id AND p.id = s.plan_id
WHERE s.organisation_id = @organisation_id AND p.person_id = @person_id
ORDER BY s.start_date NULLS FIRST, s.code, s.ordinal;

-- name: ViewContributions :many
SELECT t.category, t.percentage, t.start_date, t.end_date, t.status
FROM contribution t JOIN support_plan p ON p.organisation_id = t.organisation_id AND p.id = t.plan_id
WHERE t.organisation_id = @organisation_id AND p.person_id = @person_id
ORDER BY t.start_date NULLS FIRST, t.category, t.position;

-- name: ViewContributionSets :many
SELECT h.contributions, h.read_at, h.replaced_at
FROM contribution_set h JOIN support_plan p ON p.organisation_id = h.organisation_id AND p.id = h.plan_id
WHERE h.organisation_id = @organisation_id AND p.person_id = @person_id
ORDER BY h.read_at DESC;

-- name: ViewBudgets :many
SELECT b.id, b.upstream_budget_id, b.service_provider_id, b.type_code, b.type_name, b.entry_date, b.start_date, b.end_date, b.status,
       b.total, b.used, b.write_off, b.rollover, b.available, b.usage_amount, b.removed_at, f.as_of AS usage_as_of,
       EXISTS (SELECT FROM usage_line l WHERE l.budget_id = b.id AND l.removed_at IS NULL AND l.amount IS NULL) AS usage_incomplete,
       u.reason AS usage_stale_reason, u.since AS usage_stale_since
FROM budget b
JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id
LEFT JOIN usage_fence f ON f.organisation_id = b.organisation_id AND f.budget_id = b.id
LEFT JOIN usage_refusal u ON u.organisation_id = b.organisation_id AND u.budget_id = b.id AND (f.as_of IS NULL OR f.as_of < u.since)
WHERE b.organisation_id = @organisation_id AND p.person_id = @person_id
ORDER BY b.start_date DESC NULLS LAST, b.type_code, b.upstream_budget_id, b.ordinal;

-- name: ViewEntitlements :many
SELECT e.id, e.budget_id, e.code, e.amount, e.removed_at
FROM entitlement e
JOIN budget b ON b.organisation_id = e.organisation_id AND b.id = e.budget_id
JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id
WHERE e.organisation_id = @organisation_id AND p.person_id = @person_id AND (sqlc.narg(budget_id)::uuid IS NULL OR e.budget_id = sqlc.narg(budget_id))
ORDER BY e.code, e.ordinal;

-- name: ViewUsage :many
-- A line of ours comes with what we billed for it, and what it drew from all budgets.
SELECT u.id, u.budget_id, u.invoice_line_id, u.upstream_invoice_id, u.upstream_item_id, u.external_reference_id, u.service_provider_id,
       u.service_code, u.delivery_date, u.amount, u.removed_at, l.amount AS billed,
       coalesce((SELECT sum(d.amount) FROM usage_line d
                 WHERE d.organisation_id = u.organisation_id AND d.invoice_line_id = u.invoice_line_id AND NOT d.removed), 0)::numeric AS drawn
FROM usage_line u
JOIN budget b ON b.organisation_id = u.organisation_id AND b.id = u.budget_id
JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id
LEFT JOIN invoice_line l ON l.organisation_id = u.organisation_id AND l.id = u.invoice_line_id
WHERE u.organisation_id = @organisation_id AND p.person_id = @person_id AND (sqlc.narg(budget_id)::uuid IS NULL OR u.budget_id = sqlc.narg(budget_id))
ORDER BY u.delivery_date DESC NULLS LAST, u.upstream_invoice_id, u.upstream_item_id, u.ordinal, u.id;
