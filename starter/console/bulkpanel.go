package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"iter"
	"net/http"
	"time"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
)

// bulkPanel is a bulk run as people follow it.
type bulkPanel struct {
	bulk db.BulkSummary
	// waiting says what the bulk run waits for beyond what its row says.
	waiting string
	// abandoned: the workflow ended without finishing the bulk run.
	abandoned bool
	zone      *time.Location
}

func (p bulkPanel) finished() bool { return p.bulk.State == db.BulkFinished }

func (p bulkPanel) live() bool { return !p.finished() && !p.abandoned }

// said is the bulk run's standing in a sentence, for those who listen. It changes with every tenth, not with every person.
func (p bulkPanel) said() string {
	switch {
	case p.abandoned:
		return "The bulk run ended without a result."
	case p.finished():
		return bulkResult(p.bulk) + "."
	case p.waiting != "":
		return ui.Sentence(p.waiting) + "."
	case p.bulk.Counts.Selected == 0:
		return "The bulk run selects its people."
	default:
		return fmt.Sprintf("The bulk run is %s, %d per cent are done.", p.bulk.State, p.bulk.Counts.Processed*10/p.bulk.Counts.Selected*10)
	}
}

// bulkEvents are the news of a bulk run: "progress" is where it stands, "commands" what can be done with it, "said" a sentence for those who
// listen, "finished" comes when the rest of the page has changed, and "end" after the last of them.
func (c console) bulkEvents(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "bulk")
	if err != nil {
		return err
	}
	if _, err := c.store.BulkProgress(r.Context(), v.Organisation.ID, id); err != nil {
		return err
	}
	return streamed(c, w, r, func(ctx context.Context) iter.Seq2[bulks.Update, error] {
		return c.bulks.Follow(ctx, v.Organisation.ID, id)
	}, tellOfBulk(v))
}

func tellOfBulk(v visitor) teller[bulks.Update] {
	return func(ctx context.Context, events *eventStream, update bulks.Update, failed error) error {
		panel := bulkPanel{bulk: update.Bulk, waiting: update.Waiting, zone: v.zone}
		switch {
		case errors.Is(failed, bulks.ErrAbandoned):
			panel.abandoned = true
		case failed != nil:
			return failed
		}
		var shown, commands bytes.Buffer
		if err := errors.Join(bulkNews(panel).Render(ctx, &shown), bulkCommands(panel).Render(ctx, &commands)); err != nil {
			return err
		}
		return errors.Join(events.send("progress", shown.String()), events.send("commands", commands.String()), events.send("said", html.EscapeString(panel.said())))
	}
}
