package servicesaustralia

import (
	"encoding/json"
	"net/http"
	"strconv"
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

// refuse answers with an error in the service's form (gateway.Refuse).
func refuse(w http.ResponseWriter, status int, code, message string) {
	content, err := json.Marshal(dhsError{CodeType: "DHSEIN", Code: code, Message: message, Details: []dhsMessage{{code, message}}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, status, content)
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
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	_, _ = w.Write(content) // a client that went away needs no answer
}
