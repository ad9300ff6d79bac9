package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	// ErrNotFound: there is no such row in this organisation.
	ErrNotFound = errors.New("not found")
	// ErrSchemaMissing: the tables are not those of this program. Migrating helps.
	ErrSchemaMissing = errors.New("the database's schema is missing or not this program's: run `caresync migrate`")
	// ErrUnavailable: the database could not be reached or broke off. Trying again may help.
	ErrUnavailable = errors.New("the database is unavailable")
)

// ConflictError says that a row contradicts another: Constraint names the rule.
type ConflictError struct{ Constraint string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("contradicts a stored row (%s)", e.Constraint)
}

// conflicts reports whether a row contradicted another under a rule.
func conflicts(err error, constraint string) bool {
	var conflict *ConflictError
	return errors.As(err, &conflict) && conflict.Constraint == constraint
}

// PostgreSQL's classes of errors (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	classConnection           = "08"
	classTransactionRollback  = "40" // serialisation failure, deadlock
	classInsufficientResource = "53"
	classOperatorIntervention = "57" // shutdown, statement time-out
	classSystemError          = "58"
	codeIdleTransaction       = "25P03"
	codeUndefinedTable        = "42P01"
	codeUndefinedColumn       = "42703"
	codeUndefinedFunction     = "42883"
	codeUniqueViolation       = "23505"
	codeForeignKeyViolation   = "23503"
)

// mapError tells apart what callers must tell apart. It keeps PostgreSQL's code, never its detail: that would quote values (R10).
func mapError(operation string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%s: %w", operation, ErrNotFound)
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return mapServerError(operation, refused)
	}
	if connectionLost(err) {
		return fmt.Errorf("%s: %w", operation, ErrUnavailable)
	}
	return fmt.Errorf("%s: %w", operation, err)
}

// connectionLost reports whether the server could not be reached or the connection broke; pgx's texts may name the host but are
// of no use to callers.
func connectionLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded)
}

func mapServerError(operation string, refused *pgconn.PgError) error {
	if refused.Code == codeUniqueViolation || refused.Code == codeForeignKeyViolation {
		return fmt.Errorf("%s: %w", operation, &ConflictError{Constraint: refused.ConstraintName})
	}
	switch refused.Code {
	case codeUndefinedTable, codeUndefinedColumn, codeUndefinedFunction:
		return fmt.Errorf("%s: %w", operation, ErrSchemaMissing)
	}
	switch refused.Code[:2] {
	case classConnection, classTransactionRollback, classInsufficientResource, classOperatorIntervention, classSystemError:
		return fmt.Errorf("%s: %w (PostgreSQL code %s)", operation, ErrUnavailable, refused.Code)
	}
	if refused.Code == codeIdleTransaction {
		return fmt.Errorf("%s: %w (PostgreSQL code %s)", operation, ErrUnavailable, refused.Code)
	}
	return fmt.Errorf("%s: PostgreSQL refused the statement (code %s)", operation, refused.Code)
}
