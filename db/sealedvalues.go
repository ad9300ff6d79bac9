package db

import (
	"context"
	"fmt"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// SealedIn names the table that holds a sealed value.
type SealedIn string

// The tables with a sealed column. A schedule's input, which Temporal holds, is not among them.
const (
	SealedDeviceKey       SealedIn = "device_key"
	SealedToken           SealedIn = "upstream_token"
	SealedNotificationKey SealedIn = "pace_settings"
	SealedPreview         SealedIn = "pace_preview"
)

// SealedCount is how many values of a table a key seals.
type SealedCount struct {
	HeldIn SealedIn
	// KeyID is empty for values that are damaged, so that they do not tell.
	KeyID  string
	Number int
}

// CountSealed counts the sealed values by table and key.
func (s *Store) CountSealed(ctx context.Context) ([]SealedCount, error) {
	rows, err := s.queries.CountSealed(ctx)
	if err != nil {
		return nil, MapError("count what is sealed", err)
	}
	counts := make([]SealedCount, 0, len(rows))
	for _, row := range rows {
		counts = append(counts, SealedCount{HeldIn: SealedIn(row.HeldIn), KeyID: row.KeyID, Number: int(row.Number)})
	}
	return counts, nil
}

// Resealed is what became of a table's values that one key other than the active one sealed.
type Resealed struct {
	HeldIn SealedIn
	KeyID  string
	// Resealed are sealed with the active key now.
	Resealed int
	// InUse were being replaced by another program, which seals with its own active key.
	InUse int
	// Unopened are left as they are: their key is not in the keyring, or they are damaged.
	Unopened int
}

const (
	// resealBatch is how many values are read at once. Each is written in a statement of its own.
	resealBatch = 100
	// resealPasses is how often values that were in use are looked at once more.
	resealPasses = 3
)

// Reseal seals every value of the database with the keyring's active key that another key sealed, and returns what became of them, by table and
// key. A value is replaced only if it is still as it was read, so that programs may run; one that cannot be opened is left. What is done stays
// done if it is interrupted, and doing it again changes nothing.
func (s *Store) Reseal(ctx context.Context, keyring Keyring) ([]Resealed, error) {
	done := &resealing{}
	for range resealPasses {
		again, err := s.resealOnce(ctx, keyring, done)
		if err != nil || !again {
			return done.list(), err
		}
	}
	return done.list(), nil
}

// resealOnce looks at every value once, and reports whether some were in use.
func (s *Store) resealOnce(ctx context.Context, keyring Keyring, done *resealing) (again bool, err error) {
	done.beginPass()
	after := gen.SealedWithOthersParams{Active: keyring.ActiveKeyID(), AfterOwner: noID, Most: resealBatch}
	for {
		values, err := s.queries.SealedWithOthers(ctx, after)
		if err != nil {
			return false, MapError("read what other keys seal", err)
		}
		for _, value := range values {
			if err := s.resealValue(ctx, keyring, value, done); err != nil {
				return false, err
			}
			after.AfterHeldIn, after.AfterOwner, after.AfterDetail = value.HeldIn, value.Owner, value.Detail
		}
		if len(values) < resealBatch {
			return done.inUse, nil
		}
	}
}

// noID comes before every id.
const noID care.ID = "00000000-0000-0000-0000-000000000000"

func (s *Store) resealValue(ctx context.Context, keyring Keyring, value gen.SealedWithOthersRow, done *resealing) error {
	place, err := placeOf(value)
	if err != nil {
		return err
	}
	count := done.of(value)
	plain, err := keyring.Open(value.Sealed, place)
	if err != nil {
		count.Unopened++
		return nil
	}
	replaced, err := s.replaceSealed(ctx, value, keyring.Seal(plain, place))
	switch {
	case err != nil:
		return MapError("reseal a value of "+value.HeldIn, err)
	case replaced == 0:
		count.InUse++
		done.inUse = true
	default:
		count.Resealed++
	}
	return nil
}

// placeOf is what a value is bound to.
func placeOf(value gen.SealedWithOthersRow) ([]byte, error) {
	switch SealedIn(value.HeldIn) {
	case SealedDeviceKey:
		return keyPlace(value.Owner), nil
	case SealedToken:
		return tokenPlace(value.Owner, value.Detail), nil
	case SealedNotificationKey:
		return notificationKeyPlace(value.Owner), nil
	case SealedPreview:
		return previewPlace(value.Owner), nil
	default:
		return nil, fmt.Errorf("nothing is known of what %s seals", value.HeldIn)
	}
}

func (s *Store) replaceSealed(ctx context.Context, value gen.SealedWithOthersRow, sealed []byte) (replaced int64, err error) {
	switch SealedIn(value.HeldIn) {
	case SealedDeviceKey:
		return s.queries.ResealDeviceKey(ctx, gen.ResealDeviceKeyParams{Owner: value.Owner, Before: value.Sealed, Sealed: sealed})
	case SealedToken:
		return s.queries.ResealToken(ctx, gen.ResealTokenParams{Owner: value.Owner, Detail: value.Detail, Before: value.Sealed, Sealed: sealed})
	case SealedNotificationKey:
		return s.queries.ResealNotificationKey(ctx, gen.ResealNotificationKeyParams{Owner: value.Owner, Before: value.Sealed, Sealed: sealed})
	default:
		return s.queries.ResealPreview(ctx, gen.ResealPreviewParams{Owner: value.Owner, Before: value.Sealed, Sealed: sealed})
	}
}

// resealing counts what became of the values, in the order in which they were met.
type resealing struct {
	counts []*Resealed
	inUse  bool
}

// beginPass forgets what was in use or could not be opened: it is met again.
func (r *resealing) beginPass() {
	r.inUse = false
	for _, count := range r.counts {
		count.InUse, count.Unopened = 0, 0
	}
}

func (r *resealing) of(value gen.SealedWithOthersRow) *Resealed {
	for _, count := range r.counts {
		if count.HeldIn == SealedIn(value.HeldIn) && count.KeyID == value.KeyID {
			return count
		}
	}
	count := &Resealed{HeldIn: SealedIn(value.HeldIn), KeyID: value.KeyID}
	r.counts = append(r.counts, count)
	return count
}

func (r *resealing) list() []Resealed {
	all := make([]Resealed, 0, len(r.counts))
	for _, count := range r.counts {
		all = append(all, *count)
	}
	return all
}
