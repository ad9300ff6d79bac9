package care

import (
	"slices"
	"strings"
)

// InvoiceLine is a line of our own billing, as far as it decides whether usage is linked to it (R17).
type InvoiceLine struct {
	ID                  ID     `json:"id"`
	PersonID            ID     `json:"person_id"`
	UpstreamInvoiceID   string `json:"upstream_invoice_id"`
	UpstreamItemID      string `json:"upstream_item_id"`
	ExternalReferenceID string `json:"external_reference_id"`
	ServiceCode         string `json:"service_code"`
	DeliveryDate        Date   `json:"delivery_date"`
}

// Billing is our own billing to which usage may be linked: lines, and the organisation's service provider ids.
type Billing struct {
	providers   []string
	byPlace     map[[2]string][]InvoiceLine
	byReference map[string][]InvoiceLine
}

// NewBilling returns the billing of an organisation with those service provider ids.
func NewBilling(providers []string, lines []InvoiceLine) Billing {
	billing := Billing{providers: providers, byPlace: make(map[[2]string][]InvoiceLine), byReference: make(map[string][]InvoiceLine)}
	for _, line := range lines {
		place := [2]string{line.UpstreamInvoiceID, line.UpstreamItemID}
		billing.byPlace[place] = append(billing.byPlace[place], line)
		if line.ExternalReferenceID != "" {
			billing.byReference[line.ExternalReferenceID] = append(billing.byReference[line.ExternalReferenceID], line)
		}
	}
	return billing
}

// Link is what a usage line and our billing come to: the line that it is linked to, or the one that its ids name and what contradicts it.
type Link struct {
	// InvoiceLineID is empty where the usage line is linked to none.
	InvoiceLineID ID
	// Candidate is the line that the ids name; Contradictions are the fields that forbid the link.
	Candidate      InvoiceLine
	Contradictions []string
}

// LinkOf decides which line of ours a person's usage line is linked to (R17). An external reference that both sides hold selects the
// candidates, else their place: invoice id and item id. A place is no name, since items are numbered again when an invoice is amended,
// so that provider, person, service and delivery date must agree as well. Of several candidates without a contradiction the one in the
// same place is linked, and none where that does not decide.
func (b Billing) LinkOf(usage UsageLine, person ID) Link {
	place := [2]string{usage.UpstreamInvoiceID, usage.UpstreamItemID}
	candidates := b.byReference[usage.ExternalReferenceID]
	if len(candidates) == 0 && usage.UpstreamInvoiceID != "" && usage.UpstreamItemID != "" {
		candidates = b.byPlace[place]
	}
	var fitting []InvoiceLine
	var contradicted Link
	for _, candidate := range candidates {
		contradictions := b.contradictions(candidate, usage, person)
		switch {
		case len(contradictions) == 0:
			fitting = append(fitting, candidate)
		case contradicted.Candidate.ID == "" || candidate.ID < contradicted.Candidate.ID:
			contradicted = Link{Candidate: candidate, Contradictions: contradictions}
		}
	}
	if len(fitting) == 0 {
		return contradicted
	}
	if len(fitting) > 1 {
		fitting = filter(fitting, func(line InvoiceLine) bool { return [2]string{line.UpstreamInvoiceID, line.UpstreamItemID} == place })
	}
	if len(fitting) != 1 {
		return Link{}
	}
	return Link{InvoiceLineID: fitting[0].ID, Candidate: fitting[0]}
}

// contradictions are the fields in which a usage line and a line of ours cannot be the same delivery. A value that one side does not have
// contradicts nothing; the amount may differ, since the person's contribution may be in it or not.
func (b Billing) contradictions(line InvoiceLine, usage UsageLine, person ID) (fields []string) {
	if usage.ServiceProviderID != "" && !slices.Contains(b.providers, usage.ServiceProviderID) {
		fields = append(fields, "service_provider_id")
	}
	if line.PersonID != person {
		fields = append(fields, "person_id")
	}
	if differs(strings.ToUpper(line.ServiceCode), strings.ToUpper(usage.ServiceCode)) {
		fields = append(fields, "service_code")
	}
	if differs(line.DeliveryDate.String(), usage.DeliveryDate.String()) {
		fields = append(fields, "delivery_date")
	}
	if differs(line.ExternalReferenceID, usage.ExternalReferenceID) {
		fields = append(fields, "external_reference_id")
	}
	return fields
}

// details show both sides of a contradiction.
func (l Link) details(usage UsageLine) InvoiceLineDetails {
	ours := l.Candidate
	values := map[string]Contradiction{
		"service_provider_id":   {Reported: usage.ServiceProviderID},
		"service_code":          {Reported: usage.ServiceCode, Ours: ours.ServiceCode},
		"delivery_date":         {Reported: usage.DeliveryDate.String(), Ours: ours.DeliveryDate.String()},
		"external_reference_id": {Reported: usage.ExternalReferenceID, Ours: ours.ExternalReferenceID},
	}
	details := InvoiceLineDetails{UpstreamInvoiceID: ours.UpstreamInvoiceID, UpstreamItemID: ours.UpstreamItemID}
	for _, field := range l.Contradictions {
		contradiction := values[field]
		contradiction.Field = field
		details.Contradictions = append(details.Contradictions, contradiction)
	}
	return details
}

// UsageLink is the invoice line of ours that a usage line is linked to from now on, empty for none.
type UsageLink struct {
	UsageLineID   ID `json:"id"`
	InvoiceLineID ID `json:"invoice_line_id,omitempty"`
}

// Relink finds the usage lines of a person whose link our billing changes.
func (b Billing) Relink(usage []UsageLine, person ID) (changed []UsageLink) {
	for _, line := range usage {
		if link := b.LinkOf(line, person).InvoiceLineID; link != line.InvoiceLineID {
			changed = append(changed, UsageLink{UsageLineID: line.ID, InvoiceLineID: link})
		}
	}
	return changed
}

// link decides the links of a budget's lines as they stand afterwards. held are its lines as they stood.
func (d *UsageDecision) link(budget Budget, held []UsageLine, usage *Difference[UsageLine], billing Billing, person ID) {
	before := make(map[ID]ID, len(held))
	for _, line := range held {
		before[line.ID] = line.InvoiceLineID
	}
	written := make(map[ID]*UsageLine, len(usage.Write))
	for i := range usage.Write {
		written[usage.Write[i].ID] = &usage.Write[i]
	}
	for i := range usage.After {
		line := &usage.After[i]
		link := billing.LinkOf(*line, person)
		line.InvoiceLineID = link.InvoiceLineID
		switch write := written[line.ID]; {
		case write != nil:
			write.InvoiceLineID = link.InvoiceLineID
		case before[line.ID] != link.InvoiceLineID, slices.Contains(usage.Remove, line.ID):
			d.Links = append(d.Links, UsageLink{UsageLineID: line.ID, InvoiceLineID: link.InvoiceLineID})
		}
		if len(link.Contradictions) > 0 && !line.Removed {
			d.warn(Warning(AreaUsage, IssueInvoiceLineContradicts).On(line.Label().WithinBudget(budget.Label()), line.ID).With(link.details(*line)))
		}
	}
}
