package world

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"

	"github.com/shopspring/decimal"
)

// HeldPerson is a person as a provider's own records hold them.
type HeldPerson struct {
	Key               string
	RANumber          string
	GivenName         string
	FamilyName        string
	BirthDate         Date
	CareRecipientID   string
	ServiceProviderID string
}

// InvoiceLine is a line of the provider's own billing.
type InvoiceLine struct {
	InvoiceID           string
	ItemID              string
	CareRecipientID     string
	ServiceProviderID   string
	ServiceID           string
	DeliveryDate        Date
	ExternalReferenceID string
	// Amount is in dollars, positive as billed.
	Amount decimal.Decimal
}

// Holder narrows an export to an organisation (RA number) or a service provider (id or key); empty: all.
type Holder struct {
	Organisation    string
	ServiceProvider string
}

// People returns what the providers hold, in a stable order: one row for a person and organisation. Where one organisation
// holds a person under several service provider ids, the row names the first.
func (w *World) People(holder Holder) []HeldPerson {
	var rows []HeldPerson
	for _, person := range w.Recipients() {
		for _, organisation := range w.organisations {
			id, holds := organisation.holds(person, holder)
			if !holds {
				continue
			}
			rows = append(rows, HeldPerson{
				Key: person.Key, RANumber: organisation.RANumber,
				GivenName: person.Held.GivenName, FamilyName: person.Held.FamilyName, BirthDate: person.Held.BirthDate,
				CareRecipientID: person.HeldCareRecipientID, ServiceProviderID: id,
			})
		}
	}
	return rows
}

// holds returns the first service provider id under which an organisation holds a person.
func (o Organisation) holds(person *Person, holder Holder) (string, bool) {
	if person.NotHeld || holder.Organisation != "" && holder.Organisation != o.RANumber {
		return "", false
	}
	for _, entry := range person.Entries {
		for _, provider := range o.ServiceProviders {
			if provider.ID == entry.ServiceProviderID && provider.fits(holder) {
				return provider.ID, true
			}
		}
	}
	return "", false
}

func (p ServiceProvider) fits(holder Holder) bool {
	return holder.ServiceProvider == "" || holder.ServiceProvider == p.ID || holder.ServiceProvider == p.Key
}

// Invoices returns the billing of the simulated providers: every line that one of them claimed, except for those that its
// billing does not hold yet and for reversals.
func (w *World) Invoices(holder Holder) []InvoiceLine {
	providers := w.providerIDs(holder)
	var lines []InvoiceLine
	for _, person := range w.Recipients() {
		for i := range person.Budgets {
			for _, usage := range person.Budgets[i].Usage {
				if usage.InvoiceID == "" || usage.Unbilled || usage.Amount.IsPositive() || !slices.Contains(providers, usage.ServiceProviderID) {
					continue
				}
				lines = append(lines, InvoiceLine{
					InvoiceID: usage.InvoiceID, ItemID: usage.ItemID, CareRecipientID: person.CareRecipientID,
					ServiceProviderID: usage.ServiceProviderID, ServiceID: usage.ServiceID,
					DeliveryDate: usage.DeliveryDate, Amount: usage.Amount.Neg(), ExternalReferenceID: usage.ExternalReferenceID,
				})
			}
		}
	}
	return lines
}

func (w *World) providerIDs(holder Holder) []string {
	var ids []string
	for _, organisation := range w.organisations {
		if holder.Organisation != "" && holder.Organisation != organisation.RANumber {
			continue
		}
		for _, provider := range organisation.ServiceProviders {
			if provider.fits(holder) {
				ids = append(ids, provider.ID)
			}
		}
	}
	return ids
}

// WritePeopleCSV writes People for import.
func (w *World) WritePeopleCSV(out io.Writer, holder Holder) error {
	rows := [][]string{{"given_name", "family_name", "birth_date", "care_recipient_id", "service_provider_id"}}
	for _, person := range w.People(holder) {
		rows = append(rows, []string{
			person.GivenName, person.FamilyName, person.BirthDate.String(), person.CareRecipientID, person.ServiceProviderID,
		})
	}
	return writeCSV(out, rows)
}

// WriteInvoicesCSV writes Invoices for import.
func (w *World) WriteInvoicesCSV(out io.Writer, holder Holder) error {
	rows := [][]string{{"invoice_id", "item_id", "care_recipient_id", "service_id", "delivery_date", "amount", "external_reference_id"}}
	for _, line := range w.Invoices(holder) {
		rows = append(rows, []string{
			line.InvoiceID, line.ItemID, line.CareRecipientID, line.ServiceID, line.DeliveryDate.String(), line.Amount.StringFixed(2), line.ExternalReferenceID,
		})
	}
	return writeCSV(out, rows)
}

func writeCSV(out io.Writer, rows [][]string) error {
	if err := csv.NewWriter(out).WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
