package words

import "github.com/caresync/caresync/care"

// reasons say what happened, to which person, and what to do. Those of a PACE Contract Sync that read differently where the NDIA gives them are in
// ndiaReasons.
var reasons = map[care.Reason]string{
	care.ReasonIdentityMismatch:     "Services Australia has a different person under this care recipient id. Nothing was saved. Compare the two records that the run shows, and correct the one that is wrong.",
	care.ReasonIdentityUnconfirmed:  "Neither the surname nor the date of birth could be compared with what Services Australia has under this care recipient id, so this may be a different person. Nothing was saved. Complete the person's record, or ask Services Australia to complete theirs.",
	care.ReasonAnotherBudget:        "Services Australia returned the details of a different budget. They were not saved, and the earlier figures were kept. Sync again; if it happens again, report it to Services Australia.",
	care.ReasonNotFound:             "Services Australia does not know this care recipient id for this provider. Check the number on the person's approval letter.",
	care.ReasonConsentRefused:       "The care recipient has not consented to their budget details being shared. Earlier figures were kept. Ask the person for consent, then sync again.",
	care.ReasonNotAuthorised:        "Services Australia did not allow this device or provider to read the record. Check the provider's delegation to the device in PRODA.",
	care.ReasonLoginRefused:         "PRODA refused the organisation's login. Run the connection test and follow its advice.",
	care.ReasonRequestRefused:       "Services Australia refused the request. The run shows its own words.",
	care.ReasonNoCareRecipientID:    "This person has no care recipient id. Add it to the person's record first.",
	care.ReasonNoConnection:         "This organisation has no connection to Services Australia. Set one up first.",
	care.ReasonConnectionUnknown:    "This organisation has several connections to Services Australia, and it is not known which one this person belongs to. Import the person again with the service provider id.",
	care.ReasonDeviceNotActivated:   "The connection's PRODA device has not been activated. Activate it with the one-time code from PRODA.",
	care.ReasonUnusableAnswer:       "The response from Services Australia could not be used: it was too large, or did not say whose it was. Tell CareSync's operators.",
	care.ReasonNotSetUp:             "The connection to Services Australia is not fully set up. Run the connection test and follow its advice.",
	care.ReasonServiceUnavailable:   "Services Australia could not be reached for too long. Existing data was not changed. Sync again later.",
	care.ReasonLoginUnavailable:     "PRODA, which gives the login to Services Australia, could not be reached for too long. Existing data was not changed. Sync again later.",
	care.ReasonNoAllowance:          "CareSync's own allowance of calls to Services Australia was used up for too long. Existing data was not changed. Sync again later, or raise the connection's rate if the service agrees.",
	care.ReasonTemporalUnavailable:  "Temporal, which runs the syncs, could not be reached for too long. Sync again once it is back.",
	care.ReasonUnavailableForPerson: "Services Australia answers for other people but not for this person: every request over more than ten minutes failed (503). Existing data was kept. Ask Services Australia about this person's record, then sync again.",
	care.ReasonDatabaseUnavailable:  "CareSync's own database could not be reached for too long. Sync again once it is back.",
	care.ReasonNoWorker:             "No CareSync worker was available for too long. Start a worker, then sync again.",
	care.ReasonUnexpected:           "An unexpected error occurred. Every record is either fully saved or unchanged. Sync again; if it happens again, tell CareSync's operators which sync it was.",
	care.ReasonSuperseded:           "A sync that started later had already saved newer data.",
	care.ReasonCancelled:            "The sync was cancelled. Data saved before that was kept.",

	care.ReasonPACENotEnabled:     "The PACE API is not enabled for this organisation. Enable it in the organisation's PACE settings first.",
	care.ReasonNotPACEParticipant: "The person is not marked as an NDIS PACE Participant. Select that box on the person's page first.",
	care.ReasonPACEAPIAccessOff:   "API access is not selected for this person. Select it next to NDIS PACE Participant first.",
	care.ReasonNDISNumberMissing:  "The person has no NDIS number. Add it to the person's record first.",
	care.ReasonNDISNumberInvalid:  "The person's NDIS number must have nine digits and start with 43. Correct it on the person's record.",
	care.ReasonSurnameMissing:     "The person has no surname, which the NDIA requires. Add it as it appears on the NDIS plan.",
	care.ReasonBirthDateMissing:   "The person has no date of birth, which the NDIA requires. Add it as it appears on the NDIS plan.",
	care.ReasonNotPACE:            "The NDIA says that this participant's plan is not a PACE plan, so there is nothing to sync.",
	care.ReasonNoPlan:             "The NDIA lists no such PACE plan for this participant.",
	care.ReasonPlanUndated:        "The NDIA reported the plan without the start dates that identify its contract. Nothing was saved. Try again; if it happens again, tell CareSync's operators.",
	care.ReasonPlanAmbiguous:      "Several plans cover today, and the budget's start date does not identify one of them. Nothing was saved. The run lists the plans; ask the NDIA which one applies.",
	care.ReasonPlanInFuture:       "This plan has not started. CareSync checks it again on its first day and holds it for approval; its contract can be created from that day.",
	care.ReasonHistoryNotFound:    "None of the NDIA's earlier budgets matches this plan's dates. Nothing was saved.",
	care.ReasonTreeOfAnotherPlan:  "The budget that the NDIA reports at the moment belongs to another plan: it starts with that plan and not with this one. Nothing was saved. The NDIA replaces a budget as soon as a review is finished; retrieve the plan again a day later.",
	care.ReasonPreviewExpired:     "More than 30 minutes have passed since the plan was retrieved. Nothing was saved. Retrieve it again.",
	care.ReasonPreviewReplaced:    "This preview is out of date: the plan was retrieved again. Nothing was saved. Check the new preview.",
	care.ReasonPreviewDiffers:     "The NDIA's data has changed since the preview. Nothing was saved. Check the differences in the new preview, which expires in 30 minutes.",
	care.ReasonSelectionEmpty:     "No budget is selected. Select at least one.",
	care.ReasonSelectionUnknown:   "The selection includes a budget that is not in this preview. Nothing was saved. Select from the budgets shown.",
	care.ReasonOverlapUnconfirmed: "The plan's dates overlap with another contract. Nothing was saved. Confirm that both apply, or change the other contract first.",

	care.ReasonFailureThreshold: "More people failed than the bulk run allows, so it stopped early. Check the reasons, then retry the people who failed.",
	care.ReasonBatchLost:        "This person's batch ended before it reached them, for example because an operator terminated it. Retry the people who did not succeed.",
	care.ReasonBulkLost:         "The bulk run ended before it was finished, for example because an operator terminated it. Retry the people who did not succeed.",
	care.ReasonNotStarted:       "The bulk run was requested while Temporal did not respond, and never started. No one was synced. Start it again.",

	care.ReasonRelationshipHasEnded: "The relationship with this participant has ended, so scheduled syncs have stopped for this person. The data was kept. Resume the syncs once the participant has endorsed the organisation again.",
}

var ndiaReasons = map[care.Reason]string{
	care.ReasonNotFound: "The NDIA cannot find this participant. Either the NDIS number, the surname or the date of birth is not exactly as the NDIA has it, " +
		"or the participant has not endorsed this organisation as both My Provider and Plan Manager. Check the first against the NDIS plan; for the second, ask the participant or nominee.",
	care.ReasonNotAuthorised: "The organisation's endorsement as this participant's plan manager or provider is missing or has lapsed. Only the participant or " +
		"nominee can give it. Existing data was kept, and scheduled syncs have stopped for this person until you resume them.",
	care.ReasonRequestRefused:       "The NDIA refused the request. The run shows its own words.",
	care.ReasonNoConnection:         "This organisation has no connection to the NDIA. Set one up first.",
	care.ReasonConnectionUnknown:    "This organisation has several connections to the NDIA, and it is not known which one to use for this person. Choose one on the person's record.",
	care.ReasonUnusableAnswer:       "The response from the NDIA could not be used: it was too large, or not in the agreed form. Nothing was saved. Tell CareSync's operators.",
	care.ReasonNotSetUp:             "The connection to the NDIA is not fully set up. Run the connection test and follow its advice.",
	care.ReasonServiceUnavailable:   "The NDIA could not be reached for too long. Existing data was not changed. Sync again later.",
	care.ReasonLoginUnavailable:     "PRODA, which gives the login to the NDIA, could not be reached for too long. Existing data was not changed. Sync again later.",
	care.ReasonNoAllowance:          "CareSync's own allowance of calls to the NDIA was used up for too long. Existing data was not changed. Sync again later, or raise the allowance if the NDIA agrees.",
	care.ReasonCancelled:            "The sync was cancelled. Nothing was saved.",
	care.ReasonUnavailableForPerson: "The NDIA answers for other people but not for this person. Existing data was kept. Ask the NDIA about this person's record, then refresh again.",
}

// Reason says what happened and what to do about it, for a reason that a service gave; nothing for none.
func Reason(reason care.Reason, service care.Service) string {
	if sentence, differs := ndiaReasons[reason]; differs && service == care.NDIA {
		return sentence
	}
	return reasons[reason]
}
