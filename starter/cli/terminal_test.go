package cli

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingThatOthersWroteActsOnTheTerminal(t *testing.T) {
	var shown bytes.Buffer
	a := &app{out: &visibleWriter{out: &shown}, errOut: &visibleWriter{out: &shown}}
	hostile := "L1\x1b[31mRED\x1b[2J\a\u202e\x9b"
	a.print("name: %s", hostile)
	a.note("%s", hostile)
	table := a.newTable("classification")
	table.AppendRow([]any{hostile})
	table.Render()
	for _, acts := range []string{"\x1b", "\a", "\u202e", "\x9b"} {
		require.NotContains(t, shown.String(), acts)
	}
	require.Contains(t, shown.String(), `name: L1\u001b[31mRED\u001b[2J\u0007\u202e`)

	shown.Reset()
	require.NoError(t, a.printJSON(map[string]string{"name": "a\u202e\u007fz"}))
	var read map[string]string
	require.NoError(t, json.Unmarshal(shown.Bytes(), &read))
	require.Equal(t, "a\u202e\u007fz", read["name"], "JSON stays the same JSON")

	shown.Reset()
	for _, one := range []byte("Zoë 李\n") {
		_, err := a.out.Write([]byte{one})
		require.NoError(t, err)
	}
	require.Equal(t, "Zoë 李\n", shown.String(), "a letter may be written in parts")
}
