package ndia

// Subscription says that an organisation wants to be told of an event.
type Subscription struct {
	RANumber string `json:"raNumber"`
	EventID  string `json:"eventId"`
}
