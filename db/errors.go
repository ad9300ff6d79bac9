package db

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

var (
	// ErrNotFound means that there is no such row in this organisation.
	ErrNotFound = errors.New("not found")
	// ErrNoConnection means that the organisation has no connection of the service provider id that a bulk run selects by.
	ErrNoConnection = errors.New("no connection has the service provider id")
	// ErrSchemaMissing means that the tables are not those of this program. Migrating helps.
	ErrSchemaMissing = errors.New("the database's schema is missing or not this program's: run `caresync migrate`")
	// ErrUnavailable means that the database could not do what it was asked, which may pass. An *UnavailableError says why.
	ErrUnavailable = errors.New("the database is unavailable")
)

// UnavailableError says why the database could not do what it was asked. It may succeed later, perhaps once an operator has mended something. It
// is an ErrUnavailable.
type UnavailableError struct {
	Trouble care.DatabaseTrouble
	// Code is PostgreSQL's, empty where it did not answer.
	Code string
}

func (e *UnavailableError) Error() string {
	said := ErrUnavailable.Error() + ": " + words.DatabaseTrouble(e.Trouble)
	if e.Code != "" {
		said += " (PostgreSQL code " + e.Code + ")"
	}
	return said
}

// Is lets errors.Is find ErrUnavailable.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// ExplainTrouble says in sentences what is wrong with the database according to an error, and what operators do about it; empty where the error says
// nothing of it.
func ExplainTrouble(err error) string {
	trouble := TroubleOf(err)
	if trouble == "" {
		return ""
	}
	return words.Sentence(words.DatabaseTrouble(trouble)) + ". " + words.DatabaseAdvice(trouble)
}

// TroubleOf returns what is wrong with the database according to an error; empty where the error says nothing of it.
func TroubleOf(err error) care.DatabaseTrouble {
	var unavailable *UnavailableError
	switch {
	case errors.As(err, &unavailable):
		return unavailable.Trouble
	case errors.Is(err, ErrSchemaMissing):
		return care.DatabaseSchema
	case errors.Is(err, ErrUnavailable):
		return care.DatabaseOther
	default:
		return ""
	}
}

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
	if trouble := connectionTrouble(err); trouble != "" {
		return fmt.Errorf("%s: %w", operation, &UnavailableError{Trouble: trouble})
	}
	return fmt.Errorf("%s: %w", operation, err)
}

// connectionTrouble says why the server could not be reached, or why the connection broke; empty where neither happened. pgx's texts may name
// the host, and stay out of what callers get.
func connectionTrouble(err error) care.DatabaseTrouble {
	var connect *pgconn.ConnectError
	var network net.Error
	var noSuchName *net.DNSError
	lost := errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case !lost:
		return ""
	case errors.As(err, &noSuchName):
		return care.DatabaseHostUnknown
	case refusesTLS(err):
		return care.DatabaseTLS
	default:
		return care.DatabaseUnreachable
	}
}

// refusesTLS reports whether a connection failed for its encryption. A server without TLS has no error of its own in pgx: what it is not is any
// error of the network.
func refusesTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	if errors.As(err, &certificate) || errors.As(err, &header) || errors.As(err, &alert) {
		return true
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) && connect.Config != nil && connect.Config.TLSConfig != nil && !errors.As(err, &network) &&
		!errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, context.DeadlineExceeded)
}

// hasCode reports whether PostgreSQL refused a statement with a code.
func hasCode(err error, code string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == code
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
	if trouble := serverTrouble(refused); trouble != "" {
		return fmt.Errorf("%s: %w", operation, &UnavailableError{Trouble: trouble, Code: refused.Code})
	}
	return fmt.Errorf("%s: PostgreSQL refused the statement (code %s)", operation, refused.Code)
}

// serverTroubles are what single codes of PostgreSQL mean, and of poolers that speak for it.
var serverTroubles = map[string]care.DatabaseTrouble{
	pgerrcode.InvalidPassword:                   care.DatabasePassword,
	pgerrcode.InvalidAuthorizationSpecification: care.DatabaseNotAdmitted,
	pgerrcode.InvalidCatalogName:                care.DatabaseMissing,
	pgerrcode.InsufficientPrivilege:             care.DatabasePermission,
	pgerrcode.TooManyConnections:                care.DatabaseConnectionsUsed,
	pgerrcode.DuplicatePreparedStatement:        care.DatabasePooler,
	pgerrcode.InvalidSQLStatementName:           care.DatabasePooler,
	pgerrcode.ProtocolViolation:                 care.DatabasePooler,
	pgerrcode.DiskFull:                          care.DatabaseFull,
	pgerrcode.OutOfMemory:                       care.DatabaseMemory,
	pgerrcode.LockNotAvailable:                  care.DatabaseLocked,
	pgerrcode.DeadlockDetected:                  care.DatabaseLocked,
	pgerrcode.QueryCanceled:                     care.DatabaseSlow,
	pgerrcode.IdleInTransactionSessionTimeout:   care.DatabaseSlow,
	pgerrcode.ReadOnlySQLTransaction:            care.DatabaseReadOnly,
	pgerrcode.CannotConnectNow:                  care.DatabaseStarting,
	pgerrcode.AdminShutdown:                     care.DatabaseStarting,
	pgerrcode.CrashShutdown:                     care.DatabaseStarting,
}

// serverTrouble says what keeps the server from doing what it was asked, if the same statement may succeed later; empty if not.
func serverTrouble(refused *pgconn.PgError) care.DatabaseTrouble {
	if trouble, known := serverTroubles[refused.Code]; known {
		return trouble
	}
	code := refused.Code
	if pgerrcode.IsConnectionException(code) {
		return care.DatabaseUnreachable
	}
	if pgerrcode.IsTransactionRollback(code) || pgerrcode.IsInsufficientResources(code) || pgerrcode.IsOperatorIntervention(code) ||
		pgerrcode.IsSystemError(code) {
		return care.DatabaseOther
	}
	return ""
}
