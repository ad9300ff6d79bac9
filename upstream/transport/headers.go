package transport

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/caresync/caresync/care"
)

const (
	headerMessageID     = "dhs-messageId"
	headerCorrelationID = "dhs-correlationId"
)

// What Identification leaves out.
const (
	DefaultAuditIDType   = "http://ns.humanservices.gov.au/audit/type/proda/organisation"
	DefaultSubjectIDType = "http://ns.humanservices.gov.au/audit/type/proda/device"
)

// Identification are the URIs that say what the ids in the headers are. Zero values mean the defaults.
type Identification struct {
	AuditIDType, SubjectIDType string
}

func (i Identification) withDefaults() Identification {
	if i.AuditIDType == "" {
		i.AuditIDType = DefaultAuditIDType
	}
	if i.SubjectIDType == "" {
		i.SubjectIDType = DefaultSubjectIDType
	}
	return i
}

// headers are those of every call to a service; the message id is added when the call is sent.
func (i Identification) headers(connection care.Connection, correlationID care.ID, token string) http.Header {
	header := http.Header{}
	header.Set("Authorization", "Bearer "+token)
	header.Set("X-IBM-Client-Id", connection.APIKey)
	header.Set("dhs-auditId", connection.RANumber)
	header.Set("dhs-auditIdType", i.AuditIDType)
	header.Set("dhs-subjectId", connection.DeviceName)
	header.Set("dhs-subjectIdType", i.SubjectIDType)
	header.Set("dhs-productId", connection.ProductID)
	header.Set(headerCorrelationID, "urn:uuid:"+string(correlationID))
	return header
}

// sendable reports whether the values can be sent: an API key that was pasted with its line's end cannot.
func sendable(header http.Header) bool {
	for _, values := range header {
		for _, value := range values {
			if strings.ContainsFunc(value, unicode.IsControl) {
				return false
			}
		}
	}
	return true
}
