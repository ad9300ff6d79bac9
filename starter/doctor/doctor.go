// Package doctor examines a deployment: its settings, PostgreSQL, Temporal, workers, schedules, and what is in progress. It says what is
// wrong and what to do about it. It changes nothing, names no person, and no part that hangs keeps it.
package doctor

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/protocol"
)

const (
	// checkTimeout is how long one check may take.
	checkTimeout = 8 * time.Second
	// checksAtOnce is how many run at the same time: each takes a connection or two of PostgreSQL.
	checksAtOnce = 6
	// connections is the size of doctor's own pool.
	connections = 8
)

// Verdict is the result of a check.
type Verdict string

// The verdicts, from the best to the worst. They are stable: programs read them.
const (
	OK      Verdict = "ok"
	Warning Verdict = "warning"
	// Unknown: it could not be checked.
	Unknown Verdict = "unknown"
	Failure Verdict = "failure"
)

var severity = map[Verdict]int{OK: 0, Warning: 1, Unknown: 2, Failure: 3}

func worse(one, other Verdict) Verdict {
	if severity[other] > severity[one] {
		return other
	}
	return one
}

// Finding is something that is wrong, or could not be checked, with what to do about it.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Problem string  `json:"problem"`
	Remedy  string  `json:"remedy"`
}

func warning(problem, remedy string) Finding { return Finding{Warning, problem, remedy} }

func failure(problem, remedy string) Finding { return Finding{Failure, problem, remedy} }

// Result is what a check found.
type Result struct {
	Area    Area    `json:"area"`
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	// Seen is what was looked at, in a few words; empty where there is nothing to tell.
	Seen     string    `json:"seen,omitempty"`
	Findings []Finding `json:"findings"`
}

// Report is what all checks found, in their order.
type Report struct {
	// Verdict is the worst of all.
	Verdict    Verdict   `json:"verdict"`
	ExaminedAt time.Time `json:"examined_at"`
	Checks     []Result  `json:"checks"`
}

// Healthy reports whether everything could be checked, and nothing failed.
func (r Report) Healthy() bool { return severity[r.Verdict] < severity[Unknown] }

// Count is how many findings have a verdict.
func (r Report) Count(verdict Verdict) (count int) {
	for _, result := range r.Checks {
		for _, finding := range result.Findings {
			if finding.Verdict == verdict {
				count++
			}
		}
	}
	return count
}

// Area is a part of a deployment.
type Area string

// The areas, in the order in which they are shown.
const (
	Settings  Area = "settings"
	Database  Area = "database"
	Temporal  Area = "temporal"
	Workers   Area = "workers"
	Schedules Area = "schedules"
	Work      Area = "work"
	Services  Area = "government services"
)

// Options are what a program was told.
type Options struct {
	// DatabaseURL and Keyring read the settings; their errors say what is wrong with them.
	DatabaseURL func() (string, error)
	Keyring     func() (*sealing.Keyring, error)
	Queues      protocol.TaskQueues
}

// need is what a check cannot do without.
type need int

const (
	needsNothing  need = 0
	needsDatabase need = 1 << (iota - 1)
	needsSchema
	needsKeyring
	needsTemporal
	needsNamespace
	// needsOwn: the database belongs to the namespace, so that one can be compared with the other.
	needsOwn
)

// look looks at one thing. It says in a few words what it saw, and what is wrong.
type look func(ctx context.Context, p *patient) (seen string, findings []Finding, err error)

// check is a look with its name.
type check struct {
	area  Area
	name  string
	needs need
	look  look
	// gives is what later checks need, and cannot have unless this one succeeds; without says so.
	gives   need
	without string
}

// patient is what is examined, as far as it could be reached.
type patient struct {
	options       Options
	keyring       *sealing.Keyring
	store         *db.Store
	temporal      client.Client
	namespace     string
	organisations []care.Organisation

	mu sync.Mutex
	// missing is why needs are not met.
	missing map[need]string
}

func (p *patient) organisationsByID() map[care.ID]care.Organisation {
	all := make(map[care.ID]care.Organisation, len(p.organisations))
	for _, organisation := range p.organisations {
		all[organisation.ID] = organisation
	}
	return all
}

func (p *patient) lack(needs need, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for what := needsDatabase; what <= needsOwn; what <<= 1 {
		if needs&what != 0 && p.missing[what] == "" {
			p.missing[what] = why
		}
	}
}

// lacking is why a check cannot be made; empty where it can.
func (p *patient) lacking(needs need) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for what := needsDatabase; what <= needsOwn; what <<= 1 {
		if needs&what != 0 && p.missing[what] != "" {
			return p.missing[what]
		}
	}
	return ""
}

// Examine makes all checks. It takes some seconds at most, whatever hangs.
func Examine(ctx context.Context, options Options) Report {
	p := &patient{options: options, missing: map[need]string{}}
	defer p.close()
	report := Report{Verdict: OK, ExaminedAt: time.Now().UTC()}
	for _, stage := range [][]check{settingsChecks, connectionChecks, sessionChecks, schemaChecks, ownerChecks, otherChecks} { // each needs those before
		report.Checks = append(report.Checks, p.run(ctx, stage)...)
	}
	for _, result := range report.Checks {
		report.Verdict = worse(report.Verdict, result.Verdict)
	}
	return report
}

// otherChecks need nothing of each other.
var otherChecks = concat(keyChecks, databaseChecks, temporalChecks, workerChecks, scheduleChecks, workChecks, serviceChecks)

func concat(all ...[]check) (checks []check) {
	for _, some := range all {
		checks = append(checks, some...)
	}
	return checks
}

func (p *patient) close() {
	if p.temporal != nil {
		p.temporal.Close()
	}
	if p.store != nil {
		p.store.Close()
	}
}

// run makes some checks side by side and returns their results in the same order.
func (p *patient) run(ctx context.Context, checks []check) []Result {
	results := make([]Result, len(checks))
	var group errgroup.Group
	group.SetLimit(checksAtOnce)
	for i, one := range checks {
		group.Go(func() error {
			results[i] = p.make(ctx, one)
			return nil
		})
	}
	_ = group.Wait() // checks return results, no errors
	return results
}

// make makes one check.
func (p *patient) make(ctx context.Context, one check) Result {
	result := Result{Area: one.area, Name: one.name, Verdict: OK, Findings: []Finding{}}
	if why := p.lacking(one.needs); why != "" {
		result.Verdict, result.Findings = Unknown, append(result.Findings, Finding{Unknown, notChecked + why, ""})
		return result
	}
	seen, findings, err := bounded(ctx, func(ctx context.Context) (string, []Finding, error) { return one.look(ctx, p) })
	result.Seen, result.Findings = seen, append(result.Findings, findings...)
	if err != nil {
		result.Findings = append(result.Findings, explain(err))
	}
	for _, finding := range result.Findings {
		result.Verdict = worse(result.Verdict, finding.Verdict)
	}
	if severity[result.Verdict] >= severity[Unknown] && one.without != "" {
		p.lack(one.gives, one.without)
	}
	return result
}

// notChecked begins what is said of a check that could not be made.
const notChecked = "Not checked: "

// bounded gives a check its time. One that takes longer is left behind.
func bounded(ctx context.Context, look func(context.Context) (string, []Finding, error)) (string, []Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	type answer struct {
		seen     string
		findings []Finding
		err      error
	}
	answered := make(chan answer, 1)
	go func() {
		seen, findings, err := look(ctx)
		answered <- answer{seen, findings, err}
	}()
	select {
	case found := <-answered:
		return found.seen, found.findings, found.err
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}
