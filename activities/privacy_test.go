package activities_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// personData is whatever is known of the people of a world: names, birth dates, care recipient ids and budget ids, in lower case.
type personData struct {
	// words are looked for as whole words, phrases anywhere.
	words   map[string]bool
	phrases []string
}

var word = regexp.MustCompile(`[\pL\pN]+`)

func personDataOf(s *site) personData {
	data := personData{words: make(map[string]bool)}
	for _, person := range s.World.World.Recipients() {
		known := []string{person.CareRecipientID, person.HeldCareRecipientID}
		for _, identity := range []world.Identity{person.Upstream, person.Held} {
			known = append(known, identity.GivenName, identity.FamilyName, identity.BirthDate.String())
		}
		for _, budget := range person.Budgets {
			known = append(known, budget.ID)
		}
		for _, text := range known {
			text = strings.ToLower(text)
			if word.FindString(text) == text {
				data.words[text] = true
			} else {
				data.phrases = append(data.phrases, text)
			}
		}
	}
	return data
}

// in finds some of it in a text.
func (d personData) in(text string) string {
	text = strings.ToLower(text)
	for _, one := range word.FindAllString(text, -1) {
		if d.words[one] {
			return one
		}
	}
	for _, phrase := range d.phrases {
		if strings.Contains(text, phrase) {
			return phrase
		}
	}
	return ""
}

// everyFault is one of each that an operation can meet.
var everyFault = []faults.Kind{
	"", faults.TooManyRequests, faults.Unavailable, faults.InternalError, faults.BadGateway, faults.ConnectionReset, faults.HTML, faults.EmptyBody,
	faults.TruncatedJSON, faults.Unauthorised, faults.Forbidden, faults.ConsentWithdrawn, faults.EntryMissing, faults.StrangersID,
}

// Whatever happens to whomever: what leaves the steps for Temporal's history, logs and other programs says nothing about a person (R10).
func TestNothingAboutAPersonLeavesTheSteps(t *testing.T) {
	s := newSite(t, world.Options{})
	secret := personDataOf(s)
	require.Equal(t, "marjorie", secret.in("Dear Marjorie,"), "the test knows what to look for")
	require.Equal(t, "1941-03-09", secret.in(`"birth_date":"1941-03-09"`))
	errors, answers := 0, 0
	listen := syncResult{t, s.process, func(t *testing.T, step string, run func() (any, error)) {
		answer, err := run()
		if err != nil {
			errors++
			s.endPushBack(t)
			require.Empty(t, secret.in(err.Error()), step)
			require.Empty(t, secret.in(activities.ApplicationError(err).Error()), step)
			return
		}
		answers++
		encoded, err := json.Marshal(answer)
		require.NoError(t, err)
		require.Empty(t, secret.in(string(encoded)), step)
	}}
	operations := []string{
		servicesaustralia.OperationSummary, servicesaustralia.OperationContributions, servicesaustralia.OperationBudgetsOfRecipient, servicesaustralia.OperationBudgetDetails,
	}
	for round, operation := range operations {
		for i, key := range s.everyone() {
			s.Faults.Clear()
			if kind := everyFault[(i+round)%len(everyFault)]; kind != "" && round > 0 {
				s.fault(t, faults.Fault{Kind: kind, Operation: operation})
			}
			listen.run(key)
		}
		s.Faults.Clear()
		require.NoError(t, s.World.World.Advance(s.World.World.Today()))
	}
	require.Greater(t, errors, 20)
	require.Greater(t, answers, 300)

	for _, query := range []string{
		"SELECT topic || payload FROM outbox", "SELECT answer::text FROM sync_step", "SELECT problem FROM sync_retry",
		"SELECT area || code FROM sync_issue", "SELECT workflow_id || reason || counts FROM sync_run",
	} {
		texts := testkit.Column[string](t, s.sql, query)
		require.NotEmpty(t, texts, query)
		require.Empty(t, secret.in(strings.Join(texts, "\n")), query)
	}
}
