package care

import "slices"

// Area is one of the parts of a sync that succeed or fail independently (R6).
type Area string

// The areas of a Care Recipient Sync, in the order in which they are read.
const (
	AreaSummary       Area = "summary"
	AreaContributions Area = "contributions"
	AreaBudgets       Area = "budgets"
	AreaUsage         Area = "usage"
)

// AreaContract is the one area of a PACE Contract Sync: everything is written in one transaction (R26).
const AreaContract Area = "contract"

// Areas are all areas of a Care Recipient Sync in reading order.
var Areas = []Area{AreaSummary, AreaContributions, AreaBudgets, AreaUsage}

// Service is the government service from which an area is read.
func (a Area) Service() Service {
	if a == AreaContract {
		return NDIA
	}
	return ServicesAustralia
}

// AreaOutcome is how an area ended.
type AreaOutcome string

// How an area can end.
const (
	// AreaSucceeded: read completely and saved.
	AreaSucceeded AreaOutcome = "succeeded"
	// AreaSuperseded: a read that began later is already stored; nothing was changed (R7).
	AreaSuperseded AreaOutcome = "superseded"
	// AreaRefused: the government, or a check of ours, said no; asking again alone will not help.
	AreaRefused AreaOutcome = "refused"
	// AreaFailed: a technical failure lasted until the area gave up (R9).
	AreaFailed AreaOutcome = "failed"
	// AreaSkipped: not attempted because of an earlier area.
	AreaSkipped AreaOutcome = "skipped"
	// AreaCancelled: someone cancelled the run first.
	AreaCancelled AreaOutcome = "cancelled"
)

// Reason says why an area or a run did not simply succeed (R6). It is a code for programs; package
// words says it to people.
type Reason string

// The reasons of a Care Recipient Sync.
const (
	ReasonIdentityMismatch    Reason = "identity_mismatch"
	ReasonIdentityUnconfirmed Reason = "identity_unconfirmed"
	ReasonAnotherBudget       Reason = "another_budget"
	ReasonNotFound            Reason = "not_found"
	ReasonConsentRefused      Reason = "consent_refused"
	ReasonNotAuthorised       Reason = "no_authority"
	ReasonLoginRefused        Reason = "login_refused"
	ReasonRequestRefused      Reason = "request_refused"
	ReasonNoCareRecipientID   Reason = "no_care_recipient_id"
	ReasonNoConnection        Reason = "no_connection"
	ReasonConnectionUnknown   Reason = "connection_unknown"
	ReasonDeviceNotActivated  Reason = "device_not_activated"
	ReasonUnusableAnswer      Reason = "unusable_answer"
	ReasonNotSetUp            Reason = "not_set_up"
	ReasonServiceUnavailable  Reason = "service_unavailable"
	ReasonDatabaseUnavailable Reason = "database_unavailable"
	// ReasonLoginUnavailable: PRODA did not answer. ReasonNoAllowance: our own allowance of calls was used up. ReasonTemporalUnavailable: the
	// Temporal server did not answer a step.
	ReasonLoginUnavailable    Reason = "login_unavailable"
	ReasonNoAllowance         Reason = "no_allowance"
	ReasonTemporalUnavailable Reason = "temporal_unavailable"
	// ReasonUnavailableForPerson: the service answers for others, and not for this person (R9).
	ReasonUnavailableForPerson Reason = "unavailable_for_person"
	ReasonNoWorker             Reason = "no_worker"
	ReasonUnexpected           Reason = "unexpected_error"
	ReasonSuperseded           Reason = "superseded"
	ReasonCancelled            Reason = "cancelled"
)

// The reasons of a PACE Contract Sync: the gates in their order (R21), then the plan (R23), then the two steps (R22, R24) and R30.
const (
	ReasonPACENotEnabled       Reason = "pace_not_enabled"
	ReasonNotPACEParticipant   Reason = "not_pace_participant"
	ReasonPACEAPIAccessOff     Reason = "pace_api_access_off"
	ReasonNDISNumberMissing    Reason = "ndis_number_missing"
	ReasonNDISNumberInvalid    Reason = "ndis_number_invalid"
	ReasonSurnameMissing       Reason = "surname_missing"
	ReasonBirthDateMissing     Reason = "birth_date_missing"
	ReasonNotPACE              Reason = "not_pace"
	ReasonNoPlan               Reason = "no_plan"
	ReasonPlanUndated          Reason = "plan_undated"
	ReasonPlanAmbiguous        Reason = "plan_ambiguous"
	ReasonPlanInFuture         Reason = "plan_in_future"
	ReasonHistoryNotFound      Reason = "history_not_found"
	ReasonTreeOfAnotherPlan    Reason = "tree_of_another_plan"
	ReasonPreviewExpired       Reason = "preview_expired"
	ReasonPreviewReplaced      Reason = "preview_replaced"
	ReasonPreviewDiffers       Reason = "preview_differs"
	ReasonSelectionEmpty       Reason = "selection_empty"
	ReasonSelectionUnknown     Reason = "selection_unknown"
	ReasonOverlapUnconfirmed   Reason = "overlap_unconfirmed"
	ReasonRelationshipHasEnded Reason = "relationship_ended"
)

// Harmless reports whether nothing is wrong and no one has to do anything: a plan that has not started is looked at again on its day (R34).
func (r Reason) Harmless() bool { return r == ReasonPlanInFuture }

// technical reasons end in a failed workflow; all others are answers (R6).
func (r Reason) technical() bool {
	return r == ReasonUnexpected || slices.Contains(OutageReasons, r)
}

// AreaResult is what a step answers: ids and counts only (R10).
//
// It is stored as JSON, in sync_step.answer.
type AreaResult struct {
	Outcome  AreaOutcome `json:"outcome"`
	Reason   Reason      `json:"reason,omitempty"`
	Counts   Counts      `json:"counts,omitempty"`
	Warnings int         `json:"warnings,omitempty"`
	// BudgetsRefused is how many budgets of the usage step keep their figures while those of the others were saved.
	BudgetsRefused int `json:"budgets_refused,omitempty"`
	// OpenBudgets are our ids of the budgets whose usage is to be read, answered by the budgets step.
	OpenBudgets []ID `json:"open_budgets,omitempty"`
	// ContractID is our id of the service contract that was written, answered by the contract step.
	ContractID ID `json:"contract_id,omitempty"`
}

// Refused is the answer of a step whose area was refused.
func Refused(reason Reason) AreaResult { return AreaResult{Outcome: AreaRefused, Reason: reason} }

// Superseded is the answer of a step that found newer data than its own (R7).
func Superseded() AreaResult {
	return AreaResult{Outcome: AreaSuperseded, Reason: ReasonSuperseded}
}

// Skipped is the answer for an area that was not attempted, with the reason of the area that stopped it.
func Skipped(reason Reason) AreaResult { return AreaResult{Outcome: AreaSkipped, Reason: reason} }

// Failed is the answer of a step that gave up for a technical reason.
func Failed(reason Reason) AreaResult { return AreaResult{Outcome: AreaFailed, Reason: reason} }

// Cancelled is the answer of a step that was stopped by a cancellation.
func Cancelled() AreaResult { return AreaResult{Outcome: AreaCancelled, Reason: ReasonCancelled} }

// Expired is the answer of a contract sync whose preview no one created in time (R22).
func Expired() AreaResult { return AreaResult{Outcome: AreaCancelled, Reason: ReasonPreviewExpired} }

// endsUsage reports whether the budgets that follow are not asked for: what was refused of single budgets says nothing of the others.
func (r AreaResult) endsUsage() bool { return !r.saved() && r.BudgetsRefused == 0 }

// saved reports whether what the area read is in the database, by this run or by a newer one.
func (r AreaResult) saved() bool {
	return r.Outcome == AreaSucceeded || r.Outcome == AreaSuperseded
}

// RunOutcome is how a run ended (R6).
type RunOutcome string

// How a run can end.
const (
	RunSucceeded             RunOutcome = "succeeded"
	RunSucceededWithWarnings RunOutcome = "succeeded_with_warnings"
	RunPartial               RunOutcome = "partial"
	RunFailed                RunOutcome = "failed"
	RunCancelled             RunOutcome = "cancelled"
)

// RunResult is what a run came to.
type RunResult struct {
	RunID ID `json:"run_id"`
	// PlanID is our id of the Support at Home plan, ContractID of the service contract.
	PlanID     ID                  `json:"plan_id,omitempty"`
	ContractID ID                  `json:"contract_id,omitempty"`
	Outcome    RunOutcome          `json:"outcome"`
	Reason     Reason              `json:"reason,omitempty"`
	Areas      map[Area]AreaResult `json:"areas"`
	Counts     Counts              `json:"counts"`
	Warnings   int                 `json:"warnings"`
}

// TechnicalFailure reports whether the workflow must fail rather than complete (R6): nothing was saved, and not because of
// an answer.
func (r RunResult) TechnicalFailure() bool { return r.Outcome == RunFailed && r.Reason.technical() }

// Conclude decides a run's outcome and reason from those of its areas (R6). The first area that did not succeed gives the reason;
// that it was superseded gives it only where nothing else went wrong, and an area that was cancelled gives it before all others. Counts
// and warnings are the sums of the areas'.
func Conclude(areas map[Area]AreaResult) RunResult {
	result := RunResult{Areas: areas, Counts: Counts{}}
	saved, incomplete, superseded, cancelled := 0, 0, false, Reason("")
	for _, area := range slices.Concat(Areas, []Area{AreaContract}) {
		answer, attempted := areas[area]
		if !attempted {
			continue
		}
		result.Counts.Add(answer.Counts)
		result.Warnings += answer.Warnings
		result.ContractID = answer.ContractID
		if answer.Outcome == AreaCancelled {
			cancelled = answer.Reason
		}
		if answer.saved() {
			saved++
		}
		switch {
		case answer.Outcome == AreaSuperseded:
			superseded = true
		case answer.Outcome != AreaSucceeded:
			incomplete++
			if result.Reason == "" {
				result.Reason = answer.Reason
			}
		}
	}
	if superseded && result.Reason == "" {
		result.Reason = ReasonSuperseded
	}
	switch {
	case cancelled != "":
		result.Outcome, result.Reason = RunCancelled, cancelled
	case saved == 0:
		result.Outcome = RunFailed
	case incomplete > 0:
		result.Outcome = RunPartial
	case result.Warnings > 0:
		result.Outcome = RunSucceededWithWarnings
	default:
		result.Outcome = RunSucceeded
	}
	return result
}
