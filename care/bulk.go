package care

import "slices"

// BulkOptions select the people of a bulk run and the data to sync. Flags, forms, the API, schedules and the row of a bulk run use the same
// names. All conditions must match; without any, the run covers everyone of its kind.
//
// They are stored as JSON, in bulk_run.options.
type BulkOptions struct {
	Kind RunKind `json:"kind,omitempty"`

	// ServiceProviderID selects the people of the connection to Services Australia with this service provider id (R11).
	ServiceProviderID string `json:"service_provider_id,omitempty"`
	// InCare excludes people who are not in care (R19).
	InCare bool `json:"in_care,omitempty"`
	// NotSyncedFor excludes people who were synced more recently than this.
	NotSyncedFor Timespan `json:"not_synced_for,omitempty"`
	// FailedLastTime selects people whose last finished run did not succeed.
	FailedLastTime bool `json:"failed_last_time,omitempty"`
	// Delta finds out from the provider-wide lists who has changed, and syncs only those.
	Delta bool `json:"delta,omitempty"`

	// Only narrows what is synced besides the summary: to contributions, or to budgets with their usage. Empty reads all.
	Only Area `json:"only,omitempty"`
	// AllBudgets is as in Request.
	AllBudgets bool `json:"all_budgets,omitempty"`
	// ReviewAll leaves every change of a contract to people, also those that an unattended refresh may apply (R31).
	ReviewAll bool `json:"review_all,omitempty"`
	// AcceptAbsences lets the people who are absent from the providers' lists be marked as not in care, however many they are (R5, R19).
	AcceptAbsences bool `json:"accept_absences,omitempty"`

	// Window is how many batches run at once; 0 takes the default.
	Window int `json:"window,omitempty"`
	// FailureThreshold ends the run early if more than this percentage of at least FailuresCountFrom people have failed; 0 never.
	FailureThreshold int `json:"failure_threshold,omitempty"`
}

// SelectsEveryone reports whether nothing narrows who of the kind is synced. Who has changed is found among all of them.
func (o BulkOptions) SelectsEveryone() bool {
	return o.ServiceProviderID == "" && !o.InCare && o.NotSyncedFor == 0 && !o.FailedLastTime
}

// Areas are those of a Care Recipient Sync that are wanted beside the summary; none means all.
func (o BulkOptions) Areas() []Area {
	switch o.Only {
	case AreaContributions:
		return []Area{AreaContributions}
	case AreaBudgets:
		return []Area{AreaBudgets, AreaUsage}
	default:
		return nil
	}
}

// BulkRequest is what a bulk run was asked for, with people by our ids. It stands in the bulk run's row.
type BulkRequest struct {
	BulkOptions
	// People are the people listed; empty if none were.
	People []ID `json:"people,omitempty"`
	// RetryOf takes those of another bulk run who did not succeed in it.
	RetryOf ID `json:"retry_of,omitempty"`
}

// ReadsLists reports whether the lists of all providers are read before people are planned: to find who has changed, or because everyone is
// synced, so that the lists tell who is absent, and who is not known.
func (r BulkRequest) ReadsLists() bool {
	everyone := r.SelectsEveryone() && len(r.People) == 0 && r.RetryOf == ""
	return r.Kind == RunCareRecipient && (r.Delta || everyone)
}

// FailuresCountFrom is the number of people from which the failure threshold of a bulk run counts.
const FailuresCountFrom = 20

// ItemOutcome is how a person's part of a bulk run ended: as their run did, or not reached.
type ItemOutcome = RunOutcome

// ItemSkipped means that the bulk run ended before it reached the person.
const ItemSkipped ItemOutcome = "skipped"

// The reasons for which a bulk run ends early, beside those of a run.
const (
	ReasonFailureThreshold Reason = "failure_threshold"
	ReasonBatchLost        Reason = "batch_lost"
	ReasonBulkLost         Reason = "bulk_lost"
	// ReasonNotStarted: it was asked for, and its workflow was never started.
	ReasonNotStarted Reason = "not_started"
)

// BulkCounts are how many people of a bulk run ended how. They are counted from rows.
type BulkCounts struct {
	Selected              int `json:"selected"`
	Processed             int `json:"processed"`
	Succeeded             int `json:"succeeded"`
	SucceededWithWarnings int `json:"succeeded_with_warnings"`
	Partial               int `json:"partial"`
	Failed                int `json:"failed"`
	Cancelled             int `json:"cancelled"`
	Skipped               int `json:"skipped"`
	// NotStarted have a plan that has not started: nothing was saved, and nothing is wrong.
	NotStarted int `json:"not_started"`
	// Joined ended with a run that someone else had started; Escalated were given a sync of their own.
	Joined    int `json:"joined"`
	Escalated int `json:"escalated"`
}

// Add counts people with an outcome; notStarted of them have a plan that has not started yet. Without an outcome, they count only as selected.
func (c *BulkCounts) Add(outcome ItemOutcome, people, notStarted int) {
	c.Selected += people
	counter := map[ItemOutcome]*int{
		RunSucceeded: &c.Succeeded, RunSucceededWithWarnings: &c.SucceededWithWarnings, RunPartial: &c.Partial, RunFailed: &c.Failed,
		RunCancelled: &c.Cancelled, ItemSkipped: &c.Skipped,
	}[outcome]
	if counter != nil {
		*counter += people - notStarted
		c.NotStarted += notStarted
		c.Processed += people
	}
}

// Plus adds the counts of other people.
func (c BulkCounts) Plus(other BulkCounts) BulkCounts {
	return BulkCounts{
		Selected: c.Selected + other.Selected, Processed: c.Processed + other.Processed, Succeeded: c.Succeeded + other.Succeeded,
		SucceededWithWarnings: c.SucceededWithWarnings + other.SucceededWithWarnings, Partial: c.Partial + other.Partial,
		Failed: c.Failed + other.Failed, NotStarted: c.NotStarted + other.NotStarted, Cancelled: c.Cancelled + other.Cancelled, Skipped: c.Skipped + other.Skipped,
		Joined: c.Joined + other.Joined, Escalated: c.Escalated + other.Escalated,
	}
}

// ExceedFailures reports whether more people have failed than the threshold, in percent, allows; 0 allows all.
func (c BulkCounts) ExceedFailures(threshold int) bool {
	return threshold > 0 && c.Processed >= FailuresCountFrom && c.Failed*100 > c.Processed*threshold
}

// ConcludeBulk decides how a bulk run ended from how its people did. stopped is why it ended early, empty if it did not.
func ConcludeBulk(counts BulkCounts, stopped Reason) RunOutcome {
	good := counts.Succeeded + counts.SucceededWithWarnings + counts.NotStarted
	switch {
	case stopped == ReasonCancelled:
		return RunCancelled
	case good+counts.Partial == 0 && (counts.Selected > 0 || stopped != ""):
		return RunFailed
	case good < counts.Selected || stopped != "":
		return RunPartial
	case counts.SucceededWithWarnings > 0:
		return RunSucceededWithWarnings
	default:
		return RunSucceeded
	}
}

// organisationWide are reasons that would be the same for everyone.
var organisationWide = []Reason{
	ReasonLoginRefused, ReasonDeviceNotActivated, ReasonNotSetUp, ReasonNoConnection, ReasonPACENotEnabled,
}

// OrganisationWide reports whether the reason would be the same for all people of the organisation.
func (r Reason) OrganisationWide() bool { return slices.Contains(organisationWide, r) }
