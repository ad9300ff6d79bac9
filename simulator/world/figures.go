package world

import "github.com/shopspring/decimal"

// The figures of 1 November 2025. They make the simulated money realistic; nothing checks government money against them.

// Budget type codes.
const (
	Ongoing             = "ON"
	AssistiveTechnology = "AT"
	HomeModifications   = "HM"
	CareManagement      = "CM"
	EndOfLife           = "EL"
	RestorativeCare     = "RC"
)

var budgetTypeNames = map[string]string{
	Ongoing:             "Home support ongoing",
	AssistiveTechnology: "Assistive technology",
	HomeModifications:   "Home modifications",
	CareManagement:      "Care management",
	EndOfLife:           "End-of-life",
	RestorativeCare:     "Restorative care",
}

// Level is a funding level that a classification can name.
type Level struct {
	Code            string
	Name            string
	FundingSource   string
	EntitlementCode string
	// DayRate is what an ongoing level is worth a day, in dollars, before the care-management share is taken off.
	DayRate decimal.Decimal
	// Amount is what a level that is not ongoing is worth at once, in dollars.
	Amount decimal.Decimal
	// Weeks is how long that amount lasts; 52 for assistive technology and home modifications.
	Weeks int
}

var levels = []Level{
	ongoing("ON_LEVEL_1", "Support at Home Level 1", "ON_RATE_1", "29.40"),
	ongoing("ON_LEVEL_2", "Support at Home Level 2", "ON_RATE_2", "43.93"),
	ongoing("ON_LEVEL_3", "Support at Home Level 3", "ON_RATE_3", "60.18"),
	ongoing("ON_LEVEL_4", "Support at Home Level 4", "ON_RATE_4", "81.36"),
	ongoing("ON_LEVEL_5", "Support at Home Level 5", "ON_RATE_5", "108.76"),
	ongoing("ON_LEVEL_6", "Support at Home Level 6", "ON_RATE_6", "131.82"),
	ongoing("ON_LEVEL_7", "Support at Home Level 7", "ON_RATE_7", "159.31"),
	ongoing("ON_LEVEL_8", "Support at Home Level 8", "ON_RATE_8", "213.99"),
	ongoing("HCP_LEVEL_1", "Transitioned Home Care Package Level 1", "HCP_RATE_1", "30.10"),
	ongoing("HCP_LEVEL_2", "Transitioned Home Care Package Level 2", "HCP_RATE_2", "52.93"),
	ongoing("HCP_LEVEL_3", "Transitioned Home Care Package Level 3", "HCP_RATE_3", "115.22"),
	ongoing("HCP_LEVEL_4", "Transitioned Home Care Package Level 4", "HCP_RATE_4", "174.68"),
	allocation("RC_PATHWAY", "Restorative Care Pathway", RestorativeCare, "RC_RATE", "6000.00", 16),
	allocation("EL_PATHWAY", "End-of-Life Pathway", EndOfLife, "EL_RATE", "25000.00", 12),
	allocation("AT_TIER_LOW", "Assistive Technology Low", AssistiveTechnology, "AT_LOW", "500.00", 52),
	allocation("AT_TIER_MEDIUM", "Assistive Technology Medium", AssistiveTechnology, "AT_MEDIUM", "2000.00", 52),
	allocation("AT_TIER_HIGH", "Assistive Technology High", AssistiveTechnology, "AT_HIGH", "15000.00", 52),
	allocation("HM_TIER_LOW", "Home Modifications Low", HomeModifications, "HM_LOW", "500.00", 52),
	allocation("HM_TIER_MEDIUM", "Home Modifications Medium", HomeModifications, "HM_MEDIUM", "2000.00", 52),
	allocation("HM_TIER_HIGH", "Home Modifications High", HomeModifications, "HM_HIGH", "15000.00", 52),
}

func ongoing(code, name, entitlement, dayRate string) Level {
	return Level{Code: code, Name: name, FundingSource: Ongoing, EntitlementCode: entitlement, DayRate: decimal.RequireFromString(dayRate)}
}

func allocation(code, name, source, entitlement, amount string, weeks int) Level {
	return Level{Code: code, Name: name, FundingSource: source, EntitlementCode: entitlement, Amount: decimal.RequireFromString(amount), Weeks: weeks}
}

// LevelByCode finds a level by its classification code.
func LevelByCode(code string) (Level, bool) {
	for _, level := range levels {
		if level.Code == code {
			return level, true
		}
	}
	return Level{}, false
}

// supplementFigure is a supplement and what it is worth a day; zero where no figure is known.
type supplementFigure struct {
	code, name string
	dayRate    decimal.Decimal
}

var supplementFigures = []supplementFigure{
	{"OXY_NORM", "Oxygen supplement", decimal.RequireFromString("14.66")},
	{"ENT_BOL", "Enteral feeding supplement, bolus", decimal.RequireFromString("23.25")},
	{"ENT_NNBO", "Enteral feeding supplement, non-bolus", decimal.RequireFromString("26.11")},
	{"VET", "Veterans' supplement", decimal.Zero},
	{"DEM_COG", "Dementia and cognition supplement", decimal.Zero},
}

func supplementByCode(code string) (supplementFigure, bool) {
	for _, figure := range supplementFigures {
		if figure.code == code {
			return figure, true
		}
	}
	return supplementFigure{}, false
}

// Contribution categories.
const (
	Clinical       = "CLINICAL"
	Independence   = "INDEPENDENCE"
	EverydayLiving = "EVERYDAY_LIVING"
)

// serviceFigure is an approved service and where it stands in the government's list.
type serviceFigure struct{ group, kind, id, name string }

var serviceFigures = []serviceFigure{
	{"SERG-0001", "SERT-0001", "SERV-0001", "Assistance with self-care and activities of daily living"},
	{"SERG-0001", "SERT-0002", "SERV-0004", "General house cleaning"},
	{"SERG-0001", "SERT-0002", "SERV-0005", "Laundry services"},
	{"SERG-0001", "SERT-0003", "SERV-0008", "Meal delivery"},
	{"SERG-0001", "SERT-0004", "SERV-0012", "Nursing care"},
	{"SERG-0001", "SERT-0005", "SERV-0015", "Physiotherapy"},
	{"SERG-0001", "SERT-0005", "SERV-0016", "Occupational therapy"},
	{"SERG-0001", "SERT-0006", "SERV-0020", "Direct transport"},
	{"SERG-0001", "SERT-0007", "SERV-0023", "Respite care"},
	{"SERG-0002", "SERT-0020", "SERV-0040", "Mobility products"},
	{"SERG-0003", "SERT-0030", "SERV-0050", "Home modification products"},
}

// homeSupportServices is how many of the services above belong to home support.
const homeSupportServices = 9

func serviceByID(id string) (serviceFigure, bool) {
	for _, figure := range serviceFigures {
		if figure.id == id {
			return figure, true
		}
	}
	return serviceFigure{}, false
}

var (
	ninetyPercent = decimal.RequireFromString("0.9")
	tenPercent    = decimal.RequireFromString("0.1")
	// leastCarryOver is the carry-over that a quarter allows even where 10 % of its total is less, in dollars.
	leastCarryOver = decimal.NewFromInt(1000)
)
