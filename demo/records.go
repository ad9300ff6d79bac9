package main

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// syncRun is a sync as the HTTP API shows it.
type syncRun struct {
	ID      string `json:"id"`
	Person  personRef
	State   string `json:"state"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Counts  map[string]struct {
		Created int `json:"created"`
		Updated int `json:"updated"`
		Removed int `json:"removed"`
	} `json:"counts"`
	Changes []struct {
		Kind   string  `json:"kind"`
		Action string  `json:"action"`
		Field  string  `json:"field"`
		Old    *string `json:"old_value"`
		New    *string `json:"new_value"`
	} `json:"changes"`
}

type personRef struct {
	ID              string `json:"id"`
	CareRecipientID string `json:"care_recipient_id"`
	GivenName       string `json:"given_name"`
	FamilyName      string `json:"family_name"`
}

// words is how a run ended, with its reason.
func (r syncRun) words() string {
	outcome := strings.ReplaceAll(cmp.Or(r.Outcome, r.State), "_", " ")
	if r.Reason != "" {
		outcome += " (" + strings.ReplaceAll(r.Reason, "_", " ") + ")"
	}
	return outcome
}

// changed counts the records that a run created, updated or removed.
func (r syncRun) changed() (records int) {
	for _, count := range r.Counts {
		records += count.Created + count.Updated + count.Removed
	}
	return records
}

// plan is a Support at Home plan as the HTTP API shows it.
type plan struct {
	Client struct {
		personRef
		Plan *struct {
			ID        string  `json:"id"`
			StartDate *string `json:"start_date"`
			EndDate   *string `json:"end_date"`
			Active    bool    `json:"active"`
		} `json:"plan"`
	} `json:"person"`
	Classifications  []dated `json:"classifications"`
	ApprovedServices []dated `json:"approved_services"`
	Supplements      []dated `json:"supplements"`
	Contributions    []struct {
		dated
		Category   string  `json:"category"`
		Percentage *string `json:"percentage"`
	} `json:"contributions"`
	Budgets []struct {
		dated
		UpstreamID string  `json:"upstream_budget_id"`
		TypeCode   string  `json:"type_code"`
		Open       bool    `json:"open"`
		Total      *string `json:"total"`
		Usage      []struct {
			RemovedAt     *string `json:"removed_at"`
			InvoiceLineID *string `json:"invoice_line_id"`
			InvoiceID     string  `json:"upstream_invoice_id"`
			ItemID        string  `json:"upstream_item_id"`
			ServiceCode   string  `json:"service_code"`
			DeliveryDate  string  `json:"delivery_date"`
			Amount        *string `json:"amount"`
		} `json:"usage"`
	} `json:"budgets"`
}

type dated struct {
	Code        string  `json:"code"`
	ServiceCode string  `json:"service_code"`
	StartDate   *string `json:"start_date"`
	EndDate     *string `json:"end_date"`
	RemovedAt   *string `json:"removed_at"`
}

// records are a person's records by kind, each as a line of text, so that both sides can be compared.
type records map[string][]string

const (
	classifications = "classifications"
	services        = "services"
	supplements     = "supplements"
	contributions   = "contributions"
	budgets         = "budgets"
	usageLines      = "usage lines"
)

func (r records) add(kind string, values ...string) {
	r[kind] = append(r[kind], strings.Join(values, " "))
}

// words counts the records of the kinds that tell most.
func (r records) words() string {
	if r == nil {
		return ""
	}
	var parts []string
	for _, kind := range []string{classifications, budgets, usageLines} {
		noun := kind
		if len(r[kind]) == 1 {
			noun = strings.TrimSuffix(kind, "s")
		}
		parts = append(parts, fmt.Sprint(len(r[kind]), " ", noun))
	}
	return strings.Join(parts, ", ")
}

// differsFrom names the kinds whose records are not the same.
func (r records) differsFrom(other records) (differing differingKinds) {
	for _, kind := range []string{classifications, services, supplements, contributions, budgets, usageLines} {
		slices.Sort(r[kind])
		slices.Sort(other[kind])
		if !slices.Equal(r[kind], other[kind]) {
			differing = append(differing, kind)
		}
	}
	return differing
}

// differingKinds are the kinds whose records are not those of Services Australia.
type differingKinds []string

func (k differingKinds) words() string {
	if len(k) == 0 {
		return ""
	}
	return "not as at Services Australia: " + strings.Join(k, ", ")
}

// heldRecords are what CareSync holds: what is current, and the usage of open budgets.
func heldRecords(p plan) records {
	held := records{}
	for kind, list := range map[string][]dated{classifications: p.Classifications, services: p.ApprovedServices, supplements: p.Supplements} {
		for _, one := range list {
			if one.RemovedAt == nil {
				held.add(kind, cmp.Or(one.Code, one.ServiceCode), text(one.StartDate), text(one.EndDate))
			}
		}
	}
	for _, one := range p.Contributions {
		held.add(contributions, one.Category, decimal(one.Percentage), text(one.StartDate), text(one.EndDate))
	}
	for _, budget := range p.Budgets {
		if budget.RemovedAt != nil {
			continue
		}
		held.add(budgets, budget.UpstreamID, budget.TypeCode, text(budget.StartDate), text(budget.EndDate))
		for _, line := range budget.Usage {
			if budget.Open && line.RemovedAt == nil {
				held.add(usageLines, budget.UpstreamID, line.InvoiceID, line.ItemID, line.ServiceCode, line.DeliveryDate, decimal(line.Amount))
			}
		}
	}
	return held
}

// reportedRecords are what the world reports to a service provider; usage is that of the budgets which CareSync holds as open, since
// usage of the others is not read. The world's amounts are negative where money was consumed.
func reportedRecords(k known, provider string, p plan) records {
	open := map[string]bool{}
	for _, budget := range p.Budgets {
		open[budget.UpstreamID] = budget.Open
	}
	reported := records{}
	for _, one := range k.Classifications {
		reported.add(classifications, one.Code, one.Start, one.End)
	}
	for _, one := range k.ApprovedServices {
		reported.add(services, one.ServiceID, one.Start, one.End)
	}
	for _, one := range k.Supplements {
		reported.add(supplements, one.Code, one.Start, one.End)
	}
	for _, one := range k.Contributions {
		reported.add(contributions, one.Category, decimal(one.Percentage), one.Start, one.End)
	}
	for _, budget := range k.Budgets {
		if budget.Hidden || budget.ServiceProviderID != provider || k.Consent == consentRefused || !k.EntryRegistered {
			continue
		}
		reported.add(budgets, budget.ID, budget.TypeCode, budget.Start, budget.End)
		for _, line := range budget.Usage {
			if open[budget.ID] {
				amount := consumed(line.Amount)
				reported.add(usageLines, budget.ID, line.InvoiceID, line.ItemID, line.ServiceID, line.DeliveryDate, decimal(&amount))
			}
		}
	}
	return reported
}

const consentRefused = "refused"

// consumed turns the sign of an amount.
func consumed(amount string) string {
	if positive, negative := strings.CutPrefix(amount, "-"); negative {
		return positive
	}
	return "-" + amount
}

// decimal writes a number with four places, and a word for none.
func decimal(number *string) string {
	if number == nil {
		return "not provided"
	}
	value, ok := new(big.Rat).SetString(*number)
	if !ok {
		return *number
	}
	return value.FloatString(4)
}

func text(date *string) string {
	if date == nil {
		return ""
	}
	return *date
}
