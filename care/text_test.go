package care_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestNamesAreOneLine(t *testing.T) {
	for _, name := range []string{"Wattle Grove", "Zoë", strings.Repeat("é", 100)} {
		require.True(t, care.ValidName(name), name)
	}
	for _, name := range []string{"", "  ", "Wattle\nGrove", "a\x00", "\xff", strings.Repeat("é", 101)} {
		require.False(t, care.ValidName(name), "%q", name)
	}
	require.True(t, care.ValidNote(strings.Repeat("é", 500)))
	require.False(t, care.ValidNote(strings.Repeat("é", 501)))
}

func TestSlugsSuitCommandsAndAddresses(t *testing.T) {
	for _, slug := range []string{"wattle", "4-elms", strings.Repeat("a", 40)} {
		require.True(t, care.ValidSlug(slug), slug)
	}
	for _, slug := range []string{"", "-wattle", "Wattle", "wattle grove", "../wattle", "wattle\n", strings.Repeat("a", 41)} {
		require.False(t, care.ValidSlug(slug), "%q", slug)
	}
}
