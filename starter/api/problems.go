package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

const (
	problemMedia = "application/problem+json"
	// problemType begins the type of a problem that programs may want to tell apart.
	problemType = "urn:caresync:problem:"
	// retryAfter is how many seconds a caller waits while something that we need is away.
	retryAfter = 5
)

// problem is what the API answers for an error: nothing about its inner workings, but what happened and what to do.
func (a api) problem(ctx context.Context, err error) error {
	var refused *db.ImportError
	var invalid *db.InvalidError
	var conflict *db.ConflictError
	var taken *db.NumberTakenError
	var notAdmitted *pace.NotAdmitted
	switch {
	case errors.Is(err, web.ErrCredentialEnded):
		return newProblem(http.StatusUnauthorized, "unauthorised", tokenUnknown)
	case errors.As(err, &notAdmitted):
		return notAdmittedProblem(notAdmitted)
	case errors.Is(err, care.ErrAccessWithoutParticipant):
		return newProblem(http.StatusUnprocessableEntity, "invalid_value", sentence(care.ErrAccessWithoutParticipant))
	case errors.Is(err, db.ErrPACENeverEnabled):
		return newProblem(http.StatusConflict, string(care.ReasonPACENotEnabled), sentence(db.ErrPACENeverEnabled))
	case errors.Is(err, syncs.ErrAbandoned):
		return newProblem(http.StatusConflict, "abandoned", sentence(syncs.ErrAbandoned))
	case errors.As(err, &refused):
		return importProblem(refused)
	case errors.Is(err, db.ErrImportRunning):
		return newProblem(http.StatusConflict, "import_running", sentence(db.ErrImportRunning))
	case errors.As(err, &taken):
		return newProblem(http.StatusConflict, "number_taken", sentence(taken))
	case errors.As(err, &conflict):
		return conflictProblem(conflict)
	case errors.As(err, &invalid):
		return newProblem(http.StatusUnprocessableEntity, "invalid_value", invalid.Error())
	case errors.Is(err, db.ErrNotFound):
		return newProblem(http.StatusNotFound, "not_found", "There is no such record in this organisation.")
	case errors.Is(err, syncs.ErrNoCareRecipientID):
		return newProblem(http.StatusUnprocessableEntity, string(care.ReasonNoCareRecipientID), care.ReasonNoCareRecipientID.Explain())
	case errors.Is(err, syncs.ErrFinished):
		return newProblem(http.StatusConflict, "finished", "The run has finished already.")
	case errors.Is(err, db.ErrUnavailable):
		return unavailable("CareSync's database does not answer at the moment. Try again later.")
	case errors.Is(err, syncs.ErrUnavailable):
		return unavailable("The Temporal server does not answer at the moment. Try again later.")
	case ctx.Err() != nil:
		return unavailable("The request was given up.")
	}
	a.logger.Error("a request failed", zap.String("request_id", requestID(ctx)), zap.Error(err))
	return newProblem(http.StatusInternalServerError, "unexpected_error", "Something unexpected went wrong. The log says more under the request id.")
}

// conflictProblem names the field whose value another record has already.
func conflictProblem(conflict *db.ConflictError) error {
	problem := newProblem(http.StatusConflict, "conflict", "The change contradicts a stored record. Nothing was changed.")
	var invalid *db.InvalidError
	if errors.As(conflict, &invalid) {
		problem.Errors = []*huma.ErrorDetail{{Location: "body." + invalid.Field, Message: invalid.Message}}
	}
	return problem
}

// sentence is an error's text as people read one.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func newProblem(status int, code, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Type: problemType + code, Title: http.StatusText(status), Status: status, Detail: detail}
}

func unavailable(detail string) error {
	return huma.ErrorWithHeaders(newProblem(http.StatusServiceUnavailable, "unavailable", detail),
		http.Header{"Retry-After": {strconv.Itoa(retryAfter)}})
}

// importProblem lists what is wrong with a file by line.
func importProblem(refused *db.ImportError) error {
	problem := newProblem(http.StatusUnprocessableEntity, "invalid_file", "Nothing was imported. Correct the file and import it again.")
	for _, one := range refused.Problems {
		place := "body"
		if one.Line > 0 {
			place = "line " + strconv.Itoa(one.Line)
		}
		if one.Column != "" {
			place += ", " + one.Column
		}
		detail := &huma.ErrorDetail{Location: place, Message: one.Message}
		if one.Contradiction != nil {
			detail.Value = one.Contradiction
		}
		problem.Errors = append(problem.Errors, detail)
	}
	return problem
}

// withoutValues keeps what somebody sent out of problems: it may be about a person (R10). The two values of a number that a file may not
// change are there for who imports (R33).
func withoutValues(_ huma.Context, _ string, body any) (any, error) {
	if problem, isProblem := body.(*huma.ErrorModel); isProblem {
		for _, detail := range problem.Errors {
			if _, shown := detail.Value.(*db.Contradiction); !shown {
				detail.Value = nil
			}
		}
	}
	return body, nil
}

// writeProblem answers where no operation has been reached.
func writeProblem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", problemMedia)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(newProblem(status, code, detail))
}

// problemsFor answers with problems where there is no operation, or none for the method.
func problemsFor(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" && r.URL.Path == path.Clean(r.URL.Path) { // net/http redirects from paths that are not clean
			mux.ServeHTTP(w, r)
			return
		}
		refusal := refusalWriter{header: http.Header{}}
		handler.ServeHTTP(&refusal, r)
		if refusal.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", refusal.header.Get("Allow"))
			writeProblem(w, http.StatusMethodNotAllowed, "method_not_allowed", "This resource does not have that method.")
			return
		}
		writeProblem(w, http.StatusNotFound, "not_found", "There is no such resource.")
	})
}

// refusalWriter takes net/http's own refusal, which is plain text, so that a problem can be written instead.
type refusalWriter struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (w *refusalWriter) Header() http.Header { return w.header }

// Write implements http.ResponseWriter.
func (w *refusalWriter) Write(data []byte) (int, error) { return len(data), nil }

// WriteHeader implements http.ResponseWriter.
func (w *refusalWriter) WriteHeader(status int) { w.status = status }

// withCommonProblems documents what every operation can answer beside its own.
func withCommonProblems(document *huma.OpenAPI, operation *huma.Operation) {
	codes := []int{
		http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
	if operation.RequestBody != nil {
		codes = append(codes, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	schema := document.Components.Schemas.Schema(reflect.TypeFor[huma.ErrorModel](), true, "ErrorModel")
	delete(operation.Responses, "default")
	for _, code := range codes {
		operation.Responses[strconv.Itoa(code)] = &huma.Response{
			Description: http.StatusText(code), Content: map[string]*huma.MediaType{problemMedia: {Schema: schema}},
		}
	}
}
