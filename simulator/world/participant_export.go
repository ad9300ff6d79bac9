package world

import (
	"io"
	"slices"
)

// HeldParticipant is a participant as a provider's own records hold them.
type HeldParticipant struct {
	Key        string
	RANumber   string
	GivenName  string
	FamilyName string
	BirthDate  Date
	NDISNumber string
}

// HeldParticipants returns what the providers hold, in a stable order: one row for a participant and organisation.
func (w *World) HeldParticipants(holder Holder) []HeldParticipant {
	var rows []HeldParticipant
	for _, participant := range w.Participants() {
		for _, organisation := range w.organisations {
			if !slices.Contains(participant.HeldBy, organisation.RANumber) || !organisation.fits(holder) {
				continue
			}
			rows = append(rows, HeldParticipant{
				Key: participant.Key, RANumber: organisation.RANumber,
				GivenName: participant.Held.GivenName, FamilyName: participant.Held.FamilyName, BirthDate: participant.Held.BirthDate,
				NDISNumber: participant.HeldNDISNumber,
			})
		}
	}
	return rows
}

// fits reports whether an organisation, or one of its providers, is the holder that is asked for.
func (o Organisation) fits(holder Holder) bool {
	if holder.Organisation != "" && holder.Organisation != o.RANumber {
		return false
	}
	return slices.ContainsFunc(o.ServiceProviders, func(p ServiceProvider) bool { return p.fits(holder) })
}

// WriteParticipantsCSV writes HeldParticipants for import.
func (w *World) WriteParticipantsCSV(out io.Writer, holder Holder) error {
	rows := [][]string{{"given_name", "family_name", "birth_date", "ndis_number"}}
	for _, one := range w.HeldParticipants(holder) {
		rows = append(rows, []string{one.GivenName, one.FamilyName, one.BirthDate.String(), one.NDISNumber})
	}
	return writeCSV(out, rows)
}
