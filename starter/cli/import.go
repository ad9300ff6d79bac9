package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) importCommand() *cobra.Command {
	people := a.command("people FILE", "Import people from CSV", a.importPeople)
	people.Long = `Import people from CSV (UTF-8, comma delimited). If any row has an error, nothing is imported. Importing again updates.
FILE may be "-" for standard input.

Columns: given_name, family_name, birth_date (YYYY-MM-DD), care_recipient_id or ndis_number or both, and optionally service_provider_id
(which of the organisation's connections the person belongs to), pace_participant and pace_api_access (yes or no; the boxes on the person,
which stay as they are if the column is absent), new_person (yes: a different person from the existing one with
this name and birth date, or with this number apart from leading zeros). People are matched by care recipient id, then NDIS number, then name
and birth date. An import fills in a missing number but never changes one: use "caresync person change-number".`
	invoices := a.command("invoices FILE", "Import invoice lines from CSV", a.importInvoices)
	invoices.Long = `Import the lines of claimed invoices from CSV (UTF-8, comma delimited). If any row has an error, nothing is imported. Importing again
updates. FILE may be "-" for standard input. Budget usage that is waiting for its invoice line is linked to it.

Columns: invoice_id, item_id, care_recipient_id, service_id, delivery_date (YYYY-MM-DD), amount (1234.50).`
	delivered := a.command("delivered-services FILE", "Import your own delivered services on NDIS budgets from CSV", a.importDeliveredServices)
	delivered.Long = `Import your own delivered services with their claim status from CSV (UTF-8, comma delimited). If any row has an error,
nothing is imported. Importing again updates. FILE may be "-" for standard input. Adjustment records are updated immediately: adjustment + your own claimed amount = spent.

Columns: ` + deliveredServiceColumns
	contracts := a.command("contracts FILE", "Import manually entered service contracts from CSV", a.importContracts)
	contracts.Long = `Import manually entered service contracts from CSV (UTF-8, comma delimited). If any row has an error, nothing is imported.
Importing again updates. FILE may be "-" for standard input. A PACE plan that overlaps one of them needs explicit approval.

Columns: ` + contractColumnsHelp
	return a.organisationFlag(a.group("import", "Import people, invoices, delivered services and contracts from CSV files", people, invoices, delivered, contracts))
}

const (
	deliveredServiceColumns = `reference (your own id for the service), ndis_number, budget_id or category (with management where the category has several
budgets), delivered_on (YYYY-MM-DD), amount (1234.50), support_item_number, support_item_description, note, claim_status (not_claimed,
submitted, pending, paid, rejected, cancelled).`
	contractColumnsHelp = `ndis_number, reference (your own name for the contract), start_date (YYYY-MM-DD), end_date, total_funding (1234.50).`
)

func (a *app) importDeliveredServices(ctx context.Context, args []string) error {
	file, err := a.openFile(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		result, err := imports.NewImporter(store).DeliveredServices(ctx, organisation, file, operator())
		if err != nil {
			return err
		}
		a.print("Imported %s into %s: %s.", present.Count(result.Synced(), "delivered service", "delivered services"),
			organisation.Name, breakdown(result.Count))
		if result.Adjusted > 0 {
			a.print("Updated %s to match.", present.Count(result.Adjusted, "adjustment record", "adjustment records"))
		}
		for _, warning := range result.Warnings {
			a.print("! %s", warning)
		}
		return nil
	})
}

func (a *app) importContracts(ctx context.Context, args []string) error {
	file, err := a.openFile(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		result, err := imports.NewImporter(store).Contracts(ctx, organisation, file)
		if err != nil {
			return err
		}
		a.print("Imported %s into %s: %s.", present.Count(result.Synced(), "contract", "contracts"), organisation.Name, breakdown(result))
		return nil
	})
}

func (a *app) importPeople(ctx context.Context, args []string) error {
	file, err := a.openFile(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		result, err := imports.NewImporter(store).People(ctx, organisation, file, operator())
		if err != nil {
			return err
		}
		a.print("Imported %s into %s: %s.", present.Count(result.Synced(), "person", "people"), organisation.Name, breakdown(result))
		return nil
	})
}

func (a *app) importInvoices(ctx context.Context, args []string) error {
	file, err := a.openFile(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		result, err := imports.NewImporter(store).Invoices(ctx, organisation, file)
		if err != nil {
			return err
		}
		a.print("Imported %s into %s: %s.", present.Count(result.Synced(), "invoice line", "invoice lines"),
			organisation.Name, breakdown(result.Count))
		if result.Linked > 0 {
			a.print("Linked %s to them.", present.Count(result.Linked, "usage line", "usage lines"))
		}
		if result.Unlinked > 0 {
			a.print("Unlinked %s that they contradict.", present.Count(result.Unlinked, "usage line", "usage lines"))
		}
		return nil
	})
}

func breakdown(result care.Count) string {
	return fmt.Sprintf("%d created, %d updated, %d unchanged", result.Created, result.Updated, result.Unchanged)
}

// openFile opens a file that is imported; "-" is standard input.
func (a *app) openFile(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.in), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usageError("%s cannot be read: %v", path, err)
	}
	return file, nil
}

// note says something beside the result, where it does not disturb a program that reads the result.
func (a *app) note(format string, values ...any) { fmt.Fprintf(a.errOut, format+"\n", values...) }
