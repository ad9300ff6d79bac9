package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/keyring"
	"github.com/caresync/caresync/starter/present"
)

var keyChecks = []check{{area: Settings, name: "keyring", needs: needsKeyring | needsDatabase | needsSchema, look: keys}}

// keys compares the keyring with what is sealed in PostgreSQL and, where that is its own, in Temporal.
func keys(ctx context.Context, p *patient) (string, []Finding, error) {
	const mend = "Set CARESYNC_KEYRING to what the other programs have. `caresync keyring status` shows what each key is needed for."
	var wrong *db.KeyringError
	if _, err := p.store.CompareKeyring(ctx, p.keyring); errors.As(err, &wrong) {
		return "", []Finding{failure(sentence(wrong.Error()), mend)}, nil
	} else if err != nil {
		return "", nil, err
	}
	var asked keyring.Temporal
	if p.lacking(needsTemporal|needsNamespace|needsOwn) == "" {
		asked = ownTemporal{p.temporal}
	}
	status, err := keyring.Of(ctx, p.store, p.keyring, asked)
	var findings []Finding
	for _, key := range status.Keys {
		if key.Wrong() {
			findings = append(findings, failure(fmt.Sprintf("The key %s is missing from the keyring, and seals %s.", key.ID, key.Seals()), mend))
		}
	}
	var damaged []string
	for _, held := range status.Damaged {
		damaged = append(damaged, keyring.Values(held.In, held.Values))
	}
	if len(damaged) > 0 {
		findings = append(findings, failure("No key opens "+strings.Join(damaged, ", ")+" in PostgreSQL: damaged.",
			"Activate the devices again whose keys are damaged; the other values are created again."))
	}
	return present.Count(len(status.Keys), "key", "keys"), findings, err
}

// ownTemporal is a client of the namespace that the database was found to belong to.
type ownTemporal struct{ client.Client }

// Admit implements keyring.Temporal.
func (ownTemporal) Admit(context.Context) error { return nil }
