package ndia

import (
	"encoding/json"

	"github.com/caresync/caresync/upstream/transport"
)

const fieldResult = "result"

// envelope is what stands around every answer. Success may come as a text.
type envelope struct {
	Success json.RawMessage `json:"success"`
	Result  json.RawMessage `json:"result"`
	Errors  json.RawMessage `json:"errors"`
}

// open takes the result out of its envelope. A failure that came with a success's status is read as one; an answer without a result
// is not the NDIA's.
func open(response transport.Response) (json.RawMessage, error) {
	var answer envelope
	if err := response.Decode(&answer); err != nil {
		return nil, err
	}
	if success, said := truth(answer.Success); said && !success {
		return nil, failed(response)
	}
	if given(answer.Result) {
		return answer.Result, nil
	}
	if given(answer.Errors) || response.Enveloped() != nil {
		return nil, failed(response)
	}
	return nil, response.Fail(transport.Unreadable)
}

// given reports whether a value was sent; null is absent.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
