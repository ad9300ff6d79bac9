package console

import (
	"bytes"
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
)

type visitorKey struct{}

func withVisitor(r *http.Request, session db.ConsoleSession) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, session))
}

// frame adds to a page what every page shows.
func (c console) frame(r *http.Request, page ui.Page) ui.Page {
	page.Frame = ui.Frame{Navigation: navigation, Address: r.URL.RequestURI(), Assets: c.assets.addresses()}
	if r.Method != http.MethodGet {
		page.Address = "/"
	}
	if session, signedIn := r.Context().Value(visitorKey{}).(db.ConsoleSession); signedIn {
		page.Visitor = &ui.Visitor{Organisation: session.Organisation.Name, Name: session.Name, TimeZone: session.Organisation.TimeZone}
	}
	page.Theme = ui.ThemeSystem
	if cookie, err := r.Cookie(themeCookie); err == nil {
		page.Theme = knownTheme(cookie.Value)
	}
	return page
}

// render writes a page, or nothing of it if a part fails.
func (c console) render(w http.ResponseWriter, r *http.Request, status int, component templ.Component) error {
	var body bytes.Buffer
	if err := component.Render(r.Context(), &body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a client that has left no longer wants it
	return nil
}

// pathID is the id in an address; what is no id names nothing.
func pathID(r *http.Request, name string) (care.ID, error) { return parseID(r.PathValue(name)) }

func parseID(text string) (care.ID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(id.String()) {
		return "", db.ErrNotFound
	}
	return care.ID(id.String()), nil
}
