package servicesaustralia

import (
	"cmp"
	"encoding/json"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

// The shapes of the contract. Fields that upstream leaves out now and then are pointers.

type summaryRow struct {
	CareRecipientID   string               `json:"careRecipientId"`
	FirstName         string               `json:"firstName"`
	LastName          string               `json:"lastName"`
	BirthDate         wire.Date            `json:"birthDate"`
	ServiceProviderID string               `json:"serviceProviderId"`
	EntryCategory     string               `json:"entryCategoryCode,omitempty"`
	EntryDate         wire.Date            `json:"entryDate"`
	DepartureDate     wire.Date            `json:"departureDate"`
	Classifications   []classificationItem `json:"classifications"`
	ApprovedServices  []serviceItem        `json:"approvedServices"`
	Supplements       []supplementItem     `json:"supplements"`
}

type classificationItem struct {
	Code          string    `json:"classificationCode"`
	Name          string    `json:"classification"`
	FundingSource string    `json:"fundingSource"`
	Start         wire.Date `json:"startDate"`
	End           wire.Date `json:"endDate"`
}

type serviceItem struct {
	GroupID   string    `json:"serviceGroupId"`
	TypeID    string    `json:"serviceTypeId"`
	ServiceID string    `json:"serviceId"`
	Name      string    `json:"service"`
	Start     wire.Date `json:"startDate"`
	End       wire.Date `json:"endDate"`
}

type supplementItem struct {
	Code  string    `json:"supplementCode"`
	Name  string    `json:"supplement"`
	Start wire.Date `json:"startDate"`
	End   wire.Date `json:"endDate"`
}

type contributionRow struct {
	CareRecipientID string       `json:"careRecipientId"`
	Category        string       `json:"contributionCategory"`
	Percentage      *wire.Number `json:"percentage,omitempty"`
	Start           wire.Date    `json:"startDate"`
	End             wire.Date    `json:"endDate"`
	Status          string       `json:"status,omitempty"`
}

type budgetRow struct {
	BudgetID          string      `json:"budgetId,omitempty"`
	ServiceProviderID string      `json:"serviceProviderId"`
	CareRecipientID   *string     `json:"careRecipientId"`
	CareRecipientName *string     `json:"careRecipientName"`
	EntryDate         wire.Date   `json:"entryDate"`
	TypeCode          string      `json:"budgetTypeCode"`
	Type              string      `json:"budgetType"`
	Start             wire.Date   `json:"startDate"`
	End               wire.Date   `json:"endDate"`
	Status            string      `json:"status"`
	Total             wire.Number `json:"total"`
	AmountUsed        wire.Number `json:"amountUsed"`
	WriteOff          wire.Number `json:"writeOffAmount"`
	Rollover          wire.Number `json:"rolloverDeduction"`
	Available         wire.Number `json:"available"`
}

type detailsObject struct {
	BudgetID     string            `json:"budgetId"`
	TypeCode     string            `json:"budgetTypeCode"`
	Status       string            `json:"status"`
	Start        wire.Date         `json:"startDate"`
	End          wire.Date         `json:"endDate"`
	Total        wire.Number       `json:"total"`
	AmountUsed   wire.Number       `json:"amountUsed"`
	Available    wire.Number       `json:"available"`
	Entitlements []entitlementItem `json:"entitlements"`
	Usage        []usageItem       `json:"usage"`
}

type entitlementItem struct {
	Code   string      `json:"entitlementCode"`
	Amount wire.Number `json:"amount"`
}

type usageItem struct {
	InvoiceID         string      `json:"invoiceId,omitempty"`
	ItemID            string      `json:"itemId,omitempty"`
	ExternalReference string      `json:"externalReferenceId,omitempty"`
	ServiceProviderID string      `json:"serviceProviderId"`
	ServiceID         string      `json:"serviceId"`
	DeliveryDate      wire.Date   `json:"deliveryDate"`
	Amount            wire.Number `json:"amount"`
}

// styleOf chooses how a record is written by its id.
func styleOf(id string) wire.Style {
	n := wire.Spread(id)
	style := wire.Style{Quoted: n%4 == 0, NoDate: "null"}
	switch (n >> 4) % 16 {
	case 0:
		style.NoDate = `"0001-01-01"`
	case 1:
		style.NoDate = `""`
	case 2:
		style.NoDate = `"0000-00-00"`
	}
	return style
}

// newSummaryRow is the row of the entry at a position.
func newSummaryRow(p *world.Person, position int) summaryRow {
	s, entry := styleOf(p.CareRecipientID), p.Entries[position]
	row := summaryRow{
		CareRecipientID: p.CareRecipientID, FirstName: p.Upstream.GivenName, LastName: p.Upstream.FamilyName,
		BirthDate: birthDate(p, s), ServiceProviderID: cmp.Or(entry.ReportedProvider, entry.ServiceProviderID), EntryCategory: entry.Category,
		EntryDate: s.Date(entryDate(p, entry)), DepartureDate: s.Date(entry.Departure),
		Classifications: []classificationItem{}, ApprovedServices: []serviceItem{}, Supplements: []supplementItem{},
	}
	for i, held := range p.Classifications {
		if !p.ClassificationsHidden && p.InRow(position, i) {
			row.Classifications = append(row.Classifications, classificationItem{held.Code, held.Name, held.FundingSource, s.Date(held.Start), s.Date(held.End)})
		}
	}
	for i, approved := range p.ApprovedServices {
		if p.InRow(position, i) {
			row.ApprovedServices = append(row.ApprovedServices, serviceItem{
				approved.GroupID, approved.TypeID, approved.ServiceID, approved.Name, s.Date(approved.Start), s.Date(approved.End),
			})
		}
	}
	for i, paid := range p.Supplements {
		if p.InRow(position, i) {
			row.Supplements = append(row.Supplements, supplementItem{paid.Code, paid.Name, s.Date(paid.Start), s.Date(paid.End)})
		}
	}
	return row
}

// birthDate is the one that is known upstream, or the text that takes its place.
func birthDate(p *world.Person, s wire.Style) wire.Date {
	if text := p.Upstream.BirthDateText; text != "" {
		return wire.DateText(text)
	}
	return s.Date(p.Upstream.BirthDate)
}

// entryDate is absent as long as no entry is registered.
func entryDate(p *world.Person, entry world.Entry) world.Date {
	if !p.EntryRegistered {
		return world.NoDate
	}
	return entry.Date
}

func newContributionRow(p *world.Person, paid world.Contribution) contributionRow {
	s := styleOf(p.CareRecipientID + paid.Category)
	row := contributionRow{
		CareRecipientID: p.CareRecipientID, Category: paid.Category,
		Start: s.Date(paid.Start), End: s.Date(paid.End), Status: paid.Status,
	}
	if paid.Percentage.Valid {
		percentage := s.Percentage(paid.Percentage.Decimal)
		row.Percentage = &percentage
	}
	return row
}

func newBudgetRow(p *world.Person, b *world.Budget) budgetRow {
	s := styleOf(b.ID)
	row := budgetRow{
		BudgetID: b.ID, ServiceProviderID: b.ServiceProviderID, EntryDate: s.Date(b.EntryDate),
		TypeCode: b.TypeCode, Type: b.TypeName(), Start: s.Date(b.Start), End: s.Date(b.End), Status: b.Status,
		Total: dollars(s, b.Total()), AmountUsed: dollars(s, b.AmountUsed()), WriteOff: dollars(s, b.WriteOff),
		Rollover: dollars(s, b.RolloverDeduction), Available: dollars(s, b.Available()),
	}
	if b.Unnamed {
		row.BudgetID = ""
	}
	if p != nil {
		name := p.Upstream.GivenName + " " + p.Upstream.FamilyName
		row.CareRecipientID, row.CareRecipientName = &p.CareRecipientID, &name
	}
	return row
}

func newDetails(b *world.Budget) detailsObject {
	s := styleOf(b.ID)
	details := detailsObject{
		BudgetID: b.ID, TypeCode: b.TypeCode, Status: b.Status, Start: s.Date(b.Start), End: s.Date(b.End),
		Total: dollars(s, b.Total()), AmountUsed: dollars(s, b.AmountUsed()), Available: dollars(s, b.Available()),
		Entitlements: make([]entitlementItem, 0, len(b.Entitlements)), Usage: make([]usageItem, 0, len(b.Usage)),
	}
	for _, entitlement := range b.Entitlements {
		details.Entitlements = append(details.Entitlements, entitlementItem{entitlement.Code, dollars(s, entitlement.Amount)})
	}
	for _, line := range b.Usage {
		item := usageItem{
			InvoiceID: line.InvoiceID, ItemID: line.ItemID, ExternalReference: line.ExternalReferenceID,
			ServiceProviderID: line.ServiceProviderID, ServiceID: line.ServiceID, DeliveryDate: s.Date(line.DeliveryDate), Amount: dollars(s, line.Amount),
		}
		if line.Provisional {
			item.InvoiceID, item.ItemID = "", ""
		}
		details.Usage = append(details.Usage, item)
	}
	return details
}

// dollars writes an amount with two decimal places.
func dollars(s wire.Style, amount decimal.Decimal) wire.Number { return s.Amount(amount.Round(2)) }

// encode turns a wire value into JSON; the shapes above cannot fail to encode.
func encode(value any) []byte {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return content
}
