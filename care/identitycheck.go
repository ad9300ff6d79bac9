package care

import (
	"cmp"
	"encoding/json"
	"slices"
)

// IdentityDetails are the details of an issue about who a person is: both values, side by side (R8).
type IdentityDetails struct {
	// Fields are those that differ, by their names in Identity.
	Fields   []string `json:"fields"`
	Held     Identity `json:"held"`
	Reported Identity `json:"reported"`
	// Unreadable are the reported fields that cannot be read, with the beginning of what came.
	Unreadable map[string]string `json:"unreadable,omitempty"`
	// Namesake is set where someone else in the organisation has the same surname and birth date.
	Namesake bool `json:"namesake,omitempty"`
}

// GivenNameOnly reports whether nothing but the given name is in doubt, so that someone can say that it is the same person.
func (d IdentityDetails) GivenNameOnly() bool {
	return len(d.Fields) == 1 && d.Fields[0] == FieldGivenName
}

// IdentityDetailsOf are the details of an issue about who a person is; ok is false for any other issue.
func IdentityDetailsOf(code IssueCode, details json.RawMessage) (identity IdentityDetails, ok bool) {
	if !slices.Contains([]IssueCode{IssueCode(ReasonIdentityMismatch), IssueCode(ReasonIdentityUnconfirmed), IssueGivenNameDiffers, IssueLostZeros}, code) {
		return IdentityDetails{}, false
	}
	return identity, len(details) > 0 && json.Unmarshal(details, &identity) == nil
}

// CheckRows checks who all rows of a summary are about. A row that is not the person refuses the whole summary, wherever it stands: the
// reason and the issue say why. Otherwise the issues are warnings.
func (k Known) CheckRows(rows []Summary) (Reason, []Issue) {
	ordered := slices.Clone(rows)
	slices.SortFunc(ordered, func(a, b Summary) int { return cmp.Compare(a.Canonical(), b.Canonical()) })
	var warnings []Issue
	unconfirmed := -1
	for i, row := range ordered {
		check := k.Check(row.Reported)
		if check.Refusal() == ReasonIdentityMismatch {
			return ReasonIdentityMismatch, []Issue{k.refusalIssue(check, row.Reported)}
		}
		if check.Unconfirmed && unconfirmed < 0 {
			unconfirmed = i
		}
		warnings = append(warnings, k.warnings(check, row.Reported)...)
	}
	if unconfirmed >= 0 {
		reported := ordered[unconfirmed].Reported
		return ReasonIdentityUnconfirmed, []Issue{k.refusalIssue(k.Check(reported), reported)}
	}
	return "", withoutRepeated(warnings)
}

// withoutRepeated drops what two rows say alike.
func withoutRepeated(issues []Issue) (once []Issue) {
	for _, issue := range issues {
		if !slices.ContainsFunc(once, func(said Issue) bool { return said.Code == issue.Code && string(said.Details) == string(issue.Details) }) {
			once = append(once, issue)
		}
	}
	return once
}

// refusalIssue shows both values to the operator (R8).
func (k Known) refusalIssue(check IdentityCheck, reported Reported) Issue {
	issue := RefusalIssue(AreaSummary, check.Refusal(), "")
	return issue.With(k.details(check.Mismatches, check, reported))
}

func (k Known) warnings(check IdentityCheck, reported Reported) (warnings []Issue) {
	if check.GivenNameDiffers {
		warnings = append(warnings, Warning(AreaSummary, IssueGivenNameDiffers).With(k.details([]string{FieldGivenName}, check, reported)))
	}
	if check.LostZeros {
		warnings = append(warnings, Warning(AreaSummary, IssueLostZeros).With(k.details([]string{FieldCareRecipientID}, check, reported)))
	}
	return warnings
}

func (k Known) details(fields []string, check IdentityCheck, reported Reported) IdentityDetails {
	return IdentityDetails{
		Fields: fields, Held: k.Identity, Reported: reported.Identity, Unreadable: reported.Unreadable, Namesake: check.Namesake,
	}
}
