package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

const (
	// startsAtOnce is how many syncs of selected people are started in parallel.
	startsAtOnce = 8
	// startsWithin bounds how long starting them takes, well within answerTimeout.
	startsWithin = time.Minute
)

// peopleView is a page of people.
type peopleView struct {
	filter        read.PeopleFilter
	people        []read.PersonRow
	zone          *time.Location
	before, after string
	// foreign is what to know where the database belongs to another deployment: a heading with points, else empty.
	foreign []string
	// notice is a heading with points, empty but on the first page of everyone.
	notice []string
	// expiring are keys and devices of PRODA that someone has to do something about, on the first page only (R36).
	expiring []string
}

// narrowed reports whether a filter is set, so that an empty list means "no one fits" rather than "no one is there".
func (v peopleView) narrowed() bool {
	return v.filter.Search != "" || v.filter.Funding != "" || v.filter.Outcome != "" || v.filter.Stale || v.filter.NotInCare
}

var fundingOptions = []ui.Option{
	{Words: "Any"}, {Value: string(read.FundingSupportAtHome), Words: "Support at Home"}, {Value: string(read.FundingNDIS), Words: "NDIS"},
}

// outcomeOptions are ends of a sync to choose from.
func outcomeOptions(more ...ui.Option) []ui.Option {
	options := []ui.Option{{Words: "Any"}}
	for _, outcome := range []care.RunOutcome{care.RunSucceeded, care.RunSucceededWithWarnings, care.RunPartial, care.RunFailed, care.RunCancelled} {
		options = append(options, ui.Option{Value: string(outcome), Words: ui.Sentence(present.Outcome(outcome))})
	}
	return append(append(options, ui.Option{Value: unfinished, Words: "In progress"}), more...)
}

const (
	unfinished = "unfinished"
	never      = "never"
	yes        = "yes"
)

// known is a value that was chosen from a list; anything else chooses nothing.
func known(value string, options []ui.Option) string {
	if slices.ContainsFunc(options, func(option ui.Option) bool { return option.Value == value }) {
		return value
	}
	return ""
}

var peopleOutcomes = outcomeOptions(ui.Option{Value: never, Words: "Never synced"})

func peopleFilter(query url.Values) read.PeopleFilter {
	page, _ := strconv.Atoi(query.Get("page")) // no number is the first page
	return read.PeopleFilter{
		Search: query.Get("search"), Funding: read.Funding(known(query.Get("funding"), fundingOptions)), Outcome: known(query.Get("outcome"), peopleOutcomes),
		Stale: query.Get("stale") == yes, NotInCare: query.Get("not-in-care") == yes, Page: max(page, 1), Most: read.DefaultPage,
	}
}

// admittedWithin bounds for how long a page that shows people waits to know whose deployment the database is.
const admittedWithin = 300 * time.Millisecond

// soonAdmitted is admit for a page that can do without the answer.
func (c console) soonAdmitted(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, admittedWithin)
	defer cancel()
	return c.admit(bounded)
}

func (c console) people(w http.ResponseWriter, r *http.Request, v visitor) error {
	filter := peopleFilter(r.URL.Query())
	people, more, err := read.From(c.store).People(r.Context(), v.Organisation.ID, filter, c.store.Now())
	if err != nil {
		return err
	}
	view := peopleView{filter: filter, people: people, zone: v.zone}
	if err := c.soonAdmitted(r.Context()); db.OfAnotherDeployment(err) {
		shown := problemOf(err)
		view.foreign = []string{shown.title, shown.words}
	}
	if filter.Page == 1 && !view.narrowed() {
		if c.notice != "" {
			view.notice = strings.Split(strings.TrimSpace(c.notice), "\n")
		}
		connections, err := c.store.Connections(r.Context(), v.Organisation.ID)
		if err != nil {
			return err
		}
		view.expiring = expiryNotices(connections, c.store.Now())
	}
	if filter.Page > 1 {
		view.before = otherPage(r.URL, filter.Page-1)
	}
	if more {
		view.after = otherPage(r.URL, filter.Page+1)
	}
	page := ui.Page{Title: "People", Section: peoplePath}
	return c.render(w, r, http.StatusOK, peoplePage(c.frame(r, page), view))
}

// otherPage is the address of another page of the same list.
func otherPage(address *url.URL, page int) string {
	query := address.Query()
	query.Set("page", strconv.Itoa(page))
	return address.Path + "?" + query.Encode()
}

// syncTicked starts a sync of each person who is ticked.
func (c console) syncTicked(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	ticked, err := tickedPeople(r.PostForm["person"])
	if err != nil {
		return err
	}
	if len(ticked) == 0 {
		http.Redirect(w, r, peoplePath, http.StatusSeeOther)
		return nil
	}
	done, err := c.startAll(r.Context(), v, ticked)
	if err != nil {
		return err
	}
	http.Redirect(w, r, runsPath+"?"+done.query().Encode(), http.StatusSeeOther)
	return nil
}

// formError tells a form that was too large from one that cannot be read.
func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return errBadForm
}

// tickedPeople are the ids that were sent, each once.
func tickedPeople(texts []string) ([]care.ID, error) {
	var ids []care.ID
	for _, text := range texts {
		id, err := parseID(text)
		if err != nil {
			return nil, errBadForm
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) > read.MostPerPage {
		return nil, errBadForm
	}
	return ids, nil
}

// startedSyncs counts what happened to the selected people.
type startedSyncs struct{ started, joined, without, failed atomic.Int32 }

func (s *startedSyncs) query() url.Values {
	return url.Values{
		"started": {strconv.Itoa(int(s.started.Load()))}, "joined": {strconv.Itoa(int(s.joined.Load()))}, "without": {strconv.Itoa(int(s.without.Load()))},
		"failed": {strconv.Itoa(int(s.failed.Load()))},
	}
}

// startAll starts a few at a time. Someone without care recipient id, or whose start fails, is counted and holds no one else up; it fails
// only if none was started.
func (c console) startAll(ctx context.Context, v visitor, people []care.ID) (*startedSyncs, error) {
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	done := &startedSyncs{}
	var group errgroup.Group
	group.SetLimit(startsAtOnce)
	for _, person := range people {
		group.Go(func() error {
			started, err := c.syncs.Start(ctx, syncs.Request{Organisation: v.Organisation, Person: person, RequestedBy: v.requestedBy()})
			switch {
			case errors.Is(err, syncs.ErrNoCareRecipientID):
				done.without.Add(1)
			case err != nil:
				done.failed.Add(1)
				return err
			case started.Joined:
				done.joined.Add(1)
			default:
				done.started.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	if err == nil || done.started.Load()+done.joined.Load() == 0 {
		return done, err
	}
	c.logger.Warn("some of the selected syncs were not started", web.RequestID(ctx), zap.Int32("failed", done.failed.Load()), zap.Error(err))
	return done, nil
}
