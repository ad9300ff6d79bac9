package servicesaustralia

import "github.com/caresync/caresync/upstream/transport"

// The service's addresses, live and for tests.
const (
	LiveBaseURL = "https://healthclaiming.api.humanservices.gov.au/claiming/ext-prd/acws"
	TestBaseURL = "https://test.healthclaiming.api.humanservices.gov.au/claiming/ext-vnd/acws"
)

// DefaultConsentCode is the error code of a refused consent where the connection names no other (R18).
const DefaultConsentCode = "CONSENT"

// CodeNoServiceProviderID is the code of a NotSetUp connection that does not say which provider it is for.
const CodeNoServiceProviderID = "service_provider_id_missing"

const (
	defaultRoot     = "/service/support-at-home"
	defaultPageSize = 1000
	defaultMaxPages = 1000
	// largestPage is the most that the service gives at once.
	largestPage = 10000
)

// Options are what may differ from the service's own ways. Zero values mean the defaults.
type Options struct {
	// Root is what stands before each of Paths.
	Root  string
	Paths Paths
	// PageSize is how many rows of a provider's list are asked for at once, 1 to 10000: as many as fit the largest body that is read. The
	// service's own default of 10 is never used.
	PageSize int
	// PersonPageSize is the same for one person's lists: the largest page unless it is set, so that no row can move between two (R5).
	PersonPageSize int
	// MaxPages is where a list counts as endless.
	MaxPages int
	// Identification are the URIs in the headers.
	Identification transport.Identification
}

// Paths are those of the operations. In BudgetDetails {budget} stands for the budget's id.
type Paths struct {
	Summary, Contributions, BudgetsOfCareRecipient, BudgetSummary, BudgetsHeldByProvider, BudgetDetails string
}

func (o Options) withDefaults() Options {
	for _, text := range []struct {
		value     *string
		otherwise string
	}{
		{&o.Root, defaultRoot},
		{&o.Paths.Summary, "/care-recipient-summary/v1"},
		{&o.Paths.Contributions, "/individual-contribution/v1"},
		{&o.Paths.BudgetsOfCareRecipient, "/budget/v1/care-recipient"},
		{&o.Paths.BudgetSummary, "/budget/v1/summary"},
		{&o.Paths.BudgetsHeldByProvider, "/budget/v1/service-provider"},
		{&o.Paths.BudgetDetails, "/budget/v1/{budget}"},
	} {
		if *text.value == "" {
			*text.value = text.otherwise
		}
	}
	if o.PageSize < 1 || o.PageSize > largestPage {
		o.PageSize = defaultPageSize
	}
	if o.PersonPageSize < 1 || o.PersonPageSize > largestPage {
		o.PersonPageSize = largestPage
	}
	if o.MaxPages < 1 {
		o.MaxPages = defaultMaxPages
	}
	return o
}
