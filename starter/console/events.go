package console

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"html"
	"iter"
	"net/http"

	"github.com/a-h/templ"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/stream"
	"github.com/caresync/caresync/starter/syncs"
)

// runEvents are the news of a run: "progress" is the panel, "said" a sentence for screen readers, "finished" comes when the rest of the
// page has changed, and "end" after the last of them.
func (c console) runEvents(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "run")
	if err != nil {
		return err
	}
	if _, err := read.From(c.store).RunProgress(r.Context(), v.Organisation.ID, id); err != nil {
		return err
	}
	following := syncs.StartResult{RunID: id, AnotherPass: r.URL.Query().Get("another") == yes}
	return streamed(c, w, r, func(ctx context.Context) iter.Seq2[syncs.Update, error] {
		return c.syncs.FollowAll(ctx, v.Organisation, following)
	}, c.runTeller(v, runPanel{zone: v.zone}))
}

// teller streams an update, or what ended the following. An error ends the stream; whoever left takes it up again.
type teller[T any] func(ctx context.Context, events *eventStream, update T, failed error) error

// streamed sends updates as they come, as long as the visitor is signed in. After the last one come "finished", for the rest of the
// page, and "end". It never fails: the answer has started.
func streamed[T any](c console, w http.ResponseWriter, r *http.Request, updates func(context.Context) iter.Seq2[T, error], tell teller[T]) error {
	events := &eventStream{Events: stream.Open(w), last: map[string]string{}}
	ended := stream.Serve(r.Context(), c.streams, events.Events, updates, func(ctx context.Context, update T, failed error) error {
		return tell(ctx, events, update, failed)
	})
	if ended {
		_ = errors.Join(events.send("finished", yes), events.send("end", yes))
	}
	return nil
}

// runTeller streams a run; panel says what is known beside the updates.
func (c console) runTeller(v visitor, panel runPanel) teller[syncs.Update] {
	return func(ctx context.Context, events *eventStream, update syncs.Update, failed error) error {
		panel.run, panel.details = read.Run{RunProgress: update.Run}, runPath(update.Run.ID)
		switch {
		case errors.Is(failed, syncs.ErrAbandoned):
			panel.abandoned = true
		case failed != nil:
			return failed
		case update.Finished():
			run, err := read.From(c.store).Run(ctx, v.Organisation.ID, update.Run.ID)
			if err != nil {
				return err
			}
			panel.run = run
		}
		return errors.Join(events.show(ctx, "progress", runNews(panel)), events.send("said", html.EscapeString(panel.said())))
	}
}

// eventStream leaves out what says the same as the event of that name before, so that nothing is read out twice.
type eventStream struct {
	*stream.Events
	last map[string]string
}

// show sends a part of a page. One that has become empty is sent as a comment: browsers leave an event without data out, and would continue
// showing what was there before.
func (e *eventStream) show(ctx context.Context, name string, part templ.Component) error {
	var shown bytes.Buffer
	if err := part.Render(ctx, &shown); err != nil {
		return err
	}
	return e.send(name, cmp.Or(shown.String(), "<!-- nothing -->"))
}

func (e *eventStream) send(name, data string) error {
	if last, sent := e.last[name]; sent && last == data {
		return nil
	}
	e.last[name] = data
	return e.Send("", name, data)
}
