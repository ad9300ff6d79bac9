package world

import "github.com/shopspring/decimal"

// scenarioParticipant is an NDIS participant in a scenario file; simulator/README.md documents the form.
type scenarioParticipant struct {
	file string

	Key            string                  `yaml:"key"`
	About          string                  `yaml:"about"`
	Organisation   string                  `yaml:"organisation"`
	AlsoHeldBy     []string                `yaml:"also_held_by"`
	NDISNumber     string                  `yaml:"ndis_number"`
	Upstream       scenarioIdentity        `yaml:"upstream"`
	ProviderHolds  scenarioHeldParticipant `yaml:"provider_holds"`
	NotUpstream    bool                    `yaml:"not_upstream"`
	NotHeld        bool                    `yaml:"not_held"`
	NotPACE        bool                    `yaml:"not_pace"`
	PlanFirstStart DateExpression          `yaml:"plan_first_start"`
	Endorsements   *[]scenarioEndorsement  `yaml:"endorsements"`
	Plans          *[]scenarioPlan         `yaml:"plans"`
	Written        scenarioWritten         `yaml:"written"`
	Moves          []PlanMove              `yaml:"moves"`
}

type scenarioHeldParticipant struct {
	Identity   scenarioIdentity `yaml:",inline"`
	NDISNumber string           `yaml:"ndis_number"`
}

type scenarioEndorsement struct {
	Organisation string         `yaml:"organisation"`
	Role         string         `yaml:"role"`
	Start        DateExpression `yaml:"start"`
	End          DateExpression `yaml:"end"`
}

type scenarioPlan struct {
	Start         DateExpression        `yaml:"start"`
	End           DateExpression        `yaml:"end"`
	Management    string                `yaml:"management"`
	AnswersBudget bool                  `yaml:"answers_budget"`
	TreeStart     DateExpression        `yaml:"tree_start"`
	TreeEnd       DateExpression        `yaml:"tree_end"`
	Unlisted      []string              `yaml:"unlisted"`
	Budgets       *[]scenarioPlanBudget `yaml:"budgets"`
}

type scenarioPlanBudget struct {
	Category    string               `yaml:"category"`
	CalledAs    string               `yaml:"called"`
	Type        string               `yaml:"type"`
	Management  string               `yaml:"management"`
	SupportType string               `yaml:"support_type"`
	Component   string               `yaml:"component"`
	Start       DateExpression       `yaml:"start"`
	End         DateExpression       `yaml:"end"`
	Approved    decimal.Decimal      `yaml:"approved"`
	Released    *decimal.Decimal     `yaml:"released"`
	Spent       decimal.Decimal      `yaml:"spent"`
	Remaining   *decimal.Decimal     `yaml:"remaining"`
	EveryMonths int                  `yaml:"every_months"`
	Items       []scenarioStatedItem `yaml:"items"`
	Absent      []string             `yaml:"absent"`
}

type scenarioStatedItem struct {
	Number   string          `yaml:"number"`
	Text     string          `yaml:"text"`
	Approved decimal.Decimal `yaml:"approved"`
}

type scenarioWritten struct {
	Amounts        string          `yaml:"amounts"`
	NoDate         string          `yaml:"no_date"`
	Errors         string          `yaml:"errors"`
	Totals         string          `yaml:"totals"`
	TotalsDifferBy decimal.Decimal `yaml:"totals_differ_by"`
}
