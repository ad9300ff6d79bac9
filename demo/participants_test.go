package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	worldsParticipant = `{"Held":{"GivenName":"Ada","FamilyName":"Wren"},"Plans":[
		{"Start":"2025-02-01","Budgets":[{"Name":"Consumables","Type":"Flexible","Management":"Plan-managed","Approved":"1","Spent":"1"}]},
		{"Start":"2026-02-01","Budgets":[
			{"Name":"Consumables","Type":"Flexible","Management":"Plan-managed","Approved":"78000","Spent":"22.5"},
			{"Name":"Choice and Control","Type":"Stated","Management":"Plan-managed","Approved":"1517.68","Spent":"0"}]}]}`
	heldContract = `{"id":"c","plan_start_date":"2026-02-01","total_funding":"79517.68","budgets":[
		{"category":"Consumables","budget_type":"flexible","management":"plan-managed","approved":"78000.00","spent":"22.50",
			"own_claimed":"12.50","adjustment":"10.00","delivered_services":[
				{"kind":"own","amount":"12.50"},{"kind":"pace_adjustment","amount":"10.00","service_provider_name":"NDIA refer to PACE"}]},
		{"category":"Choice and Control","budget_type":"stated","management":"plan-managed","approved":"1517.68","spent":"0.00","own_claimed":"0.00"},
		{"category":"Transport","budget_type":"flexible","management":"plan-managed","approved":"0.00","spent":"0.00"}]}`
)

func TestAContractAsTheNDIAReportsIt(t *testing.T) {
	held, one := decoded[contract](t, heldContract), decoded[participant](t, worldsParticipant)
	require.Empty(t, held.notAsReported(one))
	require.Empty(t, held.notAddingUp())
	require.Equal(t, "3 budgets, 1 adjustment record, 79517.68 funding", held.words())
	require.Equal(t, "1 NDIA refer to PACE", held.providers())
	require.Equal(t, "10.00", held.adjusted("Consumables"))
	require.Equal(t, "none", held.adjusted("Transport"))
}

func TestAContractThatDiffersIsFound(t *testing.T) { // R27
	one := decoded[participant](t, worldsParticipant)
	for name, change := range map[string]func(*contract){
		"another amount":   func(c *contract) { *c.Budgets[0].Spent = "22.51" },
		"another type":     func(c *contract) { c.Budgets[1].BudgetType = "flexible" },
		"a missing budget": func(c *contract) { c.Budgets = c.Budgets[1:] },
		"another plan":     func(c *contract) { c.PlanStartDate = "2025-02-01" },
	} {
		held := decoded[contract](t, heldContract)
		change(&held)
		require.Equal(t, "budgets not as at the NDIA", held.notAsReported(one), name)
	}
	held := decoded[contract](t, heldContract)
	*held.Budgets[0].OwnClaimed = "12.51"
	require.Equal(t, "adjustment and own claimed are not what was spent from Consumables", held.notAddingUp())
}
