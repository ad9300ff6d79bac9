package read

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
)

// mostOpen is how many runs, or bulk runs, are looked at that have been open for long.
const mostOpen = 200

// OpenRun is a run that has been open for long, of any organisation.
type OpenRun struct {
	Slug        string
	ID          care.ID
	Kind        string
	WorkflowID  string
	RequestedAt time.Time
}

// OpenRunsFor returns the runs with a workflow of their own that have been open for that long, the longest first.
func (s Store) OpenRunsFor(ctx context.Context, length time.Duration) ([]OpenRun, error) {
	rows, err := s.queries.OpenRunsFor(ctx, gen.OpenRunsForParams{Seconds: length.Seconds(), Most: mostOpen})
	return Each(rows, func(row gen.OpenRunsForRow) OpenRun { return OpenRun(row) }), db.MapError("list the open runs", err)
}

// OpenBulk is a bulk run that has been open for long, of any organisation.
type OpenBulk struct {
	Slug        string
	ID          care.ID
	WorkflowID  string
	RequestedBy string
	RequestedAt time.Time
	StartedAt   *time.Time
	PausedAt    *time.Time
	PausedBy    string
	// WaitingSince is since when it waits for the service as a whole.
	WaitingSince *time.Time
	// MovedAt is when someone was settled last, or else when it was planned, started or requested.
	MovedAt time.Time
}

// OpenBulksFor returns the bulk runs that have been open for that long, the longest first.
func (s Store) OpenBulksFor(ctx context.Context, length time.Duration) ([]OpenBulk, error) {
	rows, err := s.queries.OpenBulksFor(ctx, gen.OpenBulksForParams{Seconds: length.Seconds(), Most: mostOpen})
	return Each(rows, func(row gen.OpenBulksForRow) OpenBulk { return OpenBulk(row) }), db.MapError("list the open bulk runs", err)
}

// OpenWorkflows returns those of some workflows to which an open run or bulk run belongs, of any organisation.
func (s Store) OpenWorkflows(ctx context.Context, workflowIDs []string) (map[string]bool, error) {
	rows, err := s.queries.OpenWorkflows(ctx, workflowIDs)
	open := make(map[string]bool, len(rows))
	for _, id := range rows {
		open[id] = true
	}
	return open, db.MapError("look for the open runs of workflows", err)
}

// LastGoodRuns returns when a run of each schedule was requested last that neither failed nor was cancelled, by organisation and requester.
func (s Store) LastGoodRuns(ctx context.Context, requesterPrefix string) (map[care.ID]map[string]time.Time, error) {
	rows, err := s.queries.ScheduleResults(ctx, requesterPrefix)
	last := map[care.ID]map[string]time.Time{}
	for _, row := range rows {
		if last[row.OrganisationID] == nil {
			last[row.OrganisationID] = map[string]time.Time{}
		}
		last[row.OrganisationID][row.RequestedBy] = row.LastGood
	}
	return last, db.MapError("look for the schedules' last runs", err)
}

// AllCalls is the allowance of all calls of a connection. Others are of one sort.
const AllCalls = db.CallsAllowance

// BookedAhead is how far ahead calls of a connection are booked.
type BookedAhead struct {
	Slug, Connection string
	Service          care.Service
	// Allowance is AllCalls, or the name of a further limit.
	Allowance string
	Ahead     time.Duration
}

// BookedAhead returns the allowances of all organisations whose next call is not due yet.
func (s Store) BookedAhead(ctx context.Context) ([]BookedAhead, error) {
	rows, err := s.queries.BookedAhead(ctx)
	return Each(rows, func(row gen.BookedAheadRow) BookedAhead {
		return BookedAhead{
			Slug: row.Slug, Connection: row.Connection, Service: care.Service(row.Service), Allowance: row.Allowance,
			Ahead: time.Duration(row.AheadSeconds * float64(time.Second)),
		}
	}), db.MapError("look at the allowances", err)
}

// Backlog is what waits for another program, or for a run.
type Backlog struct {
	// OutboxHasReader: another program takes facts from the outbox. The first of them waits since OldestFact, which is now if none do.
	OutboxHasReader bool
	OldestFact      time.Time
	// ClaimSyncs are syncs that claims caused and no run has followed, the first since OldestClaimSync.
	ClaimSyncs      int
	OldestClaimSync time.Time
}

// Backlog returns what waits, of all organisations.
func (s Store) Backlog(ctx context.Context) (Backlog, error) {
	outbox, err := s.queries.OutboxBacklog(ctx)
	if err != nil {
		return Backlog{}, db.MapError("look at the outbox", err)
	}
	claims, err := s.queries.ClaimBacklog(ctx)
	return Backlog{
		OutboxHasReader: outbox.HasReader, OldestFact: outbox.Oldest, ClaimSyncs: int(claims.Syncs), OldestClaimSync: claims.Oldest,
	}, db.MapError("look at the claims", err)
}
