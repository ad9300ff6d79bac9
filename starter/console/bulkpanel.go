package console

import (
	"context"
	"errors"
	"fmt"
	"html"
	"iter"
	"net/http"
	"time"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/words"
)

// bulkPanel is a bulk run as people follow it.
type bulkPanel struct {
	bulk read.BulkSummary
	// abandoned: the workflow ended without finishing the bulk run.
	abandoned bool
	zone      *time.Location
}

func (p bulkPanel) finished() bool { return p.bulk.State == read.BulkFinished }

func (p bulkPanel) live() bool { return !p.finished() && !p.abandoned }

// said is the bulk run's state in a sentence, for screen readers. It changes with every tenth, not with every person.
func (p bulkPanel) said() string {
	switch {
	case p.abandoned:
		return "The bulk run ended without a result."
	case p.finished():
		return bulkResult(p.bulk) + "."
	case p.bulk.Wait.Known():
		return ui.Sentence(words.WaitTitle(p.bulk.Wait)) + "."
	case p.bulk.Counts.Selected == 0:
		return "The bulk run is selecting people."
	default:
		return fmt.Sprintf("The bulk run is %s, %d per cent done.", p.bulk.State, p.bulk.Counts.Processed*10/p.bulk.Counts.Selected*10)
	}
}

// bulkEvents are the news of a bulk run: "progress" is where it stands, "commands" what can be done with it, "reasons" and "people" how its
// people did, "said" a sentence for screen readers, "finished" comes when the rest of the page has changed, and "end" after the last of
// them. The people are those of the page that listens.
func (c console) bulkEvents(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, filter, err := c.loadBulk(r, v)
	if err != nil {
		return err
	}
	return streamed(c, w, r, func(ctx context.Context) iter.Seq2[bulks.Update, error] {
		return c.bulks.Follow(ctx, v.Organisation.ID, view.bulk.ID)
	}, c.bulkTeller(v, view, filter))
}

// bulkTeller streams a bulk run and the people that a page lists. Each update is shown from one snapshot, so that figures and list
// agree; while the database is away, from the one before.
func (c console) bulkTeller(v visitor, view bulkView, filter read.ItemFilter) teller[bulks.Update] {
	return func(ctx context.Context, events *eventStream, update bulks.Update, failed error) error {
		loaded, err := read.From(c.store).BulkPage(ctx, v.Organisation.ID, view.bulk.ID, filter)
		switch {
		case err == nil:
			view = newBulkView(loaded, filter, view.outcome, v.zone)
		case !db.Away(err):
			return err
		}
		view.bulkPanel.bulk.Wait = update.Bulk.Wait
		if update.Bulk.Wait.Known() {
			view.bulkPanel.bulk.PerMinute, view.bulkPanel.bulk.EstimatedEnd = nil, nil
		}
		switch {
		case errors.Is(failed, bulks.ErrAbandoned):
			view.abandoned = true
		case failed != nil:
			return failed
		}
		return errors.Join(
			events.show(ctx, "progress", bulkNews(view.bulkPanel)), events.show(ctx, "commands", bulkCommands(view.bulkPanel)),
			events.show(ctx, "reasons", bulkReasons(view)), events.show(ctx, "people", bulkList(view)),
			events.send("said", html.EscapeString(view.said())),
		)
	}
}
