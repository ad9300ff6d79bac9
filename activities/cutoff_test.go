package activities_test

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/worker/hosting"
)

// interruption is a statement of a step at which the database goes away, once.
type interruption struct {
	process         process
	step, statement string
	cuts            int
}

// try runs a step and, if the database cut it off, runs it again, as a workflow does.
func (i *interruption) try(t *testing.T, step string, run func() (any, error)) {
	if step != i.step {
		_, err := run()
		require.NoError(t, err)
		return
	}
	s := i.process.site
	before := s.sql.Snapshot(t)
	i.process.statements.Before(i.statement, func(backend uint32) {
		i.cuts++
		s.sql.Terminate(t, backend)
	})
	_, err := run()
	require.ErrorIs(t, err, db.ErrUnavailable, "%s cut off at %s", step, i.statement)
	requireApplicationError(t, activities.ApplicationError(err), protocol.DatabaseError(care.DatabaseStarting), true, 0)
	after := s.sql.Snapshot(t)
	before["upstream_allowance"], after["upstream_allowance"] = nil, nil
	require.Equal(t, before, after, "nothing is half-written")
	_, err = run()
	require.NoError(t, err, "%s again after it was cut off at %s", step, i.statement)
}

// PostgreSQL goes away at every single statement of a sync in turn: nothing is half-written, and trying again completes it.
func TestDatabaseCutOffAtEveryStatement(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	for step, statements := range map[string][]string{
		"validate":      {"LoadSubject", "RecordRun"},
		"summary":       {"BeginUpsertPlan", "begin", "PassAreaFence", "ApplyPlan", "commit"},
		"contributions": {"BeginContributions", "begin", "PassAreaFence", "ApplyContributions", "commit"},
		"budgets":       {"BeginBudgets", "begin", "PassAreaFence", "ApplyBudgets", "commit"},
		"usage":         {"BeginUsage", "begin", "PassUsageFences", "ApplyUsage", "commit"},
		"complete":      {"FinishRun"},
	} {
		for _, statement := range statements {
			for _, change := range areaSteps {
				s.move(t, "marjorie", change.change())
			}
			interruption := &interruption{process: s.process, step: step, statement: statement}
			disturbed := syncResult{t, s.process, interruption.try}.run("marjorie")
			require.Equal(t, 1, interruption.cuts, "%s was cut off at %s", step, statement)
			require.Equal(t, care.RunSucceeded, disturbed.Outcome)
			require.Positive(t, disturbed.Counts[care.KindBudgetUsage].Created)
			for kind, count := range s.Sync(t, s.steps, "marjorie").Counts {
				require.Zero(t, count.Created+count.Updated+count.Removed, "%s after %s was cut off at %s", kind, step, statement)
			}
		}
	}
	s.requireAsUndisturbed(t, "marjorie")
}

// lossyProxy stands before a PostgreSQL and can lose an answer together with the connection.
type lossyProxy struct {
	address string
	lose    atomic.Bool
}

func newLossyProxy(t *testing.T, upstream string) *lossyProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() }) // ends the loop below
	proxy := &lossyProxy{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", upstream)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go proxy.answers(client, server)
		}
	}()
	return proxy
}

// answers passes on what the server says, until an answer is to be lost.
func (p *lossyProxy) answers(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 64<<10)
	for {
		read, err := server.Read(buffer)
		if err != nil || p.lose.CompareAndSwap(true, false) {
			return
		}
		if _, err := client.Write(buffer[:read]); err != nil {
			return
		}
	}
}

// The transaction is committed, but no one learns of it: the next attempt finds its answer in the ledger and writes nothing twice.
func TestAnswerToCommitIsLost(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	address, err := url.Parse(s.DatabaseURL)
	require.NoError(t, err)
	proxy := newLossyProxy(t, address.Host)
	address.Host = proxy.address
	statements := &testkit.Statements{}
	store, err := db.Open(t.Context(), address.String(), testkit.Keyring(), db.Options{Tracer: statements})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	steps := hosting.Steps(store, transport.NewClient(transport.Options{}), nil)

	for _, step := range areaSteps {
		s.move(t, "marjorie", step.change())
		subject := s.run(t, steps, "marjorie")
		statements.Before("commit", func(uint32) { proxy.lose.Store(true) })
		_, err := step.run(t.Context(), steps, subject, s.openBudgets(t))
		require.ErrorIs(t, err, db.ErrUnavailable, step.area)

		written := s.sql.Snapshot(t)
		s.ResetCalls()
		answer, err := step.run(t.Context(), steps, subject, s.openBudgets(t))
		require.NoError(t, err)
		require.Equal(t, care.AreaSucceeded, answer.Outcome)
		require.Empty(t, s.calls(), step.area)
		require.Equal(t, written, s.sql.Snapshot(t), step.area)
		changed := 0
		for _, count := range answer.Counts {
			changed += count.Created
		}
		require.Positive(t, changed, "%s: it was the first attempt that wrote", step.area)
		s.requireNewest(t, step)
	}
}

// A person who is written for the first time while the database goes away has nothing or everything.
func TestFirstSyncCutOff(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.statements.Before("ApplyPlan", func(backend uint32) { s.sql.Terminate(t, backend) })
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunFailed, result.Outcome)
	require.Equal(t, care.ReasonDatabaseUnavailable, result.Reason)
	require.True(t, result.TechnicalFailure())
	for _, table := range testkit.PlanTables {
		require.Empty(t, s.planRows(t)[table], table)
	}
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
	s.requireAsUndisturbed(t, "marjorie")
}
