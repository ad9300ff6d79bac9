-- What people and programs are shown of service contracts. Every query names the organisation (R11).

-- name: ViewPerson :one
SELECT c.id, coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number, c.given_name, c.family_name
FROM person c WHERE c.organisation_id = @organisation_id AND c.id = @person_id;

-- name: ViewContracts :many
-- A person's, newest first, or the one of that id.
SELECT c.id, c.person_id, c.origin, c.reference, c.plan_first_start_date, c.plan_start_date, c.plan_end_date, c.start_date, c.end_date,
       c.superseded_by, c.total_funding, c.allocation_total, c.funding_incomplete, c.allocation_incomplete, c.retrieved_on, f.as_of, coalesce(n.time_zone, 'Australia/Sydney') AS service_time_zone
FROM service_contract c
LEFT JOIN pace_settings s ON s.organisation_id = c.organisation_id
LEFT JOIN connection n ON n.organisation_id = s.organisation_id AND n.id = s.connection_id
LEFT JOIN area_fence f ON f.organisation_id = c.organisation_id AND f.person_id = c.person_id AND f.area = 'contract' AND c.origin = 'pace'
WHERE c.organisation_id = @organisation_id
  AND (c.person_id = sqlc.narg(person_id) OR c.id = sqlc.narg(contract_id))
ORDER BY c.start_date DESC, c.created_at DESC, c.id;

-- name: ViewPlanBudgets :many
-- Those that are no longer in PACE last.
SELECT b.id, b.budget_type, b.management, b.support_type, b.category, b.category_number, b.funding_component, b.approved, b.released, b.spent,
       b.remaining, b.start_date, b.end_date, b.instalment_type, b.excluded_from_totals, b.removed_at
FROM plan_budget b
WHERE b.organisation_id = @organisation_id AND b.contract_id = @contract_id
ORDER BY b.removed, b.category_number = 0, b.category_number, b.category, b.budget_type, b.management, b.support_type, b.start_date, b.ordinal, b.id;

-- name: ViewFundingPeriods :many
SELECT f.budget_id, f.funding_period_id, f.start_date, f.end_date, f.amount, f.released
FROM funding_period f JOIN plan_budget b ON b.organisation_id = f.organisation_id AND b.id = f.budget_id
WHERE f.organisation_id = @organisation_id AND b.contract_id = @contract_id
ORDER BY f.budget_id, f.position;

-- name: ViewStatedItems :many
SELECT i.budget_id, i.support_item_number, i.support_item_text, i.approved
FROM stated_item i JOIN plan_budget b ON b.organisation_id = i.organisation_id AND b.id = i.budget_id
WHERE i.organisation_id = @organisation_id AND b.contract_id = @contract_id
ORDER BY i.budget_id, i.position;

-- name: ViewDeliveredServices :many
-- The adjustment record first, then our own work, newest first.
SELECT d.id, d.budget_id, d.kind, d.reference, d.delivered_on, d.amount, d.support_item_number, d.support_item_description,
       d.service_provider_name, d.note, d.claim_status, d.claimable, d.removed_at
FROM delivered_service d JOIN plan_budget b ON b.organisation_id = d.organisation_id AND b.id = d.budget_id
WHERE d.organisation_id = @organisation_id AND b.contract_id = @contract_id
ORDER BY d.kind DESC, d.delivered_on DESC NULLS LAST, d.reference, d.id;

-- name: ViewReviews :many
SELECT v.person_id, coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number, c.given_name, c.family_name,
       v.kind, v.contract_id, v.budget_id, v.subject, v.field, v.old_value, v.new_value, v.run_id, v.held_at
FROM pace_review v JOIN person c ON c.organisation_id = v.organisation_id AND c.id = v.person_id
WHERE v.organisation_id = @organisation_id
  AND (sqlc.narg(person_id)::uuid IS NULL OR v.person_id = sqlc.narg(person_id))
  AND (sqlc.narg(contract_id)::uuid IS NULL OR v.contract_id = sqlc.narg(contract_id))
ORDER BY c.family_name, c.given_name, c.id, v.position;

-- name: ViewWaitingPreview :one
SELECT id, run_id, retrieved_at, expires_at FROM pace_preview
WHERE organisation_id = @organisation_id AND person_id = @person_id AND closed_at IS NULL AND expires_at > @now;

-- name: ViewContractHistory :many
-- What changed in a contract, its budgets and what was delivered under it, newest first. What changed at one moment stays on one page.
WITH record AS (
    SELECT c.id FROM service_contract c WHERE c.organisation_id = @organisation_id AND c.id = @contract_id
    UNION ALL SELECT b.id FROM plan_budget b WHERE b.organisation_id = @organisation_id AND b.contract_id = @contract_id
    UNION ALL SELECT d.id FROM delivered_service d
        JOIN plan_budget b ON b.organisation_id = d.organisation_id AND b.id = d.budget_id
        WHERE d.organisation_id = @organisation_id AND b.contract_id = @contract_id
), change AS (
    SELECT h.* FROM record_change h JOIN record ON record.id = h.record_id
    WHERE h.organisation_id = @organisation_id AND h.kind IN ('service_contract', 'plan_budget', 'delivered_service')
      AND (sqlc.narg(before)::timestamptz IS NULL OR h.changed_at < sqlc.narg(before))
), page AS (
    SELECT min(newest.changed_at) AS since FROM (SELECT changed_at FROM change ORDER BY changed_at DESC LIMIT @most) newest
)
SELECT h.changed_at, h.run_id, h.source, h.note, coalesce(r.trigger, '')::text AS trigger, coalesce(r.requested_by, h.requested_by)::text AS requested_by,
       h.kind, h.record_id, h.action, h.field, h.old_value, h.new_value,
       coalesce(b.category, '')::text AS category, coalesce(b.budget_type, '')::text AS budget_type, coalesce(b.management, '')::text AS management,
       coalesce(d.kind, '')::text AS delivered_kind, coalesce(d.reference, '')::text AS reference,
       EXISTS (SELECT FROM change earlier WHERE earlier.changed_at < page.since) AS more
FROM change h
CROSS JOIN page
LEFT JOIN sync_run r ON r.organisation_id = h.organisation_id AND r.id = h.run_id
LEFT JOIN delivered_service d ON h.kind = 'delivered_service' AND d.organisation_id = h.organisation_id AND d.id = h.record_id
LEFT JOIN plan_budget b ON b.organisation_id = h.organisation_id
    AND b.id = CASE h.kind WHEN 'plan_budget' THEN h.record_id WHEN 'delivered_service' THEN d.budget_id END
WHERE h.changed_at >= page.since
ORDER BY h.changed_at DESC, CASE h.kind WHEN 'service_contract' THEN 1 WHEN 'plan_budget' THEN 2 ELSE 3 END, h.position;
