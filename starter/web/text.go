package web

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/caresync/caresync/care"
)

// ErrUnstorable means that a request holds text that cannot be kept. The text is not repeated.
var ErrUnstorable = errors.New("text must be UTF-8 without zero bytes")

// RefuseUnstorable lets requests through whose address is text that can be kept; refuse answers the others.
func RefuseUnstorable(next http.Handler, refuse http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !StorableAddress(r) {
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// StorableAddress reports whether the address of a request is text that can be kept.
func StorableAddress(r *http.Request) bool {
	return care.StorableText(r.URL.Path) && StorableValues(r.URL.Query())
}

// StorableValues reports whether all names and values of a query or a form can be kept.
func StorableValues(values url.Values) bool {
	for name, texts := range values {
		if !care.StorableText(name) {
			return false
		}
		for _, text := range texts {
			if !care.StorableText(text) {
				return false
			}
		}
	}
	return true
}

// StorableJSON fails with ErrUnstorable where a JSON document is not UTF-8 or has a zero byte in a text, plain or escaped.
func StorableJSON(document []byte) error {
	if !utf8.Valid(document) || bytes.IndexByte(document, 0) >= 0 || escapesZero(document) {
		return ErrUnstorable
	}
	return nil
}

// escapesZero finds \u0000; behind an escaped backslash, these are six plain characters.
func escapesZero(document []byte) bool {
	for {
		at := bytes.IndexByte(document, '\\')
		if at < 0 || at+1 >= len(document) {
			return false
		}
		if bytes.HasPrefix(document[at+1:], []byte("u0000")) {
			return true
		}
		document = document[at+2:]
	}
}
