package care

import "slices"

// Area is one of the parts of a sync that succeed or fail by themselves (R6).
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

// AreaOutcome is how an area ended.
type AreaOutcome string

// How an area can end.
const (
	// AreaSucceeded: read completely and saved.
	AreaSucceeded AreaOutcome = "succeeded"
	// AreaSuperseded: a read that began later is already stored; nothing was changed (R7).
	AreaSuperseded AreaOutcome = "superseded"
	// AreaRefused: the government, or a check of ours, said no; asking again will not help by itself.
	AreaRefused AreaOutcome = "refused"
	// AreaFailed: a technical failure lasted until the area gave up (R9).
	AreaFailed AreaOutcome = "failed"
	// AreaSkipped: not attempted because of an earlier area.
	AreaSkipped AreaOutcome = "skipped"
	// AreaCancelled: somebody cancelled the run first.
	AreaCancelled AreaOutcome = "cancelled"
)

// Reason says why an area or a run did not simply succeed (R6). It is a code for programs; people are shown
// Reason.Explain.
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

var explanations = map[Reason]string{
	ReasonIdentityMismatch:     "Services Australia holds a different person under this care recipient id. Nothing of it was saved. Compare the two records that the run shows and correct the one that is wrong.",
	ReasonIdentityUnconfirmed:  "Neither the surname nor the date of birth could be compared with what Services Australia holds under this care recipient id, so it is not certain that this is the person. Nothing was saved. Complete the person's record, or ask Services Australia to complete theirs.",
	ReasonAnotherBudget:        "Services Australia answered with the details of another budget than was asked for. Nothing of them was saved, and the earlier figures were kept. Sync again; if it stays so, report it to Services Australia.",
	ReasonNotFound:             "Services Australia does not know this care recipient id for this provider. Check the number on the person's approval letter.",
	ReasonConsentRefused:       "The care recipient has not consented to their budget details being shared. Earlier figures were kept. Ask the person for consent, then sync again.",
	ReasonNotAuthorised:        "Services Australia did not allow this device or provider to read the record. Check the provider's delegation to the device in PRODA.",
	ReasonLoginRefused:         "PRODA refused the organisation's login. Run the connection test and follow what it says.",
	ReasonRequestRefused:       "Services Australia refused the request. Its own words are shown below.",
	ReasonNoCareRecipientID:    "This person has no care recipient id. Add it to the person's record first.",
	ReasonNoConnection:         "This organisation has no connection to Services Australia. Set one up first.",
	ReasonConnectionUnknown:    "This organisation has several connections to Services Australia, and which one holds this person is not known. Import the person again with its service provider id.",
	ReasonDeviceNotActivated:   "The connection's PRODA device has not been activated. Activate it with the one-time code from PRODA.",
	ReasonUnusableAnswer:       "The answer of Services Australia could not be used: it was too large, or did not say whose it was. Tell CareSync's operators.",
	ReasonNotSetUp:             "The connection to Services Australia is not set up completely. Run the connection test and follow what it says.",
	ReasonServiceUnavailable:   "Services Australia could not be reached for too long. Nothing that was there before was changed; sync again later.",
	ReasonUnavailableForPerson: "Services Australia answers for other people and not for this one, each time that it was asked over more than ten minutes (503). What was there before was kept. Ask Services Australia about this person's record, then sync again.",
	ReasonDatabaseUnavailable:  "CareSync's own database could not be reached for too long. Sync again once it is back.",
	ReasonNoWorker:             "No CareSync worker took up the work for too long. Start a worker, then sync again.",
	ReasonUnexpected:           "Something unexpected went wrong. No record was left half-written. Sync again; if it happens again, tell CareSync's operators which sync it was.",
	ReasonSuperseded:           "A sync that began later had already saved newer data.",
	ReasonCancelled:            "The sync was cancelled. What had been saved before stays.",

	ReasonPACENotEnabled:     "The PACE API is not enabled for this organisation. Enable it in the organisation's PACE settings first.",
	ReasonNotPACEParticipant: "The person is not marked as an NDIS PACE Participant. Tick that box on the person first.",
	ReasonPACEAPIAccessOff:   "API access is not ticked for this client. Tick it beside NDIS PACE Participant first.",
	ReasonNDISNumberMissing:  "The person has no NDIS number. Add it to the person's record first.",
	ReasonNDISNumberInvalid:  "The person's NDIS number is not nine digits that begin with 43. Correct it on the person's record.",
	ReasonSurnameMissing:     "The person has no surname, without which the NDIA does not answer. Add it as it stands on the NDIS plan.",
	ReasonBirthDateMissing:   "The person has no date of birth, without which the NDIA does not answer. Add it as it stands on the NDIS plan.",
	ReasonNotPACE:            "The NDIA says that this participant's plan is not a PACE plan, so there is nothing to sync.",
	ReasonNoPlan:             "The NDIA lists no such PACE plan of this participant.",
	ReasonPlanUndated:        "The NDIA reported the plan without the start dates by which its contract is recognised. Nothing was saved; try again, and tell CareSync's operators if it stays so.",
	ReasonPlanAmbiguous:      "Several plans cover today, and the budget's start date fits none of them alone. Nothing was saved; the plans are shown below. Ask the NDIA which one holds.",
	ReasonPlanInFuture:       "This plan has not begun. CareSync looks at it again on the day it begins and leaves it for review; its contract can be created from that day on.",
	ReasonHistoryNotFound:    "The NDIA's earlier budgets have none that fits this plan's dates. Nothing was saved.",
	ReasonTreeOfAnotherPlan:  "The budget that the NDIA reports at the moment is another plan's: it begins with that plan and not with this one. Nothing was saved. The NDIA switches a budget as soon as a review is done; retrieve the plan again a day later.",
	ReasonPreviewExpired:     "More than 30 minutes have passed since the plan was retrieved. Nothing was saved; retrieve it again.",
	ReasonPreviewReplaced:    "This is not the preview that waits for this person: it was retrieved anew. Nothing was saved; look at the new preview.",
	ReasonPreviewDiffers:     "What the NDIA reports has changed since the preview. Nothing was saved; the differences are shown below, and a new preview waits for 30 minutes.",
	ReasonSelectionEmpty:     "No budget is selected. Select at least one.",
	ReasonSelectionUnknown:   "The selection names a budget that is not in this preview. Nothing was saved; select from the budgets shown.",
	ReasonOverlapUnconfirmed: "The plan's dates overlap with a contract that is shown below. Nothing was saved; say explicitly that both shall stand, or change that contract first.",
	ReasonFailureThreshold:   "More people had failed than the bulk run was allowed, so it ended early. Look at their reasons, then retry those who failed.",
	ReasonBatchLost:          "The batch of the bulk run ended before it reached this person, for instance because an operator terminated it. Retry those who failed.",
	ReasonBulkLost:           "The bulk run's workflow ended before it was finished, for instance because an operator terminated it. Retry those who failed.",

	ReasonRelationshipHasEnded: "The relationship with this participant has ended, so scheduled syncs of the person have stopped. The data is kept; resume the syncs once the participant has endorsed the organisation again.",
}

// NotBegun is said of a run that no worker has begun although one should have by now.
const NotBegun = "no worker has begun this; start one, or read the log of the one that runs: it may lack the key that this was sealed with"

// Explain says in plain words what happened and what to do about it.
func (r Reason) Explain() string { return explanations[r] }

// Harmless reports whether nothing is wrong and nobody has to do anything: a plan that has not begun is looked at again on its day (R34).
func (r Reason) Harmless() bool { return r == ReasonPlanInFuture }

// technical reasons end in a failed workflow; all others are answers (R6).
func (r Reason) technical() bool {
	return r == ReasonServiceUnavailable || r == ReasonDatabaseUnavailable || r == ReasonNoWorker || r == ReasonUnexpected
}

// AreaResult is what a step answers: ids and counts only (R10).
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

// Expired is the answer of a contract sync whose preview nobody created in time (R22).
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
	saved, incomplete, cancelled := 0, 0, Reason("")
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
		if answer.Outcome != AreaSucceeded {
			incomplete++
			if result.Reason == "" || result.Reason == ReasonSuperseded {
				result.Reason = answer.Reason
			}
		}
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
