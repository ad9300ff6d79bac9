package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/temporal"
)

// connectionChecks find out what can be reached.
var connectionChecks = []check{
	{Database, "PostgreSQL", needsDatabase, reachDatabase, needsDatabase, "PostgreSQL cannot be used."},
	{Temporal, "Temporal", needsTemporal, reachTemporal, needsTemporal, "Temporal does not answer."},
}

// reachTimeout is how long PostgreSQL and Temporal get to answer at all.
const reachTimeout = 4 * time.Second

func reachDatabase(ctx context.Context, p *patient) (string, []Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	err := p.store.Ping(ctx)
	if err == nil {
		return "", nil, nil
	}
	said := db.ExplainTrouble(err)
	if said == "" {
		said = sentence(err.Error())
	}
	return "", []Finding{failure(said, "Fix that, or correct DATABASE_URL. Work in progress waits for PostgreSQL.")}, nil
}

func reachTemporal(ctx context.Context, p *patient) (string, []Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if err := temporal.Reachable(p.temporal)(ctx); err != nil {
		return "", []Finding{failure("Temporal does not answer.",
			"Start it, or correct TEMPORAL_ADDRESS and TEMPORAL_TLS_*. Work in progress waits for it, and nothing can be started.")}, nil
	}
	return "", nil, nil
}

// sessionChecks find out whether statements and namespace can be used.
var sessionChecks = []check{
	{Database, "sessions", needsDatabase, databaseSessions, needsDatabase, "statements fail behind the pooler."},
	{Temporal, "namespace", needsTemporal, findNamespace, needsNamespace, "the Temporal namespace cannot be used."},
}

// schemaChecks find out whether the tables are there.
var schemaChecks = []check{{Database, "schema", needsDatabase, findSchema, needsSchema, "the database's schema cannot be used."}}

func findSchema(ctx context.Context, p *patient) (_ string, findings []Finding, err error) {
	err = p.store.CheckSchema(ctx)
	var other *db.SchemaError
	switch {
	case errors.As(err, &other) && other.Newer():
		findings = append(findings, warning(sentence(other.Error()), "Update this program. While a new version is rolled out, a newer schema is normal."))
	case errors.As(err, &other):
		return "", []Finding{failure(schemaProblem(other), "Run `caresync migrate` with the version that the other programs have.")}, nil
	case err != nil:
		return "", nil, err
	}
	p.organisations, err = p.store.Organisations(ctx)
	return "", findings, err
}

func schemaProblem(found *db.SchemaError) string {
	if found.Version == 0 {
		return "The database has no schema."
	}
	return sentence(found.Error())
}

func findNamespace(ctx context.Context, p *patient) (string, []Finding, error) {
	_, err := temporal.Identify(ctx, p.temporal, p.namespace)
	if errors.Is(err, temporal.ErrNamespaceMissing) {
		return "", []Finding{failure("Temporal does not have the namespace "+p.namespace+".",
			"Correct TEMPORAL_NAMESPACE. If Temporal's databases were lost, create the namespace and its search attributes, and run `caresync deployment adopt`.")}, nil
	}
	return "", nil, err
}

// ownerChecks find out whether database and namespace belong together (R37).
var ownerChecks = []check{
	{Database, "deployment", needsDatabase | needsSchema | needsTemporal | needsNamespace, findOwner, needsOwn, "the database belongs to another deployment."},
}

func findOwner(ctx context.Context, p *patient) (string, []Finding, error) {
	owner, err := p.store.Deployment(ctx)
	if errors.Is(err, db.ErrNotFound) {
		return "none yet: the first worker adopts the database", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	own, err := deployment.Connected(p.temporal)(ctx)
	if err != nil || owner.Temporal.Same(own) {
		return "", nil, err
	}
	return "", []Finding{failure(
		"The database belongs to another deployment, to the Temporal "+owner.Temporal.String()+". Programs with these settings start nothing, end nothing and call no government service.",
		"Run `caresync deployment show`. Then correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE or, if the deployment has moved here, run `caresync deployment adopt`.")}, nil
}
