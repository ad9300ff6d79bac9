package transport

// Kind says what sort of failure a call met. It decides what is to be done about it (R9).
type Kind string

// The kinds of failure.
const (
	// RateLimited: the service answered 429.
	RateLimited Kind = "rate_limited"
	// Unavailable: the service answered 503 or another 5xx.
	Unavailable Kind = "unavailable"
	// Timeout: no complete answer within the time of one call.
	Timeout Kind = "timeout"
	// Connection: the service could not be reached, or the connection broke; Code says how.
	Connection Kind = "connection"
	// Unreadable: an answer that is not the service's: HTML, empty, cut off, a redirect, not the promised JSON.
	Unreadable Kind = "unreadable"
	// TooLarge: a body above the size limit, or a list without end.
	TooLarge Kind = "too_large"
	// NotAuthorised: a second 401 after the token was replaced, or a 403.
	NotAuthorised Kind = "not_authorised"
	// ConsentRefused: the care recipient has not agreed to the data being shared (R18).
	ConsentRefused Kind = "consent_refused"
	// NotFound: the service does not know what was asked for.
	NotFound Kind = "not_found"
	// Refused: the service will not have this request: 400, 409 or another 4xx.
	Refused Kind = "refused"
	// InvalidRecord: a record without the field that identifies it; Field names it.
	InvalidRecord Kind = "invalid_record"
	// IdentityMismatch: a record of someone else than the person asked for; Field names what differs (R8).
	IdentityMismatch Kind = "identity_mismatch"
	// AnotherBudget: the details of another budget than the one asked for; Field names what differs.
	AnotherBudget Kind = "another_budget"
	// LoginRefused: one of PRODA's coded errors. It concerns the whole organisation (R9).
	LoginRefused Kind = "login_refused"
	// LoginUnavailable: PRODA is limiting calls, failing or not reachable.
	LoginUnavailable Kind = "login_unavailable"
	// NotSetUp: the connection lacks something on our side, such as an address or an activated device; Code says what.
	NotSetUp Kind = "not_set_up"
)

// Retryable reports whether the same call may succeed later without anyone doing anything (R9).
func (k Kind) Retryable() bool {
	switch k {
	case RateLimited, Unavailable, Timeout, Connection, Unreadable, LoginUnavailable:
		return true
	default:
		return false
	}
}

// OrganisationWide reports whether every other person of the organisation's connection will fail in the same way, so that a bulk
// run stops early with one message (R9).
func (k Kind) OrganisationWide() bool { return k == LoginRefused || k == NotSetUp }

// kindOf is what a status that is not a success means, whichever service it comes from.
func kindOf(status int) Kind {
	switch {
	case status == 429:
		return RateLimited
	case status >= 500:
		return Unavailable
	case status == 408:
		return Timeout
	case status == 401, status == 403:
		return NotAuthorised
	case status == 404:
		return NotFound
	case status >= 400:
		return Refused
	default:
		return Unreadable
	}
}

// Codes of ours for a failed connection and for a connection that is not set up.
const (
	CodeNameNotFound       = "name_not_found"
	CodeConnectionRefused  = "connection_refused"
	CodeConnectionReset    = "connection_reset"
	CodeConnectionClosed   = "connection_closed"
	CodeCertificate        = "certificate_not_trusted"
	CodeAddressInvalid     = "address_invalid"
	CodeHeaderInvalid      = "header_value_invalid"
	CodeDeviceNotActivated = "device_not_activated"
	CodeEndlessList        = "endless_list"
)
