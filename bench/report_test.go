package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRatioIsThatOfEachRound(t *testing.T) {
	results := newRounds()
	for round, seconds := range []int{1, 2, 4} { // the machine gets slower and slower
		results.add("ours", measured{people: 100, elapsed: time.Duration(seconds) * time.Second})
		results.add("plain", measured{people: 100, elapsed: time.Duration(seconds) * time.Second * time.Duration(8+round) / 10})
	}
	middle, least, most := results.ratio("ours", "plain", measured.peoplePerSecond)
	require.InDelta(t, 0.9, middle, 1e-9)
	require.InDelta(t, 0.8, least, 1e-9)
	require.InDelta(t, 1.0, most, 1e-9)
}

func TestTableShowsMedians(t *testing.T) {
	results := newRounds()
	for _, people := range []int{10, 30, 20} {
		results.add("ours", measured{people: people, elapsed: time.Second, calls: 5 * people})
	}
	var out strings.Builder
	require.NoError(t, results.print(&out, peopleColumn, costColumns[0]))
	require.Equal(t, []string{"people/s", "calls", "ours", "20.0", "5.0"}, strings.Fields(out.String()))
}
