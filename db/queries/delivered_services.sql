-- name: PeopleByNDISNumber :many
SELECT id, ndis_number::text AS ndis_number FROM person
WHERE organisation_id = @organisation_id AND ndis_number = ANY (@ndis_numbers::text[]);

-- name: PeopleOfDeliveredServices :many
-- The people who now have our own work of these references.
SELECT DISTINCT c.person_id
FROM delivered_service d
JOIN plan_budget b ON b.organisation_id = d.organisation_id AND b.id = d.budget_id
JOIN service_contract c ON c.organisation_id = b.organisation_id AND c.id = b.contract_id
WHERE d.organisation_id = @organisation_id AND d.kind = 'own' AND d.reference = ANY (@work_references::text[]);

-- name: LockContracts :exec
-- Whoever writes contracts of these people waits, and is waited for: one person after the other, always in the same order.
SELECT FROM area_fence WHERE organisation_id = @organisation_id AND area = 'contract' AND person_id = ANY (@person_ids::uuid[])
ORDER BY person_id FOR UPDATE;

-- name: BudgetsForImport :many
SELECT c.person_id, c.id AS contract_id, c.start_date AS contract_start_date, c.end_date AS contract_end_date, c.retrieved_on,
       b.id, b.budget_type, b.management, b.category, b.spent, b.start_date, b.end_date, b.removed::boolean AS removed
FROM plan_budget b
JOIN service_contract c ON c.organisation_id = b.organisation_id AND c.id = b.contract_id
WHERE b.organisation_id = @organisation_id AND c.person_id = ANY (@person_ids::uuid[])
ORDER BY c.person_id, b.id;

-- name: DeliveredServicesForImport :many
SELECT d.id, d.budget_id, d.kind, d.reference, d.delivered_on, d.amount, d.support_item_number, d.support_item_description,
       d.service_provider_name, d.note, d.claim_status, d.claimable, d.removed::boolean AS removed
FROM delivered_service d
JOIN plan_budget b ON b.organisation_id = d.organisation_id AND b.id = d.budget_id
JOIN service_contract c ON c.organisation_id = b.organisation_id AND c.id = b.contract_id
WHERE d.organisation_id = @organisation_id AND c.person_id = ANY (@person_ids::uuid[]);

-- name: WriteDeliveredServices :exec
-- Our own work and adjustment records, as they are to be stored.
INSERT INTO delivered_service (id, organisation_id, budget_id, kind, reference, delivered_on, amount, support_item_number,
                               support_item_description, service_provider_name, note, claim_status, claimable)
SELECT r.id, @organisation_id, r.budget_id, r.kind, r.reference, r.delivered_on, r.amount, r.support_item_number, r.support_item_description,
       r.service_provider_name, r.note, r.claim_status, r.claimable
FROM jsonb_to_recordset(@services::jsonb)
    AS r (id uuid, budget_id uuid, kind text, reference text, delivered_on date, amount numeric, support_item_number text,
          support_item_description text, service_provider_name text, note text, claim_status text, claimable boolean)
ON CONFLICT (id) DO UPDATE
SET budget_id = excluded.budget_id, delivered_on = excluded.delivered_on, amount = excluded.amount,
    support_item_number = excluded.support_item_number, support_item_description = excluded.support_item_description,
    service_provider_name = excluded.service_provider_name, note = excluded.note, claim_status = excluded.claim_status, removed_at = NULL;

-- name: RemoveAdjustments :exec
UPDATE delivered_service SET removed_at = now()
WHERE organisation_id = @organisation_id AND kind = 'pace_adjustment' AND id = ANY (@ids::uuid[]);

-- name: AnnounceContractsChanged :exec
INSERT INTO outbox (organisation_id, topic, payload)
SELECT @organisation_id, 'pace-contract.contract.changed', jsonb_build_object('person_id', c.person_id)
FROM unnest(@person_ids::uuid[]) AS c (person_id);
