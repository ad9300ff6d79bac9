package care

import "slices"

// UsageChunk is how many budgets' details are read and written by one step. It bounds a step's memory and transaction.
const UsageChunk = 25

// Request is what a Care Recipient Sync is asked to do.
type Request struct {
	OrganisationID ID `json:"organisation_id"`
	PersonID       ID `json:"person_id"`
	// AllBudgets reads the usage of closed budgets too (R15).
	AllBudgets bool `json:"all_budgets,omitempty"`
	// Areas are those that are wanted beside the summary, which says who the person is (R8); none means all.
	Areas []Area `json:"areas,omitempty"`
	// MovedOnly reads the usage only of budgets that this run finds changed, and of those that a list of updated budgets named, by the
	// government's ids.
	MovedOnly    bool     `json:"moved_only,omitempty"`
	MovedBudgets []string `json:"-"`
	// ReviewAll leaves every change of a contract to people (R31).
	ReviewAll bool `json:"review_all,omitempty"`
	// LostContributions says what becomes of contributions that would all go.
	LostContributions LostContributions `json:"-"`
	Trigger           Trigger           `json:"trigger"`
	RequestedBy       string            `json:"requested_by,omitempty"`
	// BulkID is the bulk run that asks, empty if none does.
	BulkID ID `json:"bulk_id,omitempty"`
}

// Trigger is what caused a sync (Care Recipient Sync §Triggers).
type Trigger string

// The triggers of a sync.
const (
	TriggerOnDemand Trigger = "on_demand"
	TriggerBulk     Trigger = "bulk"
	TriggerClaim    Trigger = "claim"
	// TriggerNotification: the NDIA told us that something changed.
	TriggerNotification Trigger = "notification"
	// TriggerDay: a funding period, or a plan, begins today (R34).
	TriggerDay Trigger = "day"
)

// Attended reports whether a person asked, and will look at what comes of it (R31).
func (t Trigger) Attended() bool { return t == TriggerOnDemand }

// RunScope is who a run is about and what is known before the government is asked.
type RunScope struct {
	RunID          ID `json:"run_id"`
	OrganisationID ID `json:"organisation_id"`
	PersonID       ID `json:"person_id"`
	ConnectionID   ID `json:"connection_id,omitempty"`
	PlanID         ID `json:"plan_id,omitempty"`
	// Today is the organisation's date, ServiceToday that of the government's service (R1): both of one instant.
	Today        Date `json:"today"`
	ServiceToday Date `json:"service_today"`
	AllBudgets   bool `json:"all_budgets,omitempty"`
	// Areas, MovedOnly and MovedBudgets are the request's.
	Areas        []Area   `json:"areas,omitempty"`
	MovedOnly    bool     `json:"moved_only,omitempty"`
	MovedBudgets []string `json:"-"`
	// ReviewAll and LostContributions are the request's.
	ReviewAll         bool              `json:"review_all,omitempty"`
	LostContributions LostContributions `json:"-"`
	// Again is set where the run had started before: it was reset, so that its steps may answer from what they read then.
	Again bool `json:"again,omitempty"`
	// Verified is set once a summary of this person has passed the identity check (R8, R19).
	Verified bool `json:"verified,omitempty"`
	// Identified is set once this run's summary has passed it (R32).
	Identified bool `json:"identified,omitempty"`
	// Refusal says why the person cannot be synced at all; empty if they can.
	Refusal Reason `json:"refusal,omitempty"`
}

// Steps are what a Care Recipient Sync does. A workflow implements them with durable activities, a bulk chunk with direct
// calls; each step reads from the government and writes to PostgreSQL in one go and returns ids and counts. A step never
// returns an error: a refusal, a technical failure or a cancellation is its area's outcome.
type Steps interface {
	// UpsertPlan reads the summary and saves the plan with its dates, classifications, approved services and supplements.
	UpsertPlan(RunScope) AreaResult
	// RecreateContributions replaces the individual contributions.
	RecreateContributions(RunScope) AreaResult
	// FetchBudgets saves the budgets and returns those whose usage is to be read.
	FetchBudgets(RunScope) AreaResult
	// FetchUsage saves the entitlements and usage of some budgets.
	FetchUsage(subject RunScope, chunk int, budgets []ID) AreaResult
	// Both does two things at the same time and returns when both are done. Each branch gets steps of its own to use.
	Both(first, second func(Steps))
}

// SyncCareRecipient is the story of a Care Recipient Sync (§Sync process): the summary first, since nothing is written before it has
// been checked who the person is (R8); then contributions beside budgets and their usage. It returns how each area ended.
func SyncCareRecipient(steps Steps, subject RunScope) map[Area]AreaResult {
	if subject.Refusal != "" {
		return subject.stoppedBy(Refused(subject.Refusal))
	}
	summary := steps.UpsertPlan(subject)
	if stopsTheRun(summary, subject) {
		return subject.stoppedBy(summary)
	}
	subject.Identified = summary.saved()
	results := map[Area]AreaResult{AreaSummary: summary}
	var contributions, budgets, usage AreaResult
	steps.Both(
		func(steps Steps) {
			if subject.wants(AreaContributions) {
				contributions = readContributions(steps, subject, summary)
			}
		},
		func(steps Steps) {
			if subject.wants(AreaBudgets) {
				budgets = steps.FetchBudgets(subject)
				usage = readUsage(steps, subject, budgets)
			}
		},
	)
	if subject.wants(AreaContributions) {
		results[AreaContributions] = contributions
	}
	if subject.wants(AreaBudgets) {
		results[AreaBudgets], results[AreaUsage] = budgets, usage
	}
	return results
}

// wants reports whether an area is asked for. Usage is asked for with the budgets that it belongs to.
func (s RunScope) wants(area Area) bool { return len(s.Areas) == 0 || slices.Contains(s.Areas, area) }

// stoppedBy is what a run comes to that its first area ended: the others that were asked for are not attempted.
func (s RunScope) stoppedBy(summary AreaResult) map[Area]AreaResult {
	results := map[Area]AreaResult{AreaSummary: summary}
	if s.wants(AreaContributions) {
		results[AreaContributions] = Skipped(summary.Reason)
	}
	if s.wants(AreaBudgets) {
		results[AreaBudgets], results[AreaUsage] = Skipped(summary.Reason), Skipped(summary.Reason)
	}
	return results
}

// readContributions recreates the contributions. A person who is no longer in the summary will have none, which must not pass
// for a clean "none" (R16, R19).
func readContributions(steps Steps, subject RunScope, summary AreaResult) AreaResult {
	if !summary.saved() {
		return Skipped(summary.Reason)
	}
	return steps.RecreateContributions(subject)
}

// stopsTheRun reports whether the other areas are not attempted: nothing may be written for a person who is not known to be the
// right one (R8). A person verified earlier who is no longer in the summary continues with budgets (R19).
func stopsTheRun(summary AreaResult, subject RunScope) bool {
	if summary.saved() {
		return false
	}
	return !(summary.Reason == ReasonNotFound && subject.Verified)
}

// readUsage reads the details of the budgets, a chunk at a time. Where the budgets could not be read, neither can their usage.
func readUsage(steps Steps, subject RunScope, budgets AreaResult) AreaResult {
	switch budgets.Outcome {
	case AreaSucceeded:
	case AreaRefused, AreaSuperseded: // whoever superseded us reads the usage too
		return AreaResult{Outcome: budgets.Outcome, Reason: budgets.Reason}
	default:
		return Skipped(budgets.Reason)
	}
	usage := AreaResult{Outcome: AreaSucceeded, Counts: Counts{}}
	chunk := 0
	for open := range slices.Chunk(budgets.OpenBudgets, UsageChunk) {
		read := steps.FetchUsage(subject, chunk, open)
		usage = usage.And(read)
		chunk++
		if read.endsUsage() {
			break
		}
	}
	return usage
}

// And adds what a further chunk of the same area came to. One that was not saved decides, then one that was superseded.
func (r AreaResult) And(next AreaResult) AreaResult {
	counts := Counts{}
	counts.Add(r.Counts)
	counts.Add(next.Counts)
	if r.Outcome == AreaSucceeded || !next.saved() {
		r.Outcome, r.Reason = next.Outcome, next.Reason
	}
	r.Counts, r.Warnings, r.BudgetsRefused = counts, r.Warnings+next.Warnings, r.BudgetsRefused+next.BudgetsRefused
	return r
}
