package console_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/testkit"
)

// longAnswer is an answer that has started, or that is waited for.
type longAnswer struct {
	name   string
	status int
	rest   io.Reader
}

// Whatever takes long ends with its credential, in the API and in the console: streams, reports, and waiting for a result.
func TestLongAnswersEndWithTheirCredential(t *testing.T) {
	d := newDesk(t)
	organisation, person := organisation(t, d.Store, d.Request(t, "several-open").OrganisationID), d.Request(t, "several-open").PersonID
	testkit.AddPeople(t, d.Store, organisation.ID, manyPeople(1000)...)
	token, secret, err := d.Store.CreateAPIToken(t.Context(), organisation.ID, "tests")
	require.NoError(t, err)
	d.temporal.OnStart = func(run string) {
		require.NoError(t, d.Store.RecordRun(t.Context(), db.RunStart{
			ID: care.ID(run), Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(person), StartedAt: time.Now(),
			Request: care.Request{OrganisationID: organisation.ID, PersonID: person, Trigger: care.TriggerOnDemand},
		}))
	}
	started, err := syncs.New(d.Store, d.temporal, protocol.TaskQueues{}).Start(t.Context(), syncs.Request{Organisation: organisation, Person: person})
	require.NoError(t, err)
	d.temporal.OnStart = nil
	finished, open := d.bulkOf(t, d.visitor(t, "several-open"), everyone), d.bulkOf(t, d.visitor(t, "several-open"), everyone)
	d.finish(t, organisation.ID, finished, care.RunSucceeded, "")

	core, logs := observer.New(zapcore.InfoLevel)
	address := wholeServer(t, d.Store, d.temporal, run.Deadlines{Header: patience, Body: patience, Answer: patience, Idle: patience}, zap.New(core))
	v := stranger(t, "http://"+address)
	require.Equal(t, http.StatusSeeOther, v.post("/sign-in", url.Values{"token": {secret}}).status)
	cookie := v.client.Jar.Cookies(nil)[0].String()

	runPath, report := "/runs/"+string(started.RunID), "/v1/bulk-runs/"+string(finished)+"/report?format="
	answers, reports := make(chan longAnswer, 10), 0
	for _, path := range []string{
		"/v1" + runPath + "/events", "/v1/bulk-runs/" + string(open) + "/events", report + "json", report + "csv",
		"/v1/people/" + string(person) + "/syncs", // waits for the sync
		runPath + "/events", "/bulks/" + string(open) + "/events", "/bulks/" + string(finished) + "/report.csv", "/bulks/" + string(finished) + "/report.json",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		require.NoError(t, err)
		if strings.HasSuffix(path, "/syncs") {
			request, err = http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, strings.NewReader(`{"wait":60}`))
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/json")
		}
		request.Header.Set("Authorization", "Bearer "+secret)
		request.Header.Set("Cookie", cookie)
		if strings.Contains(path, "report") {
			reports++
		}
		go func() {
			response, err := slowReader().RoundTrip(request)
			if err != nil {
				answers <- longAnswer{name: path + ": " + err.Error()}
				return
			}
			lines := bufio.NewReaderSize(response.Body, 16)
			if _, err = lines.ReadByte(); err != nil {
				lines = bufio.NewReader(strings.NewReader(err.Error()))
			}
			answers <- longAnswer{path, response.StatusCode, lines}
		}()
	}
	begun := make([]longAnswer, 0, 8)
	for len(begun) < cap(begun) {
		answer := <-answers
		require.Equal(t, http.StatusOK, answer.status, answer.name)
		begun = append(begun, answer)
	}
	cutOff := func() int { return logs.FilterMessage("download interrupted").Len() }
	require.Zero(t, cutOff())

	revoked := time.Now()
	_, err = d.Store.RevokeAPIToken(t.Context(), organisation.ID, token.ID)
	require.NoError(t, err)
	waited := <-answers
	require.Equal(t, http.StatusUnauthorized, waited.status, waited.name)
	require.Eventually(t, func() bool { return cutOff() == reports }, patience, 20*time.Millisecond, "a report ends, though no one reads it")
	require.Less(t, time.Since(revoked), 50*time.Second, "the wait would have ended anyway after a minute")
	for _, answer := range begun {
		_, err := io.Copy(io.Discard, answer.rest)
		require.Equal(t, strings.Contains(answer.name, "report"), err != nil, "a stream comes to its end, a report is seen to be incomplete: %s", answer.name)
	}
}

// slowReader keeps less than a report of what a server sends.
func slowReader() *http.Transport {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := new(net.Dialer).DialContext(ctx, network, address)
		if tcp, isTCP := connection.(*net.TCPConn); isTCP {
			err = tcp.SetReadBuffer(128 << 10)
		}
		return connection, err
	}
	return &http.Transport{DialContext: dial, DisableCompression: true, DisableKeepAlives: true}
}

// manyPeople have names that fill a report.
func manyPeople(number int) []db.PersonRecord {
	people := make([]db.PersonRecord, number)
	for i := range people {
		people[i].Identity = care.Identity{
			GivenName: strings.Repeat("Ada", 60), FamilyName: fmt.Sprint("Wren", strings.Repeat("x", 60), i), BirthDate: care.NewDate(1940, time.May, 1), CareRecipientID: fmt.Sprint(500000000 + i),
		}
	}
	return people
}
