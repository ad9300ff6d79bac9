-- name: TryLockForImport :one
-- Only one import at a time writes into an organisation; syncs and requests are not held up.
SELECT pg_try_advisory_xact_lock(hashtextextended('import into ' || (@organisation_id::uuid)::text, 0));

-- name: PeopleForImport :many
SELECT c.id, c.given_name, c.family_name, c.birth_date, coalesce(c.care_recipient_id, '') AS care_recipient_id,
       coalesce(c.ndis_number, '') AS ndis_number, c.connection_id, c.pace_participant, c.pace_api_access
FROM person c
WHERE c.organisation_id = @organisation_id
  AND (c.care_recipient_id = ANY (@care_recipient_ids::text[]) OR ltrim(c.care_recipient_id, '0') = ANY (@significant_digits::text[]) OR c.ndis_number = ANY (@ndis_numbers::text[])
       OR to_char(c.birth_date, 'YYYY-MM-DD') = ANY (@birth_dates::text[]));

-- name: ServiceProviderConnections :many
SELECT id, service_provider_id FROM connection WHERE organisation_id = @organisation_id AND service = 'services-australia';

-- name: WritePeople :exec
INSERT INTO person (id, organisation_id, given_name, family_name, birth_date, care_recipient_id, ndis_number, connection_id, pace_participant,
                    pace_api_access)
SELECT r.id, @organisation_id, r.given_name, r.family_name, r.birth_date, nullif(r.care_recipient_id, ''), nullif(r.ndis_number, ''),
       r.connection_id, r.pace_participant, r.pace_api_access
FROM jsonb_to_recordset(@people::jsonb)
    AS r (id uuid, given_name text, family_name text, birth_date date, care_recipient_id text, ndis_number text, connection_id uuid,
          pace_participant boolean, pace_api_access boolean)
ON CONFLICT (id) DO UPDATE
SET given_name = excluded.given_name, family_name = excluded.family_name, birth_date = excluded.birth_date,
    care_recipient_id = excluded.care_recipient_id, ndis_number = excluded.ndis_number, connection_id = excluded.connection_id,
    pace_participant = excluded.pace_participant, pace_api_access = excluded.pace_api_access;

-- name: SaySamePerson :one
-- same_id: the person still has the care recipient id under which the name was reported. new: it was not said before.
WITH of_id AS (
    SELECT c.id, c.organisation_id, c.care_recipient_id FROM person c
    WHERE c.organisation_id = @organisation_id AND c.id = @person_id AND c.care_recipient_id = @care_recipient_id::text
), said AS (
    INSERT INTO same_person (organisation_id, person_id, care_recipient_id, reported_given_name, said_by, said_why)
    SELECT p.organisation_id, p.id, p.care_recipient_id, @reported_given_name, @said_by, @said_why FROM of_id p
    ON CONFLICT (person_id, care_recipient_id, reported_given_name) DO NOTHING
    RETURNING person_id
)
SELECT EXISTS (SELECT FROM of_id)::boolean AS same_id, (SELECT count(*) FROM said)::int AS new;

-- name: SamePersonAnswers :many
-- What stands, the newest first. current: of the care recipient id that the person has now.
SELECT s.id, s.care_recipient_id, s.reported_given_name, s.said_by, s.said_why, s.said_at, (s.care_recipient_id = coalesce(c.care_recipient_id, ''))::boolean AS current
FROM same_person s JOIN person c ON c.organisation_id = s.organisation_id AND c.id = s.person_id
WHERE s.organisation_id = @organisation_id AND s.person_id = @person_id
ORDER BY s.said_at DESC, s.id;

-- name: TakeSamePersonBack :one
-- The given name, and the day on which the person was born.
WITH gone AS (
    DELETE FROM same_person s WHERE s.organisation_id = @organisation_id AND s.person_id = @person_id AND s.id = @id
    RETURNING s.organisation_id, s.person_id, s.reported_given_name
)
SELECT g.reported_given_name, c.birth_date FROM gone g JOIN person c ON c.organisation_id = g.organisation_id AND c.id = g.person_id;

-- name: Namesakes :many
-- The verified people of an organisation who were born on one of these days, with what tells them from others.
SELECT (jsonb_build_object('person', to_jsonb(c)) || known_person(c))::jsonb AS held
FROM person c
WHERE c.organisation_id = @organisation_id AND c.verified_at IS NOT NULL AND c.birth_date = ANY (@birth_dates::date[]);

-- name: ClearVerified :exec
UPDATE person SET verified_at = NULL WHERE organisation_id = @organisation_id AND id = ANY (@people::uuid[]);
