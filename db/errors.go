package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/caresync/caresync/care"
)

var (
	// ErrNotFound means that there is no such row in this organisation.
	ErrNotFound = errors.New("not found")
	// ErrNoConnection means that the organisation has no connection of the service provider id that a bulk run selects by.
	ErrNoConnection = errors.New("no connection has the service provider id")
	// ErrSchemaMissing means that the tables are not those of this program. Migrating helps.
	ErrSchemaMissing = errors.New("the database's schema is missing or not this program's: run `caresync migrate`")
	// ErrUnavailable means that the database could not be reached or broke off. Trying again may help.
	ErrUnavailable = errors.New("the database is unavailable")
)

// Away reports whether an error says that the database is away, or has yet to be migrated.
func Away(err error) bool { return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrSchemaMissing) }

// ConflictError says that a row contradicts a stored one: Constraint names the rule. Where the rule is about a value that someone gives,
// it is an InvalidError as well, which names the field.
type ConflictError struct{ Constraint string }

func (e *ConflictError) Error() string {
	if invalid, known := conflictFields[e.Constraint]; known {
		return invalid.Error()
	}
	return fmt.Sprintf("contradicts a stored row (%s)", e.Constraint)
}

// conflicts reports whether a row contradicted another under a rule.
func conflicts(err error, constraint string) bool {
	var conflict *ConflictError
	return errors.As(err, &conflict) && conflict.Constraint == constraint
}

// As lets errors.As find the field whose value is in conflict.
func (e *ConflictError) As(target any) bool {
	invalid, isInvalid := target.(**care.InvalidError)
	if !isInvalid {
		return false
	}
	found, known := conflictFields[e.Constraint]
	if known {
		*invalid = found
	}
	return known
}

// conflictFields are the constraints that a value which someone gives can break, with the field and the rule as people know them. It is the
// only place that words them: command line, API and console show the field's error.
var conflictFields = map[string]*care.InvalidError{
	"organisation_slug_key":                                         care.Invalid("slug", "is already used by another organisation"),
	"connection_organisation_id_name_key":                           care.Invalid("name", "is already used by another connection"),
	"connection_organisation_id_service_service_provider_id_key":    care.Invalid("service_provider_id", "already has a connection to this service"),
	"person_organisation_id_care_recipient_id_key":                  care.Invalid("care_recipient_id", "is already used by another person"),
	"person_organisation_id_ndis_number_key":                        care.Invalid("ndis_number", "is already used by another person"),
	"support_plan_organisation_id_care_recipient_id_key":            care.Invalid("care_recipient_id", "is already used by another person's plan"),
	"support_plan_organisation_id_person_id_key":                    care.Invalid("person", "already has a Support at Home plan"),
	"support_plan_organisation_id_person_id_care_recipient_id_fkey": care.Invalid("care_recipient_id", "must be the one that this person has"),
	"service_contract_plan":                                         care.Invalid("plan_start_date", "is already used by another service contract of this person"),
	"service_contract_reference":                                    care.Invalid("reference", "is already used by another contract of this person"),
	"delivered_service_reference":                                   care.Invalid("reference", "is already used by another delivered service"),
	"invoice_organisation_id_upstream_invoice_id_key":               care.Invalid("invoice_id", "is already used by another invoice"),
	"invoice_line_organisation_id_invoice_id_upstream_item_id_key":  care.Invalid("item_id", "is already used by another line of this invoice"),
}

// errUnstorableText: PostgreSQL keeps every character but one, the zero byte, and only UTF-8.
var errUnstorableText = care.Invalid("text", "must be UTF-8 text without zero bytes")

// MapError tells apart what callers must tell apart. It keeps PostgreSQL's code, never its detail: that would quote values (R10).
func MapError(operation string, err error) error {
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
	switch refused.Code {
	case pgerrcode.UniqueViolation, pgerrcode.ForeignKeyViolation:
		return fmt.Errorf("%s: %w", operation, &ConflictError{Constraint: refused.ConstraintName})
	case pgerrcode.CharacterNotInRepertoire, pgerrcode.UntranslatableCharacter: // not UTF-8, or \u0000 in JSON
		return fmt.Errorf("%s: %w", operation, errUnstorableText)
	case pgerrcode.UndefinedTable, pgerrcode.UndefinedColumn, pgerrcode.UndefinedFunction:
		return fmt.Errorf("%s: %w", operation, ErrSchemaMissing)
	}
	if isTemporary(refused.Code) {
		return fmt.Errorf("%s: %w (PostgreSQL code %s)", operation, ErrUnavailable, refused.Code)
	}
	return fmt.Errorf("%s: PostgreSQL refused the statement (code %s)", operation, refused.Code)
}

// isTemporary reports whether the same statement may succeed later: after a serialisation failure or a deadlock, a shutdown, a statement time-out.
func isTemporary(code string) bool {
	return pgerrcode.IsConnectionException(code) || pgerrcode.IsTransactionRollback(code) || pgerrcode.IsInsufficientResources(code) ||
		pgerrcode.IsOperatorIntervention(code) || pgerrcode.IsSystemError(code) || code == pgerrcode.IdleInTransactionSessionTimeout
}
