-- name: LockPersonNumbers :one
-- has_records: whether the person has a plan or a contract.
SELECT coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number, person_has_records(c.organisation_id, c.id) AS has_records
FROM person c WHERE c.organisation_id = @organisation_id AND c.id = @person_id FOR UPDATE;

-- name: HoldersOfNumber :many
SELECT c.id, person_has_records(c.organisation_id, c.id) AS has_records
FROM person c
WHERE c.organisation_id = @organisation_id
  AND CASE @kind::text WHEN 'ndis_number' THEN c.ndis_number ELSE c.care_recipient_id END = @number::text;

-- name: SetCareRecipientID :exec
-- What was read under the number of before is older than the change (R7).
WITH fenced AS (
    UPDATE area_fence a SET previous_ticket = a.ticket, ticket = nextval('read_ticket')
    WHERE a.organisation_id = @organisation_id AND a.person_id = @person_id AND a.area <> 'contract'
), fenced_usage AS (
    UPDATE usage_fence f SET previous_ticket = f.ticket, ticket = nextval('read_ticket')
    FROM budget b JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id
    WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id AND f.organisation_id = b.organisation_id AND f.budget_id = b.id
)
UPDATE person c SET care_recipient_id = @care_recipient_id::text, verified_at = NULL
WHERE c.organisation_id = @organisation_id AND c.id = @person_id;

-- name: SetNDISNumber :exec
UPDATE person SET ndis_number = @ndis_number::text WHERE organisation_id = @organisation_id AND id = @person_id;
