package servicesaustralia

import (
	"encoding/json"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	fieldCareRecipientID = "careRecipientId"
	fieldBudgetID        = "budgetId"
)

func (r row) summary() care.Summary {
	summary := care.Summary{
		Identity: care.Identity{
			CareRecipientID: r.identity(fieldCareRecipientID),
			GivenName:       r.text("firstName"),
			FamilyName:      r.text("lastName"),
			BirthDate:       r.date("birthDate"),
		},
		ServiceProviderID: r.text("serviceProviderId"),
		EntryDate:         r.date("entryDate"),
		DepartureDate:     r.date("departureDate"),
	}
	for _, one := range r.list(care.KindClassification, "classifications") {
		summary.Classifications = append(summary.Classifications, one.classification())
	}
	for _, one := range r.list(care.KindApprovedService, "approvedServices") {
		summary.ApprovedServices = append(summary.ApprovedServices, one.approvedService())
	}
	for _, one := range r.list(care.KindSupplement, "supplements") {
		summary.Supplements = append(summary.Supplements, one.supplement())
	}
	return summary
}

func (r row) classification() care.Classification {
	return care.Classification{
		Code: r.identity("classificationCode"), Name: r.text("classification"), FundingSource: r.text("fundingSource"),
		StartDate: r.identityDate("startDate"), EndDate: r.date("endDate"),
	}
}

// approvedService is identified by group, type and service together; an approval of a whole group or type may come without the rest.
func (r row) approvedService() care.ApprovedService {
	service := care.ApprovedService{
		GroupCode: r.text("serviceGroupId"), TypeCode: r.text("serviceTypeId"), ServiceCode: r.text("serviceId"),
		Name: r.text("service"), StartDate: r.identityDate("startDate"), EndDate: r.date("endDate"),
	}
	if service.GroupCode+service.TypeCode+service.ServiceCode == "" {
		r.decoder.refuse(transport.InvalidRecord, r.at("serviceId"), nil)
	}
	return service
}

func (r row) supplement() care.Supplement {
	return care.Supplement{
		Code: r.identity("supplementCode"), Name: r.text("supplement"),
		StartDate: r.identityDate("startDate"), EndDate: r.date("endDate"),
	}
}

// contribution has no id upstream, but without its category it says nothing.
func (r row) contribution() care.Contribution {
	return care.Contribution{
		Category: r.identity("contributionCategory"), Percentage: r.percentage("percentage"),
		StartDate: r.date("startDate"), EndDate: r.date("endDate"), Status: r.text("status"),
	}
}

// budget turns the signs of what was consumed (R4).
func (r row) budget() care.Budget {
	return care.Budget{
		UpstreamBudgetID:  r.identity(fieldBudgetID),
		ServiceProviderID: r.text("serviceProviderId"),
		TypeCode:          r.text("budgetTypeCode"),
		TypeName:          r.text("budgetType"),
		EntryDate:         r.date("entryDate"),
		StartDate:         r.date("startDate"),
		EndDate:           r.date("endDate"),
		Status:            r.text("status"),
		Total:             r.money("total"),
		Used:              care.Consumed(r.money("amountUsed")),
		WriteOff:          care.Consumed(r.money("writeOffAmount")),
		Rollover:          care.Consumed(r.money("rolloverDeduction")),
		Available:         r.money("available"),
	}
}

// budgetDetails are of the budget that was asked for, or of no use.
func (r row) budgetDetails(asked string) care.BudgetDetails {
	details := care.BudgetDetails{UpstreamBudgetID: asked}
	if r.identity(fieldBudgetID) != asked && !sameID(r.fields[fieldBudgetID], asked) {
		r.decoder.refuse(transport.IdentityMismatch, r.at(fieldBudgetID), r.fields[fieldBudgetID])
	}
	for _, one := range r.list(care.KindEntitlement, "entitlements") {
		details.Entitlements = append(details.Entitlements, care.Entitlement{
			Code: one.identity("entitlementCode"), Amount: one.money("amount"),
		})
	}
	for _, one := range r.list(care.KindBudgetUsage, "usage") {
		details.Usage = append(details.Usage, one.usageLine())
	}
	return details
}

// usageLine may come without any id, where another provider claimed it (R17). Its sign is turned (R4).
func (r row) usageLine() care.UsageLine {
	return care.UsageLine{
		UpstreamInvoiceID: r.text("invoiceId"), UpstreamItemID: r.text("itemId"),
		ServiceProviderID: r.text("serviceProviderId"), ServiceCode: r.text("serviceId"),
		DeliveryDate: r.date("deliveryDate"), Amount: care.Consumed(r.money("amount")),
	}
}

// belongsTo refuses the answer if the row is of somebody else than the person asked for (R8). A row that does not say contradicts
// nothing.
func (r row) belongsTo(careRecipientID string) {
	raw, given := r.present(fieldCareRecipientID)
	if !given {
		return
	}
	if !sameID(raw, careRecipientID) {
		r.decoder.refuse(transport.IdentityMismatch, r.at(fieldCareRecipientID), raw)
	}
}

// sameID compares an id with the one asked for. One that came as a number has lost its leading zeros.
func sameID(raw json.RawMessage, asked string) bool {
	reported, ok := scalarText(raw)
	if !ok {
		return false
	}
	if isNumber(raw) {
		return strings.TrimLeft(reported, "0") == strings.TrimLeft(asked, "0")
	}
	return reported == "" || reported == asked
}
