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

	"go.uber.org/zap"

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

// told is a step of something that is followed, or the error that ended it.
type told[T any] struct {
	step T
	err  error
}

// beside follows something beside the caller. The channel is closed at its end.
func beside[T any](ctx context.Context, steps iter.Seq2[T, error]) <-chan told[T] {
	out := make(chan told[T])
	go func() {
		defer close(out)
		for step, err := range steps {
			select {
			case out <- told[T]{step, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
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
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(c.stopping, cancel)()
	events := openEvents(w)
	news := beside(ctx, c.bulks.Follow(ctx, v.Organisation.ID, id))
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case next, more := <-news:
			if !more {
				_ = errors.Join(events.send("finished", ""), events.send("end", "")) // whoever left does not want it any more
				return nil
			}
			if err := c.tellOfBulk(ctx, events, v, next); err != nil {
				return nil // whoever left takes the stream up again
			}
		case <-beat.C:
			if events.write(": still here\n\n") != nil {
				return nil
			}
		}
	}
}

func (c console) tellOfBulk(ctx context.Context, events *eventStream, v visitor, next told[bulks.Update]) error {
	panel := bulkPanel{bulk: next.step.Bulk, waiting: next.step.Waiting, zone: v.zone}
	switch {
	case errors.Is(next.err, bulks.ErrAbandoned):
		panel.abandoned = true
	case next.err != nil:
		c.logger.Info("a stream ended", zap.String("request_id", requestOf(ctx).id), zap.Error(next.err))
		return next.err
	}
	var shown, commands bytes.Buffer
	if err := errors.Join(bulkNews(panel).Render(ctx, &shown), bulkCommands(panel).Render(ctx, &commands)); err != nil {
		return err
	}
	return errors.Join(events.send("progress", shown.String()), events.send("commands", commands.String()), events.send("said", html.EscapeString(panel.said())))
}
