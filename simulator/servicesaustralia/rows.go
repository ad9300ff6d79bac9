package servicesaustralia

import (
	"slices"
	"sync"
	"time"

	"github.com/caresync/caresync/simulator/world"
)

// row is one encoded row of a list, with what filters and sorts look at.
type row struct {
	recipient string
	budget    string
	provider  string
	effective world.Period
	updatedAt time.Time
	// elsewhere rows are another provider's: a search for the person finds them, and the provider's list lacks them.
	elsewhere bool
	json      []byte
}

// encodedPerson is everything that the lists say about one snapshot of a person.
type encodedPerson struct {
	person        *world.Person
	summaries     []row
	contributions []row
	budgets       []row
	// details hold the encoded details by position of the budget, made when first asked for.
	details []onceBytes
}

type onceBytes struct {
	once sync.Once
	json []byte
}

// wireCache keeps the encoded rows of people until they change, so that a busy simulator costs little.
type wireCache struct{ people sync.Map }

func (c *wireCache) of(p *world.Person) *encodedPerson {
	if cached, found := c.people.Load(p.CareRecipientID); found {
		if encoded := cached.(*encodedPerson); encoded.person == p {
			return encoded
		}
	}
	encoded := encodePerson(p)
	c.people.Store(p.CareRecipientID, encoded)
	return encoded
}

func encodePerson(p *world.Person) *encodedPerson {
	encoded := &encodedPerson{person: p, details: make([]onceBytes, len(p.Budgets))}
	for i, entry := range p.Entries {
		encoded.summaries = append(encoded.summaries, row{
			recipient: p.CareRecipientID, provider: entry.ServiceProviderID, updatedAt: p.UpdatedAt,
			elsewhere: entry.ReportedProvider != "", json: encode(newSummaryRow(p, i)),
		})
	}
	for _, paid := range p.Contributions {
		encoded.contributions = append(encoded.contributions, row{
			recipient: p.CareRecipientID, effective: world.Period{Start: paid.Start, End: paid.End},
			updatedAt: paid.UpdatedAt, json: encode(newContributionRow(p, paid)),
		})
	}
	for _, position := range p.VisibleBudgets() {
		encoded.budgets = append(encoded.budgets, encodeBudget(p, &p.Budgets[position]))
	}
	return encoded
}

func encodeBudget(p *world.Person, b *world.Budget) row {
	return row{
		recipient: b.CareRecipientID, budget: b.ID, provider: b.ServiceProviderID,
		effective: b.Period(), updatedAt: b.UpdatedAt, json: encode(newBudgetRow(p, b)),
	}
}

// detailsOf returns the encoded details of a person's budget.
func (e *encodedPerson) detailsOf(b *world.Budget) []byte {
	for position := range e.person.Budgets {
		if e.person.Budgets[position].ID == b.ID {
			kept := &e.details[position]
			kept.once.Do(func() { kept.json = encode(newDetails(b)) })
			return kept.json
		}
	}
	return encode(newDetails(b))
}

// matching returns the rows that a query's filters let through. Rows without a service provider belong to every provider.
func (q query) matching(rows []row, serviceProviders []string) []row {
	var kept []row
	for _, candidate := range rows {
		if candidate.provider != "" && !slices.Contains(serviceProviders, candidate.provider) {
			continue
		}
		if q.effective != (world.Period{}) {
			if _, any := q.effective.Overlap(candidate.effective); !any {
				continue
			}
		}
		if q.updated.holds(candidate.updatedAt) {
			kept = append(kept, candidate)
		}
	}
	return kept
}
