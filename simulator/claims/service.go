// Package claims simulates the claim service of care providers: it keeps claims for the simulated world's invoices, moves them
// on when their status is checked, and sends each change to webhooks, as the real one would to CareSync.
package claims

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
)

// Status is how far a claim has come.
type Status string

// The statuses that Check Status goes through. The last two are final.
const (
	Submitted Status = "submitted"
	Pending   Status = "pending"
	Approved  Status = "approved"
	Completed Status = "completed"
	Cancelled Status = "cancelled"
)

// next is the status after a check.
var next = map[Status]Status{Submitted: Pending, Pending: Approved, Approved: Completed, Completed: Completed, Cancelled: Cancelled}

// ErrNoSuchClaim is the error for an unknown claim id.
var ErrNoSuchClaim = errors.New("no such claim")

// Request is what to claim: invoices that the organisation has billed, or new services, which draw on the people's budgets once the
// claim is approved. An empty request claims every invoice that is not claimed yet.
type Request struct {
	// Organisation is the RA number; empty: the one that holds the first of the people, else the first of all.
	Organisation string   `json:"organisation"`
	Invoices     []string `json:"invoices"`
	// People are billed for new services: Lines each (1) of Amount (84.50). They are named by key or care recipient id.
	People []string        `json:"people"`
	Lines  int             `json:"lines"`
	Amount decimal.Decimal `json:"amount"`
	// Strangers are further care recipient ids on the claim, known or not.
	Strangers []string `json:"strangers"`
}

// Claim is a claim as it stands.
type Claim struct {
	ID       string   `json:"id"`
	RANumber string   `json:"raNumber"`
	Status   Status   `json:"status"`
	Invoices []string `json:"invoices"`
	// CareRecipientIDs has an entry for each line.
	CareRecipientIDs []string  `json:"careRecipientIds"`
	ChangedAt        time.Time `json:"changedAt"`
	// unpaid are the services that draw on budgets once the claim is approved.
	unpaid []service
}

// Event is what a webhook receives when a claim's status has changed.
type Event struct {
	Version          int       `json:"version"`
	EventID          string    `json:"event_id"`
	ClaimID          string    `json:"claim_id"`
	Status           Status    `json:"status"`
	CareRecipientIDs []string  `json:"care_recipient_ids"`
	OccurredAt       time.Time `json:"occurred_at"`
}

type service struct {
	person string
	move   world.Move
}

// Service keeps claims. It is safe for concurrent use. What it keeps is gone after a restart.
type Service struct {
	// Webhooks receive the events.
	Webhooks *webhook.Sender
	world    *world.World

	mu     sync.Mutex
	claims []*Claim
}

// New makes a claim service for the organisations of a world.
func New(w *world.World) *Service { return &Service{world: w, Webhooks: webhook.NewSender(0)} }

// Claims lists all claims in the order in which they were submitted.
func (s *Service) Claims() []Claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Claim, 0, len(s.claims))
	for _, claim := range s.claims {
		list = append(list, *claim)
	}
	return list
}

func (s *Service) find(id string) (*Claim, error) {
	for _, claim := range s.claims {
		if claim.ID == id {
			return claim, nil
		}
	}
	return nil, ErrNoSuchClaim
}

// Submit makes a claim and reports it to the webhooks.
func (s *Service) Submit(request Request) (Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	claim, err := s.draft(request)
	if err != nil {
		return Claim{}, err
	}
	s.claims = append(s.claims, claim)
	s.report(claim)
	return *claim, nil
}

func (s *Service) draft(request Request) (*Claim, error) {
	raNumber, err := s.organisation(request)
	if err != nil {
		return nil, err
	}
	if request.Lines < 0 || request.Amount.IsNegative() {
		return nil, errors.New("lines and amount must not be negative")
	}
	claim := &Claim{ID: "CLM-" + uuid.NewString()[:13], RANumber: raNumber, Status: Submitted, Invoices: []string{}, CareRecipientIDs: []string{}, ChangedAt: time.Now()}
	if err := s.addInvoices(claim, request); err != nil {
		return nil, err
	}
	if err := s.addServices(claim, request); err != nil {
		return nil, err
	}
	claim.CareRecipientIDs = append(claim.CareRecipientIDs, request.Strangers...)
	if len(claim.CareRecipientIDs) == 0 {
		return nil, errors.New("nothing to claim: every invoice of the organisation is already claimed")
	}
	return claim, nil
}

func (s *Service) organisation(request Request) (string, error) {
	raNumber := request.Organisation
	if raNumber == "" && len(request.People) > 0 {
		raNumber = s.holderOf(request.People[0])
	}
	for _, organisation := range s.world.Organisations() {
		if raNumber == "" || raNumber == organisation.RANumber {
			return organisation.RANumber, nil
		}
	}
	return "", fmt.Errorf("no organisation has the RA number %q", raNumber)
}

// holderOf is the RA number of the first organisation that holds a person; empty where none does.
func (s *Service) holderOf(person string) string {
	for _, held := range s.world.People(world.Holder{}) {
		if held.Key == person || held.CareRecipientID == person {
			return held.RANumber
		}
	}
	return ""
}

// addInvoices claims the invoices that were named, or all that are left where nothing at all was.
func (s *Service) addInvoices(claim *Claim, request Request) error {
	all := len(request.Invoices)+len(request.People)+len(request.Strangers) == 0
	for _, line := range s.world.Invoices(world.Holder{Organisation: claim.RANumber}) {
		if !all && !slices.Contains(request.Invoices, line.InvoiceID) || all && s.claimed(line.InvoiceID) {
			continue
		}
		claim.CareRecipientIDs = append(claim.CareRecipientIDs, line.CareRecipientID)
		if !slices.Contains(claim.Invoices, line.InvoiceID) {
			claim.Invoices = append(claim.Invoices, line.InvoiceID)
		}
	}
	for _, invoice := range request.Invoices {
		if !slices.Contains(claim.Invoices, invoice) {
			return fmt.Errorf("the organisation has no invoice %q", invoice)
		}
		if s.claimed(invoice) {
			return fmt.Errorf("invoice %q is already claimed", invoice)
		}
	}
	return nil
}

// claimed reports whether an invoice stands in a claim that was not cancelled.
func (s *Service) claimed(invoice string) bool {
	return slices.ContainsFunc(s.claims, func(claim *Claim) bool {
		return claim.Status != Cancelled && slices.Contains(claim.Invoices, invoice)
	})
}

func (s *Service) addServices(claim *Claim, request Request) error {
	held := map[string]string{}
	for _, person := range s.world.People(world.Holder{Organisation: claim.RANumber}) {
		held[person.Key], held[person.CareRecipientID] = person.CareRecipientID, person.CareRecipientID
	}
	lines := max(request.Lines, 1)
	for _, name := range request.People {
		careRecipientID, known := held[name]
		if !known {
			return fmt.Errorf("the organisation holds no person %q", name)
		}
		claim.unpaid = append(claim.unpaid, service{name, world.Move{Name: world.Claim, Times: lines, Amount: request.Amount}})
		claim.CareRecipientIDs = append(claim.CareRecipientIDs, slices.Repeat([]string{careRecipientID}, lines)...)
	}
	return nil
}

// CheckStatus moves a claim on by one status, or cancels it, and reports the change to the webhooks. A final status stays.
func (s *Service) CheckStatus(id string, cancel bool) (Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	claim, err := s.find(id)
	if err != nil {
		return Claim{}, err
	}
	status := next[claim.Status]
	if cancel && claim.Status != Completed {
		status = Cancelled
	}
	if status == claim.Status {
		return *claim, nil
	}
	if status == Approved {
		if err := s.pay(claim); err != nil {
			return Claim{}, err
		}
	}
	claim.Status, claim.ChangedAt = status, time.Now()
	s.report(claim)
	return *claim, nil
}

// pay draws what was claimed on the people's budgets. What was paid is not paid again if a later line fails.
func (s *Service) pay(claim *Claim) error {
	for len(claim.unpaid) > 0 {
		made, err := s.world.Move(claim.unpaid[0].person, claim.unpaid[0].move)
		if err != nil {
			return fmt.Errorf("pay for %s: %w", claim.unpaid[0].person, err)
		}
		claim.Invoices = append(slices.Clone(claim.Invoices), made.InvoiceID)
		claim.unpaid = claim.unpaid[1:]
	}
	return nil
}

// report sends the claim's new status to the webhooks.
func (s *Service) report(claim *Claim) {
	s.Webhooks.Send(webhook.Message{Organisation: claim.RANumber, Event: string(claim.Status), Subject: claim.ID, Body: Event{
		Version: 1, EventID: uuid.NewString(), ClaimID: claim.ID, Status: claim.Status,
		CareRecipientIDs: claim.CareRecipientIDs, OccurredAt: claim.ChangedAt.UTC(),
	}})
}
