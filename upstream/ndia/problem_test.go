package ndia_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	noAuthority = "Requestor does not have the authority to perform the request"
	notFound    = "The participant info was not found in NDIS"
)

func TestErrorsInEveryForm(t *testing.T) { // R9
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   transport.Kind
		code   string
		words  string
	}{
		{"authority as a text", 403, `{"success":false,"errors":["` + noAuthority + `"]}`, transport.NotAuthorised, "", noAuthority},
		{"authority with a key", 403, `{"success":false,"errors":[{"key":"A01","value":" ` + noAuthority + ` "}]}`, transport.NotAuthorised, "A01", noAuthority},
		{"authority in plain text", 403, noAuthority + "\r\n", transport.NotAuthorised, "", noAuthority},
		{"authority under 400", 400, `{"success":false,"errors":["` + strings.ToUpper(noAuthority) + `"]}`, transport.NotAuthorised, "", strings.ToUpper(noAuthority)},
		{"authority under 200", 200, `{"success":false,"errors":["` + noAuthority + `"]}`, transport.NotAuthorised, "", noAuthority},
		{"not found", 404, `{"success":false,"errors":["` + notFound + `"]}`, transport.NotFound, "", notFound},
		{"not found with a key", 404, `{"success":false,"errors":[{"key":"V19","value":"` + notFound + `"}]}`, transport.NotFound, "V19", notFound},
		{"not found in plain text", 404, "  " + notFound + "\n", transport.NotFound, "", notFound},
		{"not found without a word", 404, "", transport.NotFound, "", ""},
		{"not found in other words", 404, `{"success":false,"errors":["No plan"]}`, transport.NotFound, "", "No plan"},
		{"not found under 400", 400, `{"success":false,"errors":["` + notFound + `"]}`, transport.NotFound, "", notFound},
		{"not found under 403", 403, notFound, transport.NotFound, "", notFound},
		{"not found under 200", 200, `{"success":false,"errors":[{"key":"V19","value":"` + notFound + `"}]}`, transport.NotFound, "V19", notFound},
		{"not found under 200, as a text", 200, `{"success":"false","errors":"` + notFound + `"}`, transport.NotFound, "", notFound},
		{"no such page", 404, "404 page not found", transport.Refused, "", "404 page not found"},
		{"no such page, by the gateway", 404, `{"httpCode":"404","httpMessage":"Not Found"}`, transport.Refused, "", `{"httpCode":"404","httpMessage":"Not Found"}`},
		{"several errors", 400, `{"success":false,"errors":["One"," Two ",{"key":"V07","value":"One"},{"key":"V08"},{},null,7]}`, transport.Refused, "V07", "One\nTwo\nV08\n7"},
		{"one error, not in a list", 409, `{"success":false,"errors":{"key":"V19","value":"Busy"}}`, transport.Refused, "V19", "Busy"},
		{"failure without errors", 200, `{"success":false}`, transport.Refused, "", ""},
		{"refused in plain text", 400, "Bad request", transport.Refused, "", "Bad request"},
		{"busy", 429, `{"success":false,"errors":["Slow down"]}`, transport.RateLimited, "", "Slow down"},
		{"planned outage", 503, `{"success":false,"errors":["Back at noon"]}`, transport.Unavailable, "", "Back at noon"},
		{"an outage that speaks of participants", 500, notFound, transport.Unavailable, "", notFound},
		{"HTML", 200, "<html>", transport.Unreadable, "", ""},
		{"nothing", 200, "", transport.Unreadable, "", ""},
		{"cut off", 200, `{"success":true,"result":{"is_pa`, transport.Unreadable, "", ""},
		{"no envelope", 200, `{"is_pace_plan":true}`, transport.Unreadable, "", ""},
		{"a bare list", 200, `[]`, transport.Unreadable, "", ""},
		{"no result", 200, `{"success":true}`, transport.Unreadable, "", ""},
		{"errors under 200, without success", 200, `{"errors":[{"key":"V07","value":"No such plan"}]}`, transport.Refused, "V07", "No such plan"},
		{"a message under 200", 200, `{"message":"Invalid date"}`, transport.Refused, "", "Invalid date"},
		{"null", 200, `{"success":true,"result":null}`, transport.Unreadable, "", ""},
	} {
		for name, operation := range operations {
			if name == "subscribe" && test.status == 200 {
				continue // its success has no result to speak of
			}
			t.Run(test.name+"/"+name, func(t *testing.T) {
				failed := failure(t, operation(t.Context(), readerOf(t, says(test.status, test.body))))
				require.Equal(t, test.kind, failed.Kind)
				require.Equal(t, test.code, failed.Code)
				require.Equal(t, test.words, failed.Words)
				require.Equal(t, test.status, failed.Status)
				for _, secret := range []string{person.NDISNumber, "Neill", "1991", "uthority", "participant info", "http"} {
					require.NotContains(t, failed.Error(), secret, "R10")
				}
			})
		}
	}
}

func TestAuthorityOfAParticipantIsToldFromThatOfTheConnection(t *testing.T) { // R9, R30
	for _, test := range []struct {
		status int
		body   string
		want   bool
	}{
		{403, `{"success":false,"errors":["` + noAuthority + `"]}`, true},
		{200, `{"success":false,"errors":["` + noAuthority + `"]}`, true},
		{403, `{"success":false,"errors":["Client id not registered"]}`, false},
		{404, notFound, false},
	} {
		err := operations["budget"](t.Context(), readerOf(t, says(test.status, test.body)))
		require.Equal(t, test.want, ndia.AuthorityMissing(err), test.body)
	}
	require.False(t, ndia.AuthorityMissing(nil))
}

func TestKeysThatCouldBeAboutAPersonStayOutOfErrors(t *testing.T) { // R10
	for _, key := range []string{"430123456", "Neill, Ann", "V12345", "1991-03-09", strings.Repeat("K", 30), ""} {
		body, err := json.Marshal(map[string]any{"success": false, "errors": []any{map[string]string{"key": key, "value": "No"}}})
		require.NoError(t, err)
		failed := failure(t, operations["plans"](t.Context(), readerOf(t, says(400, string(body)))))
		require.Empty(t, failed.Code)
		require.Equal(t, "No", failed.Words)
	}
}

func TestWordsCanBeStored(t *testing.T) {
	for _, status := range []int{200, 400} {
		body := `{"success":false,"errors":["a\u0000b\ud800` + strings.Repeat("é", 5000) + `"]}`
		failed := failure(t, operations["plans"](t.Context(), readerOf(t, says(status, body))))
		for _, text := range []string{failed.Words, failed.Raw} {
			require.True(t, utf8.ValidString(text))
			require.NotContains(t, text, "\x00")
			require.NotEmpty(t, text)
			require.LessOrEqual(t, len(text), 4<<10)
		}
	}
}

func TestSubscribing(t *testing.T) {
	for body, kind := range map[string]transport.Kind{
		`{"success":true,"result":{"event_id":"BUDGET_UPDATED"}}`: "",
		`{"success":true}`:                 "",
		`{"success":"true","result":null}`: "",
		`{"success":false,"errors":[{"key":"V07","value":"No such event"}]}`: transport.Refused,
		`{}`:     transport.Refused,
		`<html>`: transport.Unreadable,
	} {
		err := readerOf(t, says(200, body)).Subscribe(t.Context(), ndia.EventPlanApproved)
		if kind == "" {
			require.NoError(t, err, body)
			continue
		}
		require.Equal(t, kind, failure(t, err).Kind, body)
	}
}
