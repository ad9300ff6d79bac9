package db

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// TakeLease lets a holder alone do what the name stands for, for so long; false means that another one does. Taken again, it is renewed.
func (s *Store) TakeLease(ctx context.Context, name string, holder care.ID, length time.Duration) (bool, error) {
	taken, err := s.queries.TakeLease(ctx, gen.TakeLeaseParams{Name: name, Holder: holder, Seconds: length.Seconds()})
	return taken > 0, MapError("take a lease", err)
}

// ReleaseLease lets others take the lease.
func (s *Store) ReleaseLease(ctx context.Context, name string, holder care.ID) error {
	return MapError("release a lease", s.queries.ReleaseLease(ctx, gen.ReleaseLeaseParams{Name: name, Holder: holder}))
}

// Alone does work that no other program does at the same time under a name, and reports whether it did: false where another one has the lease. The
// lease is given up afterwards, whatever happens, also where taking it was interrupted after it was taken; otherwise it runs out.
func (s *Store) Alone(ctx context.Context, name string, length time.Duration, work func(context.Context) error) (done bool, err error) {
	holder := NewID()
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = s.ReleaseLease(after, name, holder)
	}()
	taken, err := s.TakeLease(ctx, name, holder, length)
	if err != nil || !taken {
		return false, err
	}
	return true, work(ctx)
}
