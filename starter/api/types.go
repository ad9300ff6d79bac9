package api

import (
	"cmp"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// Our views never hold a null list.
func init() { huma.DefaultArrayNullable = false }

// describeTypes says how our own types look in JSON.
func describeTypes(registry huma.Registry) {
	registry.RegisterTypeAlias(reflect.TypeFor[care.Date](), reflect.TypeFor[dateSchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[read.Money](), reflect.TypeFor[moneySchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[read.Percentage](), reflect.TypeFor[percentageSchema]())
}

// documentNames are the document's names of read models, where they differ from ours.
var documentNames = map[string]string{
	"ApprovedService": "ApprovedServiceView", "Area": "AreaView", "Billing": "BillingView", "Budget": "BudgetView", "Bulk": "BulkView",
	"BulkOptions": "BulkOptionsView", "Change": "ChangeView", "Claim": "ClaimView", "ClaimEvent": "ClaimEventView",
	"ClaimSync": "ClaimSyncView", "Classification": "ClassificationView", "Contract": "ContractView", "Contribution": "ContributionView",
	"ContributionSet": "ContributionSetView", "Count": "CountView", "Counts": "CountsView", "DeliveredService": "DeliveredServiceView",
	"Entitlement": "EntitlementView", "FundingDay": "FundingDayView", "FundingPeriod": "FundingPeriodView", "Hold": "HoldView",
	"InvoiceLine": "InvoiceLineView", "Issue": "IssueView", "Notification": "NotificationView", "Participant": "ParticipantView",
	"Person": "PersonView", "PersonRef": "Person", "Plan": "PlanView", "PlanBudget": "PlanBudgetView", "Retry": "RetryView",
	"Review": "ReviewView", "Run": "RunView", "SetAside": "SetAsideView", "StatedItem": "StatedItemView", "Supplement": "SupplementView",
	"UsageLine": "UsageView",
}

// schemaName keeps the document's names.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() == reflect.TypeFor[read.Run]().PkgPath() {
		return cmp.Or(documentNames[t.Name()], t.Name())
	}
	return huma.DefaultSchemaNamer(t, hint)
}

type dateSchema struct{}

// Schema implements huma.SchemaProvider.
func (dateSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Nullable: true, Description: "Null: none"}
}

type moneySchema struct{}

// Schema implements huma.SchemaProvider.
func (moneySchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]+\.[0-9]{2}$`, Nullable: true, Examples: []any{"16757.56"},
		Description: "Australian dollars; null: not provided",
	}
}

type percentageSchema struct{}

// Schema implements huma.SchemaProvider.
func (percentageSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]+\.[0-9]{4}$`, Nullable: true, Examples: []any{"17.5000"},
		Description: "Per cent; null: not provided",
	}
}
