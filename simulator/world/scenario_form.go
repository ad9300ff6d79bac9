package world

import "github.com/shopspring/decimal"

// scenarioFile is the form of a scenario file; simulator/README.md documents it for those who write one.
type scenarioFile struct {
	Organisations []Organisation   `yaml:"organisations"`
	People        []scenarioPerson `yaml:"people"`
	// Participants are NDIS participants.
	Participants []scenarioParticipant `yaml:"participants"`
}

type scenarioPerson struct {
	file string

	Key             string                    `yaml:"key"`
	About           string                    `yaml:"about"`
	Provider        string                    `yaml:"provider"`
	CareRecipientID string                    `yaml:"care_recipient_id"`
	Upstream        scenarioIdentity          `yaml:"upstream"`
	ProviderHolds   scenarioHeld              `yaml:"provider_holds"`
	NotUpstream     bool                      `yaml:"not_upstream"`
	NotHeld         bool                      `yaml:"not_held"`
	Entries         []scenarioEntry           `yaml:"entries"`
	NoEntry         bool                      `yaml:"no_registered_entry"`
	Delisted        bool                      `yaml:"delisted"`
	Consent         Consent                   `yaml:"consent"`
	Classifications *[]scenarioClassification `yaml:"classifications"`
	Services        *[]scenarioService        `yaml:"services"`
	Supplements     []scenarioSupplement      `yaml:"supplements"`
	Contributions   *[]scenarioContribution   `yaml:"contributions"`
	Budgets         *[]scenarioBudget         `yaml:"budgets"`
	Moves           []Move                    `yaml:"moves"`
}

type scenarioIdentity struct {
	GivenName  string         `yaml:"given_name"`
	FamilyName string         `yaml:"family_name"`
	BirthDate  DateExpression `yaml:"birth_date"`
}

type scenarioHeld struct {
	Identity        scenarioIdentity `yaml:",inline"`
	CareRecipientID string           `yaml:"care_recipient_id"`
	// IDOf names another person of the scenarios whose id the provider holds by mistake.
	IDOf string `yaml:"id_of"`
}

type scenarioEntry struct {
	Provider  string         `yaml:"provider"`
	Category  string         `yaml:"category"`
	Date      DateExpression `yaml:"date"`
	Departure DateExpression `yaml:"departure"`
}

type scenarioClassification struct {
	Code  string         `yaml:"code"`
	Start DateExpression `yaml:"start"`
	End   DateExpression `yaml:"end"`
}

type scenarioService struct {
	ID    string         `yaml:"id"`
	Start DateExpression `yaml:"start"`
	End   DateExpression `yaml:"end"`
}

type scenarioSupplement struct {
	Code  string         `yaml:"code"`
	Start DateExpression `yaml:"start"`
	End   DateExpression `yaml:"end"`
}

type scenarioContribution struct {
	Category   string           `yaml:"category"`
	Percentage *decimal.Decimal `yaml:"percentage"`
	Start      DateExpression   `yaml:"start"`
	End        DateExpression   `yaml:"end"`
	Status     string           `yaml:"status"`
	Times      int              `yaml:"times"`
}

type scenarioBudget struct {
	Type         string           `yaml:"type"`
	Provider     string           `yaml:"provider"`
	Start        DateExpression   `yaml:"start"`
	End          DateExpression   `yaml:"end"`
	Total        *decimal.Decimal `yaml:"total"`
	Entitlement  string           `yaml:"entitlement"`
	CarriedOver  decimal.Decimal  `yaml:"carried_over"`
	WrittenOff   decimal.Decimal  `yaml:"written_off"`
	RolledOver   decimal.Decimal  `yaml:"rolled_over"`
	UsedUnlisted decimal.Decimal  `yaml:"used_without_line"`
	Status       string           `yaml:"status"`
	Times        int              `yaml:"times"`
	// Unnamed: listed without its id. Details are given, or refused.
	Unnamed bool            `yaml:"unnamed"`
	Details Consent         `yaml:"details"`
	Usage   []scenarioUsage `yaml:"usage"`
}

type scenarioUsage struct {
	Invoice  string          `yaml:"invoice"`
	Item     string          `yaml:"item"`
	Provider string          `yaml:"provider"`
	Service  string          `yaml:"service"`
	Date     DateExpression  `yaml:"date"`
	Amount   decimal.Decimal `yaml:"amount"`
	Unbilled bool            `yaml:"unbilled"`
	// Reference is the provider's own.
	Reference string `yaml:"reference"`
	Times     int    `yaml:"times"`
}
