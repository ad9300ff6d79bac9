package care

import "cmp"

// Plan is a care recipient's one Support at Home plan, the parent of everything a sync keeps (R12).
type Plan struct {
	ID        ID   `json:"id"`
	StartDate Date `json:"start_date"`
	EndDate   Date `json:"end_date"`
}

// Classification is the funding level that a person holds for a time. Identity: code and start date.
type Classification struct {
	Row
	Code          string `json:"code"`
	Name          string `json:"name"`
	FundingSource string `json:"funding_source"`
	StartDate     Date   `json:"start_date"`
	EndDate       Date   `json:"end_date"`
}

// Label names a classification by its level and dates.
func (c *Classification) Label() Label {
	return Label{Kind: KindClassification, Name: c.Name, Code: c.Code, StartDate: c.StartDate, EndDate: c.EndDate}
}

func (c *Classification) identity() string { return identityOf(c.Code, c.StartDate.String()) }
func (c *Classification) values() []Value {
	return []Value{
		{"name", text(c.Name)}, {"funding_source", text(c.FundingSource)}, {"end_date", dateText(c.EndDate)},
	}
}

// ApprovedService is a service that the person is approved to receive. Identity: group, type, service and start date.
type ApprovedService struct {
	Row
	GroupCode   string `json:"group_code"`
	TypeCode    string `json:"type_code"`
	ServiceCode string `json:"service_code"`
	Name        string `json:"name"`
	StartDate   Date   `json:"start_date"`
	EndDate     Date   `json:"end_date"`
}

// Label names an approved service by its name and dates.
func (s *ApprovedService) Label() Label {
	return Label{Kind: KindApprovedService, Name: s.Name, Code: cmp.Or(s.ServiceCode, s.TypeCode, s.GroupCode), StartDate: s.StartDate, EndDate: s.EndDate}
}

func (s *ApprovedService) identity() string {
	return identityOf(s.GroupCode, s.TypeCode, s.ServiceCode, s.StartDate.String())
}
func (s *ApprovedService) values() []Value {
	return []Value{{"name", text(s.Name)}, {"end_date", dateText(s.EndDate)}}
}

// Supplement is an amount added to a person's funding, such as oxygen. Identity: code and start date.
type Supplement struct {
	Row
	Code      string `json:"code"`
	Name      string `json:"name"`
	StartDate Date   `json:"start_date"`
	EndDate   Date   `json:"end_date"`
}

// Label names a supplement by its name and dates.
func (s *Supplement) Label() Label {
	return Label{Kind: KindSupplement, Name: s.Name, Code: s.Code, StartDate: s.StartDate, EndDate: s.EndDate}
}

func (s *Supplement) identity() string { return identityOf(s.Code, s.StartDate.String()) }
func (s *Supplement) values() []Value {
	return []Value{{"name", text(s.Name)}, {"end_date", dateText(s.EndDate)}}
}

// PlanDates derives a plan's dates from its classifications (Care Recipient Sync §Plan dates, R13): the
// earliest start; the latest end, or none if any classification is open-ended. Removed classifications do not count.
// Without any classification both are empty.
func PlanDates(classifications []Classification) (start, end Date) {
	openEnded := false
	for _, classification := range classifications {
		if classification.Removed {
			continue
		}
		if start.IsZero() || (!classification.StartDate.IsZero() && classification.StartDate.Before(start)) {
			start = classification.StartDate
		}
		if classification.EndDate.IsZero() {
			openEnded = true
		}
		if classification.EndDate.After(end) {
			end = classification.EndDate
		}
	}
	if openEnded {
		end = Date{}
	}
	return start, end
}

// PlanActive reports whether a plan is active (R14): it has a classification, and its end is open or not yet past.
// The last day counts.
func PlanActive(hasClassification bool, end, today Date) bool {
	return hasClassification && (end.IsZero() || !end.Before(today))
}
