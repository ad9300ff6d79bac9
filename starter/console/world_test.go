package console_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console"
)

func runLink(workflowID string, run care.ID) string {
	return "https://temporal.example/workflows/" + url.PathEscape(workflowID) + "/" + string(run)
}

// serve serves the console and returns its address.
func serve(t testing.TB, options console.Options) string {
	t.Helper()
	pages, err := console.New(options)
	require.NoError(t, err)
	server := httptest.NewServer(console.Beside(http.NotFoundHandler(), pages))
	t.Cleanup(server.Close)
	return server.URL
}

func organisation(t testing.TB, store *db.Store, id care.ID) care.Organisation {
	t.Helper()
	organisations, err := store.Organisations(t.Context())
	require.NoError(t, err)
	at := slices.IndexFunc(organisations, func(one care.Organisation) bool { return one.ID == id })
	require.GreaterOrEqual(t, at, 0)
	return organisations[at]
}

// link is one that signs in to an organisation.
func link(t testing.TB, store *db.Store, address string, organisation care.ID) string {
	t.Helper()
	secret, err := store.CreateConsoleLink(t.Context(), organisation, "Robin Ellery", time.Now().Add(time.Minute))
	require.NoError(t, err)
	return console.SignInLink(address, secret)
}

// visitor is someone who is signed in, without a browser.
type visitor struct {
	t       testing.TB
	client  *http.Client
	address string
}

// newVisitor signs in to an organisation with a link.
func newVisitor(t testing.TB, store *db.Store, address string, organisation care.ID) visitor {
	t.Helper()
	v := stranger(t, address)
	answer := v.post(strings.TrimPrefix(link(t, store, address, organisation), address), nil)
	require.Equal(t, http.StatusSeeOther, answer.status)
	return v
}

// stranger is no one yet. Redirects are not followed.
func stranger(t testing.TB, address string) visitor {
	t.Helper()
	jar := &cookies{}
	return visitor{t: t, address: address, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// cookies keeps what the console sets, whatever its attributes; a cookie that has expired is forgotten.
type cookies struct{ kept []*http.Cookie }

func (c *cookies) SetCookies(_ *url.URL, set []*http.Cookie) {
	for _, cookie := range set {
		c.kept = slices.DeleteFunc(c.kept, func(one *http.Cookie) bool { return one.Name == cookie.Name })
		if cookie.Expires.After(time.Now()) {
			c.kept = append(c.kept, cookie)
		}
	}
}

func (c *cookies) Cookies(*url.URL) []*http.Cookie { return c.kept }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (v visitor) get(path string) answer {
	v.t.Helper()
	return v.send(http.MethodGet, path, nil, nil)
}

// post sends a form, as a browser does from a page of the same site.
func (v visitor) post(path string, form url.Values) answer {
	v.t.Helper()
	return v.send(http.MethodPost, path, form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

func (v visitor) send(method, path string, form url.Values, header http.Header) answer {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.address+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// news is a stream as a browser reads it.
type news struct{ lines *bufio.Scanner }

func (v visitor) follow(path string) news {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	v.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.address+path, nil)
	require.NoError(v.t, err)
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	v.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(v.t, http.StatusOK, response.StatusCode)
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return news{lines: lines}
}

// next is the next event that has data, as browsers take it; one without a name is the end of the stream.
func (n news) next() (name, data string) {
	for n.lines.Scan() {
		field, text, _ := strings.Cut(n.lines.Text(), ": ")
		switch {
		case field == "event":
			name = text
		case field == "data":
			data += text
		case field == "" && text == "" && data != "":
			return name, data
		case field == "" && text == "":
			name = ""
		}
	}
	return "", ""
}

func regexpFind(t testing.TB, pattern, text string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindString(text)
	require.NotEmpty(t, found, pattern)
	return found
}
