-- name: PeopleByCareRecipientID :many
SELECT id, care_recipient_id::text AS care_recipient_id FROM person
WHERE organisation_id = @organisation_id AND care_recipient_id = ANY (@care_recipient_ids::text[]);

-- name: WriteInvoices :exec
INSERT INTO invoice (id, organisation_id, upstream_invoice_id)
SELECT r.id, @organisation_id, r.upstream_invoice_id
FROM jsonb_to_recordset(@invoices::jsonb) AS r (id uuid, upstream_invoice_id text)
ON CONFLICT (organisation_id, upstream_invoice_id) DO NOTHING;

-- name: WriteInvoiceLines :many
-- Returns the lines that were created or changed; identical ones are left untouched.
INSERT INTO invoice_line AS l (id, organisation_id, invoice_id, upstream_item_id, person_id, service_code, delivery_date, amount,
                               external_reference_id)
SELECT r.id, @organisation_id, i.id, r.upstream_item_id, r.person_id, r.service_code, r.delivery_date, r.amount, r.external_reference_id
FROM jsonb_to_recordset(@lines::jsonb)
    AS r (id uuid, upstream_invoice_id text, upstream_item_id text, person_id uuid, service_code text, delivery_date date, amount numeric,
          external_reference_id text)
JOIN invoice i ON i.organisation_id = @organisation_id AND i.upstream_invoice_id = r.upstream_invoice_id
ON CONFLICT (organisation_id, invoice_id, upstream_item_id) DO UPDATE
SET person_id = excluded.person_id, service_code = excluded.service_code, delivery_date = excluded.delivery_date, amount = excluded.amount,
    external_reference_id = coalesce(nullif(excluded.external_reference_id, ''), l.external_reference_id)
WHERE (l.person_id, l.service_code, l.delivery_date, l.amount, l.external_reference_id)
      IS DISTINCT FROM (excluded.person_id, excluded.service_code, excluded.delivery_date, excluded.amount,
                        coalesce(nullif(excluded.external_reference_id, ''), l.external_reference_id))
RETURNING (xmax = 0)::boolean AS created;

-- name: LockUsageLinks :exec
-- Waits for the syncs that are writing usage, and lets none write before this import ends: each sees what the other has stored (R17).
SELECT pg_advisory_xact_lock(hashtextextended(concat('usage links of ', @organisation_id::uuid), 0));

-- name: BillingOf :one
-- Our own billing that usage with these invoice ids and references can be linked to (R17).
WITH meant AS (
    SELECT l.id FROM invoice i JOIN invoice_line l ON l.organisation_id = i.organisation_id AND l.invoice_id = i.id
    WHERE i.organisation_id = @organisation_id AND i.upstream_invoice_id = ANY (@invoice_ids::text[])
    UNION
    SELECT l.id FROM invoice_line l
    WHERE l.organisation_id = @organisation_id AND l.external_reference_id <> '' AND l.external_reference_id = ANY (@reference_ids::text[])
)
SELECT jsonb_build_object(
    'providers', (SELECT coalesce(jsonb_agg(n.service_provider_id), '[]') FROM connection n
                  WHERE n.organisation_id = @organisation_id AND n.service = 'services-australia'),
    'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                  'id', l.id, 'person_id', l.person_id, 'upstream_invoice_id', i.upstream_invoice_id, 'upstream_item_id', l.upstream_item_id,
                  'external_reference_id', l.external_reference_id, 'service_code', l.service_code, 'delivery_date', l.delivery_date)), '[]')
              FROM meant m JOIN invoice_line l ON l.id = m.id JOIN invoice i ON i.organisation_id = l.organisation_id AND i.id = l.invoice_id)
)::jsonb AS billing;

-- name: UsageOfBilling :many
-- The usage that lines of these invoices, or with these references, are or can be linked to.
WITH meant AS (
    SELECT u.id FROM usage_line u
    WHERE u.organisation_id = @organisation_id AND u.upstream_invoice_id <> '' AND u.upstream_invoice_id = ANY (@invoice_ids::text[])
    UNION
    SELECT u.id FROM usage_line u
    WHERE u.organisation_id = @organisation_id AND u.external_reference_id <> '' AND u.external_reference_id = ANY (@reference_ids::text[])
    UNION
    SELECT u.id FROM invoice i
    JOIN invoice_line l ON l.organisation_id = i.organisation_id AND l.invoice_id = i.id
    JOIN usage_line u ON u.organisation_id = l.organisation_id AND u.invoice_line_id = l.id
    WHERE i.organisation_id = @organisation_id AND i.upstream_invoice_id = ANY (@invoice_ids::text[])
)
SELECT p.person_id, to_jsonb(u)::jsonb AS line
FROM meant m
JOIN usage_line u ON u.id = m.id
JOIN budget b ON b.organisation_id = u.organisation_id AND b.id = u.budget_id
JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id;

-- name: LinkUsage :exec
UPDATE usage_line u SET invoice_line_id = l.invoice_line_id
FROM jsonb_to_recordset(@links::jsonb) AS l (id uuid, invoice_line_id uuid)
WHERE u.organisation_id = @organisation_id AND u.id = l.id;
