// Package problems is the one table of errors: what each means to programs and to people, from which command line, API and console answer.
package problems

import (
	"errors"
	"net/http"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
	"github.com/caresync/caresync/words"
)

// RetryAfter is how long a caller waits while something that we need is away.
const RetryAfter = 5 * time.Second

// Problem is what an error means.
type Problem struct {
	// Code names it for programs, Status is that of an HTTP answer.
	Code   string
	Status int
	// Title says what happened, without a full stop; Advice says in sentences what to do.
	Title, Advice string
	// Operators is what those do who run the programs; empty where it is what everyone does.
	Operators string
	// Correctable: the requester can correct the request.
	Correctable bool
	// RetryAfter is when asking again may help; zero where it does not.
	RetryAfter time.Duration
	// Invalid are the values that cannot be taken.
	Invalid []care.InvalidError
}

// Detail is what happened and what to do.
func (p Problem) Detail() string {
	if p.Advice == "" {
		return p.Title + "."
	}
	return p.Title + ". " + p.Advice
}

// Of returns what an error means, and false for one that no one expects: its text is for the log.
func Of(err error) (Problem, bool) {
	for _, row := range table {
		if problem, matches := row(err); matches {
			return problem, true
		}
	}
	return Problem{}, false
}

// row is what one kind of error means.
type row func(error) (Problem, bool)

// is a row for one error.
func is(target error, problem Problem) row {
	return func(err error) (Problem, bool) { return problem, errors.Is(err, target) }
}

// as is a row for a type of errors.
func as[E error](meaning func(E) Problem) row {
	return func(err error) (Problem, bool) {
		var found E
		if !errors.As(err, &found) {
			return Problem{}, false
		}
		return meaning(found), true
	}
}

// away is a problem that passes without anyone asking otherwise.
func away(problem Problem) Problem {
	problem.Code, problem.Status, problem.RetryAfter = "unavailable", http.StatusServiceUnavailable, RetryAfter
	return problem
}

// table has the special errors before the general ones: the first row that matches stands.
var table = []row{
	is(web.ErrCredentialEnded, Problem{
		Code: "unauthorised", Status: http.StatusUnauthorized, Title: "The credential is no longer valid", Advice: "It was revoked or has expired.",
	}),
	is(web.ErrUnstorable, Problem{
		Code: "invalid_value", Status: http.StatusUnprocessableEntity, Correctable: true, Title: "This text cannot be saved",
		Advice: "Nothing was changed. The text contains a zero byte, or bytes that are not UTF-8.",
	}),
	as(notAdmitted),
	is(care.ErrAccessWithoutParticipant, Problem{
		Code: "invalid_value", Status: http.StatusUnprocessableEntity, Correctable: true, Title: "API access requires NDIS PACE Participant",
		Advice: "Nothing was changed. Set NDIS PACE Participant first, then API access.",
	}),
	is(db.ErrPACENeverEnabled, Problem{
		Code: string(care.ReasonPACENotEnabled), Status: http.StatusConflict, Correctable: true,
		Title: "The PACE API has never been enabled for this organisation", Advice: "Enable it first.",
	}),
	is(syncs.ErrAbandoned, Problem{
		Code: "abandoned", Status: http.StatusConflict, Title: "The sync ended without a result",
		Advice: "Its workflow ended early, for example because an operator terminated it. Saved data stays: start the sync again.",
	}),
	as(func(*imports.FileError) Problem {
		return Problem{
			Code: "invalid_file", Status: http.StatusUnprocessableEntity, Correctable: true, Title: "Nothing was imported",
			Advice: "Correct the file and import it again.",
		}
	}),
	is(db.ErrImportRunning, Problem{
		Code: "import_running", Status: http.StatusConflict, Title: "Another import into this organisation is in progress",
		Advice: "Wait until it has finished, then try again.",
	}),
	as(numberTaken),
	as(conflict),
	as(func(invalid *care.InvalidError) Problem {
		return Problem{
			Code: "invalid_value", Status: http.StatusUnprocessableEntity, Correctable: true, Title: "Invalid request",
			Advice: "Nothing was changed: go back and correct it.", Invalid: []care.InvalidError{*invalid},
		}
	}),
	as(func(unknown *bulks.UnknownPeopleError) Problem {
		return Problem{
			Code: "unknown_people", Status: http.StatusUnprocessableEntity, Correctable: true, Title: "Nothing was started: " + unknown.Error(),
		}
	}),
	is(bulks.ErrFinished, Problem{
		Code: "finished", Status: http.StatusConflict, Correctable: true, Title: "The bulk run has already finished",
	}),
	is(bulks.ErrUnfinished, Problem{
		Code: "unfinished", Status: http.StatusConflict, Correctable: true, Title: "The bulk run is still in progress",
		Advice: "Wait until it ends, or cancel it. Then the people who did not succeed can be retried.",
	}),
	is(bulks.ErrNothingToRetry, Problem{
		Code: "nothing_to_retry", Status: http.StatusConflict, Correctable: true, Title: "There is no one to retry",
		Advice: "Everyone in the bulk run succeeded.",
	}),
	is(bulks.ErrIDTaken, Problem{
		Code: "conflict", Status: http.StatusConflict, Correctable: true, Title: "A bulk run with this id was requested with different options",
		Advice: "Use another id for another bulk run.",
	}),
	is(bulks.ErrAbandoned, Problem{
		Code: "abandoned", Status: http.StatusConflict, Title: "The bulk run's workflow has ended",
		Advice: "It ended early, for example because an operator terminated it. Cancel the bulk run to close it, then retry it.",
	}),
	is(bulks.ErrStarting, away(Problem{Title: "The bulk run is still starting", Advice: "Try again in a moment."})),
	is(bulks.ErrNoAnswer, away(Problem{
		Title: "No worker has answered", Advice: "The bulk run may still apply the command. Ask an operator to check that a worker is running, then look at the bulk run again.",
		Operators: "Start a worker and try again.",
	})),
	is(db.ErrScheduleExists, Problem{
		Code: "conflict", Status: http.StatusConflict, Correctable: true, Title: "A schedule with this name already exists",
		Advice: "Choose another name, or delete that one first.",
	}),
	is(db.ErrScheduleChanged, Problem{
		Code: "changed", Status: http.StatusConflict, Title: "The schedule was changed by someone else in the meantime",
		Advice: "Nothing was changed. Open the schedule again, and make your change to what it says now.",
	}),
	is(db.ErrNotFound, Problem{
		Code: "not_found", Status: http.StatusNotFound, Title: "There is no such record in this organisation",
	}),
	is(syncs.ErrNoCareRecipientID, Problem{
		Code: string(care.ReasonNoCareRecipientID), Status: http.StatusUnprocessableEntity, Title: "This person has no care recipient id",
		Advice: "Services Australia requires it. Add it to the person's row and import the file again.",
	}),
	is(syncs.ErrFinished, Problem{
		Code: "finished", Status: http.StatusConflict, Title: "The run has already finished",
	}),
	as(anotherDeployment),
	databaseUnavailable,
	is(syncs.ErrUnavailable, away(Problem{
		Title: "The Temporal server is not responding", Advice: "It runs the syncs. Wait a moment and try again.",
		Operators: "Start it, or correct TEMPORAL_ADDRESS.",
	})),
}

// databaseUnavailable: what is wrong with our own database is said in its own words, to operators with what to do (R38).
func databaseUnavailable(err error) (Problem, bool) {
	trouble := db.TroubleOf(err)
	return away(Problem{
		Title:  "CareSync's own database is unavailable: " + words.DatabaseTrouble(trouble),
		Advice: "Syncs in progress continue when it is back. Wait a moment and try again.", Operators: words.DatabaseAdvice(trouble),
	}), trouble != ""
}

// anotherDeployment: the database is a copy, or was moved, or the program is connected to the wrong Temporal (R37).
func anotherDeployment(found *db.DeploymentError) Problem {
	owner := found.Owner
	return Problem{
		Code: "another_deployment", Status: http.StatusServiceUnavailable, RetryAfter: RetryAfter,
		Title:  "This database belongs to another deployment of CareSync",
		Advice: "Records can be read, but nothing is started or ended, and no government service is called, until an operator has decided whose it is.",
		Operators: "Since " + owner.AdoptedAt.UTC().Format("2 January 2006, 15:04 UTC") + ", it belongs to the Temporal " + owner.Temporal.String() +
			". This program is connected to the Temporal " + found.Program.String() + ". Nothing was started or ended, and no government service was called. " +
			"If the database is a copy, or the program is connected to the wrong Temporal, correct that. If the deployment has moved here, " +
			"run `caresync deployment show`, then `caresync deployment adopt`.",
	}
}

// notAdmitted: PACE's create was refused for a reason that has a code of its own.
func notAdmitted(refused *pace.NotAdmitted) Problem {
	problem := Problem{Code: string(refused.Reason), Status: http.StatusConflict, Title: "Nothing was created", Advice: refused.Explain()}
	if refused.Reason == care.ReasonSelectionEmpty || refused.Reason == care.ReasonSelectionUnknown {
		problem.Status, problem.Correctable = http.StatusUnprocessableEntity, true
	}
	return problem
}

func numberTaken(taken *db.NumberTakenError) Problem {
	problem := Problem{
		Code: "number_taken", Status: http.StatusConflict, Correctable: true, Title: "Another person has this number",
		Advice: "Change the number of that person, " + string(taken.Holder) + ", first, then this one.",
	}
	if taken.Both {
		problem.Advice = "Both people have plans or contracts, which cannot be merged. Nothing was changed."
	}
	return problem
}

// conflict names the field whose value another record has already.
func conflict(found *db.ConflictError) Problem {
	problem := Problem{
		Code: "conflict", Status: http.StatusConflict, Title: "The change contradicts a stored record",
		Advice: "Nothing was changed. Check the current record.",
	}
	var invalid *care.InvalidError
	if errors.As(found, &invalid) {
		problem.Invalid, problem.Correctable = []care.InvalidError{*invalid}, true
	}
	return problem
}
