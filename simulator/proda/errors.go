package proda

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Codes of the device service.
const (
	organisationNotFound = "DE.2"
	deviceNotFound       = "DE.4"
	deviceState          = "DE.5"
	wrongActivationCode  = "DE.7"
	// The contract names the JWK codes without saying which is which: unreadable key, key of the wrong kind, wrong key id,
	// and a key that is too weak or was used before.
	unreadableKey = "JWK.1"
	wrongKeyKind  = "JWK.2"
	wrongKeyID    = "JWK.8"
	unfitKey      = "JWK.9"
	// badRequest and badToken are ours: the request is not one that the device service knows, or the token is not valid.
	badRequest = "REQUEST"
	badToken   = "TOKEN"
)

// Errors of the token endpoint.
const (
	mappingError         = "mapping_error"
	deviceError          = "device_error"
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	unsupportedGrantType = "unsupported_grant_type"
)

// problem is why PRODA refuses. Which of the two forms it takes depends on the endpoint.
type problem struct {
	status  int
	code    string
	message string
}

func refused(code, message string) *problem {
	return &problem{http.StatusBadRequest, code, message}
}

// writeDeviceError answers as the device service does: {"errors":[{"code","message"}]}.
func (p *problem) writeDeviceError(w http.ResponseWriter) {
	type item struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	writeJSON(w, p.status, struct {
		Errors []item `json:"errors"`
	}{[]item{{p.code, p.message}}})
}

// writeTokenError answers as OAuth does: {"error","error_description"}.
func (p *problem) writeTokenError(w http.ResponseWriter) {
	writeJSON(w, p.status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{p.code, p.message})
}

// throttle answers 429 with the seconds to wait.
func throttle(w http.ResponseWriter, wait time.Duration) {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	writeJSON(w, http.StatusTooManyRequests, struct {
		Message string `json:"message"`
	}{"Too many requests: a token or key was replaced before half its life was used"})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(content) // a client that went away needs no answer
}
