package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/problems"
	"github.com/caresync/caresync/starter/web"
)

const (
	problemMedia = "application/problem+json"
	// problemType begins the type of a problem that programs may want to tell apart.
	problemType = "urn:caresync:problem:"
	// codeUnexpected is that of an error that no one expects.
	codeUnexpected   = "unexpected_error"
	unexpectedDetail = "Something unexpected went wrong. See the log for this request id."
)

// problem is what the API answers for an error: nothing about its inner workings, but what happened and what to do.
func (a api) problem(ctx context.Context, err error) error {
	meaning, known := problems.Of(err)
	switch {
	case known:
		return problemAnswer(err, meaning)
	case ctx.Err() != nil:
		return unavailable("The request was abandoned.")
	}
	a.logger.Error("a request failed", web.RequestID(ctx), zap.Error(err))
	return newProblem(http.StatusInternalServerError, codeUnexpected, unexpectedDetail)
}

// problemAnswer is what an error means, with what is known of the values at fault.
func problemAnswer(err error, meaning problems.Problem) error {
	if meaning.RetryAfter > 0 {
		return retriable(meaning.Code, meaning.Detail())
	}
	problem := newProblem(meaning.Status, meaning.Code, meaning.Detail())
	var conflict *db.ConflictError
	var refused *imports.FileError
	var unknown *bulks.UnknownPeopleError
	switch {
	case errors.As(err, &refused):
		problem.Errors = importErrors(refused)
	case errors.As(err, &unknown):
		problem.Errors = unknownPeopleErrors(unknown)
	case errors.As(err, &conflict):
		for _, invalid := range meaning.Invalid {
			problem.Errors = append(problem.Errors, &huma.ErrorDetail{Location: "body." + invalid.Field, Message: invalid.Message})
		}
	case len(meaning.Invalid) > 0:
		problem.Detail = meaning.Invalid[0].Error()
	}
	return problem
}

func newProblem(status int, code, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Type: problemType + code, Title: http.StatusText(status), Status: status, Detail: detail}
}

func unavailable(detail string) error { return retriable("unavailable", detail) }

// retriable is a problem that may pass.
func retriable(code, detail string) error {
	return huma.ErrorWithHeaders(newProblem(http.StatusServiceUnavailable, code, detail),
		http.Header{"Retry-After": {retryAfter()}})
}

// importErrors list what is wrong with a file by line.
func importErrors(refused *imports.FileError) (details []*huma.ErrorDetail) {
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
		details = append(details, detail)
	}
	return details
}

// withoutValues keeps what someone sent out of problems: it may be about a person (R10). The two values of a number that a file may not
// change are there for who imports (R33).
func withoutValues(_ huma.Context, _ string, body any) (any, error) {
	if problem, isProblem := body.(*huma.ErrorModel); isProblem {
		for _, detail := range problem.Errors {
			if _, shown := detail.Value.(*imports.Contradiction); !shown {
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

// retryAfter is the header's value where something that we need is away.
func retryAfter() string { return strconv.Itoa(int(problems.RetryAfter.Seconds())) }
