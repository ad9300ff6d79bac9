package gateway

import (
	"net/http"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// The headers that every call carries. Those with a value must carry exactly that.
const (
	headerClient      = "X-IBM-Client-Id"
	headerAccept      = "Accept"
	headerAudit       = "dhs-auditId"
	headerAuditType   = "dhs-auditIdType"
	headerSubject     = "dhs-subjectId"
	headerSubjectType = "dhs-subjectIdType"
	headerProduct     = "dhs-productId"
	headerMessage     = "dhs-messageId"
	headerCorrelation = "dhs-correlationId"

	acceptJSON  = "application/json"
	auditType   = "http://ns.humanservices.gov.au/audit/type/proda/organisation"
	subjectType = "http://ns.humanservices.gov.au/audit/type/proda/device"
	uuidPrefix  = "urn:uuid:"
	uuidLength  = 36
)

// checkHeaders returns which header is missing or wrong, if any; the token is checked later. The message id counts as used
// as soon as the other headers are right, whatever becomes of the call.
func (g *Gateway) checkHeaders(header http.Header) string {
	demanded := [...]struct{ name, value string }{
		{headerClient, g.settings.ClientID},
		{headerAccept, acceptJSON},
		{headerAuditType, auditType},
		{headerSubjectType, subjectType},
		{headerProduct, g.settings.ProductID},
	}
	for _, demand := range demanded {
		switch header.Get(demand.name) {
		case demand.value:
		case "":
			return demand.name + ": the header is missing"
		default:
			return demand.name + ": not the value that is registered or required"
		}
	}
	for _, name := range [...]string{headerAudit, headerSubject} {
		if header.Get(name) == "" {
			return name + ": the header is missing"
		}
	}
	if _, valid := parseURN(header.Get(headerCorrelation)); !valid {
		return headerCorrelation + ": must be urn:uuid: and a UUID"
	}
	message, valid := parseURN(header.Get(headerMessage))
	if !valid {
		return headerMessage + ": must be urn:uuid: and a UUID"
	}
	if !g.messages.use(message) {
		return headerMessage + ": was used before; every attempt needs a new one"
	}
	return ""
}

func parseURN(value string) (uuid.UUID, bool) {
	text, prefixed := strings.CutPrefix(value, uuidPrefix)
	if !prefixed || len(text) != uuidLength {
		return uuid.UUID{}, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}

func bearer(header http.Header) (string, bool) {
	token, given := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	return token, given && token != ""
}

// rememberedMessages is how many message ids are certainly remembered, so that a benchmark does not fill the memory.
const rememberedMessages = 500_000

// messageIDs remembers which message ids were used, in two generations.
type messageIDs struct {
	mu     sync.Mutex
	recent map[uuid.UUID]struct{}
	older  map[uuid.UUID]struct{}
}

// use reports whether a message id is new, and remembers it.
func (m *messageIDs) use(id uuid.UUID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, recent := m.recent[id]
	_, older := m.older[id]
	if recent || older {
		return false
	}
	if m.recent == nil || len(m.recent) >= rememberedMessages {
		m.older, m.recent = m.recent, map[uuid.UUID]struct{}{}
	}
	m.recent[id] = struct{}{}
	return true
}
