package doctor

import (
	"context"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
)

// settingsChecks read what the program was told. Nothing is connected to.
var settingsChecks = []check{
	{Settings, "database address", needsNothing, readDatabaseURL, needsDatabase, "the address of the database cannot be used."},
	{Settings, "keyring setting", needsNothing, readKeyring, needsKeyring, "there is no keyring."},
	{Settings, "Temporal settings", needsNothing, readTemporal, needsTemporal, "the TEMPORAL_* settings cannot be used."},
}

func readDatabaseURL(ctx context.Context, p *patient) (string, []Finding, error) {
	address, err := p.options.DatabaseURL()
	if err == nil {
		p.store, err = db.Open(ctx, address, nil, db.Options{MaxConnections: connections})
	}
	if err != nil {
		return "", []Finding{failure(sentence(err.Error()), "Set DATABASE_URL to what the other programs have.")}, nil
	}
	return "", nil, nil
}

func readKeyring(_ context.Context, p *patient) (_ string, _ []Finding, err error) {
	if p.keyring, err = p.options.Keyring(); err != nil {
		return "", []Finding{failure(sentence(err.Error()), "Set CARESYNC_KEYRING to what the other programs have.")}, nil
	}
	return "", nil, nil
}

func readTemporal(_ context.Context, p *patient) (_ string, _ []Finding, err error) {
	if p.namespace, err = temporal.Namespace(); err == nil {
		p.temporal, err = connectLazily()
	}
	if err != nil {
		return "", []Finding{failure("The TEMPORAL_* settings cannot be used.", "Correct TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_* and TEMPORAL_PROFILE.")}, nil
	}
	return "namespace " + p.namespace, nil, nil
}

// connectLazily makes a client that neither encrypts nor decrypts anything: its key is its own, so that doctor can do without the keyring.
func connectLazily() (client.Client, error) {
	entry, err := sealing.Generate("doctor")
	if err != nil {
		return nil, err
	}
	unused, err := sealing.Parse(entry)
	if err != nil {
		return nil, err
	}
	return temporal.DialLazily(temporal.Options{Keyring: unused, Logger: zap.NewNop()})
}
