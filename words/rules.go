package words

import "github.com/caresync/caresync/care"

// NoteRule says what the reason of a change must be, after the name of its field.
const NoteRule = "must have 1 to 500 characters, without line breaks"

// NameRule says what the name of an organisation, a connection, a token or a link must be, after the name of its field.
const NameRule = "must have 1 to 100 characters, without line breaks"

// SlugRule says what names an organisation or a schedule in commands, after the name of its field.
const SlugRule = "must have 1 to 40 lower-case letters, digits and dashes, and start with a letter or digit"

// ServiceProviderIDRule says what a service provider id must be, after the name of its field.
const ServiceProviderIDRule = "must have 1 to 20 digits and nothing else"

// NumberRule says what one of the government's numbers must be, after the name of its field.
func NumberRule(kind care.NumberKind) string {
	if kind == care.NDISNumber {
		return "must have nine digits and start with 43"
	}
	return "must have 1 to 10 digits and nothing else"
}
