package world

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// MoveName is what happens to a person.
type MoveName string

// The moves. Which fields of a Move each of them reads stands beside it; every field has a sensible default.
const (
	// Claim: the provider's claim was paid: an invoice draws on a budget. Amount (a line), Times (lines), Service, Date,
	// Budget, Unbilled.
	Claim MoveName = "claim"
	// ClaimByOther: another provider drew on a budget; no ids, unless Invoice and Item say them. Amount, Times, Service, Provider, Date,
	// Budget.
	ClaimByOther MoveName = "claim-by-other"
	// AmendInvoice: a line of an invoice has another amount. Invoice (the latest), Item (the first), Amount.
	AmendInvoice MoveName = "amend-invoice"
	// RemoveInvoiceLine: a line of an invoice vanishes. Invoice, Item.
	RemoveInvoiceLine MoveName = "remove-invoice-line"
	// RenumberInvoice: a line of an invoice is deleted, and those after it move up by one item. Invoice, Item.
	RenumberInvoice MoveName = "renumber-invoice"
	// WithdrawIDs and GiveIDs: the lines of an invoice lose their invoice and item ids, and get them back. Invoice.
	WithdrawIDs MoveName = "withdraw-ids"
	GiveIDs     MoveName = "give-ids"
	// ReverseInvoiceLine: what a line drew is given back by a further, positive line. Invoice, Item, Amount.
	ReverseInvoiceLine MoveName = "reverse-invoice-line"
	// ChangeContribution: a new percentage from a date on; none given: pending. Category, Percentage, Status, Date.
	ChangeContribution MoveName = "change-contribution"
	// RemoveContributions: no more contribution rows.
	RemoveContributions MoveName = "remove-contributions"
	// ChangeLevel: the open ongoing level ends on the day before and another begins. Code, Date.
	ChangeLevel MoveName = "change-level"
	// AddClassification: a further classification. Code, Date, End.
	AddClassification MoveName = "add-classification"
	// ReopenClassification: the classification that ended last is open again. Code.
	ReopenClassification MoveName = "reopen-classification"
	// HideClassifications and ShowClassifications: the summary's list is empty, and back.
	HideClassifications MoveName = "hide-classifications"
	ShowClassifications MoveName = "show-classifications"
	// AddSupplement: a supplement is paid. Code, Date, End.
	AddSupplement MoveName = "add-supplement"
	// AddBudget: a further budget. Type, Amount, Date, End.
	AddBudget MoveName = "add-budget"
	// HideBudget: a budget is missing from every answer; ShowBudgets brings all back. Budget (the first of Type).
	HideBudget  MoveName = "hide-budget"
	ShowBudgets MoveName = "show-budgets"
	// MoveBudget: a budget is listed for another person from now on; ShareBudget: for another person, too. To, Budget (the first of Type).
	MoveBudget  MoveName = "move-budget"
	ShareBudget MoveName = "share-budget"
	// WithdrawConsent (Status "details-refused" refuses the details only) and GiveConsent.
	WithdrawConsent MoveName = "withdraw-consent"
	GiveConsent     MoveName = "give-consent"
	// RegisterEntry: the entry is registered, and budgets become visible.
	RegisterEntry MoveName = "register-entry"
	// Depart notes a departure date, Leave takes the person off the provider's lists, Return undoes both. Date.
	Depart MoveName = "depart"
	Leave  MoveName = "leave"
	Return MoveName = "return"
	// SplitRows: the lists are spread over two rows of the provider: an entry for each category, or, with a date, an earlier stay that
	// began then. UniteRows undoes it. Category (AT), Date.
	SplitRows MoveName = "split-rows"
	UniteRows MoveName = "unite-rows"
	// ChangeProvider: the provider's list lacks the person, and the summary by id has another provider's row. Return undoes it. Provider.
	ChangeProvider MoveName = "change-provider"
	// ChangeIdentity: upstream knows another name or birth date. GivenName, FamilyName, BirthDate, BirthDateText.
	ChangeIdentity MoveName = "change-identity"
	// CorrectIdentity: upstream now agrees with what the provider holds.
	CorrectIdentity MoveName = "correct-identity"
)

// Move is something that happens to one person.
type Move struct {
	Name MoveName `yaml:"move" json:"move"`
	// On is when a scenario's move happens; without it, at the next advance. Not used elsewhere.
	On DateExpression `yaml:"on" json:"on,omitzero"`

	Date DateExpression `yaml:"date" json:"date,omitzero"`
	End  DateExpression `yaml:"end" json:"end,omitzero"`
	// Amount is in dollars, positive for what is consumed.
	Amount   decimal.Decimal `yaml:"amount" json:"amount,omitzero"`
	Times    int             `yaml:"times" json:"times,omitzero"`
	Service  string          `yaml:"service" json:"service,omitzero"`
	Provider string          `yaml:"provider" json:"provider,omitzero"`
	Invoice  string          `yaml:"invoice" json:"invoice,omitzero"`
	Item     string          `yaml:"item" json:"item,omitzero"`
	Unbilled bool            `yaml:"unbilled" json:"unbilled,omitzero"`
	// Reference is the provider's own, of 24 characters; its lines carry it.
	Reference  string           `yaml:"reference" json:"reference,omitzero"`
	Budget     string           `yaml:"budget" json:"budget,omitzero"`
	To         string           `yaml:"to" json:"to,omitzero"`
	Type       string           `yaml:"type" json:"type,omitzero"`
	Code       string           `yaml:"code" json:"code,omitzero"`
	Category   string           `yaml:"category" json:"category,omitzero"`
	Percentage *decimal.Decimal `yaml:"percentage" json:"percentage,omitzero"`
	Status     string           `yaml:"status" json:"status,omitzero"`
	GivenName  string           `yaml:"given_name" json:"givenName,omitzero"`
	FamilyName string           `yaml:"family_name" json:"familyName,omitzero"`
	BirthDate  DateExpression   `yaml:"birth_date" json:"birthDate,omitzero"`
	// BirthDateText is written in place of the birth date, to be unreadable.
	BirthDateText string `yaml:"birth_date_text" json:"birthDateText,omitzero"`
	// StampedBefore is by how much the updatedAt of what changes is older than the moment in which it shows.
	StampedBefore time.Duration `yaml:"stamped_before" json:"stampedBefore,omitzero"`

	moveDates
}

// Result is what a move made or changed.
type Result struct {
	InvoiceID string   `json:"invoiceId,omitzero"`
	ItemIDs   []string `json:"itemIds,omitzero"`
	BudgetID  string   `json:"budgetId,omitzero"`
}

// moveFunc carries a move out on a person who is the change's own copy.
type moveFunc func(c *change, p *Person, m Move) (Result, error)

var moves = map[MoveName]moveFunc{
	Claim:                claim,
	ClaimByOther:         claimByOther,
	AmendInvoice:         amendInvoice,
	RemoveInvoiceLine:    removeInvoiceLine,
	RenumberInvoice:      renumberInvoice,
	WithdrawIDs:          withdrawIDs,
	GiveIDs:              giveIDs,
	ReverseInvoiceLine:   reverseInvoiceLine,
	ChangeContribution:   changeContribution,
	RemoveContributions:  removeContributions,
	ChangeLevel:          changeLevel,
	AddClassification:    addClassification,
	ReopenClassification: reopenClassification,
	HideClassifications:  set(func(p *Person) { p.ClassificationsHidden = true }),
	ShowClassifications:  set(func(p *Person) { p.ClassificationsHidden = false }),
	AddSupplement:        addSupplement,
	AddBudget:            addBudget,
	HideBudget:           hideBudget,
	ShowBudgets:          showBudgets,
	MoveBudget:           moveBudget,
	ShareBudget:          shareBudget,
	WithdrawConsent:      withdrawConsent,
	GiveConsent:          set(func(p *Person) { p.Consent = ConsentGiven }),
	RegisterEntry:        set(func(p *Person) { p.EntryRegistered = true }),
	Depart:               inSummary(depart),
	Leave:                inSummary(leave),
	Return:               inSummary(comeBack),
	SplitRows:            splitRows,
	UniteRows:            set(uniteRows),
	ChangeProvider:       inSummary(changeProvider),
	ChangeIdentity:       inSummary(changeIdentity),
	CorrectIdentity:      set(func(p *Person) { p.Upstream = p.Held }),
}

// MoveNames returns the names of all moves in alphabetical order.
func MoveNames() []MoveName { return slices.Sorted(maps.Keys(moves)) }

// checkMove returns an error unless there is a move of that name.
func checkMove[N ~string, F any](known map[N]F, name N) error {
	if _, exists := known[name]; exists {
		return nil
	}
	return fmt.Errorf("there is no move %q: use one of %v", name, slices.Sorted(maps.Keys(known)))
}

// Move carries out a move on a person, named by key or care recipient id. The error is ErrNoSuchPerson, or names the
// field of the move does not fit.
func (w *World) Move(person string, move Move) (Result, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.move(person, move, w.nextStamp())
}

func (w *World) move(person string, move Move, at stamp) (Result, error) {
	slot, found := w.people.slot(person)
	if !found {
		return Result{}, fmt.Errorf("%w: use a key or a care recipient id", ErrNoSuchPerson)
	}
	c := w.begin(at)
	c.stamp.at = at.at.Add(-move.StampedBefore)
	result, err := c.move(slot, move)
	if err != nil {
		return Result{}, err
	}
	return result, w.commit(c, Change{At: at.at, Person: w.people.list[slot].Key, Move: move})
}

func (c *change) move(slot int, move Move) (Result, error) {
	if err := checkMove(moves, move.Name); err != nil {
		return Result{}, err
	}
	person := c.people.own(slot)
	if person.NotUpstream {
		return Result{}, fmt.Errorf("move %s: Services Australia does not know the person", move.Name)
	}
	dates, err := c.resolve(move.Date, move.End, move.BirthDate)
	if err != nil {
		return Result{}, fmt.Errorf("move %s: %w", move.Name, err)
	}
	move.moveDates = dates
	result, err := moves[move.Name](c, person, move)
	if err != nil {
		return Result{}, fmt.Errorf("move %s: %w", move.Name, err)
	}
	return result, nil
}

// inSummary is a move that changes the person's summary and cannot fail.
func inSummary(alter func(c *change, p *Person, m Move)) moveFunc {
	return func(c *change, p *Person, m Move) (Result, error) {
		alter(c, p, m)
		p.UpdatedAt = c.at()
		return Result{}, nil
	}
}

// set is a move that sets something in the person's summary.
func set(alter func(p *Person)) moveFunc {
	return inSummary(func(_ *change, p *Person, _ Move) { alter(p) })
}

func withdrawConsent(c *change, p *Person, m Move) (Result, error) {
	p.Consent = cmp.Or(Consent(m.Status), ConsentRefused)
	if p.Consent != ConsentRefused && p.Consent != DetailsRefused {
		return Result{}, fmt.Errorf("status %q: use %s or nothing", m.Status, DetailsRefused)
	}
	p.UpdatedAt = c.at()
	return Result{}, nil
}

func depart(c *change, p *Person, m Move) {
	for i := range p.Entries {
		p.Entries[i].Departure = cmp.Or(m.date, c.today)
	}
}

func leave(c *change, p *Person, m Move) {
	if p.Entries[0].Departure == NoDate {
		depart(c, p, m)
	}
	p.Delisted = true
}

// comeBack begins a new stay with the same provider.
func comeBack(c *change, p *Person, m Move) {
	p.Delisted = false
	for i := range p.Entries {
		p.Entries[i].Date, p.Entries[i].Departure, p.Entries[i].ReportedProvider = cmp.Or(m.date, c.today), NoDate, ""
	}
}

func splitRows(c *change, p *Person, m Move) (Result, error) {
	uniteRows(p)
	present := &p.Entries[0]
	second := *present
	switch {
	case m.date == NoDate:
		present.Category, second.Category = Ongoing, cmp.Or(m.Category, AssistiveTechnology)
	case m.date < present.Date:
		second.Date, second.Departure = m.date, present.Date-1
	default:
		return Result{}, fmt.Errorf("date %s: the earlier stay must begin before the present one, which began on %s", m.date, present.Date)
	}
	p.Entries = slices.Insert(p.Entries, 1, second)
	p.UpdatedAt = c.at()
	return Result{}, nil
}

func uniteRows(p *Person) {
	p.Entries[0].Category = ""
	p.Entries = slices.Concat(p.Entries[:1], slices.DeleteFunc(slices.Clone(p.Entries[1:]), func(entry Entry) bool {
		return entry.ServiceProviderID == p.Entries[0].ServiceProviderID
	}))
}

func changeProvider(_ *change, p *Person, m Move) {
	for i := range p.Entries {
		p.Entries[i].ReportedProvider = cmp.Or(m.Provider, otherProviders[0])
	}
}

func changeIdentity(_ *change, p *Person, m Move) {
	p.Upstream = Identity{GivenName: m.GivenName, FamilyName: m.FamilyName, BirthDate: m.birthDate}.or(p.Upstream)
	p.Upstream.BirthDateText = m.BirthDateText
}
