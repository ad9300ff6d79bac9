package cli

import (
	"context"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/syncs"
)

// look adds to what is shown of runs and bulk runs what Temporal knows of it (R38). Without a Temporal in the environment, the rows have to do.
type look struct {
	syncs *syncs.Service
	bulks *bulks.Service
}

// withLook is withStore for commands that show what is in progress. They need neither a keyring nor Temporal.
func (a *app) withLook(ctx context.Context, work func(*db.Store, care.Organisation, look) error) error {
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		keyring, err := a.encryption.OpenKeyring()
		if err != nil || !temporal.Configured() {
			return work(store, organisation, look{})
		}
		connected, err := connect(ctx, func(_ context.Context, options temporal.Options) (client.Client, error) {
			return temporal.DialLazily(options)
		}, store, keyring)
		if err != nil {
			return work(store, organisation, look{})
		}
		defer connected.Close()
		return work(store, organisation, look{syncs.New(store, connected, a.taskQueues()), bulks.New(store, connected, a.taskQueues())})
	})
}

func (l look) addWait(ctx context.Context, run read.RunProgress) read.RunProgress {
	if l.syncs == nil {
		return run
	}
	return l.syncs.AddWait(ctx, run)
}

func (l look) addWaits(ctx context.Context, runs []read.RunSummary) {
	if l.syncs != nil {
		l.syncs.AddWaits(ctx, runs)
	}
}

func (l look) bulkWait(ctx context.Context, bulk read.BulkSummary) read.BulkSummary {
	if l.bulks == nil {
		return bulk
	}
	return l.bulks.Wait(ctx, bulk)
}

func (l look) addBulkWaits(ctx context.Context, found []read.BulkSummary) {
	if l.bulks != nil {
		l.bulks.AddWaits(ctx, found)
	}
}
