package world

import "github.com/shopspring/decimal"

// resolver turns date expressions into dates and keeps the first error.
type resolver struct {
	today Date
	err   error
}

func (r *resolver) or(given, otherwise DateExpression) Date {
	if given == "" {
		given = otherwise
	}
	date, err := given.Resolve(r.today)
	if err != nil && r.err == nil {
		r.err = err
	}
	return date
}

func (r *resolver) orDate(given DateExpression, otherwise Date) Date {
	if given == "" {
		return otherwise
	}
	return r.or(given, "none")
}

func (r *resolver) identity(given scenarioIdentity, otherwise Identity) Identity {
	return Identity{
		GivenName:  firstOf(given.GivenName, otherwise.GivenName),
		FamilyName: firstOf(given.FamilyName, otherwise.FamilyName),
		BirthDate:  r.orDate(given.BirthDate, otherwise.BirthDate),
	}
}

func (r *resolver) classifications(given *[]scenarioClassification, maker *maker, entry Date) []Classification {
	if given == nil {
		return []Classification{maker.classification("ON_LEVEL_4", entry, NoDate)}
	}
	held := make([]Classification, 0, len(*given))
	for _, spec := range *given {
		held = append(held, maker.classification(spec.Code, r.orDate(spec.Start, entry), r.or(spec.End, "none")))
	}
	return held
}

func (r *resolver) services(given *[]scenarioService, maker *maker, entry Date) []ApprovedService {
	if given == nil {
		return maker.services(entry)
	}
	services := make([]ApprovedService, 0, len(*given))
	for _, spec := range *given {
		services = append(services, approvedService(spec.ID, r.orDate(spec.Start, entry), r.or(spec.End, "none")))
	}
	return services
}

func (r *resolver) contributions(given *[]scenarioContribution, maker *maker, entry Date) []Contribution {
	if given == nil {
		return maker.contributions(entry)
	}
	var rows []Contribution
	for _, spec := range *given {
		row := Contribution{Category: spec.Category, Start: r.orDate(spec.Start, entry), End: r.or(spec.End, "none"), Status: spec.Status}
		if spec.Percentage != nil {
			row.Percentage = decimal.NewNullDecimal(*spec.Percentage)
		}
		for range max(1, spec.Times) {
			rows = append(rows, row)
		}
	}
	return rows
}
