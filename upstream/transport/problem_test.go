package transport

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestParseProblemReadsEveryForm(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       Problem
	}{
		{"coded", `{"codeType":"DHSEIN","code":"1","message":"Not found"}`, Problem{"DHSEIN", []string{"1"}, "Not found", true}},
		{"code as a number", `{"codeType":"DHSEIN","code":1,"message":"Not found"}`, Problem{"DHSEIN", []string{"1"}, "Not found", true}},
		{"coded with details", `{"codeType":"DHSEIN","code":"9","message":"Invalid","details":[{"code":"E2","message":"The date is wrong"},{"code":"E3","message":"Invalid"}]}`,
			Problem{"DHSEIN", []string{"9", "E2", "E3"}, "Invalid\nThe date is wrong", true}},
		{"message only", `{"message":"Scheduled outage"}`, Problem{"", nil, "Scheduled outage", true}},
		{"list of errors", `{"errors":[{"code":"DE.4","message":"Device not found","field":"deviceName"},{"code":"DE.5","message":"Invalid state"}]}`,
			Problem{"", []string{"DE.4", "DE.5"}, "Device not found\nInvalid state", true}},
		{"OAuth", `{"error":"mapping_error","error_description":"No mapping"}`, Problem{"", []string{"mapping_error"}, "No mapping", true}},
		{"plain text", "Service unavailable", Problem{"", nil, "Service unavailable", false}},
		{"HTML", "<html><body>Bad gateway</body></html>", Problem{"", nil, "<html><body>Bad gateway</body></html>", false}},
		{"JSON of no known form", `{"fault":{"text":"x"}}`, Problem{"", nil, `{"fault":{"text":"x"}}`, false}},
		{"details that are no list", `{"code":"7","message":"No","details":"none"}`, Problem{"", []string{"7"}, "No", true}},
		{"members that are no objects", `{"errors":["gone",{"code":"E1","message":"No"}]}`, Problem{"", []string{"E1"}, "No", true}},
		{"cut off", `{"codeType":"DHSEIN","co`, Problem{"", nil, `{"codeType":"DHSEIN","co`, false}},
		{"empty", "", Problem{}},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, ParseProblem([]byte(test.body))) })
	}
}

func TestWhatIsNoCodeIsLeftOut(t *testing.T) { // R10
	for _, code := range []string{"Edith Murray", "415056224", "ID-415056224", "1941/03/09", strings.Repeat("A", 41), ""} {
		body, err := json.Marshal(map[string]string{"code": code, "codeType": code, "message": "No"})
		require.NoError(t, err)
		require.Equal(t, Problem{Words: "No", Enveloped: true}, ParseProblem(body), code)
	}
}

func TestWordsCanBeStored(t *testing.T) {
	words := ParseProblem([]byte("a\x00b\xff" + strings.Repeat("é", maxRaw))).Words
	require.True(t, strings.HasPrefix(words, "a\uFFFDb\uFFFDé"))
	require.LessOrEqual(t, len(words), maxRaw)
	require.True(t, utf8.ValidString(words))
}

func FuzzParseProblem(f *testing.F) {
	f.Add([]byte(`{"codeType":"DHSEIN","code":"1","message":"Not found","details":[{"code":"2","message":"x"}]}`))
	f.Add([]byte(`{"errors":[{"code":"DE.4"},null,3]}`))
	f.Add([]byte("plain \x00 text"))
	f.Fuzz(func(t *testing.T, body []byte) {
		problem := ParseProblem(body)
		require.True(t, utf8.ValidString(problem.Words))
		require.NotContains(t, problem.Words, "\x00")
		for _, code := range append(problem.Codes, problem.CodeType) {
			require.NotRegexp(t, `[0-9]{6}|\s`, code)
		}
	})
}
