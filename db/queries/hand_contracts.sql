-- name: WriteHandContracts :many
-- Returns the contracts that were created or changed; identical ones are left untouched.
INSERT INTO service_contract AS c (id, organisation_id, person_id, origin, reference, start_date, end_date, total_funding)
SELECT r.id, @organisation_id, r.person_id, 'hand', r.reference, r.start_date, r.end_date, r.total_funding
FROM jsonb_to_recordset(@contracts::jsonb)
    AS r (id uuid, person_id uuid, reference text, start_date date, end_date date, total_funding numeric)
ON CONFLICT (organisation_id, person_id, reference) WHERE origin = 'hand' DO UPDATE
SET start_date = excluded.start_date, end_date = excluded.end_date, total_funding = excluded.total_funding
WHERE (c.start_date, c.end_date, c.total_funding) IS DISTINCT FROM (excluded.start_date, excluded.end_date, excluded.total_funding)
RETURNING (xmax = 0)::boolean AS created;
