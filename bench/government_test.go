package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCrowdHasAsManyPeopleAsAskedFor(t *testing.T) {
	for _, people := range []int{1, 10, 300} {
		held, err := population{people: people}.held()
		require.NoError(t, err)
		require.Len(t, held, people)
	}
}

func TestScenarioHasItsPerson(t *testing.T) {
	held, err := population{scenario: person}.held()
	require.NoError(t, err)
	require.Len(t, held, 1)
	require.Equal(t, person, held[0].Key)
}
