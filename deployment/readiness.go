package deployment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/platform/temporal"
)

// Readiness are the checks of what every program needs. Where Temporal is optional, a program is ready without it.
func (g *Guard) Readiness(store *db.Store, keyring db.Keyring, connected client.Client, attributes []sdktemporal.SearchAttributeKey, temporalOptional bool) []health.Check {
	return []health.Check{
		{Name: "database", Probe: store.Ping, Explain: explainDatabase},
		{Name: "schema", Probe: schemaOf(store), Explain: explain},
		{Name: "keyring", Probe: func(ctx context.Context) error { return store.CheckKeyring(ctx, keyring) }, Explain: explain},
		{Name: "temporal", Probe: temporal.Reachable(connected), Explain: always(withoutTemporal(temporalOptional)), Optional: temporalOptional},
		{Name: "namespace", Probe: namespaceOf(connected, attributes), Explain: explain, Optional: temporalOptional},
		{Name: "deployment", Probe: g.Check, Explain: explain, Optional: temporalOptional},
	}
}

func explainDatabase(err error) string {
	return cmp.Or(db.ExplainTrouble(err), "PostgreSQL refuses this program. The log has its answer.")
}

func always(sentence string) func(error) string { return func(error) string { return sentence } }

func withoutTemporal(optional bool) string {
	if optional {
		return "Temporal does not answer. Pages and records are shown, but nothing can be started."
	}
	return "Temporal does not answer."
}

// schemaOf tolerates a newer schema, which is there while a new version is rolled out.
func schemaOf(store *db.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		err := store.CheckSchema(ctx)
		var other *db.SchemaError
		if errors.As(err, &other) && other.Newer() {
			return health.Tolerable(err)
		}
		return err
	}
}

// namespaceOf fails where the namespace, or one of the search attributes, is missing.
func namespaceOf(connected client.Client, attributes []sdktemporal.SearchAttributeKey) func(context.Context) error {
	namespace, unnamed := temporal.Namespace()
	return func(ctx context.Context) error {
		if unnamed != nil {
			return unnamed
		}
		if _, err := temporal.Identify(ctx, connected, namespace); err != nil {
			return err
		}
		return temporal.CheckSearchAttributes(ctx, connected, namespace, attributes)
	}
}

// explain says why a check failed and what to do, without hosts and users.
func explain(err error) string {
	var foreign *db.DeploymentError
	var keyring *db.KeyringError
	var schema *db.SchemaError
	var missing *temporal.MissingAttributesError
	switch {
	case errors.As(err, &foreign):
		return "The database belongs to another deployment: to the Temporal " + foreign.Owner.Temporal.String() + ". This program is connected to the Temporal " +
			foreign.Program.String() + ". It starts nothing, ends nothing and calls no government service. See `caresync deployment show`."
	case errors.As(err, &keyring):
		return sentence(keyring.Error())
	case errors.As(err, &schema):
		return explainSchema(schema)
	case errors.As(err, &missing):
		return "The namespace lacks the search attributes " + strings.Join(missing.Names, ", ") + ". Create them: without them, no sync starts."
	case errors.Is(err, temporal.ErrNamespaceMissing):
		return "The Temporal server does not have the namespace. Create it, or correct TEMPORAL_NAMESPACE."
	case errors.Is(err, db.ErrSchemaMissing):
		return "The database's schema is missing or not this program's. Run `caresync migrate`."
	case errors.Is(err, db.ErrUnavailable):
		return "This cannot be checked. " + db.ExplainTrouble(err)
	case temporal.Away(err):
		return "This cannot be checked, because Temporal does not answer."
	default:
		return "This cannot be checked. The log says why."
	}
}

func explainSchema(found *db.SchemaError) string {
	switch {
	case found.Version == 0:
		return "The database has no schema. Run `caresync migrate`."
	case found.Newer():
		return fmt.Sprintf("The schema has version %d and is newer than this program, which was made for %d. Update this program.", found.Version, found.Program)
	default:
		return fmt.Sprintf("The schema has version %d and is older than this program, which needs %d. Run `caresync migrate`.", found.Version, found.Program)
	}
}

// sentence begins with a capital and ends with a full stop.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
