package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"iter"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/syncs"
)

const (
	// heartbeat keeps proxies from closing a quiet stream. With it, the session is looked up again.
	heartbeat = 15 * time.Second
	// eventTimeout is how long one event may take to be written.
	eventTimeout = 10 * time.Second
)

// runEvents are the news of a run: "progress" is the panel, "said" a sentence for those who listen, "finished" comes when the rest of the
// page has changed, and "end" after the last of them.
func (c console) runEvents(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "run")
	if err != nil {
		return err
	}
	if _, err := c.store.RunProgress(r.Context(), v.Organisation.ID, id); err != nil {
		return err
	}
	following := syncs.Started{RunID: id, AnotherPass: r.URL.Query().Get("another") == yes}
	return stream(c, w, r, func(ctx context.Context) iter.Seq2[syncs.Update, error] {
		return c.syncs.FollowAll(ctx, v.Organisation, following)
	}, c.runTeller(v, runPanel{zone: v.zone}))
}

// teller tells of an update, or of what ended the following. An error ends the stream; whoever left takes it up again.
type teller[T any] func(ctx context.Context, events *eventStream, update T, failed error) error

// stream tells of updates as they come, as long as the visitor is signed in. After the last one come "finished", for the rest of the page,
// and "end".
func stream[T any](c console, w http.ResponseWriter, r *http.Request, updates func(context.Context) iter.Seq2[T, error], tell teller[T]) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(c.stopping, cancel)()
	events := openEvents(w)
	news := follow(ctx, updates(ctx))
	beat := time.NewTicker(c.heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case next, more := <-news:
			switch {
			case !more:
				return nil
			case next.ended:
				err = errors.Join(events.send("finished", ""), events.send("end", ""))
			default:
				if err = tell(ctx, events, next.update, next.err); err != nil && next.err != nil {
					c.logger.Info("a stream ended", zap.String("request_id", requestOf(ctx).id), zap.Error(err))
				}
			}
		case <-beat.C:
			if _, gone := c.session(r); errors.Is(gone, db.ErrNotFound) {
				return nil // asked again, the browser learns that it is signed out
			}
			err = events.write(": still here\n\n")
		}
		if err != nil {
			return nil // there is nobody to answer any more
		}
	}
}

// news is an update, or how following ended. The last one has ended set.
type news[T any] struct {
	update T
	err    error
	ended  bool
}

// follow follows beside the heartbeat.
func follow[T any](ctx context.Context, updates iter.Seq2[T, error]) <-chan news[T] {
	told := make(chan news[T])
	send := func(one news[T]) bool {
		select {
		case told <- one:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(told)
		for update, err := range updates {
			if !send(news[T]{update: update, err: err}) {
				return
			}
		}
		send(news[T]{ended: true})
	}()
	return told
}

// runTeller tells of a run; panel says what is known beside the updates.
func (c console) runTeller(v visitor, panel runPanel) teller[syncs.Update] {
	return func(ctx context.Context, events *eventStream, update syncs.Update, failed error) error {
		panel.run, panel.waiting, panel.details = db.RunView{RunProgress: update.Run}, update.Waiting, runPath(update.Run.ID)
		switch {
		case errors.Is(failed, syncs.ErrAbandoned):
			panel.abandoned = true
		case failed != nil:
			return failed
		case update.Finished():
			run, err := c.store.RunView(ctx, v.Organisation.ID, update.Run.ID)
			if err != nil {
				return err
			}
			panel.run = run
		}
		var shown bytes.Buffer
		if err := runNews(panel).Render(ctx, &shown); err != nil {
			return err
		}
		return errors.Join(events.send("progress", shown.String()), events.send("said", html.EscapeString(panel.said())))
	}
}

// eventStream writes server-sent events.
type eventStream struct {
	out     http.ResponseWriter
	control *http.ResponseController
	last    map[string]string
}

func openEvents(w http.ResponseWriter) *eventStream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	return &eventStream{out: w, control: http.NewResponseController(w), last: map[string]string{}}
}

// send leaves out what says the same as the event of that name before, so that nothing is read out twice.
func (e *eventStream) send(name, data string) error {
	if last, sent := e.last[name]; sent && last == data {
		return nil
	}
	e.last[name] = data
	return e.write(fmt.Sprintf("event: %s\ndata: %s\n\n", name, strings.ReplaceAll(strings.ReplaceAll(data, "\r", ""), "\n", "\ndata: ")))
}

func (e *eventStream) write(text string) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(eventTimeout)); err != nil {
		return err
	}
	if _, err := e.out.Write([]byte(text)); err != nil {
		return err
	}
	return e.control.Flush()
}
