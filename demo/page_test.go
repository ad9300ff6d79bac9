package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandsAreWrittenAsAShellReadsThem(t *testing.T) {
	for want, words := range map[string][]string{
		`caresync organisation create banksia --name "Banksia Home Care"`: {"caresync", "organisation", "create", "banksia", "--name", "Banksia Home Care"},
		`curl -H "Authorization: Bearer $TOKEN"`:                          {"curl", "-H", "Authorization: Bearer $TOKEN"},
		`curl --json '{"wait":30}'`:                                       {"curl", "--json", `{"wait":30}`},
		`curl "http://127.0.0.1:8090/people.csv?organisation=1"`:          {"curl", "http://127.0.0.1:8090/people.csv?organisation=1"},
	} {
		require.Equal(t, want, commandLine(words...))
	}
}

func TestLongCommandsGoOnInTheNextLine(t *testing.T) {
	flag := "--" + strings.Repeat("f", 50)
	require.Equal(t, "caresync "+flag+" value \\\n    "+flag, commandLine("caresync", flag, "value", flag))
}

func TestParagraphsAreWrapped(t *testing.T) {
	word := strings.Repeat("ü", 40)
	require.Equal(t, word+" "+word+"\n"+word, wrapped(word+" "+word+"  "+word))
}

func TestMarksAreColouredOnATerminalOnly(t *testing.T) {
	var out strings.Builder
	terminal, file := &page{out: &out, colours: true}, &page{out: &out}
	terminal.output("  ✗ Summary")
	file.output("  ✗ Summary")
	terminal.output("✓Summary")
	require.Equal(t, "    \x1b[31m✗\x1b[0m Summary\n    ✗ Summary\n  ✓Summary\n", out.String())
}

func TestJSONIsShownInFewLines(t *testing.T) {
	long := strings.Repeat("x", longestLine)
	require.Equal(t, []string{
		`{`,
		`  "b": {"c": null, "a,b": "d:e\"f,g"},`,
		`  "a": [`,
		`    "` + long + `",`,
		`    1`,
		`  ]`,
		`}`,
	}, pretty([]byte(`{"b":{"c":null,"a,b":"d:e\"f,g"},"a":["`+long+`",1]}`)))
	require.Equal(t, []string{`[`, `  "` + long + `",`, `  1,`, `  2,`, `  3,`, `  … 2 more`, `]`}, pretty([]byte(`["`+long+`",1,2,3,4,5]`)))
	require.Equal(t, []string{"404 page", "not found"}, pretty([]byte("404 page\nnot found\n")))
}

func TestFieldsArePickedInOrder(t *testing.T) {
	require.JSONEq(t, `{"b":[1],"a":2}`, string(picked([]byte(`{"a":2,"c":3,"b":[1]}`), []string{"b", "a", "missing"})))
}
