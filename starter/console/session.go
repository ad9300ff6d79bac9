package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/web"
)

const (
	signInPath = "/sign-in"
	linkPath   = "/sign-in/link/"
	// sessionTime is how long someone stays signed in: a working day.
	sessionTime = 12 * time.Hour
	// cookieName is prefixed where cookies are sent over https only: then browsers take it from this host alone.
	cookieName   = "caresync-session"
	securePrefix = "__Host-"
	themeCookie  = "caresync-theme"
	themeTime    = 365 * 24 * time.Hour
)

// SignInLink is the address of a link that signs someone in.
func SignInLink(base, secret string) string { return strings.TrimSuffix(base, "/") + linkPath + secret }

// visitor is who looks at a page.
type visitor struct {
	db.ConsoleSession
	zone *time.Location
}

// requestedBy names the visitor in the record of what they start.
func (v visitor) requestedBy() string { return "console: " + v.Name }

// page answers a request of someone who is signed in.
type page func(w http.ResponseWriter, r *http.Request, v visitor) error

// signedIn lets only those through who have a session (R11); others are sent to sign in, and come back afterwards.
func (c console) signedIn(answer page) http.Handler {
	return c.open(func(w http.ResponseWriter, r *http.Request) error {
		session, err := c.session(r)
		if errors.Is(err, db.ErrNotFound) {
			c.askToSignIn(w, r)
			return nil
		}
		if err != nil {
			return err
		}
		noted := web.RequestOf(r.Context())
		noted.Organisation, noted.Token = session.Organisation.ID, session.TokenID
		r = withVisitor(r, session)
		r = r.WithContext(web.WithCredential(r.Context(), func(ctx context.Context) error {
			_, err := c.session(r.WithContext(ctx))
			return err
		}))
		c.audit(r, session)
		if err := checkText(r); err != nil {
			return err
		}
		if err := answer(w, r, visitor{ConsoleSession: session, zone: session.Organisation.Location()}); err != nil {
			c.fail(w, r, err)
		}
		return nil
	})
}

// checkText refuses a request whose address or form is not text that can be kept.
func checkText(r *http.Request) error {
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if err := r.ParseForm(); err != nil {
			return formError(err)
		}
	}
	if !web.StorableAddress(r) || !web.StorableValues(r.PostForm) {
		return web.ErrUnstorable
	}
	return nil
}

// audit logs who sent a form, by session and API token: a name is in no log (R10). The request's own line says what was answered.
func (c console) audit(r *http.Request, session db.ConsoleSession) {
	if r.Method == http.MethodGet {
		return
	}
	c.logger.Info("form", web.RequestID(r.Context()), zap.String("route", r.Pattern),
		zap.String("organisation", string(session.Organisation.ID)), zap.String("session", session.ID), zap.String("token", string(session.TokenID)))
}

// open answers a request of anyone; an error becomes a page that says what went wrong.
func (c console) open(answer func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := answer(w, r); err != nil {
			c.fail(w, r, err)
		}
	})
}

// session is that of the request's cookie, or db.ErrNotFound.
func (c console) session(r *http.Request) (db.ConsoleSession, error) {
	cookie, err := r.Cookie(c.cookieName())
	if err != nil {
		return db.ConsoleSession{}, db.ErrNotFound
	}
	return c.store.ConsoleSession(r.Context(), cookie.Value)
}

func (c console) cookieName() string {
	if c.secure {
		return securePrefix + cookieName
	}
	return cookieName
}

// askToSignIn does so with a page; a stream ends with 204, after which browsers do not try again.
func (c console) askToSignIn(w http.ResponseWriter, r *http.Request) {
	address := signInPath
	switch {
	case strings.HasSuffix(r.URL.Path, "/events"):
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method == http.MethodGet:
		address += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
	}
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", address)
		return
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// keep gives the browser the session's cookie. Lax rather than Strict, so that links from messages and from the Temporal UI find the
// visitor signed in; nothing changes by a link.
func (c console) keep(w http.ResponseWriter, secret string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: c.cookieName(), Value: secret, Path: "/", Expires: expires, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (c console) signInForm(w http.ResponseWriter, r *http.Request) error {
	if _, err := c.session(r); err == nil {
		http.Redirect(w, r, localAddress(r.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	return c.render(w, r, http.StatusOK, signInPage(c.frame(r, ui.Page{Title: "Sign in"}), signInView{next: r.URL.Query().Get("next")}))
}

// signInView is what the form shows.
type signInView struct {
	next    string
	problem string
}

func (c console) signIn(w http.ResponseWriter, r *http.Request) error {
	next := r.FormValue("next")
	caller, err := c.store.Authenticate(r.Context(), strings.TrimSpace(r.FormValue("token")))
	if errors.Is(err, db.ErrNotFound) {
		view := signInView{next: next, problem: "This API token is not known, or was revoked. Check that you copied all of it."}
		return c.render(w, r, http.StatusUnprocessableEntity, signInPage(c.frame(r, ui.Page{Title: "Sign in"}), view))
	}
	if err != nil {
		return err
	}
	expires := time.Now().Add(sessionTime)
	secret, err := c.store.OpenConsoleSession(r.Context(), db.SignIn{
		OrganisationID: caller.Organisation.ID, TokenID: caller.TokenID, Name: caller.TokenName, ExpiresAt: expires,
	})
	if err != nil {
		return err
	}
	c.keep(w, secret, expires)
	http.Redirect(w, r, localAddress(next), http.StatusSeeOther)
	return nil
}

// linkForm asks before a link is used up: programs that look at links in messages must not use them.
func (c console) linkForm(w http.ResponseWriter, r *http.Request) error {
	organisation, name, err := c.store.ConsoleLink(r.Context(), r.PathValue("secret"))
	if errors.Is(err, db.ErrNotFound) {
		return errLinkUsed
	}
	if err != nil {
		return err
	}
	return c.render(w, r, http.StatusOK, linkPage(c.frame(r, ui.Page{Title: "Sign in"}), organisation.Name, name))
}

func (c console) useLink(w http.ResponseWriter, r *http.Request) error {
	expires := time.Now().Add(sessionTime)
	secret, err := c.store.UseConsoleLink(r.Context(), r.PathValue("secret"), expires)
	if errors.Is(err, db.ErrNotFound) {
		return errLinkUsed
	}
	if err != nil {
		return err
	}
	c.keep(w, secret, expires)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (c console) signOut(w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie(c.cookieName()); err == nil {
		if err := c.store.CloseConsoleSession(r.Context(), cookie.Value); err != nil {
			return err
		}
	}
	c.keep(w, "", time.Unix(1, 0))
	http.Redirect(w, r, signInPath, http.StatusSeeOther)
	return nil
}

func (c console) chooseTheme(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, &http.Cookie{
		Name: themeCookie, Value: string(knownTheme(r.FormValue("theme"))), Path: "/", Expires: time.Now().Add(themeTime),
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, localAddress(r.FormValue("return")), http.StatusSeeOther)
	return nil
}

func knownTheme(name string) ui.Theme {
	switch theme := ui.Theme(name); theme {
	case ui.ThemeLight, ui.ThemeDark:
		return theme
	}
	return ui.ThemeSystem
}

// localAddress keeps a form from sending someone to another site.
func localAddress(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || !strings.HasPrefix(parsed.Path, "/") || strings.HasPrefix(parsed.Path, "//") ||
		strings.Contains(address, `\`) {
		return "/"
	}
	return parsed.RequestURI()
}
