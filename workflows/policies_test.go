package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unitOfTime is what every time is written with.
var unitOfTime = regexp.MustCompile(`\btime\.(Nanosecond|Microsecond|Millisecond|Second|Minute|Hour)\b`)

// Whoever looks for a time of a workflow, a step or a schedule finds it in one of these files.
func TestTimesAreInTheirPlaces(t *testing.T) {
	t.Parallel()
	places := []string{"policies.go", filepath.Join("..", "activities", "times.go"), filepath.Join("..", "protocol", "start.go"),
		filepath.Join("..", "protocol", "scheduletimes.go")} // it computes with the calendar, and waits for nothing
	for _, folder := range []string{".", filepath.Join("..", "activities"), filepath.Join("..", "protocol")} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || slices.Contains(places, file) {
				continue
			}
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Empty(t, unitOfTime.FindString(string(content)), file)
		}
	}
}
