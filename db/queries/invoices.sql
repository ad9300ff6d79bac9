-- name: ClientsByCareRecipientID :many
SELECT id, care_recipient_id::text AS care_recipient_id FROM client
WHERE organisation_id = @organisation_id AND care_recipient_id = ANY (@care_recipient_ids::text[]);

-- name: WriteInvoices :exec
INSERT INTO invoice (id, organisation_id, upstream_invoice_id)
SELECT r.id, @organisation_id, r.upstream_invoice_id
FROM jsonb_to_recordset(@invoices::jsonb) AS r (id uuid, upstream_invoice_id text)
ON CONFLICT (organisation_id, upstream_invoice_id) DO NOTHING;

-- name: WriteInvoiceLines :many
-- Answers with the lines that were created or changed; identical ones are left untouched.
INSERT INTO invoice_line AS l (id, organisation_id, invoice_id, upstream_item_id, client_id, service_code, delivery_date, amount)
SELECT r.id, @organisation_id, i.id, r.upstream_item_id, r.client_id, r.service_code, r.delivery_date, r.amount
FROM jsonb_to_recordset(@lines::jsonb)
    AS r (id uuid, upstream_invoice_id text, upstream_item_id text, client_id uuid, service_code text, delivery_date date, amount numeric)
JOIN invoice i ON i.organisation_id = @organisation_id AND i.upstream_invoice_id = r.upstream_invoice_id
ON CONFLICT (organisation_id, invoice_id, upstream_item_id) DO UPDATE
SET client_id = excluded.client_id, service_code = excluded.service_code, delivery_date = excluded.delivery_date, amount = excluded.amount
WHERE (l.client_id, l.service_code, l.delivery_date, l.amount)
      IS DISTINCT FROM (excluded.client_id, excluded.service_code, excluded.delivery_date, excluded.amount)
RETURNING (xmax = 0)::boolean AS created;

-- name: LinkWaitingUsage :execrows
-- Usage that was read before its invoice was stored (R17).
UPDATE usage_line u SET invoice_line_id = l.id
FROM jsonb_to_recordset(@lines::jsonb) AS r (upstream_invoice_id text, upstream_item_id text)
JOIN invoice i ON i.organisation_id = @organisation_id AND i.upstream_invoice_id = r.upstream_invoice_id
JOIN invoice_line l ON l.organisation_id = i.organisation_id AND l.invoice_id = i.id AND l.upstream_item_id = r.upstream_item_id
WHERE u.organisation_id = @organisation_id AND u.invoice_line_id IS NULL AND u.upstream_invoice_id <> ''
  AND u.upstream_invoice_id = r.upstream_invoice_id AND u.upstream_item_id = r.upstream_item_id;
