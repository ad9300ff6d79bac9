-- What the console's pages show beyond the views that commands and programs use. Every query names the organisation (R11).

-- name: ListPeople :many
-- A page of people by name. words are patterns, each of which must fit a name or begin a number. Of each kind of sync that is possible for
-- a person the newest one counts, save a preview that no one used; last is the one of them that did not bring everything up to date, else
-- one that is older than stale_before, else the newest. A person is stale where last is one of the first two, or never was. Unless last
-- decides who is listed, only the page's people are asked for theirs.
WITH candidate AS (
    SELECT p.*, lower(p.family_name) AS family, lower(p.given_name) AS given
    FROM person p
    WHERE p.organisation_id = @organisation_id
      AND (@words::text[] = '{}' OR NOT EXISTS (
          SELECT FROM unnest(@words::text[]) AS word
          WHERE NOT (p.given_name ILIKE '%' || word || '%' OR p.family_name ILIKE '%' || word || '%'
                     OR coalesce(p.care_recipient_id, '') LIKE word || '%' OR coalesce(p.ndis_number, '') LIKE word || '%')))
      AND (@funding::text = '' OR @funding = 'support-at-home' AND p.care_recipient_id IS NOT NULL OR @funding = 'ndis' AND p.ndis_number IS NOT NULL)
      AND (NOT @departed_only::boolean OR p.not_in_care_since IS NOT NULL)
    ORDER BY family, given, p.id
    LIMIT CASE WHEN @outcome::text = '' AND NOT @stale_only::boolean THEN @most::int END
    OFFSET CASE WHEN @outcome::text = '' AND NOT @stale_only::boolean THEN @beyond::int END
), page AS (
    SELECT candidate.*, last.id AS last_run_id, s.stale
    FROM candidate
    LEFT JOIN LATERAL (
        SELECT newest.*
        FROM (VALUES ('care-recipient', candidate.care_recipient_id), ('pace-contract', candidate.ndis_number)) AS possible (kind, number)
        CROSS JOIN LATERAL (
            SELECT r.id, r.outcome, r.reason, r.requested_at, r.finished_at FROM sync_run r
            WHERE r.organisation_id = candidate.organisation_id AND r.person_id = candidate.id AND r.kind = possible.kind AND r.reason <> 'preview_expired'
            ORDER BY r.requested_at DESC LIMIT 1) newest
        WHERE possible.number IS NOT NULL
        ORDER BY coalesce(newest.outcome IN ('partial', 'failed', 'cancelled') AND newest.reason NOT IN ('superseded', 'plan_in_future'), false) DESC,
                 coalesce(newest.finished_at, newest.requested_at) < @stale_before::timestamptz DESC, newest.requested_at DESC
        LIMIT 1) last ON true
    CROSS JOIN LATERAL (
        SELECT (last.id IS NULL OR coalesce(last.outcome IN ('partial', 'failed', 'cancelled') AND last.reason NOT IN ('superseded', 'plan_in_future'), false)
                OR coalesce(last.finished_at, last.requested_at) < @stale_before::timestamptz)::boolean AS stale
    ) s
    WHERE (@outcome::text = '' OR last.outcome = @outcome::text OR @outcome::text = 'never' AND last.id IS NULL
           OR @outcome::text = 'unfinished' AND last.id IS NOT NULL AND last.outcome IS NULL)
      AND (NOT @stale_only::boolean OR s.stale)
    ORDER BY candidate.family, candidate.given, candidate.id
    LIMIT @most::int OFFSET CASE WHEN @outcome::text <> '' OR @stale_only::boolean THEN @beyond::int END
)
SELECT c.id, c.given_name, c.family_name, coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number,
       c.not_in_care_since, l.id AS last_run_id, coalesce(l.kind, '')::text AS last_kind, coalesce(l.outcome, '')::text AS last_outcome, coalesce(l.reason, '')::text AS last_reason,
       l.requested_at AS last_requested_at, l.finished_at AS last_finished_at, c.stale
FROM page c
LEFT JOIN sync_run l ON l.organisation_id = c.organisation_id AND l.id = c.last_run_id
ORDER BY c.family, c.given, c.id;

-- name: ListConsoleRuns :many
-- ListRuns, with the console's filters.
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
  AND (@kind::text = '' OR r.kind = @kind)
  AND (@trigger::text = '' OR r.trigger = @trigger)
  AND CASE @outcome::text WHEN '' THEN true WHEN 'unfinished' THEN r.outcome IS NULL ELSE r.outcome = @outcome END
  AND (NOT @held_only::boolean OR r.id = ANY (ARRAY(
      SELECT h.run_id FROM removal_hold h WHERE h.organisation_id = @organisation_id AND h.closed_at IS NULL AND h.accepted_at IS NULL
      UNION SELECT v.run_id FROM pace_review v WHERE v.organisation_id = @organisation_id)))
  AND (sqlc.narg(before)::uuid IS NULL
       OR (r.requested_at, r.id) < (SELECT l.requested_at, l.id FROM sync_run l
                                    WHERE l.organisation_id = @organisation_id AND l.id = sqlc.narg(before)))
ORDER BY r.requested_at DESC, r.id DESC
LIMIT @most;

-- name: ViewInvoiceLine :one
SELECT l.id, i.upstream_invoice_id, l.upstream_item_id, l.service_code, l.delivery_date, l.amount, l.external_reference_id,
       c.id AS person_id, coalesce(c.given_name, '') AS given_name, coalesce(c.family_name, '') AS family_name
FROM invoice_line l
JOIN invoice i ON i.organisation_id = l.organisation_id AND i.id = l.invoice_id
LEFT JOIN person c ON c.organisation_id = l.organisation_id AND c.id = l.person_id
WHERE l.organisation_id = @organisation_id AND l.id = @invoice_line_id;

-- name: ViewInvoiceLineUsage :many
-- Which budgets an invoice line drew on.
SELECT u.id, u.budget_id, p.person_id, b.type_code, b.type_name, b.start_date, b.end_date, u.amount, u.removed_at
FROM usage_line u
JOIN budget b ON b.organisation_id = u.organisation_id AND b.id = u.budget_id
JOIN support_plan p ON p.organisation_id = b.organisation_id AND p.id = b.plan_id
WHERE u.organisation_id = @organisation_id AND u.invoice_line_id = @invoice_line_id::uuid
ORDER BY b.start_date, u.ordinal, u.id;
