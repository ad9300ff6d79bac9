package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// site is a simulated government with its organisations, a database, and a worker process.
type site struct {
	*testkit.World
	sql testkit.SQL
	process
}

// process is the steps of a worker process, with a pool, a token cache and an allowance of their own.
type process struct {
	site       *site
	steps      *activities.Steps
	statements *testkit.Statements
}

// newSite sets one up. The tests that have one run beside each other.
func newSite(t *testing.T, options world.Options, more ...server.Option) *site {
	t.Helper()
	t.Parallel()
	return (&site{}).beside(t, options, more...)
}

// beside sets up another one in the same test.
func (*site) beside(t *testing.T, options world.Options, more ...server.Option) *site {
	t.Helper()
	w := testkit.NewWorld(t, options, more...)
	s := &site{World: w, sql: testkit.OpenSQL(t, w.DatabaseURL)}
	s.process = s.newProcess(t)
	return s
}

func (s *site) newProcess(t *testing.T) process {
	t.Helper()
	statements := &testkit.Statements{}
	return process{s, s.Steps(t, db.Options{Tracer: statements}), statements}
}

// people are the people of a scenario file, held by one provider.
func people(file string) world.Options {
	return world.Options{Scenarios: fstest.MapFS{"people.yaml": {Data: []byte(file)}}, Organisations: world.SingleProvider()}
}

// marjorie has something in every list, and two open budgets.
const marjorie = `
people:
  - key: marjorie
    care_recipient_id: "415056224"
    upstream: {given_name: Marjorie, family_name: Whitlock, birth_date: "1941-03-09"}
    entries: [{date: today-200d}]
    classifications:
      - {code: ON_LEVEL_7, start: today-200d}
      - {code: AT_TIER_MEDIUM, start: today-120d}
    services: [{id: SERV-0012}]
    supplements: [{code: OXY_NORM, start: today-200d}]
    contributions:
      - {category: INDEPENDENCE, percentage: 5, status: DETERMINED}
      - {category: EVERYDAY_LIVING, percentage: 17.5, status: DETERMINED}
    budgets:
      - start: quarter-start
        end: quarter-end
        usage: [{invoice: "900000011", item: "1", amount: 126.00}]
      - {type: AT, start: today-120d, end: today+245d, total: 2000.00}
`

// run begins a pass of its own over a person.
func (s *site) run(t *testing.T, steps *activities.Steps, key string) care.RunScope {
	t.Helper()
	return s.runAt(t, steps, key, s.Now())
}

// runAt begins a pass at some other time than now.
func (s *site) runAt(t *testing.T, steps *activities.Steps, key string, at time.Time) care.RunScope {
	t.Helper()
	subject, err := steps.ValidateCareRecipient(t.Context(), protocol.ValidateInput{Request: s.Request(t, key), RunID: db.NewID(), At: at})
	require.NoError(t, err)
	return subject
}

// everyone returns the keys of all people of the providers.
func (s *site) everyone() (keys []string) {
	for _, person := range s.World.World.People(world.Holder{}) {
		if !slices.Contains(keys, person.Key) {
			keys = append(keys, person.Key)
		}
	}
	return keys
}

// move lets something happen to a person.
func (s *site) move(t *testing.T, key string, move world.Move) world.Result {
	t.Helper()
	result, err := s.World.World.Move(key, move)
	require.NoError(t, err)
	return result
}

// fault replaces the faults in force.
func (s *site) fault(t *testing.T, list ...faults.Fault) {
	t.Helper()
	require.NoError(t, s.Faults.Set(list...))
}

// calls are the numbers of calls by operation since they were last reset.
func (s *site) calls() map[string]int {
	calls := make(map[string]int)
	for operation, count := range s.Counts() {
		calls[operation] = count.Calls
	}
	return calls
}

// endPushBack forgets that the service asked to be left alone, so that no test waits for it.
func (s *site) endPushBack(t *testing.T) {
	t.Helper()
	s.sql.Exec(t, "DELETE FROM upstream_allowance")
}

// planRows are the rows of everything that a sync stores of people, and the people themselves.
func (s *site) planRows(t *testing.T) testkit.Snapshot {
	t.Helper()
	return s.sql.Snapshot(t).Of(append([]string{"person"}, testkit.PlanTables...)...)
}

// requireAsUndisturbed requires that everyone's data is what one sync each into an empty database gives.
func (s *site) requireAsUndisturbed(t *testing.T, keys ...string) {
	t.Helper()
	disturbed := s.sql.Plans(t)
	s.sql.ForgetSyncs(t)
	for _, key := range keys {
		s.Sync(t, s.steps, key)
	}
	require.Equal(t, s.sql.Plans(t), disturbed)
}

// rewrite puts a proxy before Services Australia that changes its answers from now on, one at a time. change gets the operation's path.
func (s *site) rewrite(t *testing.T, change func(path, body string) string) {
	t.Helper()
	upstream, err := url.Parse(s.URL)
	require.NoError(t, err)
	var oneAtATime sync.Mutex
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		ModifyResponse: func(answer *http.Response) error {
			body, err := io.ReadAll(answer.Body)
			oneAtATime.Lock()
			defer oneAtATime.Unlock()
			changed := []byte(change(strings.TrimPrefix(answer.Request.URL.Path, server.ServicesAustraliaPath+servicesaustralia.Root), string(body)))
			answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
			answer.Header.Set("Content-Length", strconv.Itoa(len(changed)))
			return err
		},
	}
	served := httptest.NewServer(proxy)
	t.Cleanup(served.Close)
	s.sql.Exec(t, "UPDATE connection SET base_url = $1", served.URL+server.ServicesAustraliaPath)
}

// withoutUsage is the details of a budget with the last lines missing.
func withoutUsage(t *testing.T, body string, lines int) string {
	t.Helper()
	var details map[string]json.RawMessage
	var usage []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(body), &details))
	require.NoError(t, json.Unmarshal(details["usage"], &usage))
	details["usage"], _ = json.Marshal(usage[:len(usage)-lines]) // raw messages always encode
	shorter, err := json.Marshal(details)
	require.NoError(t, err)
	return string(shorter)
}

// issue is an issue of a run, without its times.
type issue struct {
	Area, Severity, Code, Words string
}

func (s *site) issues(t *testing.T, run care.ID) []issue {
	t.Helper()
	return testkit.Column[issue](t, s.sql, "SELECT (area, severity, code, words) FROM sync_issue WHERE run_id = $1 ORDER BY created_at, position", run)
}

func dollars(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// areaStep is a step of one area, and what it takes to test any of them alike.
type areaStep struct {
	area      care.Area
	operation string
	// write is the statement with which the step's write begins.
	write string
	// kinds are the lines of testkit.SQL.Plans that the step decides.
	kinds []string
	run   func(ctx context.Context, steps *activities.Steps, subject care.RunScope, budgets []care.ID) (care.AreaResult, error)
	// change changes what the step reads.
	change func() world.Move
}

// differing makes another amount each time.
var differing atomic.Int64

var areaSteps = []areaStep{
	{
		area: care.AreaSummary, operation: servicesaustralia.OperationSummary, write: "PassAreaFence",
		kinds: []string{"person", "plan", "classification", "approved service", "supplement"},
		run: func(ctx context.Context, steps *activities.Steps, subject care.RunScope, _ []care.ID) (care.AreaResult, error) {
			return steps.UpsertPlan(ctx, protocol.AreaInput{RunScope: subject})
		},
		change: func() world.Move { return world.Move{Name: world.AddSupplement, Code: "ENT_NNBO"} },
	},
	{
		area: care.AreaContributions, operation: servicesaustralia.OperationContributions, write: "PassAreaFence",
		kinds: []string{"contribution", "contributions in force"},
		run: func(ctx context.Context, steps *activities.Steps, subject care.RunScope, _ []care.ID) (care.AreaResult, error) {
			return steps.RecreateContributions(ctx, protocol.AreaInput{RunScope: subject})
		},
		change: func() world.Move {
			percentage := decimal.New(differing.Add(1), -2)
			return world.Move{Name: world.ChangeContribution, Percentage: &percentage}
		},
	},
	{
		area: care.AreaBudgets, operation: servicesaustralia.OperationBudgetsOfRecipient, write: "PassAreaFence",
		kinds: []string{"budget"},
		run: func(ctx context.Context, steps *activities.Steps, subject care.RunScope, _ []care.ID) (care.AreaResult, error) {
			return steps.FetchBudgets(ctx, protocol.AreaInput{RunScope: subject})
		},
		change: func() world.Move { return world.Move{Name: world.AddBudget, Amount: decimal.New(differing.Add(1), 0)} },
	},
	{
		area: care.AreaUsage, operation: servicesaustralia.OperationBudgetDetails, write: "PassUsageFences",
		kinds: []string{"entitlement", "usage"},
		run: func(ctx context.Context, steps *activities.Steps, subject care.RunScope, budgets []care.ID) (care.AreaResult, error) {
			return steps.FetchUsage(ctx, protocol.UsageInput{RunScope: subject, Budgets: budgets})
		},
		change: func() world.Move { return world.Move{Name: world.Claim, Amount: decimal.New(differing.Add(1), 0)} },
	},
}

var usageAmount = regexp.MustCompile(`"usage_amount": [^,}]*`)

// lines are those of some kinds in what is stored of all people. A budget's usage amount is left out: another step sums it.
func (s *site) lines(t *testing.T, kinds []string) (lines []string) {
	t.Helper()
	for _, plan := range s.sql.Plans(t) {
		for _, line := range plan {
			kind, content, _ := strings.Cut(line, " {")
			for _, wanted := range kinds {
				if kind == wanted || strings.HasPrefix(line, wanted+" [") {
					lines = append(lines, kind+usageAmount.ReplaceAllString(content, ""))
				}
			}
		}
	}
	return lines
}

// openBudgets are all budgets that we hold, by id as a step answers them.
func (s *site) openBudgets(t *testing.T) []care.ID {
	t.Helper()
	return testkit.Column[care.ID](t, s.sql, "SELECT id::text FROM budget WHERE NOT removed ORDER BY id")
}
