package care

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var declaredValue = regexp.MustCompile(`\{"([a-z_]+)", (moneyText|dateText|listText|text)\(`)

func TestAFieldIsWhatItsRecordsSay(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, value := range declaredValue.FindAllStringSubmatch(string(source), -1) {
			found++
			field, kind := value[1], FieldKindOf(value[1])
			switch value[2] {
			case "moneyText":
				require.Equal(t, FieldMoney, kind, field)
			case "dateText":
				require.Equal(t, FieldDate, kind, field)
			case "listText":
				require.True(t, kind.IsList(), field)
			default:
				require.Contains(t, []FieldKind{FieldText, FieldContract}, kind, field)
			}
		}
	}
	require.Greater(t, found, 30)
}
