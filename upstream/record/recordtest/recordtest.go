// Package recordtest holds what must be true of everything that package record reads, for the fuzz tests of the services' clients.
package recordtest

import (
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// Storable requires texts that PostgreSQL takes, and no longer than they may be.
func Storable(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\x00")
		require.LessOrEqual(t, len(text), record.LongestText)
	}
}

// Sound takes a decoder's warnings and requires what holds for everything that a decoder says. It answers whether the decoder refused.
func Sound(t testing.TB, decoder *record.Decoder) (refused bool) {
	t.Helper()
	for _, issue := range decoder.TakeIssues() {
		require.NotNil(t, issue.About)
		Storable(t, issue.About.Field, issue.About.Reported, issue.About.Record.Name, issue.About.Record.Code)
		require.Equal(t, care.SeverityWarning, issue.Severity)
	}
	err := decoder.Refusal(transport.Response{})
	if err == nil {
		return false
	}
	var failure *transport.Error
	require.ErrorAs(t, err, &failure)
	require.NotNil(t, failure.About)
	Storable(t, failure.About.Reported, failure.About.Record.Name, failure.About.Record.Code)
	require.LessOrEqual(t, len(failure.About.Reported), record.LongestQuote)
	return true
}

// Exact requires that a field's number, if it was read, is what its digits say, to half a unit of its last place, by arithmetic of
// another library.
func Exact(t testing.TB, row record.Row, field string, read decimal.NullDecimal, places int) {
	t.Helper()
	if !read.Valid {
		return
	}
	raw, _ := row.Present(field)
	text, _ := record.Scalar(raw)
	reported, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	require.True(t, ok, text)
	difference := new(big.Rat).Sub(read.Decimal.Rat(), reported)
	half := decimal.New(5, int32(-places-1)).Rat()
	require.LessOrEqual(t, difference.Abs(difference).Cmp(half), 0, "%s became %s", text, read.Decimal)
}
