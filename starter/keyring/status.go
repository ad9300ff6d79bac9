// Package keyring says what each encryption key is still needed for, so that an operator who rotates the keyring knows when a key can be
// removed. It opens nothing: every sealed value names its key.
package keyring

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caresync/caresync/db"
)

// State is what can be done with a key.
type State string

// The states of a key. They are stable: programs read them.
const (
	// StateActive: it seals.
	StateActive State = "active"
	// StateNeeded: something that it sealed is in use.
	StateNeeded State = "needed"
	// StateRetained: only closed workflows that Temporal retains were sealed with it.
	StateRetained State = "retained"
	// StateUnused: nothing that exists was sealed with it, so that it can be removed.
	StateUnused State = "unused"
	// StateMissing: something that it sealed is in use, and it is not in the keyring.
	StateMissing State = "missing"
	// StateDifferent: the keyring has another key under its id.
	StateDifferent State = "different"
	// StateUnknown: Temporal was not asked, and nothing in PostgreSQL needs it.
	StateUnknown State = "unknown"
)

// Held is how many values of a table a key seals.
type Held struct {
	In     db.SealedIn `json:"in"`
	Values int         `json:"values"`
}

// Key is what a key is used for. Times are UTC.
type Key struct {
	ID        string `json:"id"`
	State     State  `json:"state"`
	InKeyring bool   `json:"in_keyring"`
	// FirstUsedAt and LastUsedAt are null for a key that has sealed nothing. The last use is exact to half a minute.
	FirstUsedAt *time.Time `json:"first_used_at"`
	LastUsedAt  *time.Time `json:"last_used_at"`
	Stored      []Held     `json:"stored"`
	// Schedules are those whose input in Temporal it seals.
	Schedules int `json:"schedules"`
	// OpenWorkflows are running and were sealed with it, or may have been: they started while it was in use.
	OpenWorkflows int `json:"open_workflows"`
	// ClosedWorkflows may have been sealed with it, too. Temporal retains the last one until NeededUntil.
	ClosedWorkflows int        `json:"closed_workflows"`
	NeededUntil     *time.Time `json:"needed_until"`
}

// Removable reports whether the key can be removed from the keyring.
func (k Key) Removable() bool { return k.InKeyring && k.State == StateUnused }

// Wrong reports whether the keyring has to be corrected because of the key.
func (k Key) Wrong() bool { return k.State == StateMissing || k.State == StateDifferent }

// values is how many values in PostgreSQL the key seals.
func (k Key) values() (sum int) {
	for _, held := range k.Stored {
		sum += held.Values
	}
	return sum
}

// Status is what all keys are used for: those of the keyring, and others that are still in use.
type Status struct {
	Keys []Key `json:"keys"`
	// Damaged are values in PostgreSQL that do not tell which key seals them.
	Damaged []Held `json:"damaged"`
	// AskedTemporal: the numbers of schedules and workflows are known.
	AskedTemporal bool `json:"asked_temporal"`
	// Examined is of how many open workflows the start was looked at for its key; AllExamined, whether those are all.
	Examined    int  `json:"workflows_examined"`
	AllExamined bool `json:"all_workflows_examined"`
}

// Wrong reports whether something in use cannot be opened with the keyring.
func (s Status) Wrong() bool {
	return len(s.Damaged) > 0 || slices.ContainsFunc(s.Keys, Key.Wrong)
}

// Keyring is a program's keyring.
type Keyring interface {
	db.Keyring
	KeyIDs() []string
}

// Of looks at what PostgreSQL holds and, if a client is given, at what Temporal does. It changes nothing. Where only Temporal fails, the status
// has what PostgreSQL knows, beside the error.
func Of(ctx context.Context, store *db.Store, keyring Keyring, temporal Temporal) (Status, error) {
	found, err := stored(ctx, store, keyring)
	if err != nil {
		return Status{}, err
	}
	if temporal != nil {
		err = found.askTemporal(ctx, store, temporal)
	}
	return found.status(), err
}

// finding collects what is found out about each key.
type finding struct {
	keyring Keyring
	keys    []*Key
	// different is the id of a key that is another one in the keyring.
	different string
	damaged   []Held
	asked     bool
	examined  int
	all       bool
}

// key is the finding about one key, which is added if it is the first.
func (f *finding) key(id string) *Key {
	for _, key := range f.keys {
		if key.ID == id {
			return key
		}
	}
	key := &Key{ID: id, InKeyring: f.keyring.Has(id), Stored: []Held{}}
	f.keys = append(f.keys, key)
	return key
}

// stored is what PostgreSQL knows of the keys.
func stored(ctx context.Context, store *db.Store, keyring Keyring) (*finding, error) {
	found := &finding{keyring: keyring, damaged: []Held{}}
	for _, id := range keyring.KeyIDs() {
		found.key(id)
	}
	var wrong *db.KeyringError
	_, err := store.CompareKeyring(ctx, keyring)
	switch {
	case errors.As(err, &wrong) && !wrong.Missing:
		found.different = wrong.KeyID
	case err != nil && wrong == nil:
		return nil, err
	}
	used, err := store.SealingKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range used {
		first, last := one.FirstUsedAt.UTC(), one.LastUsedAt.UTC()
		key := found.key(one.ID)
		key.FirstUsedAt, key.LastUsedAt = &first, &last
	}
	counts, err := store.CountSealed(ctx)
	for _, count := range counts {
		held := Held{In: count.HeldIn, Values: count.Number}
		if count.KeyID == "" {
			found.damaged = append(found.damaged, held)
			continue
		}
		key := found.key(count.KeyID)
		key.Stored = append(key.Stored, held)
	}
	return found, err
}

// status leaves out keys that were removed and are in no use.
func (f *finding) status() Status {
	status := Status{Keys: []Key{}, Damaged: f.damaged, AskedTemporal: f.asked, Examined: f.examined, AllExamined: f.all}
	for _, key := range f.keys {
		key.State = f.state(*key)
		if key.InKeyring || key.Wrong() {
			status.Keys = append(status.Keys, *key)
		}
	}
	return status
}

func (f *finding) state(key Key) State {
	inUse := key.values()+key.Schedules+key.OpenWorkflows > 0
	switch {
	case key.ID == f.different:
		return StateDifferent
	case inUse && !key.InKeyring:
		return StateMissing
	case key.ID == f.keyring.ActiveKeyID():
		return StateActive
	case inUse:
		return StateNeeded
	case !f.asked:
		return StateUnknown
	case key.ClosedWorkflows > 0:
		return StateRetained
	default:
		return StateUnused
	}
}
