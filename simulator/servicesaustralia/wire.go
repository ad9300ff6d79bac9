package servicesaustralia

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/world"
)

// The shapes of the contract. Fields that upstream leaves out now and then are pointers.

type summaryRow struct {
	CareRecipientID   string               `json:"careRecipientId"`
	FirstName         string               `json:"firstName"`
	LastName          string               `json:"lastName"`
	BirthDate         wireDate             `json:"birthDate"`
	ServiceProviderID string               `json:"serviceProviderId"`
	EntryCategory     string               `json:"entryCategoryCode,omitempty"`
	EntryDate         wireDate             `json:"entryDate"`
	DepartureDate     wireDate             `json:"departureDate"`
	Classifications   []classificationItem `json:"classifications"`
	ApprovedServices  []serviceItem        `json:"approvedServices"`
	Supplements       []supplementItem     `json:"supplements"`
}

type classificationItem struct {
	Code          string   `json:"classificationCode"`
	Name          string   `json:"classification"`
	FundingSource string   `json:"fundingSource"`
	Start         wireDate `json:"startDate"`
	End           wireDate `json:"endDate"`
}

type serviceItem struct {
	GroupID   string   `json:"serviceGroupId"`
	TypeID    string   `json:"serviceTypeId"`
	ServiceID string   `json:"serviceId"`
	Name      string   `json:"service"`
	Start     wireDate `json:"startDate"`
	End       wireDate `json:"endDate"`
}

type supplementItem struct {
	Code  string   `json:"supplementCode"`
	Name  string   `json:"supplement"`
	Start wireDate `json:"startDate"`
	End   wireDate `json:"endDate"`
}

type contributionRow struct {
	CareRecipientID string      `json:"careRecipientId"`
	Category        string      `json:"contributionCategory"`
	Percentage      *percentage `json:"percentage,omitempty"`
	Start           wireDate    `json:"startDate"`
	End             wireDate    `json:"endDate"`
	Status          string      `json:"status,omitempty"`
}

type budgetRow struct {
	BudgetID          string   `json:"budgetId,omitempty"`
	ServiceProviderID string   `json:"serviceProviderId"`
	CareRecipientID   *string  `json:"careRecipientId"`
	CareRecipientName *string  `json:"careRecipientName"`
	EntryDate         wireDate `json:"entryDate"`
	TypeCode          string   `json:"budgetTypeCode"`
	Type              string   `json:"budgetType"`
	Start             wireDate `json:"startDate"`
	End               wireDate `json:"endDate"`
	Status            string   `json:"status"`
	Total             amount   `json:"total"`
	AmountUsed        amount   `json:"amountUsed"`
	WriteOff          amount   `json:"writeOffAmount"`
	Rollover          amount   `json:"rolloverDeduction"`
	Available         amount   `json:"available"`
}

type detailsObject struct {
	BudgetID     string            `json:"budgetId"`
	TypeCode     string            `json:"budgetTypeCode"`
	Status       string            `json:"status"`
	Start        wireDate          `json:"startDate"`
	End          wireDate          `json:"endDate"`
	Total        amount            `json:"total"`
	AmountUsed   amount            `json:"amountUsed"`
	Available    amount            `json:"available"`
	Entitlements []entitlementItem `json:"entitlements"`
	Usage        []usageItem       `json:"usage"`
}

type entitlementItem struct {
	Code   string `json:"entitlementCode"`
	Amount amount `json:"amount"`
}

type usageItem struct {
	InvoiceID         string   `json:"invoiceId,omitempty"`
	ItemID            string   `json:"itemId,omitempty"`
	ExternalReference string   `json:"externalReferenceId,omitempty"`
	ServiceProviderID string   `json:"serviceProviderId"`
	ServiceID         string   `json:"serviceId"`
	DeliveryDate      wireDate `json:"deliveryDate"`
	Amount            amount   `json:"amount"`
}

// style is how a record is written: real services write the same thing in more than one way. It depends on the record's id
// alone, so that two reads of one record look the same.
type style struct {
	quotedAmounts bool
	noDate        string
}

func styleOf(id string) style {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id)) // a hash never fails to write
	n := sum.Sum32() >> 3
	written := style{quotedAmounts: n%4 == 0, noDate: "null"}
	switch (n >> 4) % 16 {
	case 0:
		written.noDate = `"0001-01-01"`
	case 1:
		written.noDate = `""`
	case 2:
		written.noDate = `"0000-00-00"`
	}
	return written
}

// amount is dollars with two places, as a JSON number or as text.
type amount struct {
	value  decimal.Decimal
	quoted bool
}

func (s style) amount(value decimal.Decimal) amount { return amount{value, s.quotedAmounts} }

// MarshalJSON writes two places.
func (a amount) MarshalJSON() ([]byte, error) {
	text := a.value.StringFixed(2)
	if a.quoted {
		return []byte(`"` + text + `"`), nil
	}
	return []byte(text), nil
}

// percentage is written as it is known, as a JSON number or as text.
type percentage struct {
	value  decimal.Decimal
	quoted bool
}

// MarshalJSON writes no more places than there are.
func (p percentage) MarshalJSON() ([]byte, error) {
	if p.quoted {
		return []byte(`"` + p.value.String() + `"`), nil
	}
	return []byte(p.value.String()), nil
}

// wireDate is a date, or one of the forms that stand for none.
type wireDate struct {
	date world.Date
	none string
}

func (s style) date(date world.Date) wireDate { return wireDate{date, s.noDate} }

// MarshalJSON writes YYYY-MM-DD or the form of "no date".
func (d wireDate) MarshalJSON() ([]byte, error) {
	if d.date == world.NoDate {
		return []byte(d.none), nil
	}
	return []byte(`"` + d.date.String() + `"`), nil
}

// newSummaryRow is the row of the entry at a position.
func newSummaryRow(p *world.Person, position int) summaryRow {
	s, entry := styleOf(p.CareRecipientID), p.Entries[position]
	row := summaryRow{
		CareRecipientID: p.CareRecipientID, FirstName: p.Upstream.GivenName, LastName: p.Upstream.FamilyName,
		BirthDate: birthDate(p, s), ServiceProviderID: cmp.Or(entry.ReportedProvider, entry.ServiceProviderID), EntryCategory: entry.Category,
		EntryDate: s.date(entryDate(p, entry)), DepartureDate: s.date(entry.Departure),
		Classifications: []classificationItem{}, ApprovedServices: []serviceItem{}, Supplements: []supplementItem{},
	}
	for i, held := range p.Classifications {
		if !p.ClassificationsHidden && p.InRow(position, i) {
			row.Classifications = append(row.Classifications, classificationItem{held.Code, held.Name, held.FundingSource, s.date(held.Start), s.date(held.End)})
		}
	}
	for i, approved := range p.ApprovedServices {
		if p.InRow(position, i) {
			row.ApprovedServices = append(row.ApprovedServices, serviceItem{
				approved.GroupID, approved.TypeID, approved.ServiceID, approved.Name, s.date(approved.Start), s.date(approved.End),
			})
		}
	}
	for i, paid := range p.Supplements {
		if p.InRow(position, i) {
			row.Supplements = append(row.Supplements, supplementItem{paid.Code, paid.Name, s.date(paid.Start), s.date(paid.End)})
		}
	}
	return row
}

// birthDate is the one that is known upstream, or a text that stands in its place.
func birthDate(p *world.Person, s style) wireDate {
	if text := p.Upstream.BirthDateText; text != "" {
		return wireDate{none: strconv.Quote(text)}
	}
	return s.date(p.Upstream.BirthDate)
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
		Start: s.date(paid.Start), End: s.date(paid.End), Status: paid.Status,
	}
	if paid.Percentage.Valid {
		row.Percentage = &percentage{paid.Percentage.Decimal, s.quotedAmounts}
	}
	return row
}

func newBudgetRow(p *world.Person, b *world.Budget) budgetRow {
	s := styleOf(b.ID)
	row := budgetRow{
		BudgetID: b.ID, ServiceProviderID: b.ServiceProviderID, EntryDate: s.date(b.EntryDate),
		TypeCode: b.TypeCode, Type: b.TypeName(), Start: s.date(b.Start), End: s.date(b.End), Status: b.Status,
		Total: s.amount(b.Total()), AmountUsed: s.amount(b.AmountUsed()), WriteOff: s.amount(b.WriteOff),
		Rollover: s.amount(b.RolloverDeduction), Available: s.amount(b.Available()),
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
		BudgetID: b.ID, TypeCode: b.TypeCode, Status: b.Status, Start: s.date(b.Start), End: s.date(b.End),
		Total: s.amount(b.Total()), AmountUsed: s.amount(b.AmountUsed()), Available: s.amount(b.Available()),
		Entitlements: make([]entitlementItem, 0, len(b.Entitlements)), Usage: make([]usageItem, 0, len(b.Usage)),
	}
	for _, entitlement := range b.Entitlements {
		details.Entitlements = append(details.Entitlements, entitlementItem{entitlement.Code, s.amount(entitlement.Amount)})
	}
	for _, line := range b.Usage {
		item := usageItem{
			InvoiceID: line.InvoiceID, ItemID: line.ItemID, ExternalReference: line.ExternalReferenceID,
			ServiceProviderID: line.ServiceProviderID, ServiceID: line.ServiceID, DeliveryDate: s.date(line.DeliveryDate), Amount: s.amount(line.Amount),
		}
		if line.Provisional {
			item.InvoiceID, item.ItemID = "", ""
		}
		details.Usage = append(details.Usage, item)
	}
	return details
}

// encode turns a wire value into JSON; the shapes above cannot fail to encode.
func encode(value any) []byte {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return content
}
