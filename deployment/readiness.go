package deployment

import (
	"errors"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/platform/temporal"
)

// Readiness is the guard as a check of readiness.
func (g *Guard) Readiness() health.Check {
	return health.Check{Name: "deployment", Probe: g.Check, Explain: explain}
}

// explain says why a program is not admitted, without hosts and users.
func explain(err error) string {
	var foreign *db.DeploymentError
	switch {
	case errors.As(err, &foreign):
		return "The database belongs to another deployment: to the Temporal " + foreign.Owner.Temporal.String() + ". This program is connected to the Temporal " +
			foreign.Program.String() + ". It starts nothing, ends nothing and calls no government service. See `caresync deployment show`."
	case errors.Is(err, temporal.ErrNamespaceMissing):
		return "The Temporal server does not have the namespace. Create it, or correct TEMPORAL_NAMESPACE."
	case errors.Is(err, db.ErrSchemaMissing):
		return "The database's schema is missing or not this program's. Run `caresync migrate`."
	default:
		return "PostgreSQL or Temporal does not answer, so it is not known whose the database is."
	}
}
