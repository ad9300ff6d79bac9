package servicesaustralia

import (
	"net/http"

	"github.com/caresync/caresync/simulator/wire"
)

type dhsError struct {
	CodeType string       `json:"codeType"`
	Code     string       `json:"code"`
	Message  string       `json:"message"`
	Details  []dhsMessage `json:"details"`
}

type dhsMessage struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// refuse returns an error in the service's form (gateway.Refuse).
func refuse(w http.ResponseWriter, status int, code, message string) {
	send(w, status, encode(dhsError{CodeType: "DHSEIN", Code: code, Message: message, Details: []dhsMessage{{code, message}}}))
}

func notFound(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, codeNotFound, "Not found")
}

func consentRefused(w http.ResponseWriter) {
	refuse(w, http.StatusForbidden, codeConsent, "Care recipient has not provided consent")
}

func notLinked(w http.ResponseWriter) {
	refuse(w, http.StatusForbidden, codeForbidden, "The device is not linked to the service provider")
}

func send(w http.ResponseWriter, status int, content []byte) {
	wire.Send(w, status, "application/json", content)
}
