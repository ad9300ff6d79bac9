package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/starter/web"
)

func TestJSONThatCannotBeKept(t *testing.T) {
	for document, kept := range map[string]bool{
		`{"people":["a"]}`:         true,
		`{"people":["a\u0000b"]}`:  false,
		`{"a\u0000":1}`:            false,
		`{"people":["a\\u0000b"]}`: true, // a backslash and five characters
		`{"people":["a\\\u0000"]}`: false,
		`{"people":["\u00e9\n"]}`:  true,
		"{\"a\":\"\xff\"}":         false,
		"{\"a\":\"\x00\"}":         false,
		`{"a":"\`:                  true, // the decoder says what is wrong
	} {
		if kept {
			require.NoError(t, web.StorableJSON([]byte(document)), document)
		} else {
			require.ErrorIs(t, web.StorableJSON([]byte(document)), web.ErrUnstorable, document)
		}
	}
}

// Whatever a text is, its document is refused exactly if it has a zero byte.
func TestExactlyTextsWithAZeroByteAreRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune{'a', '\\', '"', 'u', '0', 0})).Draw(t, "text")
		document, err := json.Marshal(map[string]string{"text": text})
		require.NoError(t, err)
		require.Equal(t, strings.ContainsRune(text, 0), web.StorableJSON(document) != nil, string(document))
	})
}

func TestAddressesThatCannotBeKept(t *testing.T) {
	passed := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	refused := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) }
	handler := web.RefuseUnstorable(passed, refused)
	for address, status := range map[string]int{
		"/people?search=Wren": http.StatusNoContent,
		"/people?search=%00":  http.StatusUnprocessableEntity,
		"/people?search=%ff":  http.StatusUnprocessableEntity,
		"/people?%00=a":       http.StatusUnprocessableEntity,
		"/schedules/a%00":     http.StatusUnprocessableEntity,
		"/schedules/a%ff":     http.StatusUnprocessableEntity,
		"/schedules/Zo%C3%AB": http.StatusNoContent,
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))
		require.Equal(t, status, answer.Code, address)
	}
	require.True(t, web.StorableValues(url.Values{"name": {"Zoë"}}))
	require.False(t, web.StorableValues(url.Values{"name": {"Zoë", "a\x00"}}))
}
