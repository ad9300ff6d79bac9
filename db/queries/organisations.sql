-- name: CreateOrganisation :exec
INSERT INTO organisation (id, slug, name, time_zone) VALUES (@id, @slug, @name, @time_zone);

-- name: ListOrganisations :many
SELECT id, slug, name, time_zone, created_at FROM organisation ORDER BY slug;

-- name: OrganisationBySlug :one
SELECT id, slug, name, time_zone, created_at FROM organisation WHERE slug = @slug;

-- name: ChangeOrganisation :one
UPDATE organisation SET name = coalesce(sqlc.narg(name), name), time_zone = coalesce(sqlc.narg(time_zone), time_zone)
WHERE slug = @slug
RETURNING id, slug, name, time_zone, created_at;
