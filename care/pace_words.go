package care

import "fmt"

// PACECountedKinds are the kinds that a PACE Contract Sync counts, in the order in which people are told of them.
var PACECountedKinds = []Kind{KindServiceContract, KindPlanBudget, KindDeliveredService}

// ndiaExplanations are the reasons that read differently where the NDIA is the upstream service.
var ndiaExplanations = map[Reason]string{
	ReasonNotFound: "The NDIA does not find this participant. Either the NDIS number, the surname or the date of birth is not exactly as the NDIA has it, " +
		"or the participant has not endorsed this organisation as both My Provider and Plan Manager. Check the first against the NDIS plan; for the second ask the participant or nominee.",
	ReasonNotAuthorised: "The organisation's endorsement as this participant's plan manager or provider is missing or has lapsed. Only the participant or " +
		"nominee can give it. The data we hold was kept, and scheduled syncs of this person have stopped until you resume them.",
	ReasonRequestRefused:       "The NDIA refused the request. Its own words are shown below.",
	ReasonNoConnection:         "This organisation has no connection to the NDIA. Set one up first.",
	ReasonConnectionUnknown:    "This organisation has several connections to the NDIA, and which one to use for this person is not known. Say which one on the person's record.",
	ReasonUnusableAnswer:       "The answer of the NDIA could not be used: it was too large, or not in the agreed form. Nothing was saved. Tell CareSync's operators.",
	ReasonNotSetUp:             "The connection to the NDIA is not set up completely. Run the connection test and follow what it says.",
	ReasonServiceUnavailable:   "The NDIA could not be reached for too long. Nothing that was there before was changed; sync again later.",
	ReasonCancelled:            "The sync was cancelled. Nothing was written.",
	ReasonUnavailableForPerson: "The NDIA answers for other people and not for this one. What was there before was kept. Ask the NDIA about this person's record, then refresh again.",
}

// ExplainFor says in plain words what happened and what to do about it, for a reason that comes from that service.
func (r Reason) ExplainFor(service Service) string {
	if words, differs := ndiaExplanations[r]; differs && service == NDIA {
		return words
	}
	return r.Explain()
}

// ContractRefusal makes the issue that explains why a PACE Contract Sync was refused or failed, with the NDIA's words.
func ContractRefusal(reason Reason, words string) Issue {
	return Issue{Severity: SeverityError, Area: AreaContract, Code: IssueCode(reason), Message: reason.ExplainFor(NDIA), Words: words}
}

// EarlierPlanUnread says that the NDIA's history did not have a plan that ended a short time ago.
func EarlierPlanUnread(plan ParticipantPlan) Issue {
	return Warning(AreaContract, IssueEarlierPlanUnread, fmt.Sprintf(
		"The NDIA's history did not have the budgets of the plan that began on %s, which ended a short time ago. Its figures stay as they were.", plan.StartDate))
}

// fieldLabels are the fields of a contract, a plan budget and a delivered service as people call them.
var fieldLabels = map[string]string{
	"is_pace_plan": "PACE plan", "plan_first_start_date": "first start date of the plan", "plan_start_date": "start date of the plan",
	"plan_end_date": "end date of the plan", "start_date": "start date", "end_date": "end date", "superseded_by": "superseding contract",
	"total_funding": "total funding", "allocation_total": "allocation total",
	"budget_type": "budget type", "management": "management", "support_type": "support type", "category": "category",
	"funding_component": "funding component", "approved": "approved", "released": "released", "spent": "spent", "remaining": "remaining",
	"instalment_type": "instalment type", "stated_items": "stated items", "funding_periods": "funding periods",
	statusField: "status", "amount": "amount", "delivered_on": "date", "support_item_number": "support item number",
	"support_item_description": "support item description", "service_provider_name": "service provider name", "note": "note",
	"claim_status": "claim status",
	"given_name":   "given name", "family_name": "family name", "birth_date": "date of birth", "care_recipient_id": "care recipient id",
	"ndis_number": "NDIS number", "service_provider_id": "service provider id", "pace_participant": "NDIS PACE Participant",
	"pace_api_access": "API access", "entry_date": "entry into care", "departure_date": "departure", "not_in_care_since": "not in care since",
}

// NamedChange is a change together with what people call the record.
type NamedChange struct {
	Subject string `json:"subject"`
	Change
}

// Words says the change in a sentence.
func (c NamedChange) Words() string {
	switch c.Action {
	case ActionCreated:
		return c.Subject + " is new."
	case ActionRemoved:
		return c.Subject + " is no longer in PACE."
	case ActionRevived:
		return c.Subject + " is in PACE again."
	default:
		return fmt.Sprintf("%s: %s changed from %s to %s.", c.Subject, FieldLabel(c.Field), provided(c.Old), provided(c.New))
	}
}

func named(subject string, changes []Change) []NamedChange {
	all := make([]NamedChange, len(changes))
	for i, change := range changes {
		all[i] = NamedChange{Subject: subject, Change: change}
	}
	return all
}
