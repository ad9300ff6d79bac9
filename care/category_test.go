package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestACategoryIsKnownByItsNames(t *testing.T) {
	for number, names := range map[int][]string{
		1:  {"Assistance with Daily Life", "DAILY_ACTIVITIES", "assistance  with daily life"},
		2:  {"Transport", "TRANSPORT"},
		3:  {"Consumables", "CONSUMABLES", " consumables "},
		4:  {"Assistance with Social, Economic and Community Participation", "SOCIAL_COMMUNITY_CIVIC", "Assistance with Social, Economic & Community Participation"},
		5:  {"Assistive Technology", "ASSISTIVE_TECHNOLOGY"},
		6:  {"Home Modifications", "HOME_MODIFICATIONS"},
		7:  {"Support Coordination and Psychosocial Recovery Coaches", "SUPPORT_COORDINATION", "Support Coordination & Psychosocial Recovery Coaches"},
		8:  {"Improved Living Arrangements", "CB_HOME_LIVING"},
		9:  {"Increased Social and Community Participation", "CB_SOCIAL_COMMUNITY_CIVIC"},
		10: {"Finding and Keeping a Job", "CB_EMPLOYMENT"},
		11: {"Relationships", "Improved Relationships", "CB_RELATIONSHIPS"},
		12: {"Health and Wellbeing", "Improved Health and Wellbeing", "CB_HEALTH_WELLBEING"},
		13: {"Lifelong Learning", "Improved Learning", "CB_LIFELONG_LEARNING"},
		14: {"Choice and Control", "Improved Life Choices", "CB_CHOICE_CONTROL"},
		15: {"Improved Daily Living Skills", "CB_DAILY_ACTIVITY"},
		16: {"Home and Living"},
		17: {"Specialist Disability Accommodation"},
		18: {"Transport Recurring"},
		19: {"Assistive Technology Maintenance, Repairs and Rental"},
		20: {"Behaviour Support"},
		21: {"Younger People in Residential Aged Care", "21", "Category 21"},
		0:  {"", "Something New", "Transport for Two", "22", "00", "category", "01_011_0107_1_1", "14_033_0127_8_3", "11_022_0110_7_3"},
	} {
		for _, name := range names {
			require.Equal(t, number, care.CategoryNumber(name), name)
		}
		require.Equal(t, number, care.CategoryNumber(care.CategoryName(number)))
	}
	require.Empty(t, care.CategoryName(22))
	require.Empty(t, care.CategoryName(-1))
	require.Equal(t, "Choice and Control", care.CategoryName(14))
}

func TestChoiceAndControlIsRecognisedByName(t *testing.T) { // R28
	for _, name := range []string{
		"Choice and Control", "choice and control", "CHOICE AND CONTROL", "Choice & Control", "Choice  and\u00a0Control", " Choice and Control ", "ChoiceandControl",
		"CB Choice and Control", "CB Choice & Control", "cb choice&control", "Improved Life Choices", "IMPROVED LIFE CHOICES", "CB_CHOICE_CONTROL", "14", "Category 14",
	} {
		require.True(t, care.IsChoiceAndControl(name), name)
		require.Equal(t, "Previous Plan Manager", care.AdjustmentProvider(name), name)
	}
	for _, name := range []string{
		"", "Consumables", "Choice", "Control", "Choice or Control", "Improved Living Arrangements", "Choices and Controls", "4", "114",
		"14_033_0127_8_3", "Plan Management",
	} {
		require.False(t, care.IsChoiceAndControl(name), name)
		require.Equal(t, "NDIA refer to PACE", care.AdjustmentProvider(name), name)
	}
}

func TestSameCategory(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"Choice and Control", "Improved Life Choices", true},
		{"choice & control", "14", true},
		{"Consumables", "Transport", false},
		{"Wool & Yarn", "wool and yarn", true},
		{"Wool", "Yarn", false},
		{"Consumables", "Wool", false},
	} {
		require.Equal(t, test.same, care.SameCategory(test.a, test.b), test.a+" "+test.b)
		require.Equal(t, test.same, care.SameCategory(test.b, test.a), test.b+" "+test.a)
	}
}
