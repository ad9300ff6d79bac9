package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Person is one care recipient: what Services Australia knows, and what the provider's own records say.
// A Person is a snapshot: a move makes a new one.
type Person struct {
	// Key names the person to tests and to the control API: the scenario's key, or person-00001 and so on.
	Key string `yaml:"key"`
	// About is what is special about a scenario's person, in a sentence.
	About           string `yaml:"about"`
	CareRecipientID string `yaml:"care_recipient_id"`
	// NotUpstream people exist only in the provider's records: Services Australia does not know their id.
	NotUpstream bool `yaml:"not_upstream"`
	// NotHeld people are on the provider's list upstream, but not in its own records.
	NotHeld  bool     `yaml:"not_held"`
	Upstream Identity `yaml:"upstream"`
	// Held and HeldCareRecipientID are the provider's own records.
	Held                Identity `yaml:"-"`
	HeldCareRecipientID string   `yaml:"-"`
	// Entries are the service providers that hold the person, the first being the main one.
	Entries []Entry `yaml:"entries"`
	// EntryRegistered is false while no registered entry exists: no budgets are visible then.
	EntryRegistered bool `yaml:"-"`
	// Delisted people answer "not found" in the summary, while their budgets can still be read.
	Delisted bool    `yaml:"delisted"`
	Consent  Consent `yaml:"consent"`
	// ClassificationsHidden makes the summary's list of classifications empty.
	ClassificationsHidden bool              `yaml:"-"`
	Classifications       []Classification  `yaml:"classifications"`
	ApprovedServices      []ApprovedService `yaml:"services"`
	Supplements           []Supplement      `yaml:"supplements"`
	Contributions         []Contribution    `yaml:"-"`
	Budgets               []Budget          `yaml:"-"`
	// UpdatedAt is when anything in the summary last changed.
	UpdatedAt time.Time `yaml:"-"`
}

// Identity is who a person is.
type Identity struct {
	GivenName  string `yaml:"given_name"`
	FamilyName string `yaml:"family_name"`
	BirthDate  Date   `yaml:"birth_date"`
	// BirthDateText is written in place of the birth date where there is one.
	BirthDateText string `yaml:"-"`
}

// Entry is a person's stay with a service provider. Each has a row of the summary.
type Entry struct {
	ServiceProviderID string `yaml:"provider"`
	// Category is the funding that the entry is for; empty where categories are not told apart.
	Category  string `yaml:"category"`
	Date      Date   `yaml:"date"`
	Departure Date   `yaml:"departure"`
	// ReportedProvider is the provider whose row is answered in place of this one's, if the person has gone there.
	ReportedProvider string `yaml:"-"`
}

// Consent is what the care recipient allows a provider to see.
type Consent string

// The states of consent. DetailsRefused lists budgets but refuses their details.
const (
	ConsentGiven   Consent = "given"
	ConsentRefused Consent = "refused"
	DetailsRefused Consent = "details-refused"
)

// Classification is a funding level held for a time.
type Classification struct {
	Code          string `yaml:"code"`
	Name          string `yaml:"-"`
	FundingSource string `yaml:"-"`
	Start         Date   `yaml:"start"`
	End           Date   `yaml:"end"`
}

// Period returns the time for which the classification is held.
func (c Classification) Period() Period { return Period{c.Start, c.End} }

// ApprovedService is a service that the person may receive.
type ApprovedService struct {
	GroupID   string `yaml:"-"`
	TypeID    string `yaml:"-"`
	ServiceID string `yaml:"id"`
	Name      string `yaml:"-"`
	Start     Date   `yaml:"start"`
	End       Date   `yaml:"end"`
}

// Supplement is extra funding for a time.
type Supplement struct {
	Code  string `yaml:"code"`
	Name  string `yaml:"-"`
	Start Date   `yaml:"start"`
	End   Date   `yaml:"end"`
}

// Period returns the time for which the supplement is paid.
func (s Supplement) Period() Period { return Period{s.Start, s.End} }

// Contribution is the percentage that a person pays in a category. It has no identifier.
type Contribution struct {
	Category string `yaml:"category"`
	// Percentage is absent while the assessment is pending: unknown, not 0 %.
	Percentage decimal.NullDecimal `yaml:"percentage"`
	Start      Date                `yaml:"start"`
	End        Date                `yaml:"end"`
	// Status is DETERMINED, PENDING or NOT_DISCLOSED; absent if empty.
	Status    string    `yaml:"status"`
	UpdatedAt time.Time `yaml:"-"`
}

// Budget is an allocation of money for a period. Amounts are in dollars with the signs of the wire:
// what was used, written off or rolled over is negative.
type Budget struct {
	ID string
	// CareRecipientID is empty for a provider's care-management pool.
	CareRecipientID   string
	ServiceProviderID string
	EntryDate         Date
	TypeCode          string
	Start, End        Date
	Status            string
	Entitlements      []Entitlement
	Usage             []UsageLine
	// Unitemised is what was used without a usage line to show for it.
	Unitemised        decimal.Decimal
	WriteOff          decimal.Decimal
	RolloverDeduction decimal.Decimal
	// Fixed budgets keep the entitlements that a scenario gave them when classifications or supplements change.
	Fixed bool
	// Hidden budgets are missing from every answer.
	Hidden bool
	// Unnamed budgets are listed without their id.
	Unnamed bool
	// DetailsRefused: consent is refused for the details of this budget alone.
	DetailsRefused bool
	UpdatedAt      time.Time
}

// Budget states on the wire.
const (
	StatusOpen   = "OPEN"
	StatusClosed = "CLOSED"
)

// Entitlement is a part of what a budget is made of.
type Entitlement struct {
	Code   string
	Amount decimal.Decimal
}

// UsageLine is what an invoice line drew from a budget: negative when drawn, positive when given back.
type UsageLine struct {
	// InvoiceID and ItemID are empty for a line claimed by another provider.
	InvoiceID string `yaml:"invoice"`
	ItemID    string `yaml:"item"`
	// ExternalReferenceID is the provider's own reference; empty where it sent none.
	ExternalReferenceID string          `yaml:"reference"`
	ServiceProviderID   string          `yaml:"provider"`
	ServiceID           string          `yaml:"service"`
	DeliveryDate        Date            `yaml:"date"`
	Amount              decimal.Decimal `yaml:"amount"`
	// Unbilled lines belong to an invoice that the provider's export does not hold yet.
	Unbilled bool `yaml:"unbilled"`
	// Provisional lines are answered without their ids.
	Provisional bool `yaml:"-"`
}

// Period returns the time that the budget covers.
func (b *Budget) Period() Period { return Period{b.Start, b.End} }

// TypeName returns the budget type in words.
func (b *Budget) TypeName() string {
	if name, known := budgetTypeNames[b.TypeCode]; known {
		return name
	}
	return b.TypeCode
}

// Total is the sum of the entitlements.
func (b *Budget) Total() decimal.Decimal {
	total := decimal.Zero
	for _, entitlement := range b.Entitlements {
		total = total.Add(entitlement.Amount)
	}
	return total
}

// AmountUsed is what was drawn, negative.
func (b *Budget) AmountUsed() decimal.Decimal {
	used := b.Unitemised
	for _, line := range b.Usage {
		used = used.Add(line.Amount)
	}
	return used
}

// Available is total + used + write-off + rollover deduction.
func (b *Budget) Available() decimal.Decimal {
	return b.Total().Add(b.AmountUsed()).Add(b.WriteOff).Add(b.RolloverDeduction)
}

// HeldBy reports whether a service provider holds the person, or held them.
func (p *Person) HeldBy(serviceProviderID string) bool {
	for _, entry := range p.Entries {
		if entry.ServiceProviderID == serviceProviderID {
			return true
		}
	}
	return false
}

// InRow reports whether the record at a position of one of the summary's lists stands in the row of an entry. Several rows of one provider
// share the lists, and the first record stands in each.
func (p *Person) InRow(entry, position int) bool {
	rows, before := 0, 0
	for i := range p.Entries {
		if p.Entries[i].ServiceProviderID == p.Entries[entry].ServiceProviderID {
			rows++
			if i < entry {
				before++
			}
		}
	}
	return position == 0 || position%rows == before
}

// VisibleBudgets returns the positions in Budgets of those that upstream shows: none without a registered entry.
func (p *Person) VisibleBudgets() []int {
	if !p.EntryRegistered {
		return nil
	}
	visible := make([]int, 0, len(p.Budgets))
	for i := range p.Budgets {
		if !p.Budgets[i].Hidden {
			visible = append(visible, i)
		}
	}
	return visible
}

func (p *Person) key() string { return p.Key }

func (p *Person) number() string {
	if p.NotUpstream {
		return ""
	}
	return p.CareRecipientID
}

func (p *Person) clone() *Person {
	copied := *p
	copied.Entries = slices.Clone(p.Entries)
	copied.Classifications = slices.Clone(p.Classifications)
	copied.ApprovedServices = slices.Clone(p.ApprovedServices)
	copied.Supplements = slices.Clone(p.Supplements)
	copied.Contributions = slices.Clone(p.Contributions)
	copied.Budgets = slices.Clone(p.Budgets)
	for i := range copied.Budgets {
		copied.Budgets[i].Entitlements = slices.Clone(p.Budgets[i].Entitlements)
		copied.Budgets[i].Usage = slices.Clone(p.Budgets[i].Usage)
	}
	return &copied
}
