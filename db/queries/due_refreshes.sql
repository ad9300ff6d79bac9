-- Money and plans that become available on a day (R34). Days are those of the NDIA's calendar (R1).

-- name: NotePlansAhead :exec
INSERT INTO plan_ahead (organisation_id, person_id, plan_start_date)
SELECT @organisation_id, @person_id, s.plan_start_date FROM unnest(@plan_start_dates::date[]) AS s (plan_start_date)
ON CONFLICT DO NOTHING;

-- name: DueRefreshes :many
-- The people whose funding period, or plan, began today or on one of the two days before, who have not been read, or asked to be read, since
-- the last hour at which they should be: as the day begins, at noon of the first day, and as each of the two next days begins. What is
-- released is due no more. Each organisation gets its share of the hour's budget calls.
WITH calendar AS (
    SELECT s.organisation_id, n.time_zone, s.budget_calls_per_hour, (sqlc.arg(instant)::timestamptz AT TIME ZONE n.time_zone)::timestamp AS local_time,
           (sqlc.arg(instant)::timestamptz AT TIME ZONE n.time_zone)::date AS today
    FROM pace_settings s JOIN connection n ON n.organisation_id = s.organisation_id AND n.id = s.connection_id
    WHERE s.api_enabled AND n.activated_at IS NOT NULL
), began AS (
    SELECT c.organisation_id, k.person_id, f.start_date AS on_day
    FROM calendar c
    JOIN funding_period f ON f.organisation_id = c.organisation_id AND f.start_date BETWEEN c.today - 2 AND c.today
    JOIN plan_budget b ON b.organisation_id = f.organisation_id AND b.id = f.budget_id AND NOT b.removed
    JOIN service_contract k ON k.organisation_id = b.organisation_id AND k.id = b.contract_id AND k.superseded_by IS NULL
    WHERE f.released IS FALSE
       OR f.released IS NULL AND b.released IS DISTINCT FROM greatest(b.released, (
            SELECT sum(p.amount) FROM funding_period p WHERE p.budget_id = b.id AND p.start_date <= f.start_date))
    UNION ALL
    SELECT c.organisation_id, a.person_id, a.plan_start_date
    FROM calendar c
    JOIN plan_ahead a ON a.organisation_id = c.organisation_id AND a.plan_start_date = c.today
), due AS (
    SELECT c.organisation_id, c.budget_calls_per_hour, g.person_id,
           ((CASE WHEN max(g.on_day) = c.today AND c.local_time >= c.today + interval '12 hours' THEN c.today + interval '12 hours'
                 ELSE c.today::timestamp END) AT TIME ZONE c.time_zone)::timestamptz AS since, c.today
    FROM calendar c JOIN began g ON g.organisation_id = c.organisation_id
    GROUP BY c.organisation_id, c.budget_calls_per_hour, c.time_zone, c.local_time, c.today, g.person_id
), ranked AS (
    SELECT d.organisation_id, d.person_id, d.budget_calls_per_hour, row_number() OVER (PARTITION BY d.organisation_id ORDER BY d.person_id) AS place
    FROM due d JOIN person p ON p.organisation_id = d.organisation_id AND p.id = d.person_id
    WHERE p.pace_api_access
      AND NOT EXISTS (SELECT FROM pace_standing t WHERE t.person_id = d.person_id AND (t.stopped_on IS NOT NULL OR t.ends_on <= d.today))
      AND NOT EXISTS (SELECT FROM area_fence a WHERE a.person_id = d.person_id AND a.area = 'contract' AND a.as_of >= d.since)
      AND NOT EXISTS (
          SELECT FROM sync_run r WHERE r.organisation_id = d.organisation_id AND r.person_id = d.person_id AND r.kind = 'pace-contract'
            AND r.requested_at >= d.since AND r.trigger <> 'on_demand')
)
SELECT organisation_id, person_id FROM ranked
WHERE place <= greatest(1, budget_calls_per_hour / sqlc.arg(parts_of_an_hour)::int)
ORDER BY organisation_id, person_id;
