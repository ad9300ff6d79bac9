package api

import (
	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
)

// idOf is one of our ids as we write it. Callers may write it in capitals, in braces or as a URN; a text that is no id stays as it is.
func idOf(text string) care.ID {
	id, err := uuid.Parse(text)
	if err != nil {
		return care.ID(text)
	}
	return care.ID(id.String())
}
