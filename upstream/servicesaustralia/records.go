package servicesaustralia

import (
	"encoding/json"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	fieldCareRecipientID = "careRecipientId"
	fieldBudgetID        = "budgetId"
)

// names are the fields in which what people know a record by stands.
var names = record.Names{
	care.KindClassification:  {Name: []string{"classification"}, Code: []string{"classificationCode"}, Start: "startDate", End: "endDate"},
	care.KindApprovedService: {Name: []string{"service"}, Code: []string{"serviceId", "serviceTypeId", "serviceGroupId"}, Start: "startDate", End: "endDate"},
	care.KindSupplement:      {Name: []string{"supplement"}, Code: []string{"supplementCode"}, Start: "startDate", End: "endDate"},
	care.KindContribution:    {Code: []string{"contributionCategory"}, Start: "startDate", End: "endDate"},
	care.KindBudget:          {Name: []string{"budgetType"}, Code: []string{"budgetTypeCode"}, Start: "startDate", End: "endDate"},
	care.KindEntitlement:     {Code: []string{"entitlementCode"}},
	care.KindBudgetUsage:     {Code: []string{"serviceId"}, Start: "deliveryDate", End: "deliveryDate"},
}

func newDecoder(area care.Area) *record.Decoder { return record.NewDecoder(area, names) }

func summaryOf(row record.Row) care.Summary {
	summary := care.Summary{
		Reported: reportedOf(row),
		Entry: care.Entry{
			ServiceProviderID: row.Text(fieldServiceProviderID),
			Category:          row.Text("entryCategoryCode"),
			EntryDate:         row.Date("entryDate"),
			DepartureDate:     row.Date("departureDate"),
			DepartureReason:   row.Text("departureReasonCode"),
		},
	}
	summary.Classifications = listOf(row, care.KindClassification, "classifications", &summary.Unread, classificationOf)
	summary.ApprovedServices = listOf(row, care.KindApprovedService, "approvedServices", &summary.Unread, approvedServiceOf)
	summary.Supplements = listOf(row, care.KindSupplement, "supplements", &summary.Unread, supplementOf)
	return summary
}

// listOf reads a list within a record. One that did not come, or from which a record was left out, is noted as unread (R5, R6).
func listOf[T any](row record.Row, kind care.Kind, field string, unread *care.Unread, decode func(record.Row) T) (records []T) {
	rows, complete := row.RequiredList(kind, field)
	for _, one := range rows {
		record := decode(one)
		if one.LeftOut() {
			complete = false
			continue
		}
		records = append(records, record)
	}
	if !complete {
		*unread = append(*unread, kind)
	}
	return records
}

// reportedOf reads who a row is about. What is there and cannot be read is noted: it contradicts (R8).
func reportedOf(row record.Row) (reported care.Reported) {
	var unreadable record.Unreadable
	reported.CareRecipientID, reported.NumberID = row.IDInto(&unreadable, fieldCareRecipientID, care.FieldCareRecipientID)
	reported.FamilyName = row.NameInto(&unreadable, "lastName", care.FieldFamilyName)
	reported.BirthDate = row.DateInto(&unreadable, "birthDate", care.FieldBirthDate)
	reported.GivenName = row.Text("firstName")
	reported.Unreadable = unreadable
	return reported
}

func classificationOf(row record.Row) care.Classification {
	return care.Classification{
		Code: row.Identity("classificationCode"), Name: row.Text("classification"), FundingSource: row.Text("fundingSource"),
		StartDate: row.IdentityDate("startDate"), EndDate: row.Date("endDate"),
	}
}

// approvedServiceOf reads what group, type and service together identify; an approval of a whole group or type may come without the
// rest.
func approvedServiceOf(row record.Row) care.ApprovedService {
	service := care.ApprovedService{
		GroupCode: row.Text("serviceGroupId"), TypeCode: row.Text("serviceTypeId"), ServiceCode: row.Text("serviceId"),
		Name: row.Text("service"), StartDate: row.IdentityDate("startDate"), EndDate: row.Date("endDate"),
	}
	if service.GroupCode+service.TypeCode+service.ServiceCode == "" {
		row.Refuse(transport.InvalidRecord, "serviceId")
	}
	return service
}

func supplementOf(row record.Row) care.Supplement {
	return care.Supplement{
		Code: row.Identity("supplementCode"), Name: row.Text("supplement"),
		StartDate: row.IdentityDate("startDate"), EndDate: row.Date("endDate"),
	}
}

// contributionOf reads a contribution, which has no id upstream, but without its category says nothing.
func contributionOf(row record.Row) care.Contribution {
	return care.Contribution{
		Category: row.Identity("contributionCategory"), Percentage: row.Percentage("percentage"),
		StartDate: row.Date("startDate"), EndDate: row.Date("endDate"), Status: row.Text("status"),
	}
}

// budgetOf reads a budget and turns the signs of what was consumed (R4).
func budgetOf(row record.Row) care.Budget {
	return care.Budget{
		UpstreamBudgetID:  row.Identity(fieldBudgetID),
		ServiceProviderID: row.Text("serviceProviderId"),
		TypeCode:          row.Text("budgetTypeCode"),
		TypeName:          row.Text("budgetType"),
		EntryDate:         row.Date("entryDate"),
		StartDate:         row.Date("startDate"),
		EndDate:           row.Date("endDate"),
		Status:            row.Text("status"),
		Total:             row.Money("total"),
		Used:              care.Consumed(row.Money("amountUsed")),
		WriteOff:          care.Consumed(row.Money("writeOffAmount")),
		Rollover:          care.Consumed(row.Money("rolloverDeduction")),
		Available:         row.Money("available"),
	}
}

// budgetDetailsOf reads details that are of the budget that was asked for, or of no use.
func budgetDetailsOf(row record.Row, asked string) care.BudgetDetails {
	details := care.BudgetDetails{UpstreamBudgetID: asked}
	if raw, _ := row.Present(fieldBudgetID); row.Identity(fieldBudgetID) != asked && !sameID(raw, asked) {
		row.Refuse(transport.AnotherBudget, fieldBudgetID)
	}
	details.Entitlements = listOf(row, care.KindEntitlement, "entitlements", &details.Unread, entitlementOf)
	details.Usage = listOf(row, care.KindBudgetUsage, "usage", &details.Unread, usageLineOf)
	return details
}

func entitlementOf(row record.Row) care.Entitlement {
	return care.Entitlement{Code: row.Identity("entitlementCode"), Amount: row.Money("amount")}
}

// usageLineOf reads a line that may come without any id, where another provider claimed it (R17). Its sign is turned (R4).
func usageLineOf(row record.Row) care.UsageLine {
	return care.UsageLine{
		UpstreamInvoiceID: row.Text("invoiceId"), UpstreamItemID: row.Text("itemId"), ExternalReferenceID: row.Text("externalReferenceId"),
		ServiceProviderID: row.Text("serviceProviderId"), ServiceCode: row.Text("serviceId"),
		DeliveryDate: row.Date("deliveryDate"), Amount: care.Consumed(row.Money("amount")),
	}
}

// belongsTo refuses the answer if the row is of someone else than the person asked for (R8). A row that does not say contradicts
// nothing.
func belongsTo(row record.Row, careRecipientID string) {
	raw, given := row.Present(fieldCareRecipientID)
	if !given {
		return
	}
	if !sameID(raw, careRecipientID) {
		row.Refuse(transport.IdentityMismatch, fieldCareRecipientID)
	}
}

// sameID compares an id with the one asked for. One that came as a number has lost its leading zeros.
func sameID(raw json.RawMessage, asked string) bool {
	reported, ok := record.Scalar(raw)
	if !ok {
		return false
	}
	if record.IsNumber(raw) {
		return strings.TrimLeft(reported, "0") == strings.TrimLeft(asked, "0")
	}
	return reported == "" || reported == asked
}
