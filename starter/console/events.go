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
	// heartbeat keeps proxies from closing a quiet stream.
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
	return c.stream(w, r, v, runPanel{zone: v.zone}, func(ctx context.Context) iter.Seq2[syncs.Update, error] {
		return c.syncs.FollowAll(ctx, v.Organisation, following)
	})
}

// stream tells of updates as they come; panel says what is known beside them.
func (c console) stream(
	w http.ResponseWriter, r *http.Request, v visitor, panel runPanel, updates func(context.Context) iter.Seq2[syncs.Update, error],
) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(c.stopping, cancel)()
	events := openEvents(w)
	news := follow(ctx, updates(ctx))
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case next, more := <-news:
			if !more {
				return nil
			}
			if err := c.tell(ctx, events, v, panel, next); err != nil {
				return nil // whoever left takes the stream up again
			}
		case <-beat.C:
			if events.write(": still here\n\n") != nil {
				return nil
			}
		}
	}
}

// news is where a run stands, or how following it ended. The last one has ended set.
type news struct {
	update syncs.Update
	err    error
	ended  bool
}

// follow follows beside the heartbeat.
func follow(ctx context.Context, updates iter.Seq2[syncs.Update, error]) <-chan news {
	told := make(chan news)
	send := func(one news) bool {
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
			if !send(news{update: update, err: err}) {
				return
			}
		}
		send(news{ended: true})
	}()
	return told
}

func (c console) tell(ctx context.Context, events *eventStream, v visitor, panel runPanel, next news) error {
	if next.ended {
		return errors.Join(events.send("finished", ""), events.send("end", ""))
	}
	panel.run, panel.waiting, panel.details = db.RunView{RunProgress: next.update.Run}, next.update.Waiting, runPath(next.update.Run.ID)
	switch {
	case errors.Is(next.err, syncs.ErrAbandoned):
		panel.abandoned = true
	case next.err != nil:
		c.logger.Info("a stream ended", zap.String("request_id", requestOf(ctx).id), zap.Error(next.err))
		return next.err
	case next.update.Finished():
		run, err := c.store.RunView(ctx, v.Organisation.ID, next.update.Run.ID)
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
