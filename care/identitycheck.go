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
	// Namesake is set where somebody else of the organisation has the same surname and birth date.
	Namesake bool `json:"namesake,omitempty"`
}

// GivenNameOnly reports whether nothing but the given name is in doubt, so that somebody can say that it is the same person.
func (d IdentityDetails) GivenNameOnly() bool {
	return len(d.Fields) == 1 && d.Fields[0] == FieldGivenName
}

// Encode makes the details of an issue; texts and dates can always be encoded.
func (d IdentityDetails) Encode() json.RawMessage {
	encoded, err := json.Marshal(d)
	if err != nil {
		return nil
	}
	return encoded
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
	if check.Namesake && len(check.Mismatches) == 1 {
		issue.Message = "Somebody else of the organisation has the same surname and date of birth, and the given name does not show that Services Australia means this person. " +
			"Nothing was saved. Compare the two records: correct the care recipient id if it is the other person's, or say that this is the same person."
	}
	issue.Details = k.details(check.Mismatches, check, reported)
	return issue
}

func (k Known) warnings(check IdentityCheck, reported Reported) (warnings []Issue) {
	if check.GivenNameDiffers {
		warning := Warning(AreaSummary, IssueGivenNameDiffers, "The given name differs from the one Services Australia holds. Correct it, or say that this is the same person.")
		warning.Details = k.details([]string{FieldGivenName}, check, reported)
		warnings = append(warnings, warning)
	}
	if check.LostZeros {
		warning := Warning(AreaSummary, IssueLostZeros, "Services Australia sent the care recipient id as a number, without its leading zeros. Nobody else's fits, so it was taken for this person's.")
		warning.Details = k.details([]string{FieldCareRecipientID}, check, reported)
		warnings = append(warnings, warning)
	}
	return warnings
}

func (k Known) details(fields []string, check IdentityCheck, reported Reported) json.RawMessage {
	return IdentityDetails{
		Fields: fields, Held: k.Identity, Reported: reported.Identity, Unreadable: reported.Unreadable, Namesake: check.Namesake,
	}.Encode()
}
