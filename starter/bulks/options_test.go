package bulks_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/bulks"
)

// Flags, forms and descriptions are made from the table: each field of care.BulkOptions stands in it once, under its own name.
func TestEachOptionStandsInTheTable(t *testing.T) {
	var options care.BulkOptions
	fields := reflect.TypeFor[care.BulkOptions]()
	require.Len(t, bulks.Options, fields.NumField())
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		option, known := bulks.OptionNamed(name)
		require.True(t, known, name)
		require.NotEmpty(t, option.Flag, name)
		require.NotEmpty(t, option.Usage, name)
		require.Equal(t, reflect.ValueOf(&options).Elem().Field(i).Addr().Pointer(), reflect.ValueOf(option.Value(&options)).Pointer(), name)
		if option.Part != "" {
			require.NotEmpty(t, option.Label, name)
		}
	}
}
